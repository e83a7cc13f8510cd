//! Whom a proven connection belongs to (`docs/protocol.md`, section 4).

use crate::chat::Inbox;
use crate::node::entry::{Binding, DialState};
use crate::node::{ConnId, Event, Node};
use crate::session::{CALL, Close, VANISH};
use crate::wire::{Hello, Profile, ProfileLimits};
use p2p_comm_model::{Code, DeviceKey, Epoch, Notice, PeerId, canonical, limits};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Features of this version.
const FEATURES: [&str; 4] = ["text", "link", CALL, VANISH];
/// Devices whose newest message we remember; beyond that, only of those on the list.
const DEVICES: usize = 4096;
/// Connections of one device that may exist for a moment, when both sides dial at once.
const CONNECTIONS: usize = 4;
/// Addresses of a peer that we try beside the one on the list.
const CANDIDATES: usize = 4;

impl Node {
    /// The first message of a connection: who it is.
    pub(crate) fn hello(&mut self, now: Instant, conn: ConnId, hello: &Hello) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let Some(identity) = &self.session else { return };
        if session.peer.is_some() || !session.verify(hello) {
            return self.close(now, conn, Close::ProtocolError);
        }
        let dialed_for = session.dialed_for;
        if hello.device == identity.device.public() {
            session.dialed_for = None;
            if let Some(peer) = dialed_for {
                self.dial_ended(now, peer, Code::OwnAddress);
            }
            return self.close(now, conn, Close::OwnAddress);
        }
        session.peer = Some((hello.device, hello.key));

        let binding = Binding::new(hello.device, hello.key);
        let bound = self.bound_to(binding.device);
        let dialed_for = dialed_for.filter(|peer| self.entries.get(peer).is_some_and(|entry| !entry.blocked));
        let blocked = |peer: PeerId| self.entries.get(&peer).is_some_and(|entry| entry.blocked);
        if bound.is_some_and(blocked) {
            return self.stranger(now, conn);
        }
        match (dialed_for, bound) {
            (Some(peer), Some(bound)) if peer != bound => {
                self.taken(now, peer, conn);
                self.attach(now, bound);
            }
            (_, Some(bound)) => self.attach(now, bound),
            (Some(peer), None) => self.bind(now, peer, conn, binding),
            (None, None) => self.stranger(now, conn),
        }
    }

    /// Their profile: they have added us.
    pub(crate) fn profile(&mut self, now: Instant, conn: ConnId, profile: Profile) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        if session.profile.is_some() {
            return;
        }
        let remote = session.remote;
        let entry = session.entry;
        let observed = profile.observed.as_deref().and_then(|text| text.parse::<SocketAddr>().ok());
        let candidates = profile.candidates.iter().filter_map(|text| text.parse::<SocketAddr>().ok());
        let candidates: Vec<_> =
            candidates.filter(|address| is_worth_trying(*address, remote)).take(CANDIDATES).collect();
        let name = profile.name.clone();
        session.profile = Some(profile);
        let Some(entry) = entry.and_then(|peer| self.entries.get_mut(&peer)) else {
            return self.stranger_has_name(now, conn);
        };
        let renamed = entry.name.replace(name) != entry.name;
        entry.candidates = candidates;
        if let (true, Some(peer)) = (renamed, self.peer_of(conn)) {
            self.event(Event::Entry { peer });
        }
        if let Some(observed) = observed {
            self.event(Event::Observed(SocketAddr::new(canonical(observed.ip()), observed.port())));
        }
        self.event(Event::Peers);
        if let Some(peer) = self.peer_of(conn) {
            self.call_link(now, peer);
        }
        self.produce(now, conn);
    }

    /// Rule (a): our own call to the entry's address proved the password.
    fn bind(&mut self, now: Instant, peer: PeerId, conn: ConnId, binding: Binding) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        let before = entry.binding;
        let in_use = entry.current.and_then(|conn| self.sessions.get(&conn)).is_some_and(|session| !session.stale);
        match before {
            Some(before) if before.life == crate::wire::KeyLife::Kept => {
                self.notice(peer, Notice::KeyChanged);
                self.stop_dialing(now, peer, Code::KeyChanged);
                return self.close(now, conn, Close::Bye);
            }
            // It came back as we called; whoever else answers there stays a stranger.
            Some(_) if in_use => return self.stranger(now, conn),
            Some(before) => {
                self.notice(peer, Notice::NewKey);
                if before.verified {
                    self.notice(peer, Notice::Unverified);
                }
                // It is the same person: what its old key has sent must not come again under the new one.
                if let Some(inbox) = self.inboxes.get(&before.device) {
                    self.inboxes.insert(binding.device, *inbox);
                }
            }
            None => {}
        }
        self.bind_to(now, peer, binding);
    }

    /// At an address of this entry answers somebody who is another entry: tries only the others from now on, since an
    /// address of an invite may mean one computer where the invite was written and another one here.
    fn taken(&mut self, now: Instant, peer: PeerId, conn: ConnId) {
        let (Some(entry), Some(session)) = (self.entries.get_mut(&peer), self.sessions.get(&conn)) else { return };
        if entry.is_taken(session.remote) {
            self.dial_ended(now, peer, Code::DuplicatePeer);
        } else {
            self.stop_dialing(now, peer, Code::DuplicatePeer);
        }
    }

    /// Binds without asking further: rule (a) held, or the person accepted (rule (b)).
    pub(crate) fn bind_to(&mut self, now: Instant, peer: PeerId, binding: Binding) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        let before = entry.binding;
        let verified = before.is_some_and(|before| before.device == binding.device && before.verified);
        entry.binding = Some(Binding { verified, ..binding });
        entry.name = None;
        entry.candidates.clear();
        if let Some(before) = before.filter(|before| before.device != binding.device) {
            self.call_rebound(now, peer);
            for old in self.connections_of(before.device) {
                self.close(now, old, Close::Bye);
            }
        }
        self.event(Event::Entry { peer });
        if self.silenced.forget_key(binding.device) {
            self.event(Event::Silenced);
        }
        self.drop_requests_of(binding.device);
        self.attach(now, peer);
    }

    /// Gives an entry all connections of its device, and lets the one rule choose among them.
    fn attach(&mut self, now: Instant, peer: PeerId) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        let (Some(binding), false) = (entry.binding, entry.blocked) else { return };
        entry.dial.guesses = 0;
        if matches!(entry.dial.state, DialState::Stopped(_)) {
            entry.dial.state = DialState::Idle;
        }
        let mut previous = Vec::new();
        for conn in self.connections_of(binding.device) {
            if let Some(session) = self.sessions.get_mut(&conn) {
                previous.extend(session.entry.replace(peer).filter(|before| *before != peer));
                if let (Some(profile), Some(entry)) = (&session.profile, self.entries.get_mut(&peer)) {
                    entry.name = Some(profile.name.clone());
                }
                let profile = self.own_profile(conn);
                if let (Some(session), Some(profile)) = (self.sessions.get_mut(&conn), profile) {
                    session.say_profile(profile);
                }
            }
        }
        self.choose_connection(now, peer);
        for peer in previous {
            self.choose_connection(now, peer);
        }
        self.keep_one(now, peer, binding.device);
        for conn in self.connections_of(binding.device) {
            self.produce(now, conn);
        }
        self.event(Event::Peers);
    }

    /// Uses the connection that was confirmed last, if there is one. Redials otherwise.
    pub(crate) fn choose_connection(&mut self, now: Instant, peer: PeerId) {
        let of_peer = self.sessions.iter().filter(|(_, session)| session.entry == Some(peer));
        let newest = of_peer.max_by_key(|(_, session)| session.order).map(|(conn, _)| *conn);
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        if entry.current == newest {
            return;
        }
        entry.current = newest;
        entry.outbox.rewind();
        match newest {
            // An old one that fell silent before: nobody else will look for a better one.
            Some(conn) if self.sessions.get(&conn).is_some_and(|session| session.stale) => self.redial_lost(now, peer),
            Some(conn) => {
                entry.lost = false;
                self.dial_idle(peer);
                self.produce(now, conn);
            }
            None => {
                entry.lost = true;
                self.redial_lost(now, peer);
            }
        }
        self.call_link(now, peer);
        self.event(Event::Delivery { peer });
        self.event(Event::Peers);
    }

    /// The side with the smaller device key closes all but the newest; the other side waits for that.
    fn keep_one(&mut self, now: Instant, peer: PeerId, device: DeviceKey) {
        let Some(identity) = &self.session else { return };
        let all = self.connections_of(device);
        // Whoever has to decide: so many at once are no accident.
        if identity.device.public() >= device && all.len() <= CONNECTIONS {
            return;
        }
        let current = self.entries.get(&peer).and_then(|entry| entry.current);
        for conn in all {
            if Some(conn) != current {
                self.close(now, conn, Close::Replaced);
            }
        }
    }

    /// Cuts an entry off from its connections.
    pub(crate) fn forget_connections(&mut self, peer: PeerId) {
        self.dial_idle(peer);
        if let Some(entry) = self.entries.get_mut(&peer) {
            entry.current = None;
            entry.lost = false;
            entry.dial = super::entry::Dial::default();
            entry.outbox.rewind();
            self.event(Event::Delivery { peer });
            self.event(Event::Peers);
        }
    }

    pub(crate) fn bound_to(&self, device: DeviceKey) -> Option<PeerId> {
        let bound = |binding: Option<Binding>| binding.is_some_and(|binding| binding.device == device);
        self.entries.iter().find(|(_, entry)| bound(entry.binding)).map(|(peer, _)| *peer)
    }

    pub(crate) fn connections_of(&self, device: DeviceKey) -> Vec<ConnId> {
        self.sessions.iter().filter(|(_, session)| session.device() == Some(device)).map(|(conn, _)| *conn).collect()
    }

    /// Remembers a message of a device; says whether it is new. With `hold` it is acknowledged only once it is kept.
    pub(crate) fn is_new(&mut self, device: DeviceKey, epoch: Epoch, counter: u64, hold: bool) -> bool {
        match self.inboxes.get_mut(&device) {
            Some(inbox) => inbox.accept(epoch, counter, hold),
            None => {
                if self.inboxes.len() >= DEVICES {
                    let bound: Vec<_> = self.entries.values().filter_map(|entry| entry.binding).collect();
                    self.inboxes.retain(|device, _| bound.iter().any(|binding| binding.device == *device));
                }
                self.inboxes.insert(device, Inbox::first(epoch, counter, hold));
                true
            }
        }
    }

    fn own_profile(&self, conn: ConnId) -> Option<Profile> {
        let identity = self.session.as_ref()?;
        let remote = self.sessions.get(&conn)?.remote;
        Some(Profile {
            name: identity.name.clone(),
            features: FEATURES.map(str::to_owned).to_vec(),
            limits: ProfileLimits::default(),
            observed: Some(remote.to_string()),
            candidates: identity.candidates.iter().take(limits::LISTED).map(ToString::to_string).collect(),
        })
    }
}

/// A peer may name any address, so only those are tried that cannot make us disturb somebody else: where we see the peer
/// itself, and private networks.
fn is_worth_trying(candidate: SocketAddr, seen: SocketAddr) -> bool {
    let (ip, seen) = (canonical(candidate.ip()), canonical(seen.ip()));
    let private = match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    };
    candidate.port() >= 1024 && (ip == seen || private)
}
