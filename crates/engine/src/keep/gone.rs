//! What is to disappear: lines whose time is over, and people who were removed.

use super::REMOVED;
use crate::actor::Actor;
use crate::conversation::Conversation;
use p2p_comm_model::PeerId;
use p2p_comm_store::Change;
use std::time::Duration;
use tokio::time::Instant;

/// Lines whose time is over are looked for this often.
const MINUTE: Duration = Duration::from_secs(60);
/// A removal can be taken back for so long; then nothing is left of it.
const UNDO: Duration = Duration::from_secs(10 * 60);

/// Nothing goes because of its age for so long after the clock was set: it may have been set wrong, and be set again.
const SETTLES: Duration = Duration::from_secs(5 * 60);

/// The person's clock, held against one that nobody sets.
#[derive(Default)]
pub(super) struct Clock {
    /// When it was looked at, and what it said.
    seen: Option<(Instant, i64)>,
    /// When it was seen to have been set. A computer that slept looks the same.
    set: Option<Instant>,
}

impl Clock {
    /// Looks at it; says whether it has been running evenly of late.
    pub(super) fn is_steady(&mut self, wall: i64) -> bool {
        let now = Instant::now();
        if let Some((at, before)) = self.seen.replace((now, wall)) {
            let passed = i64::try_from(now.duration_since(at).as_millis()).unwrap_or(i64::MAX);
            let off = Duration::from_millis(wall.abs_diff(before.saturating_add(passed)));
            self.set = if off > MINUTE { Some(now) } else { self.set };
        }
        self.set.is_none_or(|set| now.duration_since(set) >= SETTLES)
    }
}

impl Actor {
    /// Something has to be written, or to disappear.
    pub(crate) fn keep_due(&mut self) {
        let now = Instant::now();
        if self.keep.expiry.is_some_and(|expiry| expiry <= now) {
            self.expire();
        }
    }

    /// Lines whose time has come disappear, in memory and in the store.
    pub(crate) fn expire(&mut self) {
        let wall = self.wall();
        let due = |conversation: &Conversation| conversation.next_expiry().is_some_and(|at| at <= wall);
        let peers: Vec<_> = self.conversations.iter().filter(|(_, c)| due(c)).map(|(peer, _)| *peer).collect();
        for peer in peers {
            // Of somebody removed, too, who can still be brought back.
            if self.converse(peer, |conversation| conversation.expire(wall)).is_none()
                && let Some(conversation) = self.conversations.get_mut(&peer)
            {
                conversation.expire(wall);
            }
        }
        let now = Instant::now();
        for (peer, _) in self.keep.removed.clone().into_iter().filter(|(_, at)| now.duration_since(*at) >= UNDO) {
            self.node.forget_removed(peer);
            self.forget_removed();
        }
        self.keep.expiry = None;
        let steady = self.keep.clock.is_steady(wall);
        if let Some(open) = self.keep.open() {
            open.batch.expire = Some((wall, steady));
            open.urgent = true;
        }
        self.wait_for_expiry();
    }

    /// The lines of a conversation before this one go from the store.
    pub(super) fn drop_lines(&mut self, peer: PeerId, before: u64) {
        let wall = self.wall();
        let steady = self.keep.clock.is_steady(wall);
        if let Some(open) = self.keep.open() {
            open.keep([Change::DropLines(peer, 0..before)]);
            open.batch.expire = Some((wall, steady));
        }
    }

    /// Sets the clock for the next line that disappears; looks once a minute in any case, since clocks are set.
    pub(crate) fn wait_for_expiry(&mut self) {
        let next = self.conversations.values().filter_map(Conversation::next_expiry).min();
        let open = self.keep.open().is_some();
        let wall = self.wall();
        let wait =
            next.map(|at| Duration::from_millis(u64::try_from(at.saturating_sub(wall)).unwrap_or(0)).min(MINUTE));
        let wait = wait.or_else(|| open.then_some(MINUTE));
        let at = wait.map(|wait| Instant::now() + wait);
        self.keep.expiry = match (self.keep.expiry, at) {
            (Some(before), Some(at)) => Some(before.min(at)),
            (_, at) => at,
        };
    }

    /// Who is to be deleted at the next start, if not before.
    pub(super) fn keep_removed(&mut self) {
        let removed: Vec<_> = self.keep.removed.keys().copied().collect();
        let json = (!removed.is_empty()).then(|| serde_json::to_string(&removed).unwrap_or_default());
        if let Some(open) = self.keep.open() {
            open.keep([Change::Setting(REMOVED.to_owned(), json)]);
        }
    }

    /// Deletes whom nothing can bring back.
    pub(crate) fn purge(&mut self) {
        let gone: Vec<_> = self.keep.removed.keys().copied().filter(|peer| !self.node.keeps(*peer)).collect();
        for peer in &gone {
            self.keep.removed.remove(peer);
        }
        if let Some(open) = self.keep.open() {
            open.keep(gone.iter().copied().map(Change::Removed));
        }
        if !gone.is_empty() {
            self.keep_removed();
        }
    }

    /// Nobody who was removed can be brought back any more.
    pub(crate) fn purge_all(&mut self) {
        for peer in self.keep.removed.keys().copied().collect::<Vec<_>>() {
            self.node.forget_removed(peer);
        }
        self.forget_removed();
    }
}
