//! What the person chose about somebody, and about being disturbed. Nobody else hears of it.

use crate::actor::Actor;
use crate::attention::{Occasion, Quiet, attention};
use p2p_comm_model::{Code, Notice, PeerId, Retention, limits};

/// What the person chose about one peer. Stays with a removed one that can be brought back.
#[derive(Default)]
pub(crate) struct Choices {
    pub(crate) muted: bool,
    pub(crate) pinned: bool,
    /// What is written and not sent.
    pub(crate) draft: String,
    /// How long lines are kept; none: as for all.
    pub(crate) retention: Option<Retention>,
    /// After which time messages disappear, s, as was last agreed.
    pub(crate) vanish: Option<u32>,
}

static NONE: Choices = Choices { muted: false, pinned: false, draft: String::new(), retention: None, vanish: None };

impl Actor {
    pub(crate) fn choices_about(&self, peer: PeerId) -> &Choices {
        self.choices.get(&peer).unwrap_or(&NONE)
    }

    pub(crate) fn set_peer_muted(&mut self, peer: PeerId, muted: bool) -> Result<(), Code> {
        self.choose(peer, |choices| choices.muted = muted)?;
        self.ring_or_hush();
        Ok(())
    }

    pub(crate) fn set_peer_pinned(&mut self, peer: PeerId, pinned: bool) -> Result<(), Code> {
        self.choose(peer, |choices| choices.pinned = pinned)
    }

    /// Something was said.
    pub(crate) fn bring_first(&mut self, peer: PeerId) {
        if self.order.first() != Some(&peer) {
            self.order.retain(|other| *other != peer);
            self.order.insert(0, peer);
            self.keep_order();
        }
    }

    pub(crate) fn set_draft(&mut self, peer: PeerId, text: String) -> Result<(), Code> {
        if text.len() > limits::TEXT {
            return Err(Code::MessageTooLong);
        }
        self.choose(peer, |choices| choices.draft = text)
    }

    pub(crate) fn draft(&self, peer: PeerId) -> Result<String, Code> {
        self.node.delivery(peer).ok_or(Code::NotFound)?;
        Ok(self.choices_about(peer).draft.clone())
    }

    pub(crate) fn set_do_not_disturb(&mut self, on: bool) {
        self.do_not_disturb = on;
        self.changes.status();
        self.ring_or_hush();
    }

    pub(crate) fn set_full_screen(&mut self, on: bool) {
        if self.full_screen != on {
            self.full_screen = on;
            self.changes.status();
            self.ring_or_hush();
        }
    }

    /// Whether a call of this peer may ring.
    pub(super) fn may_ring(&self, peer: PeerId) -> bool {
        let peer_muted = self.choices_about(peer).muted;
        let quiet =
            Quiet { do_not_disturb: self.do_not_disturb, peer_muted, in_view: false, full_screen: self.full_screen };
        attention(Occasion::IncomingCall, quiet).ring
    }

    /// An app that is there and lets nothing disappear keeps what it gets: the timer ends, and the conversation says so.
    pub(super) fn check_vanishing(&mut self) {
        let wall = self.wall();
        let keeps = |(peer, choices): &(&PeerId, &Choices)| {
            choices.vanish.is_some() && self.node.can_vanish(**peer) == Some(false)
        };
        let peers: Vec<_> = self.choices.iter().filter(keeps).map(|(peer, _)| *peer).collect();
        for peer in peers {
            let _ = self.choose(peer, |choices| choices.vanish = None);
            self.converse(peer, |conversation| conversation.notice(wall, Notice::VanishUnsupported));
        }
    }

    pub(crate) fn choose(&mut self, peer: PeerId, change: impl FnOnce(&mut Choices)) -> Result<(), Code> {
        self.node.delivery(peer).ok_or(Code::NotFound)?;
        change(self.choices.entry(peer).or_default());
        self.keep_peer(peer);
        self.changes.peers();
        Ok(())
    }
}
