//! What is asked when, and what is held.

use super::held::{By, Hole, Lease};
use super::igd::Router;
use super::pinhole::Pinhole;
use super::route::Route;
use super::{Find, MappingState, PortState, Turn, Wall, pmp, somebodys};
use p2p_comm_model::is_public;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU16;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

/// How long a router is asked to let others in, seconds: what is left of a mapping if the program ends without a goodbye.
pub(super) const LIFETIME: u32 = 20 * 60;
/// When to renew it (RFC 6887, section 11.2.1).
const RENEWAL: Duration = Duration::from_secs(LIFETIME as u64 / 2);
/// How long to wait for one's turn: more than whoever has it may need to hear the end of a question and to take things back.
const TURN: Duration = Duration::from_secs(90);
/// How often to look at the clock: as long may a mapping be called open that ended while the computer slept.
const GLANCE: Duration = Duration::from_secs(5);

/// When to ask again.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// A mapping is renewed after half of the time that the router gave, yet no sooner than this; so is one that was lost.
    pub least: Duration,
    /// After a no.
    pub again: Duration,
    /// Whether the network is still the same.
    pub look: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { least: Duration::from_secs(30), again: Duration::from_secs(10 * 60), look: Duration::from_secs(30) }
    }
}

/// Why there is no mapping, the lesser reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum No {
    /// Nobody answered, or nothing that makes sense.
    Silent,
    /// The router said no.
    Refused,
    /// It said no because it has no address at which to let anybody in.
    Enclosed,
}

pub(super) struct Keeper {
    port: u16,
    find: Find,
    timing: Timing,
    wall: Wall,
    state: watch::Sender<MappingState>,
    lease: Option<Lease>,
    hole: Option<Hole>,
}

impl Keeper {
    pub(super) fn new(port: u16, find: Find, timing: Timing, wall: Wall, state: watch::Sender<MappingState>) -> Self {
        Self { port, find, timing, wall, state, lease: None, hole: None }
    }

    /// Asks, and asks again in time, until `stop` says so or its sender is gone; then takes everything back. What is being
    /// asked is waited for: broken off, it could leave a mapping behind that nobody knows of.
    pub(super) async fn run(mut self, Turn(turn): Turn, mut stop: oneshot::Receiver<()>) {
        let _turn = tokio::select! {
            _ = &mut stop => return,
            turn = timeout(TURN, turn.lock_owned()) => turn,
        };
        let mut route = self.route().await;
        loop {
            let wait = self.ask(route.as_ref()).await;
            let now = tokio::select! {
                _ = &mut stop => break,
                now = self.pause(wait, &route) => now,
            };
            let of_v4 = |route: &Option<Route>| route.as_ref().map(|route| (route.own, route.gateway));
            if now != route && of_v4(&now) == of_v4(&route) {
                // Temporary IPv6 addresses change each day; the mapping of IPv4 is as good as before.
                if let Some(hole) = self.hole.take() {
                    hole.close().await;
                }
            } else if now != route {
                tracing::info!("the network is another one");
                // The router of before is out of reach, or holds what leads nowhere; it forgets by itself.
                (self.lease, self.hole) = (None, None);
                self.state.send_replace(MappingState::default());
            }
            route = now;
        }
        self.close().await;
    }

    /// Waits this long, or until the network is another one; gives the one there is then.
    async fn pause(&self, wait: Duration, route: &Option<Route>) -> Option<Route> {
        let (begun, begun_wall) = (Instant::now(), (self.wall)());
        let mut look = self.timing.look;
        loop {
            // While the computer sleeps only one of the clocks goes on; the one that is ahead is right about the router.
            let wall = (self.wall)().duration_since(begun_wall).unwrap_or_default();
            let passed = begun.elapsed().max(wall);
            self.outlive(passed);
            if passed >= wait {
                return self.route().await;
            }
            if passed >= look {
                let now = self.route().await;
                if now != *route {
                    return now;
                }
                look = passed.saturating_add(self.timing.look);
            }
            sleep(wait.min(look).saturating_sub(passed).min(GLANCE)).await;
        }
    }

    /// Says no longer open of what has ended, so long after it was asked for.
    fn outlive(&self, passed: Duration) {
        self.tell(|state| {
            if self.lease.as_ref().is_some_and(|lease| passed >= lease.lifetime()) {
                state.port = PortState::Asking;
            }
            if self.hole.as_ref().is_some_and(|hole| passed >= hole.lifetime()) {
                state.pinhole = None;
            }
        });
    }

    async fn route(&self) -> Option<Route> {
        let find = self.find.clone();
        tokio::task::spawn_blocking(move || find()).await.ok().flatten()
    }

    /// Gets or renews what is wanted, and says after how long to ask again.
    async fn ask(&mut self, route: Option<&Route>) -> Duration {
        let Some((route, port)) = route.zip(NonZeroU16::new(self.port)) else {
            self.tell(|state| state.port = PortState::NoRouter);
            return self.timing.again;
        };
        if is_public(IpAddr::V4(route.own)) {
            self.tell(|state| state.port = if route.hears_v4 { PortState::Needless } else { PortState::Unheard });
            return self.timing.again;
        }
        let held = self.lease.is_some() || self.hole.is_some();
        let mut router = None;
        let port = match route.hears_v4 {
            true => self.map(route, port, &mut router).await,
            false => PortState::Unheard,
        };
        self.tell(|state| state.port = port);
        self.pierce(route, router).await;
        let pinhole = self.hole.as_ref().map(|hole| hole.own);
        self.tell(|state| state.pinhole = pinhole);
        let lifetimes = [self.lease.as_ref().map(Lease::lifetime), self.hole.as_ref().map(Hole::lifetime)];
        match lifetimes.into_iter().flatten().min() {
            Some(lifetime) => lifetime.div_f32(2.0).clamp(self.timing.least, RENEWAL),
            // A router that held something starts anew, or the network is not there yet after the computer slept.
            None if held => self.timing.least,
            None => self.timing.again,
        }
    }

    /// What comes of a mapping over IPv4.
    async fn map(&mut self, route: &Route, port: NonZeroU16, router: &mut Option<Router>) -> PortState {
        match self.open(route, port, router).await {
            Ok(external) => PortState::Open(external),
            Err(No::Silent) => PortState::NoRouter,
            Err(no) => match outside(route, router.as_ref()).await {
                Ok(ip) if !is_public(ip.into()) => PortState::Enclosed(Some(ip)),
                Err(why) if no.max(why) == No::Enclosed => PortState::Enclosed(None),
                _ => PortState::Refused,
            },
        }
    }

    /// The address outside: of the mapping there is, renewed, else of a new one. `router` becomes the one that was found.
    async fn open(&mut self, route: &Route, port: NonZeroU16, router: &mut Option<Router>) -> Result<SocketAddrV4, No> {
        if let Some(mut lease) = self.lease.take()
            && lease.renew(route, port).await.is_ok()
            && let Ok(external) = lease.external().await
        {
            self.lease = Some(lease);
            return Ok(external);
        }
        let mut no = No::Silent;
        match pmp::open(route, port).await {
            Ok(mapping) => match self.hold(Lease::Pmp(mapping)).await {
                Ok(external) => return Ok(external),
                Err(why) => no = no.max(why),
            },
            Err(why) => no = no.max(why),
        }
        *router = Router::find(route).await;
        let Some(found) = router.clone() else { return Err(no) };
        match found.open(SocketAddrV4::new(route.own, port.get()), port.get()).await {
            Ok(port) => self.hold(Lease::Igd { router: found, port }).await.map_err(|why| no.max(why)),
            Err(why) => Err(no.max(why)),
        }
    }

    /// Keeps a new lease if the address that comes with it makes sense; otherwise gives it back.
    async fn hold(&mut self, lease: Lease) -> Result<SocketAddrV4, No> {
        match lease.external().await {
            Ok(external) => {
                self.lease = Some(lease);
                Ok(external)
            }
            Err(no) => {
                lease.close().await;
                Err(no)
            }
        }
    }

    /// Keeps the hole in the IPv6 firewall, or makes one, where there is an address to let through.
    async fn pierce(&mut self, route: &Route, router: Option<Router>) {
        let Some(own) = route.own_v6.map(|ip| SocketAddrV6::new(ip, self.port, 0, 0)) else { return };
        if let Some(mut hole) = self.hole.take()
            && hole.keep().await
        {
            self.hole = Some(hole);
            return;
        }
        if let Some(gateway) = route.gateway_v6
            && let Some(pinhole) = Pinhole::open(own, gateway).await
        {
            self.hole = Some(Hole { own, by: By::Pcp(pinhole) });
            return;
        }
        let router = match router {
            Some(router) => Some(router),
            None => Router::find(route).await,
        };
        if let Some(router) = router
            && let Some(number) = router.pierce(own).await
        {
            self.hole = Some(Hole { own, by: By::Igd { router, number } });
        }
    }

    fn tell(&self, change: impl FnOnce(&mut MappingState)) {
        self.state.send_if_modified(|state| {
            let before = *state;
            change(state);
            if before.port != state.port {
                // Which address it is stays out of the log.
                tracing::info!(
                    open = matches!(state.port, PortState::Open(_)),
                    "the router was asked to let others in"
                );
            }
            before != *state
        });
    }

    async fn close(self) {
        let lease = async {
            if let Some(lease) = self.lease {
                lease.close().await;
            }
        };
        let hole = async {
            if let Some(hole) = self.hole {
                hole.close().await;
            }
        };
        tokio::join!(lease, hole);
    }
}

/// The address of a router that said no, on its other side.
async fn outside(route: &Route, router: Option<&Router>) -> Result<Ipv4Addr, No> {
    let ip = match router {
        Some(router) => router.external().await?,
        None => pmp::outside(route).await?,
    };
    somebodys(ip).ok_or(No::Enclosed)
}
