//! A network in memory for tests: hosts by address, links with delay, jitter, loss and rate, in virtual time.
//!
//! Everything runs on tokio's clock: under `#[tokio::test(start_paused = true)]` hours pass in seconds, and nothing
//! depends on the speed of the machine. Chance comes from the seed alone, except for TLS's own keys. There is no task
//! behind it: a packet lies in the receiver's inbox until its time.
#![allow(clippy::arithmetic_side_effects, reason = "times and rates are chosen by the test, not by a peer")]

mod link;
mod socket;

pub use link::Link;

use crate::endpoint::socket::Family;
use crate::{BindError, Config, Endpoint};
use link::Pipe;
use p2p_comm_model::limits;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use socket::{Inbox, MemorySocket, Packet};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The network. A cheap handle: clones are the same network.
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
}

struct State {
    rng: StdRng,
    sockets: HashMap<SocketAddr, Arc<Inbox>>,
    pipes: HashMap<(IpAddr, IpAddr), Pipe>,
    cuts: HashSet<(IpAddr, IpAddr)>,
    /// Packets sent so far, also those that got lost: keeps those of one instant in order.
    sent: u64,
}

impl Network {
    /// An empty network. Links are [`Link::default`] until set.
    pub fn new(seed: u64) -> Self {
        let state = State {
            rng: StdRng::seed_from_u64(seed),
            sockets: HashMap::new(),
            pipes: HashMap::new(),
            cuts: HashSet::new(),
            sent: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// An endpoint on the host `ip`, which stands in for `config.bind`; the port rule holds per host.
    pub fn endpoint(&self, ip: IpAddr, config: Config) -> Result<Endpoint, BindError> {
        let mut state = self.lock();
        let ports = if config.port == 0 { limits::PORTS } else { config.port..=config.port };
        let address = ports
            .map(|port| SocketAddr::new(ip, port))
            .find(|address| !state.sockets.contains_key(address))
            .ok_or(BindError::PortInUse)?;
        let inbox = Arc::new(Inbox::default());
        state.sockets.insert(address, Arc::clone(&inbox));
        let seed = state.rng.random();
        drop(state);
        let socket = MemorySocket::new(address, inbox, self.clone());
        let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
        Endpoint::on(Arc::new(socket), family, config.windows, Some(seed))
    }

    /// Sets the link for packets from `from` to `to`; packets under way are not touched.
    pub fn set(&self, from: IpAddr, to: IpAddr, link: Link) {
        self.lock().pipes.entry((from, to)).or_default().link = link;
    }

    /// Sets the links of both directions.
    pub fn set_both(&self, a: IpAddr, b: IpAddr, link: Link) {
        self.set(a, b, link);
        self.set(b, a, link);
    }

    /// From now on all packets between the two get lost, in both directions.
    pub fn cut(&self, a: IpAddr, b: IpAddr) {
        self.lock().cuts.extend([(a, b), (b, a)]);
    }

    /// Undoes [`cut`](Self::cut).
    pub fn heal(&self, a: IpAddr, b: IpAddr) {
        let mut state = self.lock();
        state.cuts.remove(&(a, b));
        state.cuts.remove(&(b, a));
    }

    /// The host vanishes without goodbye: its endpoints neither send nor receive any more, whatever their owners do.
    /// Its ports are free at once, so that it can start anew.
    pub fn kill(&self, ip: IpAddr) {
        let mut state = self.lock();
        state.sockets.retain(|address, inbox| {
            let lives = address.ip() != ip;
            if !lives {
                inbox.kill();
            }
            lives
        });
    }

    fn send(&self, from: SocketAddr, to: SocketAddr, contents: &[u8]) {
        let now = Instant::now();
        let mut guard = self.lock();
        let state = &mut *guard;
        let hosts = (from.ip(), to.ip());
        state.sent += 1;
        if state.cuts.contains(&hosts) {
            return;
        }
        let Some(at) = state.pipes.entry(hosts).or_default().carry(now, contents.len(), &mut state.rng) else { return };
        if let Some(inbox) = state.sockets.get(&to) {
            inbox.put(Packet { at, number: state.sent, from, contents: contents.into() });
        }
    }

    fn release(&self, address: SocketAddr, inbox: &Arc<Inbox>) {
        let mut state = self.lock();
        if state.sockets.get(&address).is_some_and(|current| Arc::ptr_eq(current, inbox)) {
            state.sockets.remove(&address);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}
