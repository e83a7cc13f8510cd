//! What outlives the program, if the person asked for it: the store as the actor has it.
//!
//! The actor collects [`Change`]s; whenever the store is idle, everything that waits goes to a blocking thread as one
//! transaction (group commit), and comes back as news. Only then the node hears what may leave and what may be
//! acknowledged. If a transaction fails, nothing of it is lost: it waits in memory and is tried again, and messages wait with
//! it, ours unsent and theirs unacknowledged, until the store takes them or the person decides that nothing is kept any more.
//!
//! ```text
//!  Off ──remember──▶ Open ◀──unlock── Locked
//!   ▲                │  ▲ written
//!   └──── forget ────┤  ▼ failed
//!                    └─ Open, with trouble
//! ```

use crate::actor::Actor;
use crate::{Error, keep::record::code};
use p2p_comm_model::{Code, Keeping, PeerId, Remembered, Retention, SealedBy};
use p2p_comm_proto::{Event, Kept, Received};
use p2p_comm_store::{Change, Inbox, Profile, Reader, Store, Vault};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

use batch::Batch;
pub(crate) use batch::Written;
pub(crate) use commands::blocking;
pub(crate) use import::Imported;
pub(crate) use open::Opened;
pub use transfer::ExportFormat;

mod batch;
mod commands;
mod gone;
mod import;
mod open;
pub(crate) mod record;
mod transfer;

/// Acknowledgements that came may wait so long for the disk: a lost one is asked for again.
const LAZY: Duration = Duration::from_secs(1);
/// Changes that may wait for the disk; then nobody's messages are read any more until it has caught up.
const BACKLOG: usize = 20_000;

/// Settings of ours in the store.
pub(crate) const SILENCED: &str = "silenced";
pub(crate) const REMOVED: &str = "removed";
/// [`Actor::order`]: the list stays as it was, also where no lines are kept. It has no times.
pub(crate) const ORDER: &str = "order";
/// And of the shell.
pub(crate) const PERSONAL: &str = "personal";

/// Everything about keeping.
#[derive(Default)]
pub(crate) struct Keep {
    /// Where the store is, or would be. Without it nothing can be kept.
    pub(crate) vault: Option<Vault>,
    state: State,
    /// The personal settings of the shell, JSON.
    pub(crate) personal: Option<String>,
    /// Who was removed, and when: still in the store, so that it can be taken back.
    removed: BTreeMap<PeerId, Instant>,
    /// When lines are looked for next whose time is over.
    expiry: Option<Instant>,
    clock: gone::Clock,
    /// How often the person gave up opening it: what was asked before that comes too late.
    pub(super) given_up: u64,
}

#[derive(Default)]
enum State {
    #[default]
    Off,
    Locked(SealedBy),
    /// What is there cannot be used.
    Unusable(Code),
    Open(Box<Open>),
}

/// An open store.
pub(crate) struct Open {
    /// Before the store: who closes last empties its log, and a reader cannot.
    pub(crate) reader: Arc<Mutex<Reader>>,
    /// None while it is at work.
    store: Option<Store>,
    pub(crate) sealed: SealedBy,
    pub(crate) profile: Profile,
    /// What waits for the next transaction.
    batch: Batch,
    /// The transaction may not wait.
    urgent: bool,
    /// The last transaction failed.
    trouble: Option<Code>,
    /// When to write at the latest.
    due: Option<Instant>,
    /// Whoever waits until everything so far is kept.
    waiting: Vec<oneshot::Sender<Result<(), Error>>>,
    /// The program ends: what goes piece by piece goes on at the next start.
    ending: bool,
    /// Gets the end of the store, which is not to be used any more.
    closing: Option<oneshot::Sender<()>>,
}

impl Keep {
    pub(crate) fn new(vault: Option<Vault>) -> Self {
        use p2p_comm_store::Found;
        let state = match vault.as_ref().map(Vault::found) {
            None | Some(Ok(Found::Nothing)) => State::Off,
            Some(Ok(Found::Keychain)) => State::Locked(SealedBy::Keychain),
            Some(Ok(Found::Passphrase)) => State::Locked(SealedBy::Passphrase),
            Some(Ok(Found::Newer)) => State::Unusable(Code::StoreNewer),
            Some(Ok(Found::Damaged(_))) => State::Unusable(Code::StoreDamaged),
            Some(Err(error)) => State::Unusable(code(&error)),
        };
        Self { vault, state, ..Self::default() }
    }

    pub(crate) fn open(&mut self) -> Option<&mut Open> {
        match &mut self.state {
            State::Open(open) => Some(open),
            State::Off | State::Locked(_) | State::Unusable(_) => None,
        }
    }

    /// The kept profile.
    pub(crate) fn profile(&self) -> Option<&Profile> {
        match &self.state {
            State::Open(open) => Some(&open.profile),
            State::Off | State::Locked(_) | State::Unusable(_) => None,
        }
    }

    pub(crate) fn reader(&self) -> Option<Arc<Mutex<Reader>>> {
        match &self.state {
            State::Open(open) => Some(open.reader.clone()),
            State::Off | State::Locked(_) | State::Unusable(_) => None,
        }
    }

    /// Whether so much waits for the disk that no more should come.
    pub(crate) fn is_behind(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.batch.changes.len() > BACKLOG)
    }

    /// When [`Actor::keep_due`] is to run.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let due = match &self.state {
            State::Open(open) if open.store.is_some() => open.due,
            State::Open(_) | State::Off | State::Locked(_) | State::Unusable(_) => None,
        };
        due.into_iter().chain(self.expiry).min()
    }
}

impl Open {
    /// Keeps something in the next transaction.
    pub(crate) fn keep(&mut self, changes: impl IntoIterator<Item = Change>) {
        let before = self.batch.changes.len();
        self.batch.changes.extend(changes);
        self.urgent |= self.batch.changes.len() > before;
    }

    /// The same, and says so to the node.
    fn keep_and_say(&mut self, change: Change, say: Kept) {
        self.keep([change]);
        self.batch.says.push(say);
    }

    /// Runs something with the store after the next transaction.
    pub(crate) fn errand(&mut self, errand: impl FnOnce(&mut Store) + Send + 'static) {
        self.batch.errands.push(Box::new(errand));
        self.urgent = true;
    }

    fn now(&mut self) {
        self.due = Some(Instant::now());
    }
}

impl Actor {
    /// What shells show of it.
    pub(crate) fn remembered(&self) -> Remembered {
        let keep = &self.keep;
        let profile = keep.profile();
        let state = match &keep.state {
            _ if keep.vault.is_none() => Keeping::Unavailable,
            State::Off => Keeping::Off,
            State::Locked(by) => Keeping::Locked { by: *by },
            State::Unusable(code) => Keeping::Failed { code: *code, open: false },
            State::Open(open) => match open.trouble {
                Some(code) => Keeping::Failed { code, open: true },
                None => Keeping::Open { by: open.sealed },
            },
        };
        Remembered {
            state,
            name: profile.and_then(|profile| profile.name.as_ref()).map(ToString::to_string),
            port: profile.and_then(|profile| profile.port),
            retention: profile.map(|profile| profile.retention).unwrap_or_default(),
            key_waits: self.online().is_some()
                && profile.is_some_and(|profile| self.kept_key.as_ref() != Some(&profile.seed)),
        }
    }

    /// How long lines of this conversation are kept.
    pub(crate) fn retention(&self, peer: PeerId) -> Retention {
        let default = self.keep.profile().map(|profile| profile.retention).unwrap_or_default();
        self.choices_about(peer).retention.unwrap_or(default)
    }

    /// Whether the lines of this conversation are kept.
    pub(crate) fn keeps_lines(&self, peer: PeerId) -> bool {
        self.node.holds(peer) && self.retention(peer) != Retention::Off
    }

    /// Keeps an entry as it is now, or notes that it is gone.
    pub(crate) fn keep_peer(&mut self, peer: PeerId) {
        let record = self.peer_record(peer);
        let removed = self.node.delivery(peer).is_none() && self.node.keeps(peer);
        let Some(open) = self.keep.open() else { return };
        match record {
            Some((record, received)) => {
                let inbox = record.bound.zip(received).map(|(bound, received)| Inbox {
                    device: bound.device,
                    epoch: received.epoch,
                    highest: received.counter,
                });
                open.keep([Change::Peer(record)]);
                open.keep(inbox.map(|inbox| Change::Inbox(peer, inbox)));
            }
            None if !removed => open.keep([Change::Removed(peer)]),
            None => {}
        }
        let before = self.keep.removed.contains_key(&peer);
        if removed != before {
            if removed {
                self.keep.removed.insert(peer, Instant::now());
            } else {
                self.keep.removed.remove(&peer);
            }
            self.keep_removed();
        }
    }

    /// Keeps what an event of the node says, beside the lines of conversations.
    pub(crate) fn keep_event(&mut self, event: &Event) {
        match event {
            Event::Entry { peer } => self.keep_peer(*peer),
            Event::Silenced => {
                let json = serde_json::to_string(self.node.silenced()).ok();
                if let Some(open) = self.keep.open() {
                    open.keep([Change::Setting(SILENCED.to_owned(), json)]);
                }
            }
            Event::Received { peer, message, .. } => self.keep_received(*peer, *message),
            _ => {}
        }
    }

    pub(crate) fn keep_order(&mut self) {
        let json = serde_json::to_string(&self.order).ok();
        if let Some(open) = self.keep.open() {
            open.keep([Change::Setting(ORDER.to_owned(), json)]);
        }
    }

    fn keep_received(&mut self, peer: PeerId, message: Received) {
        let device = self.node.peer_to_keep(peer).and_then(|kept| kept.binding).map(|binding| binding.device);
        let held = self.node.holds(peer);
        if let (Some(open), Some(device), true) = (self.keep.open(), device, held) {
            let inbox = Inbox { device, epoch: message.epoch, highest: message.counter };
            open.keep_and_say(Change::Inbox(peer, inbox), Kept::Received { peer, message });
        }
    }

    /// Keeps a message that was queued, which may leave then.
    pub(crate) fn keep_queued(&mut self, peer: PeerId, queued: p2p_comm_store::Queued) {
        let held = self.node.holds(peer);
        if let (Some(open), true) = (self.keep.open(), held) {
            let counter = queued.counter;
            open.keep_and_say(Change::Queued(peer, queued), Kept::Queued { peer, counter });
        }
    }

    /// Keeps that messages were acknowledged: some time soon, or at once if others wait for that.
    pub(crate) fn keep_acked(&mut self, peer: PeerId, counter: u64) {
        let (held, awaited) = (self.node.holds(peer), self.node.waits_for_acked(peer));
        if let (Some(open), true) = (self.keep.open(), held) {
            open.batch.changes.push(Change::Acked(peer, counter));
            open.batch.says.push(Kept::Acked { peer, counter });
            open.due.get_or_insert_with(|| Instant::now() + LAZY);
            if awaited {
                open.now();
            }
        }
    }

    /// Keeps what is new in a conversation.
    pub(crate) fn keep_lines(&mut self, peer: PeerId) {
        let keeps = self.keeps_lines(peer);
        let Some(conversation) = self.conversations.get_mut(&peer) else { return };
        let changes = conversation.unwritten(peer);
        let end = conversation.end();
        if let (Some(open), true) = (self.keep.open(), keeps && !changes.is_empty()) {
            open.keep(changes);
            open.batch.lines.insert(peer, end);
        }
        self.wait_for_expiry();
    }
}
