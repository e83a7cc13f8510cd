use crate::endpoint::addresses::outwards;
use p2p_comm_model::is_public;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where SSDP listens (UPnP Device Architecture, section 1.3).
const SSDP_GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const SSDP_PORT: u16 = 1900;

/// How this computer gets to its router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Our address on the router's network.
    pub own: Ipv4Addr,
    /// The default gateway.
    pub gateway: Ipv4Addr,
    /// Our public IPv6 address.
    pub own_v6: Option<Ipv6Addr>,
    /// Where to search for the router's UPnP service.
    pub search: Vec<SocketAddr>,
}

impl Route {
    /// As the system says; for a socket bound to one address, from that. Sends nothing.
    pub(super) fn of_system(bound: Option<IpAddr>) -> Option<Self> {
        let [v4, v6] = match bound {
            Some(ip @ IpAddr::V4(_)) => [Some(ip), None],
            // A router takes what it is asked over IPv4, for IPv6 as well.
            Some(ip @ IpAddr::V6(_)) => [outwards()[0], Some(ip)],
            None => outwards(),
        };
        let Some(IpAddr::V4(own)) = v4 else { return None };
        let own_v6 = match v6 {
            Some(IpAddr::V6(ip)) if is_public(ip.into()) => Some(ip),
            _ => None,
        };
        let gateway = gateway_of(own)?;
        let search = [SSDP_GROUP, gateway].map(|ip| SocketAddr::new(ip.into(), SSDP_PORT)).to_vec();
        Some(Self { own, gateway, own_v6, search })
    }
}

/// The default gateway behind the interface that has this address. A tunnel has none, and nobody is asked there.
fn gateway_of(own: Ipv4Addr) -> Option<Ipv4Addr> {
    let interface = netdev::get_interfaces().into_iter().find(|interface| interface.ipv4_addrs().contains(&own))?;
    interface.gateway?.ipv4.into_iter().find(|ip| !ip.is_unspecified() && *ip != own)
}
