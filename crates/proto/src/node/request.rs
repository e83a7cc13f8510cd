//! Strangers: proven, but not on the list.

use crate::node::entry::Binding;
use crate::node::{ConnId, Event, Node, Timer};
use crate::session::Close;
use p2p_comm_model::{Code, DeviceKey, Name, PeerId, RequestId, canonical, limits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// How long a request waits for our own call to the same address, which may show that it is somebody on the list.
const DEFER: Duration = Duration::from_secs(3);
/// Keys and addresses that stay silenced.
const SILENCED: usize = 1024;

/// Somebody who asks to talk.
pub(crate) struct Request {
    pub(crate) at: Instant,
    pub(crate) name: Name,
    pub(crate) remote: SocketAddr,
    pub(crate) binding: Binding,
}

/// Devices and addresses whose requests are not shown. To them it looks like waiting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    keys: BTreeSet<DeviceKey>,
    addresses: BTreeSet<SocketAddr>,
    hosts: BTreeSet<IpAddr>,
}

impl Silenced {
    pub(crate) fn add(&mut self, device: Option<DeviceKey>, addresses: impl Iterator<Item = SocketAddr>) {
        if self.keys.len() < SILENCED {
            self.keys.extend(device);
        }
        self.addresses.extend(addresses.take(SILENCED.saturating_sub(self.addresses.len())));
    }

    /// Covers the whole host, unless it is this computer, where everybody shares one.
    pub(crate) fn add_host(&mut self, ip: IpAddr) {
        if !ip.is_loopback() && self.hosts.len() < SILENCED {
            self.hosts.insert(ip);
        }
    }

    /// Says whether it was among them.
    pub(crate) fn forget_key(&mut self, device: DeviceKey) -> bool {
        self.keys.remove(&device)
    }

    /// Says whether it was among them.
    pub(crate) fn forget_address(&mut self, address: SocketAddr) -> bool {
        self.addresses.remove(&address) | self.hosts.remove(&address.ip())
    }

    /// No more than there may be.
    pub(crate) fn capped(self) -> Self {
        Self {
            keys: self.keys.into_iter().take(SILENCED).collect(),
            addresses: self.addresses.into_iter().take(SILENCED).collect(),
            hosts: self.hosts.into_iter().take(SILENCED).collect(),
        }
    }

    fn covers(&self, device: DeviceKey, remote: SocketAddr) -> bool {
        self.keys.contains(&device) || self.addresses.contains(&remote) || self.hosts.contains(&remote.ip())
    }
}

impl Node {
    /// A connection that belongs to no entry.
    pub(crate) fn stranger(&mut self, now: Instant, conn: ConnId) {
        let Some(remote) = self.sessions.get(&conn).map(|session| session.remote) else { return };
        let strangers = self.sessions.values().filter(|session| session.entry.is_none());
        let (all, same) = strangers.fold((0usize, 0usize), |(all, same), session| {
            let here = source(session.remote) == source(remote);
            (all.saturating_add(1), if here { same.saturating_add(1) } else { same })
        });
        if all > limits::STRANGERS || same > limits::STRANGERS_PER_SOURCE {
            return self.close(now, conn, Close::Busy);
        }
        // It may be somebody on the list who came back with a new key; only our own call can tell.
        let perhaps: Vec<_> =
            self.entries.iter().filter(|(_, entry)| entry.may_be_at(remote)).map(|(peer, _)| *peer).collect();
        let mut waits = false;
        for peer in perhaps {
            let alive =
                self.entries.get(&peer).and_then(|entry| entry.current).and_then(|conn| self.sessions.get(&conn));
            if alive.is_none_or(|session| session.stale) {
                self.hasten(now, peer);
                waits = true;
            }
        }
        if waits {
            self.timers.set(Timer::Request(conn), now.checked_add(DEFER).unwrap_or(now));
        }
    }

    pub(crate) fn stranger_has_name(&mut self, now: Instant, conn: ConnId) {
        if !self.timers.is_set(Timer::Request(conn)) {
            self.show_request(now, conn);
        }
    }

    /// Puts a stranger's request before the person, if it may be.
    pub(crate) fn show_request(&mut self, now: Instant, conn: ConnId) {
        let Some(session) = self.sessions.get(&conn).filter(|session| session.entry.is_none()) else { return };
        let (Some(profile), Some((device, life))) = (&session.profile, session.peer) else { return };
        let (name, remote, binding) = (profile.name.clone(), session.remote, Binding::new(device, life));
        let blocked = |entry: &super::entry::Entry| entry.blocked && entry.may_be_at(remote);
        let silent = self.silenced.covers(device, remote)
            || self.bound_to(device).is_some()
            || self.entries.values().any(blocked);
        if silent || !self.requests_allowed {
            return;
        }
        let known = |r: &Request| r.binding == binding && r.remote == remote && r.name == name;
        if self.requests.values().any(known) {
            return;
        }
        // One per device and source. A changed request gets a new id, so that nobody accepts what they did not see.
        self.requests.retain(|_, r| r.binding.device != device && source(r.remote) != source(remote));
        if self.requests.len() < limits::REQUESTS {
            let id = RequestId(self.next_request);
            self.next_request = self.next_request.saturating_add(1);
            self.requests.insert(id, Request { at: now, name, remote, binding });
        }
        self.event(Event::Requests);
    }

    /// The requests, oldest first: name, address, and when it came.
    pub fn requests(&self) -> impl Iterator<Item = (RequestId, &Name, SocketAddr, Instant)> {
        self.requests.iter().map(|(id, request)| (*id, &request.name, request.remote, request.at))
    }

    /// Whether requests of strangers are shown.
    pub fn requests_allowed(&self) -> bool {
        self.requests_allowed
    }

    /// Shows or hides requests of strangers. Hiding drops those that wait.
    pub fn allow_requests(&mut self, now: Instant, allowed: bool) {
        self.requests_allowed = allowed;
        if !allowed {
            self.requests.clear();
        }
        self.show_waiting(now);
        self.event(Event::Requests);
    }

    /// Rule (b): the person accepts. Makes an entry from the name and the address that were shown.
    pub fn accept_request(&mut self, now: Instant, id: RequestId) -> Result<PeerId, Code> {
        let request = self.requests.get(&id).ok_or(Code::NotFound)?;
        let (name, remote, binding) = (request.name.clone(), request.remote, request.binding);
        let address = remote.into();
        // An entry that is bound to another device is another person, whatever the address.
        let free = |entry: &super::entry::Entry| {
            entry.has(&address) && !entry.blocked && entry.binding.is_none_or(|b| b.device == binding.device)
        };
        let same = self.entries.iter().find(|(_, entry)| free(entry)).map(|(peer, _)| *peer);
        let peer = match same {
            Some(peer) => peer,
            None => self.insert_entry(name, vec![address])?,
        };
        self.requests.remove(&id);
        self.event(Event::Requests);
        self.bind_to(now, peer, binding);
        self.hasten(now, peer);
        self.show_waiting(now);
        Ok(peer)
    }

    /// Drops a request and all later ones of the same device or address. The other side sees waiting.
    pub fn ignore_request(&mut self, now: Instant, id: RequestId) -> Result<(), Code> {
        let request = self.requests.remove(&id).ok_or(Code::NotFound)?;
        self.silenced.add(Some(request.binding.device), std::iter::once(request.remote));
        self.event(Event::Silenced);
        self.event(Event::Requests);
        self.show_waiting(now);
        Ok(())
    }

    /// As [`Node::ignore_request`], for everybody at that host.
    pub fn block_request(&mut self, now: Instant, id: RequestId) -> Result<(), Code> {
        let host = self.requests.get(&id).ok_or(Code::NotFound)?.remote.ip();
        self.silenced.add_host(host);
        self.ignore_request(now, id)
    }

    /// Shows requests for which there was no room, or which were not allowed, before.
    fn show_waiting(&mut self, now: Instant) {
        let waiting: Vec<_> = self.sessions.keys().copied().collect();
        for conn in waiting {
            self.show_request(now, conn);
        }
    }

    pub(crate) fn drop_requests_of(&mut self, device: DeviceKey) {
        let before = self.requests.len();
        self.requests.retain(|_, request| request.binding.device != device);
        if self.requests.len() != before {
            self.event(Event::Requests);
        }
    }
}

/// Who counts as one source of requests: a host, or on this computer a port.
fn source(remote: SocketAddr) -> (IpAddr, u16) {
    match canonical(remote.ip()) {
        ip if ip.is_loopback() => (ip, remote.port()),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            (IpAddr::from([a, b, c, d, 0, 0, 0, 0]), 0)
        }
        ip => (ip, 0),
    }
}
