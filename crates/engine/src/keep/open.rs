//! How a store begins: made anew with what there is, or opened and taken over.

use super::{Keep, ORDER, Open, PERSONAL, REMOVED, SILENCED, State, record};
use crate::Error;
use crate::actor::Actor;
use crate::conversation::{Conversation, TAIL};
use p2p_comm_model::{Code, Name, NodePhase, PeerId, Retention, SealedBy, limits};
use p2p_comm_store::{Change, Kept, KeptPeer, Profile, Reader, Seal, Seed, Store, Vault};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// A store that was opened, and what is in it.
pub(crate) struct Opened {
    /// Before the store: who closes last empties its log, and a reader cannot.
    reader: Reader,
    store: Store,
    kept: Kept,
    sealed: SealedBy,
}

impl Opened {
    /// Makes a store. Blocks, with a passphrase or a keychain that asks for long.
    pub(crate) fn create(vault: &Vault, seal: &Seal) -> Result<Self, Error> {
        let store = vault.create(seal)?;
        let reader = store.reader()?;
        Ok(Self { store, reader, kept: Kept::default(), sealed: sealed(seal) })
    }

    /// Opens what is there. Blocks likewise.
    pub(crate) fn open(vault: &Vault, seal: &Seal) -> Result<Self, Error> {
        let store = vault.open(seal)?;
        let reader = store.reader()?;
        let mut kept = store.load(TAIL)?;
        for peer in &mut kept.peers {
            reach_back(peer, &reader)?;
        }
        Ok(Self { store, reader, kept, sealed: sealed(seal) })
    }
}

/// Messages that will disappear, but not before they are acknowledged, are in memory, however many lines came after them.
fn reach_back(peer: &mut KeptPeer, reader: &Reader) -> Result<(), Error> {
    let vanishing = peer.queue.iter().find(|queued| queued.vanish.is_some());
    let Some(oldest) = vanishing.map(|queued| queued.counter) else { return Ok(()) };
    let mine = |line: &p2p_comm_store::KeptLine| match line.origin {
        p2p_comm_store::Origin::Mine(counter) => Some(counter),
        _ => None,
    };
    let reached = |lines: &[p2p_comm_store::KeptLine]| lines.iter().find_map(mine).is_some_and(|first| first <= oldest);
    while !reached(&peer.tail) && peer.tail.len() < limits::LINES {
        let before = peer.tail.first().map(|line| line.seq);
        let older = reader.page(peer.record.id, before, TAIL)?;
        if older.is_empty() {
            break;
        }
        peer.tail.splice(0..0, older);
    }
    Ok(())
}

fn sealed(seal: &Seal) -> SealedBy {
    match seal {
        Seal::Keychain => SealedBy::Keychain,
        Seal::Passphrase(_) => SealedBy::Passphrase,
    }
}

impl Actor {
    /// From now on everything is kept, what there is already included.
    pub(super) fn begin_keeping(&mut self, opened: Opened) {
        let name = self.name.as_deref().and_then(|name| Name::parse(name).ok());
        let port = self.online().map(|online| online.endpoint.local_port());
        // Friends of a session whose key was said to be kept, and forgotten since, know me by it.
        let seed = self.kept_key.clone().unwrap_or_else(|| Seed(Zeroizing::new(rand::random())));
        let profile = Profile { seed, name, port, retention: Retention::Off };
        self.take_over(opened, profile);
        self.node.set_keeping(self.now(), true);
        for peer in self.people() {
            self.keep_all(peer);
        }
        self.keep_event(&p2p_comm_proto::Event::Silenced);
        self.keep_order();
    }

    /// Keeps an entry with everything that belongs to it.
    pub(crate) fn keep_all(&mut self, peer: PeerId) {
        self.keep_peer(peer);
        let acked = self.node.delivery(peer).map(|watermarks| Change::Acked(peer, watermarks.acked));
        let waiting: Vec<_> = self.node.waiting(peer).map(record::queued).collect();
        if let Some(open) = self.keep.open() {
            open.keep(acked);
        }
        for queued in waiting {
            self.keep_queued(peer, queued);
        }
        self.keep_conversation(peer);
    }

    /// Takes back what was kept. Only while offline, before anybody was added, and unless the person gave up since
    /// [`Keep::given_up`] was `given_up`; otherwise it comes back, to be closed.
    pub(super) fn adopt(&mut self, mut opened: Box<Opened>, given_up: u64) -> Result<(), (Code, Box<Opened>)> {
        if self.keep.given_up != given_up {
            return Err((Code::KeychainRefused, opened));
        }
        if self.phase != NodePhase::Offline {
            return Err((Code::AlreadyConnected, opened));
        }
        if self.node.peers(self.now(), 0).next().is_some() {
            return Err((Code::ListNotEmpty, opened));
        }
        let Kept { profile, peers, settings } = std::mem::take(&mut opened.kept);
        let fresh = || Profile {
            seed: Seed(Zeroizing::new(rand::random())),
            name: None,
            port: None,
            retention: Retention::Off,
        };
        let is_new = profile.is_none();
        let profile = profile.unwrap_or_else(fresh);
        self.node.set_keeping(self.now(), true);
        let removed: BTreeSet<PeerId> =
            settings.get(REMOVED).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        if let Some(silenced) = settings.get(SILENCED).and_then(|json| serde_json::from_str(json).ok()) {
            self.node.adopt_silenced(silenced);
        }
        self.keep.personal = settings.get(PERSONAL).cloned();
        for peer in peers.into_iter().filter(|peer| !removed.contains(&peer.record.id)) {
            self.adopt_peer(peer, profile.retention);
        }
        self.adopt_order(settings.get(ORDER).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default());
        self.take_over(*opened, profile);
        if let Some(open) = self.keep.open() {
            if is_new {
                open.keep([Change::Profile(open.profile.clone())]);
            }
            open.keep(removed.iter().copied().map(Change::Removed));
            if !removed.is_empty() {
                open.keep([Change::Setting(REMOVED.to_owned(), None)]);
            }
        }
        self.expire();
        Ok(())
    }

    fn adopt_peer(&mut self, kept: KeptPeer, default: Retention) {
        let (peer, waiting) = record::adopted(&kept);
        let (id, acked) = (peer.id, peer.acked);
        let life: BTreeMap<u64, u32> =
            waiting.iter().filter_map(|message| Some((message.counter, message.life?))).collect();
        if let Err(code) = self.node.adopt_peer(peer, waiting) {
            tracing::error!(%code, "an entry that was kept cannot be taken back; it stays in the store");
            return;
        }
        let record = kept.record;
        let lines_kept = record.retention.unwrap_or(default) != Retention::Off;
        let watermarks = self.node.delivery(id).unwrap_or(p2p_comm_proto::Watermarks { sent: acked, acked });
        let conversation = Conversation::restore(watermarks, kept.tail, kept.extent, &life, lines_kept);
        self.conversations.insert(id, conversation);
        self.choices.insert(
            id,
            crate::actor::Choices {
                muted: record.muted,
                pinned: record.pinned,
                draft: record.draft,
                retention: record.retention,
                vanish: record.vanish,
            },
        );
        let _ = self.set_peer_gain(id, record.gain_db);
    }

    /// Whoever is not in it, as in stores of earlier versions, comes after the others.
    fn adopt_order(&mut self, order: Vec<PeerId>) {
        self.order = order.into_iter().filter(|peer| self.conversations.contains_key(peer)).collect();
        let last = |peer: &PeerId| self.conversations.get(peer).and_then(Conversation::last).map(|line| line.at);
        let missing = self.conversations.keys().copied().filter(|peer| !self.order.contains(peer));
        let mut missing: Vec<_> = missing.filter_map(|peer| Some((last(&peer)?, peer))).collect();
        missing.sort_by_key(|(at, _)| Reverse(*at));
        self.order.extend(missing.into_iter().map(|(_, peer)| peer));
    }

    fn take_over(&mut self, opened: Opened, profile: Profile) {
        let Opened { store, reader, sealed, .. } = opened;
        self.keep.state = State::Open(Box::new(Open {
            store: Some(store),
            reader: Arc::new(Mutex::new(reader)),
            sealed,
            profile,
            batch: super::Batch::default(),
            urgent: false,
            trouble: None,
            due: None,
            waiting: Vec::new(),
            ending: false,
            closing: None,
        }));
        if let Some(open) = self.keep.open() {
            open.keep([Change::Profile(open.profile.clone())]);
        }
        let wall = self.wall();
        self.keep.clock.is_steady(wall);
        self.wait_for_expiry();
        self.changes.status();
        self.changes.peers();
    }

    /// Keeps the lines of a conversation, or no longer, as is chosen now.
    pub(super) fn keep_conversation(&mut self, peer: PeerId) {
        let kept = self.keeps_lines(peer);
        let Some(conversation) = self.conversations.get_mut(&peer) else { return };
        let before = conversation.is_kept();
        conversation.keep(kept);
        if before && !kept {
            self.drop_lines(peer, u64::MAX);
        }
        self.converse(peer, |_| ());
    }

    /// Keeps who I am, and where I listen.
    pub(crate) fn keep_profile(&mut self, change: impl FnOnce(&mut Profile)) {
        if let Some(open) = self.keep.open() {
            let before = open.profile.clone();
            change(&mut open.profile);
            if open.profile != before {
                open.keep([Change::Profile(open.profile.clone())]);
            }
        }
    }
}

impl Keep {
    /// The store is not used any more. Gives what says that its files are closed, if it was open.
    pub(super) fn close(&mut self) -> Option<oneshot::Receiver<()>> {
        let (closed, closing) = oneshot::channel();
        let open = self.open()?;
        if open.store.is_some() {
            self.shut(closed);
        } else {
            open.batch = super::Batch::default();
            open.closing = Some(closed);
        }
        Some(closing)
    }

    /// Closes the store where nobody waits for the disk: it empties its log.
    pub(super) fn shut(&mut self, closed: oneshot::Sender<()>) {
        let open = std::mem::take(&mut self.state);
        tokio::task::spawn_blocking(move || {
            drop(open);
            let _ = closed.send(());
        });
    }
}
