use crate::endpoint::addresses::outwards;
use crate::endpoint::socket::Family;
use netdev::Interface;
use p2p_comm_model::is_public;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Where SSDP listens (UPnP Device Architecture, section 1.3).
const SSDP_GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const SSDP_PORT: u16 = 1900;
/// Where a router listens for PCP (RFC 6887, section 19.1).
const PCP_PORT: u16 = 5351;

/// How this computer gets to its router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Our address on the router's network.
    pub own: Ipv4Addr,
    /// The default gateway.
    pub gateway: Ipv4Addr,
    /// Whether we hear what comes over IPv4.
    pub hears_v4: bool,
    /// Our public IPv6 address, if we hear what comes there.
    pub own_v6: Option<Ipv6Addr>,
    /// Where the router takes questions about that address.
    pub gateway_v6: Option<SocketAddrV6>,
    /// Where to search for the router's UPnP service.
    pub search: Vec<SocketAddr>,
}

impl Route {
    /// As the system says; for a socket bound to one address, from that. Sends nothing.
    pub(super) fn of_system(bound: Option<IpAddr>, family: Family) -> Option<Self> {
        let [v4, v6] = ours(bound, family, outwards());
        let Some(IpAddr::V4(own)) = v4 else { return None };
        let own_v6 = match v6 {
            Some(IpAddr::V6(ip)) if is_public(ip.into()) => Some(ip),
            _ => None,
        };
        let interfaces = netdev::get_interfaces();
        let gateway = gateway_of(own, &interfaces)?;
        let gateway_v6 = own_v6.and_then(|own| gateway_of_v6(own, &interfaces));
        let search = [SSDP_GROUP, gateway].map(|ip| SocketAddr::new(ip.into(), SSDP_PORT)).to_vec();
        Some(Self { own, gateway, hears_v4: family != Family::V6, own_v6, gateway_v6, search })
    }
}

/// Whether a router may stand between a socket bound to this address, or to all, and those who can reach it.
pub(super) fn leads_to(bound: Option<IpAddr>) -> bool {
    bound.is_none_or(|ip| !ip.is_loopback() && (ip.is_ipv4() || is_public(ip)))
}

/// From where to ask, and what to let through over IPv6, if we hear that.
pub(super) fn ours(bound: Option<IpAddr>, family: Family, [v4, v6]: [Option<IpAddr>; 2]) -> [Option<IpAddr>; 2] {
    match bound {
        Some(ip @ IpAddr::V4(_)) => [Some(ip), None],
        // The router is searched for over IPv4, for IPv6 as well.
        Some(ip @ IpAddr::V6(_)) => [v4, Some(ip)],
        None => [v4, v6.filter(|_| family != Family::V4)],
    }
}

/// The default gateway behind the interface that has this address. A tunnel has none, and nobody is asked there.
fn gateway_of(own: Ipv4Addr, interfaces: &[Interface]) -> Option<Ipv4Addr> {
    let interface = interfaces.iter().find(|interface| interface.ipv4_addrs().contains(&own))?;
    interface.gateway.as_ref()?.ipv4.iter().copied().find(|ip| !ip.is_unspecified() && *ip != own)
}

/// The same for IPv6, where it most often has a link-local address.
fn gateway_of_v6(own: Ipv6Addr, interfaces: &[Interface]) -> Option<SocketAddrV6> {
    let interface = interfaces.iter().find(|interface| interface.ipv6_addrs().contains(&own))?;
    let ip = interface.gateway.as_ref()?.ipv6.iter().copied().find(|ip| !ip.is_unspecified() && *ip != own)?;
    let scope = if ip.is_unicast_link_local() { interface.index } else { 0 };
    Some(SocketAddrV6::new(ip, PCP_PORT, 0, scope))
}
