//! What outlives the program, for whoever keeps it: entries as they are written down and adopted again, and how far the
//! store has come. Nothing of a kept entry leaves before it is kept, and nothing is acknowledged before it is kept.

use crate::chat::{Inbox, Outbox, Outgoing};
use crate::node::entry::{Binding, Entry};
use crate::node::request::Silenced;
use crate::node::{Event, Node};
use p2p_comm_model::{Code, Epoch, Name, PeerAddress, PeerId, limits};
use rand::RngExt as _;
use std::time::Instant;

/// An entry of the peer list, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptPeer {
    /// The entry; the same after a restart.
    pub id: PeerId,
    /// What I call them.
    pub label: Name,
    /// What they call themselves.
    pub name: Option<Name>,
    /// 1 to [`limits::INVITED`].
    pub addresses: Vec<PeerAddress>,
    /// They are cut off.
    pub blocked: bool,
    /// The device that it is.
    pub binding: Option<Binding>,
    /// How far the messages of that device came; only with a binding.
    pub received: Option<Received>,
    /// Counter of our newest message.
    pub newest: u64,
    /// Everything up to this one is acknowledged.
    pub acked: u64,
}

/// The newest message of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The sender's run.
    pub epoch: Epoch,
    /// Its number towards us.
    pub counter: u64,
}

/// How far the store has come with one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It has every message of ours up to this one, which may now leave.
    Queued {
        /// To whom.
        peer: PeerId,
        /// Which.
        counter: u64,
    },
    /// It knows that every message of ours up to this one is acknowledged.
    Acked {
        /// By whom.
        peer: PeerId,
        /// Which.
        counter: u64,
    },
    /// It has every message of theirs up to this one, which may now be acknowledged.
    Received {
        /// From whom.
        peer: PeerId,
        /// Which.
        message: Received,
    },
}

impl Node {
    /// From now on every entry but Echo is kept, or none any more; what waited for the store then goes at once.
    pub fn set_keeping(&mut self, now: Instant, keeping: bool) {
        self.keeping = keeping;
        for entry in self.entries.values_mut().chain(self.removed.iter_mut().map(|(_, entry)| entry)) {
            entry.outbox.hold(keeping && !entry.echo);
        }
        if !keeping {
            self.inboxes.values_mut().for_each(|inbox| inbox.kept = inbox.highest);
            let peers: Vec<_> = self.entries.keys().copied().collect();
            peers.into_iter().for_each(|peer| self.kept_on(now, peer));
        }
    }

    /// Puts a kept entry back, with what waits for it, under the number that it had; new ones are numbered after it. Messages
    /// from now on have an epoch of their own: the store may be a copy that came back, and later numbers may be in use.
    /// Only while offline and before anybody else was added: fails with [`Code::DuplicatePeer`] if there is an entry of that
    /// number or device already, with [`Code::AlreadyConnected`] in a session.
    pub fn adopt_peer(&mut self, peer: KeptPeer, waiting: Vec<Outgoing>) -> Result<(), Code> {
        if self.session.is_some() {
            return Err(Code::AlreadyConnected);
        }
        // Never given again, even if it cannot be taken back: the store may have what belongs to it.
        self.next_peer = self.next_peer.max(peer.id.0.saturating_add(1));
        if self.entries.len() >= limits::PEERS {
            return Err(Code::TooManyPeers);
        }
        // Two people may have one address: the person accepted the second who came from there.
        let known = peer.binding.is_some_and(|binding| self.bound_to(binding.device).is_some());
        if self.keeps(peer.id) || known || peer.addresses.is_empty() {
            return Err(Code::DuplicatePeer);
        }
        let KeptPeer { id, label, name, addresses, blocked, binding, received, newest, acked } = peer;
        let epoch = Epoch(self.rng.random());
        let mut entry = Entry::new(label, addresses, epoch);
        entry.outbox = Outbox::restore(epoch, newest, acked, waiting);
        entry.outbox.hold(self.keeping);
        (entry.name, entry.blocked, entry.binding) = (name, blocked, binding);
        if let (Some(binding), Some(Received { epoch, counter })) = (binding, received) {
            self.inboxes.insert(binding.device, Inbox::new(epoch, counter));
        }
        self.entries.insert(id, entry);
        self.event(Event::Peers);
        Ok(())
    }

    /// An entry as it is now; none if there is none, or if it is Echo.
    pub fn peer_to_keep(&self, peer: PeerId) -> Option<KeptPeer> {
        let entry = self.entries.get(&peer).filter(|entry| !entry.echo)?;
        let inbox = entry.binding.and_then(|binding| self.inboxes.get(&binding.device));
        Some(KeptPeer {
            id: peer,
            label: entry.label.clone(),
            name: entry.name.clone(),
            addresses: entry.addresses.iter().map(|listed| listed.address.clone()).collect(),
            blocked: entry.blocked,
            binding: entry.binding,
            received: inbox.map(|inbox| Received { epoch: inbox.epoch, counter: inbox.highest }),
            newest: entry.outbox.newest(),
            acked: entry.outbox.acked(),
        })
    }

    /// What waits for one entry, in order.
    pub fn waiting(&self, peer: PeerId) -> impl DoubleEndedIterator<Item = &Outgoing> {
        self.entries.get(&peer).into_iter().flat_map(|entry| entry.outbox.waiting())
    }

    /// Whether nothing of this entry leaves or is acknowledged before it is kept.
    pub fn holds(&self, peer: PeerId) -> bool {
        self.keeping && self.entries.get(&peer).is_some_and(|entry| !entry.echo)
    }

    /// Whether messages of this entry wait until it is kept that those before them were acknowledged.
    pub fn waits_for_acked(&self, peer: PeerId) -> bool {
        self.entries.get(&peer).is_some_and(|entry| entry.outbox.waits_for_acked())
    }

    /// Whom we do not want to hear of, beside blocked entries.
    pub fn silenced(&self) -> &Silenced {
        &self.silenced
    }

    /// Puts back whom we did not want to hear of.
    pub fn adopt_silenced(&mut self, silenced: Silenced) {
        self.silenced = silenced.capped();
    }

    /// The store has come further.
    pub(crate) fn kept(&mut self, now: Instant, kept: Kept) {
        match kept {
            Kept::Queued { peer, counter } | Kept::Acked { peer, counter } => {
                let all = self.entries.iter_mut().map(|(id, entry)| (*id, entry));
                let mut all = all.chain(self.removed.iter_mut().map(|(id, entry)| (*id, entry)));
                let Some((_, entry)) = all.find(|(id, _)| *id == peer) else { return };
                match kept {
                    Kept::Acked { .. } => entry.outbox.keep_acked(counter),
                    _ => entry.outbox.keep(counter),
                }
                if let Some(conn) = entry.current {
                    self.produce(now, conn);
                }
            }
            Kept::Received { peer, message } => {
                // One that was removed meanwhile may come back.
                let removed = self.removed.iter().find(|(id, _)| *id == peer).map(|(_, entry)| entry);
                let entry = self.entries.get(&peer).or(removed);
                let device = entry.and_then(|entry| entry.binding).map(|binding| binding.device);
                if let Some(inbox) = device.and_then(|device| self.inboxes.get_mut(&device)) {
                    inbox.keep(message.epoch, message.counter);
                }
                self.kept_on(now, peer);
            }
        }
    }

    /// Says to this peer, and gives it, what may now be said and given.
    fn kept_on(&mut self, now: Instant, peer: PeerId) {
        let Some(device) = self.entries.get(&peer).and_then(|entry| entry.binding).map(|binding| binding.device) else {
            return;
        };
        let inbox = self.inboxes.get(&device).filter(|inbox| inbox.kept > 0).copied();
        for conn in self.connections_of(device) {
            if let (Some(session), Some(inbox)) = (self.sessions.get_mut(&conn), inbox)
                && session.entry == Some(peer)
                && session.profile_sent
            {
                session.say_ack(inbox.epoch, inbox.kept);
            }
            self.produce(now, conn);
        }
    }
}
