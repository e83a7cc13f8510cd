//! What is asked when, and what is held.

use super::igd::Router;
use super::route::Route;
use super::{Find, MappingState, PortState, pmp, somebodys};
use p2p_comm_model::is_public;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU16;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

/// How long a router is asked to let others in, seconds: what is left of a mapping if the program ends without a goodbye.
pub(super) const LIFETIME: u32 = 20 * 60;
/// When to renew it (RFC 6887, section 11.2.1).
const RENEWAL: Duration = Duration::from_secs(LIFETIME as u64 / 2);

/// When to ask again.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// A mapping is renewed after half of the time that the router gave, yet no sooner than this.
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

/// What the router holds for us.
enum Lease {
    Pmp(crab_nat::PortMapping),
    Igd { router: Router, port: u16 },
}

/// A hole in the router's IPv6 firewall.
struct Hole {
    router: Router,
    number: u16,
    own: SocketAddrV6,
}

pub(super) struct Keeper {
    port: u16,
    find: Find,
    timing: Timing,
    state: watch::Sender<MappingState>,
    lease: Option<Lease>,
    hole: Option<Hole>,
}

impl Keeper {
    pub(super) fn new(port: u16, find: Find, timing: Timing, state: watch::Sender<MappingState>) -> Self {
        Self { port, find, timing, state, lease: None, hole: None }
    }

    /// Asks, and asks again in time, until `stop` says so or its sender is gone; then takes everything back. What is being
    /// asked is waited for: broken off, it could leave a mapping behind that nobody knows of.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
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
                    hole.router.plug(hole.number).await;
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
        let mut left = wait;
        loop {
            let nap = left.min(self.timing.look);
            sleep(nap).await;
            left = left.saturating_sub(nap);
            let now = self.route().await;
            if left.is_zero() || now != *route {
                return now;
            }
        }
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
            self.tell(|state| state.port = PortState::Needless);
            return self.timing.again;
        }
        let mut router = None;
        let opened = self.open(route, port, &mut router).await;
        let port = match opened {
            Ok(external) => PortState::Open(external),
            Err(No::Silent) => PortState::NoRouter,
            Err(no) => match outside(route, router.as_ref()).await {
                Ok(ip) if !is_public(ip.into()) => PortState::Enclosed(Some(ip)),
                Err(why) if no.max(why) == No::Enclosed => PortState::Enclosed(None),
                _ => PortState::Refused,
            },
        };
        self.tell(|state| state.port = port);
        self.pierce(route, router).await;
        let pinhole = self.hole.as_ref().map(|hole| hole.own);
        self.tell(|state| state.pinhole = pinhole);
        match &self.lease {
            Some(lease) => lease.lifetime().div_f32(2.0).clamp(self.timing.least, RENEWAL),
            None if self.hole.is_some() => RENEWAL,
            None => self.timing.again,
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
        if let Some(hole) = self.hole.take()
            && hole.router.keep_pierced(hole.number).await
        {
            self.hole = Some(hole);
            return;
        }
        let router = match router {
            Some(router) => Some(router),
            None => Router::find(route).await,
        };
        if let Some(router) = router
            && let Some(number) = router.pierce(own).await
        {
            self.hole = Some(Hole { router, number, own });
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
                hole.router.plug(hole.number).await;
            }
        };
        tokio::join!(lease, hole);
    }
}

impl Lease {
    fn lifetime(&self) -> Duration {
        match self {
            Self::Pmp(mapping) => Duration::from_secs(mapping.lifetime().into()),
            Self::Igd { .. } => Duration::from_secs(LIFETIME.into()),
        }
    }

    async fn renew(&mut self, route: &Route, internal: NonZeroU16) -> Result<(), No> {
        match self {
            Self::Pmp(mapping) => mapping.renew().await.map_err(|_| No::Silent),
            Self::Igd { router, port } => {
                *port = router.open(SocketAddrV4::new(route.own, internal.get()), *port).await?;
                Ok(())
            }
        }
    }

    /// Where the router listens for us, if that makes sense.
    async fn external(&self) -> Result<SocketAddrV4, No> {
        let (ip, port) = match self {
            Self::Pmp(mapping) => (pmp::external(mapping).await?, mapping.external_port().get()),
            Self::Igd { router, port } => (router.external().await?, *port),
        };
        somebodys(ip).map(|ip| SocketAddrV4::new(ip, port)).ok_or(No::Refused)
    }

    async fn close(self) {
        match self {
            Self::Pmp(mapping) => {
                let _ = mapping.try_drop().await;
            }
            Self::Igd { router, port } => router.close(port).await,
        }
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
