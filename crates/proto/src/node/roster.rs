//! What the person does with the peer list.

use crate::node::entry::{Entry, Listed};
use crate::node::{Event, Node};
use crate::session::{Close, VANISH};
use p2p_comm_model::{Code, Content, Epoch, Invite, Name, Notice, PeerAddress, PeerId, limits};
use rand::RngExt as _;
use std::net::IpAddr;
use std::time::Instant;

/// Removed entries that can be brought back.
const UNDO: usize = 16;

/// How far our messages to one peer came, as counters: everything up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// Handed to the connection that is alive now.
    pub sent: u64,
    /// Acknowledged by the peer's app.
    pub acked: u64,
}

impl Node {
    /// Adds somebody and dials. The other side must do the same. Of the addresses, 1 to [`limits::INVITED`], those that
    /// another entry has already are left out: they would lead to that one.
    pub fn add_peer(&mut self, now: Instant, label: Name, addresses: Vec<PeerAddress>) -> Result<PeerId, Code> {
        let invite = Invite::new(None, addresses)?;
        let free = |address: &PeerAddress| !self.entries.values().any(|entry| entry.has(address));
        let addresses: Vec<_> = invite.addresses().iter().filter(|address| free(address)).cloned().collect();
        if addresses.is_empty() {
            return Err(Code::DuplicatePeer);
        }
        let peer = self.insert_entry(label, addresses)?;
        self.listen_to(peer);
        self.dial_afresh(now, peer);
        Ok(peer)
    }

    /// Calls somebody by another name, on this computer only.
    pub fn rename_peer(&mut self, peer: PeerId, label: Name) -> Result<(), Code> {
        self.entries.get_mut(&peer).ok_or(Code::NotFound)?.label = label;
        self.changed(peer);
        Ok(())
    }

    /// Adds the built-in peer of this program.
    pub fn add_echo(&mut self, now: Instant, label: Name, address: PeerAddress) -> Result<PeerId, Code> {
        let peer = self.add_peer(now, label, vec![address])?;
        if let Some(entry) = self.entries.get_mut(&peer) {
            entry.echo = true;
            entry.outbox.hold(false);
        }
        Ok(peer)
    }

    /// Takes somebody off the list. What waited for them waits on, in case of [`Node::restore_peer`].
    pub fn remove_peer(&mut self, now: Instant, peer: PeerId) -> Result<(), Code> {
        self.leave(now, peer)?;
        let entry = self.entries.remove(&peer).ok_or(Code::NotFound)?;
        if !entry.echo {
            self.silenced.add(entry.binding.map(|binding| binding.device), entry.sockets());
            self.event(Event::Silenced);
        }
        self.removed.push_back((peer, entry));
        if self.removed.len() > UNDO {
            self.removed.pop_front();
        }
        self.changed(peer);
        Ok(())
    }

    /// Whether this entry is on the list, or could be brought back.
    pub fn keeps(&self, peer: PeerId) -> bool {
        self.entries.contains_key(&peer) || self.removed.iter().any(|(removed, _)| *removed == peer)
    }

    /// Lets a removed entry go for good.
    pub fn forget_removed(&mut self, peer: PeerId) {
        self.removed.retain(|(removed, _)| *removed != peer);
    }

    /// Brings a removed entry back.
    pub fn restore_peer(&mut self, now: Instant, peer: PeerId) -> Result<(), Code> {
        let at = self.removed.iter().position(|(removed, _)| *removed == peer).ok_or(Code::NotFound)?;
        let free = |listed: &Listed| !self.entries.values().any(|other| other.has(&listed.address));
        if !self.removed.get(at).is_some_and(|(_, entry)| entry.addresses.iter().any(free)) {
            return Err(Code::DuplicatePeer);
        }
        if self.entries.len() >= limits::PEERS {
            return Err(Code::TooManyPeers);
        }
        let (_, mut entry) = self.removed.remove(at).ok_or(Code::NotFound)?;
        // Its device may have got another entry in between.
        entry.binding = entry.binding.filter(|binding| self.bound_to(binding.device).is_none());
        let free = |listed: &Listed| !self.entries.values().any(|other| other.has(&listed.address));
        entry.addresses.retain(free);
        if entry.binding.is_some_and(|binding| self.silenced.forget_key(binding.device)) {
            self.event(Event::Silenced);
        }
        self.entries.insert(peer, entry);
        self.listen_to(peer);
        self.dial_afresh(now, peer);
        self.changed(peer);
        Ok(())
    }

    /// Cuts somebody off, key and address. To them it looks like waiting.
    pub fn block_peer(&mut self, now: Instant, peer: PeerId) -> Result<(), Code> {
        self.leave(now, peer)?;
        self.entries.get_mut(&peer).ok_or(Code::NotFound)?.blocked = true;
        self.changed(peer);
        Ok(())
    }

    /// Takes a block back.
    pub fn unblock_peer(&mut self, now: Instant, peer: PeerId) -> Result<(), Code> {
        self.entries.get_mut(&peer).ok_or(Code::NotFound)?.blocked = false;
        self.dial_afresh(now, peer);
        self.changed(peer);
        Ok(())
    }

    /// Tries again now and quickly; trusts whichever device answers, also in place of a kept one.
    pub fn retry_peer(&mut self, now: Instant, peer: PeerId) -> Result<(), Code> {
        let entry = self.entries.get_mut(&peer).ok_or(Code::NotFound)?;
        if entry.dial.state == super::entry::DialState::Stopped(Code::KeyChanged) {
            if entry.binding.take().is_some_and(|before| before.verified) {
                self.notice(peer, Notice::Unverified);
            }
            self.event(Event::Entry { peer });
        }
        self.dial_afresh(now, peer);
        Ok(())
    }

    /// Queues a message and gives its counter. `at` is the clock of the person, ms since 1970. With `life` it disappears on
    /// both sides so long after it was written or came in, s, at most [`limits::LIFE`].
    pub fn send(
        &mut self,
        now: Instant,
        peer: PeerId,
        at: i64,
        content: Content,
        life: Option<u32>,
    ) -> Result<u64, Code> {
        let entry = self.entries.get_mut(&peer).ok_or(Code::NotFound)?;
        let counter = entry.outbox.push(at, content, life)?;
        if let Some(conn) = entry.current {
            self.produce(now, conn);
        }
        Ok(counter)
    }

    /// Whether the peer's app lets messages disappear, once it has said so.
    pub fn can_vanish(&self, peer: PeerId) -> Option<bool> {
        let conn = self.entries.get(&peer)?.current?;
        self.sessions.get(&conn)?.lists(VANISH)
    }

    /// How far our messages to this peer came.
    pub fn delivery(&self, peer: PeerId) -> Option<Watermarks> {
        self.entries.get(&peer).map(|entry| Watermarks { sent: entry.outbox.sent(), acked: entry.outbox.acked() })
    }

    /// Addresses of everybody on the list, as far as known.
    pub fn listed_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.entries.values().filter(|entry| !entry.blocked).flat_map(|entry| {
            let connected = entry.current.and_then(|conn| self.sessions.get(&conn)).map(|session| session.remote.ip());
            entry.sockets().map(|socket| socket.ip()).chain(connected)
        })
    }

    pub(crate) fn insert_entry(&mut self, label: Name, addresses: Vec<PeerAddress>) -> Result<PeerId, Code> {
        if self.entries.len() >= limits::PEERS {
            return Err(Code::TooManyPeers);
        }
        let peer = PeerId(self.next_peer);
        self.next_peer = self.next_peer.saturating_add(1);
        let mut entry = Entry::new(label, addresses, Epoch(self.rng.random()));
        entry.outbox.hold(self.keeping);
        self.entries.insert(peer, entry);
        self.changed(peer);
        Ok(peer)
    }

    /// Something of an entry that everybody sees has changed.
    pub(crate) fn changed(&mut self, peer: PeerId) {
        self.event(Event::Entry { peer });
        self.event(Event::Peers);
    }

    /// Requests from the addresses of an entry count again.
    fn listen_to(&mut self, peer: PeerId) {
        let Some(entry) = self.entries.get(&peer) else { return };
        let forgotten = entry.sockets().filter(|socket| self.silenced.forget_address(*socket)).count();
        if forgotten > 0 {
            self.event(Event::Silenced);
        }
    }

    fn leave(&mut self, now: Instant, peer: PeerId) -> Result<(), Code> {
        if !self.entries.contains_key(&peer) {
            return Err(Code::NotFound);
        }
        self.call_stop(now, peer);
        let open: Vec<_> = self.sessions.iter().filter(|(_, s)| s.entry == Some(peer)).map(|(conn, _)| *conn).collect();
        for conn in open {
            self.close(now, conn, Close::Bye);
        }
        self.forget_connections(peer);
        Ok(())
    }
}
