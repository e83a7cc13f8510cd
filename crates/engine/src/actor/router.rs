//! Whether the router lets others in.

use crate::actor::Actor;
use p2p_comm_model::{PeerAddress, PortMapping, is_public};
use p2p_comm_net::{MappingState, PortMapping as Asking, PortState};
use std::net::{IpAddr, SocketAddr};
use tokio::task::JoinHandle;

/// A router that is asked, and what it said last.
pub(crate) struct Router {
    asking: Asking,
    said: MappingState,
    follow: JoinHandle<()>,
}

impl Router {
    /// Takes back what it was asked for.
    pub(super) async fn close(router: Option<Self>) {
        if let Some(router) = router {
            router.follow.abort();
            router.asking.close().await;
        }
    }
}

impl Actor {
    pub(crate) fn set_port_mapping(&mut self, on: bool) {
        self.map_port = on;
        match on {
            true => self.ask_router(),
            false => {
                let router = self.online.as_mut().and_then(|online| online.router.take());
                tokio::spawn(Router::close(router));
                self.router_changed();
            }
        }
    }

    /// Begins to ask, if that is wished and not done yet.
    pub(super) fn ask_router(&mut self) {
        let mailbox = self.mailbox();
        let Some(online) = self.online.as_mut().filter(|online| self.map_port && online.router.is_none()) else {
            return;
        };
        let Some(asking) = (self.options.map)(&online.endpoint) else { return };
        let mut state = asking.state();
        let said = *state.borrow_and_update();
        let follow = tokio::spawn(async move {
            while state.changed().await.is_ok() {
                let said = *state.borrow_and_update();
                mailbox.router(said).await;
            }
        });
        online.router = Some(Router { asking, said, follow });
        self.router_changed();
    }

    pub(super) fn router_answered(&mut self, now: MappingState) {
        // What was said before the wish was taken back comes to nobody.
        let Some(router) = self.online.as_mut().and_then(|online| online.router.as_mut()) else { return };
        let before = std::mem::replace(&mut router.said, now);
        if let (PortState::Open(before), PortState::Open(now)) = (before.port, now.port)
            && before.ip() != now.ip()
        {
            // The provider gave us another address, or we are somewhere else: peers saw the one of before.
            self.observed.retain(|address| address.ip().is_ipv6() || !is_public(address.ip()));
        }
        self.router_changed();
    }

    fn router_changed(&mut self) {
        let candidates = self.candidates();
        self.node.set_candidates(candidates);
        self.changes.status();
    }

    /// For the shells.
    pub(super) fn mapping(&self) -> PortMapping {
        let Some(router) = self.online().and_then(|online| online.router.as_ref()) else { return PortMapping::Off };
        match router.said.port {
            PortState::Asking => PortMapping::Asking,
            PortState::Unheard => PortMapping::Off,
            PortState::Needless => PortMapping::Needless,
            PortState::Enclosed(ip) => PortMapping::BehindNat { address: ip.map(|ip| ip.to_string()) },
            PortState::Refused => PortMapping::Refused,
            PortState::NoRouter => PortMapping::NoRouter,
            PortState::Open(address) => match self.is_seen_as((*address.ip()).into()) {
                true => PortMapping::Open { address: address.to_string() },
                false => PortMapping::BehindNat { address: Some(address.ip().to_string()) },
            },
        }
    }

    /// `address:port` that is let through over IPv6.
    pub(super) fn pinhole(&self) -> Option<String> {
        let pinhole = self.online()?.router.as_ref()?.said.pinhole?;
        Some(PeerAddress::from(SocketAddr::from(pinhole)).to_string())
    }

    /// What the router lets in, if the internet can reach the router.
    pub(super) fn let_in(&self) -> Option<SocketAddr> {
        match self.online()?.router.as_ref()?.said.port {
            PortState::Open(address) if self.is_seen_as((*address.ip()).into()) => Some(address.into()),
            _ => None,
        }
    }

    /// Whether this is where the internet sees us: it could be, and of the peers out there none sees us elsewhere only.
    fn is_seen_as(&self, outside: IpAddr) -> bool {
        let mut seen = self.observed.iter().map(SocketAddr::ip).filter(|ip| ip.is_ipv4() && is_public(*ip)).peekable();
        is_public(outside) && (seen.peek().is_none() || seen.any(|ip| ip == outside))
    }
}
