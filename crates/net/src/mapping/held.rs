//! What a router holds for us.

use super::igd::Router;
use super::keep::{LIFETIME, No};
use super::pinhole::Pinhole;
use super::route::Route;
use super::{pmp, somebodys};
use std::net::{SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU16;
use std::time::Duration;

/// A port of ours that it maps over IPv4.
pub(super) enum Lease {
    Pmp(crab_nat::PortMapping),
    Igd { router: Router, port: u16 },
}

/// A hole in the router's IPv6 firewall, for this address of ours.
pub(super) struct Hole {
    pub(super) own: SocketAddrV6,
    pub(super) by: By,
}

/// Who holds it open.
pub(super) enum By {
    Pcp(Pinhole),
    Igd { router: Router, number: u16 },
}

impl Lease {
    pub(super) fn lifetime(&self) -> Duration {
        match self {
            Self::Pmp(mapping) => Duration::from_secs(mapping.lifetime().into()),
            Self::Igd { .. } => Duration::from_secs(LIFETIME.into()),
        }
    }

    pub(super) async fn renew(&mut self, route: &Route, internal: NonZeroU16) -> Result<(), No> {
        match self {
            Self::Pmp(mapping) => mapping.renew().await.map_err(|_| No::Silent),
            Self::Igd { router, port } => {
                *port = router.open(SocketAddrV4::new(route.own, internal.get()), *port).await?;
                Ok(())
            }
        }
    }

    /// Where the router listens for us, if that makes sense.
    pub(super) async fn external(&self) -> Result<SocketAddrV4, No> {
        let (ip, port) = match self {
            Self::Pmp(mapping) => (pmp::external(mapping).await?, mapping.external_port().get()),
            Self::Igd { router, port } => (router.external().await?, *port),
        };
        somebodys(ip).map(|ip| SocketAddrV4::new(ip, port)).ok_or(No::Refused)
    }

    pub(super) async fn close(self) {
        match self {
            Self::Pmp(mapping) => {
                let _ = mapping.try_drop().await;
            }
            Self::Igd { router, port } => router.close(port).await,
        }
    }
}

impl Hole {
    pub(super) fn lifetime(&self) -> Duration {
        match &self.by {
            By::Pcp(pinhole) => pinhole.lifetime(),
            By::Igd { .. } => Duration::from_secs(LIFETIME.into()),
        }
    }

    /// Says whether it still is there.
    pub(super) async fn keep(&mut self) -> bool {
        match &mut self.by {
            By::Pcp(pinhole) => pinhole.keep().await,
            By::Igd { router, number } => router.keep_pierced(*number).await,
        }
    }

    pub(super) async fn close(self) {
        match self.by {
            By::Pcp(pinhole) => pinhole.close().await,
            By::Igd { router, number } => router.plug(number).await,
        }
    }
}
