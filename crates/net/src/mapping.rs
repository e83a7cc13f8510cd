//! Asks the router to let others in: a mapping of our UDP port (PCP, RFC 6887; NAT-PMP, RFC 6886; UPnP IGD), renewed while it
//! is wanted and taken back at the end, and beside it a hole in the router's IPv6 firewall (PCP; IGD 2).
//!
//! What a router answers is not trusted. Packets go to the default gateway and to the multicast group of SSDP, nowhere else;
//! nothing that is sent names this program or its user.

mod held;
mod igd;
mod keep;
mod pinhole;
mod pmp;
mod route;
#[cfg(test)]
mod tests;

pub use keep::Timing;
pub use route::Route;

use crate::Endpoint;
use keep::Keeper;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::JoinHandle;

/// A mapping that is wanted. Taken back when it is [closed](Self::close) or dropped, as long as the runtime lives.
pub struct PortMapping {
    state: watch::Receiver<MappingState>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What came of it so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MappingState {
    /// Over IPv4.
    pub port: PortState,
    /// The address and port of ours that the router lets through over IPv6.
    pub pinhole: Option<SocketAddrV6>,
}

/// What came of the mapping over IPv4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PortState {
    /// No answer yet.
    #[default]
    Asking,
    /// We do not hear IPv4; for that nobody was asked.
    Unheard,
    /// This computer has a public address itself; nobody was asked.
    Needless,
    /// What comes to this address of the router reaches us. It is one that a computer can have, but maybe not one that the
    /// internet reaches: another router may stand before this one.
    Open(SocketAddrV4),
    /// The router said no, and has no public address itself, most likely because another one stands before it. The address
    /// that it has there, if it told.
    Enclosed(Option<Ipv4Addr>),
    /// A router answered and said no.
    Refused,
    /// No router answered, or there is none.
    NoRouter,
}

/// Whose turn it is to speak with the router: clones are the same. A mapping has it from its first question until it is taken
/// back. Two at once would undo each other's: what the one takes back late is what the other was just given.
#[derive(Debug, Clone, Default)]
pub struct Turn(Arc<Mutex<()>>);

/// Finds where to ask; `None` without a network.
type Find = Arc<dyn Fn() -> Option<Route> + Send + Sync>;
/// The clock that goes on while the computer sleeps.
type Wall = Arc<dyn Fn() -> SystemTime + Send + Sync>;

impl PortMapping {
    /// Begins to ask, on the current tokio runtime, once it is its turn. `None` if no router stands between the endpoint
    /// and those who can reach it.
    pub fn start(endpoint: &Endpoint, turn: &Turn) -> Option<Self> {
        let (bound, family) = (endpoint.bound(), endpoint.family());
        if !route::leads_to(bound) {
            return None;
        }
        let find = Arc::new(move || Route::of_system(bound, family));
        Some(Self::keep(endpoint.local_port(), find, Timing::default(), turn.clone(), Arc::new(SystemTime::now)))
    }

    /// The same for a port and a way to the router that are known, and stay so.
    pub fn start_at(port: u16, route: Route, timing: Timing, turn: &Turn) -> Self {
        let find = Arc::new(move || Some(route.clone()));
        Self::keep(port, find, timing, turn.clone(), Arc::new(SystemTime::now))
    }

    /// One whose router is a test: it says what comes of it, and sees by [`watch::Sender::is_closed`] that it was taken back.
    #[cfg(any(test, feature = "test-util"))]
    pub fn told(state: watch::Receiver<MappingState>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async {
            let _ = stopped.await;
        });
        Self { state, stop, task }
    }

    fn keep(port: u16, find: Find, timing: Timing, turn: Turn, wall: Wall) -> Self {
        let (sender, state) = watch::channel(MappingState::default());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(Keeper::new(port, find, timing, wall, sender).run(turn, stopped));
        Self { state, stop, task }
    }

    /// How it stands, and the way to hear of changes.
    pub fn state(&self) -> watch::Receiver<MappingState> {
        self.state.clone()
    }

    /// Asks the router to take it all back and waits until it did. Whoever stops waiting does not stop the asking.
    pub async fn close(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// The address, if a computer can have it at all; the others are lies or mistakes.
fn somebodys(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = ip.to_canonical() else { return None };
    let [first, ..] = ip.octets();
    (first != 0 && first < 224 && !ip.is_loopback()).then_some(ip)
}
