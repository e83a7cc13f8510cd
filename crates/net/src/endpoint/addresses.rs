use super::socket::Family;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses kept for documentation (RFC 5737, RFC 3849), to which the system has its usual route outwards.
const OUTWARDS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// What to show for a socket bound to `bound`: that address, or, if it stands for all, those that the routes use.
pub(super) fn local(bound: IpAddr, family: Family) -> Vec<IpAddr> {
    if !bound.is_unspecified() {
        return vec![bound];
    }
    let mut found: Vec<IpAddr> = Vec::new();
    for ip in outwards().into_iter().flatten().chain(LOOPBACK) {
        if family.reaches(ip) && !found.contains(&ip) {
            found.push(ip);
        }
    }
    found
}

/// The addresses from which the system would send to the internet: IPv4, then IPv6.
pub(crate) fn outwards() -> [Option<IpAddr>; 2] {
    OUTWARDS.map(source_towards)
}

/// The address the system would send from. Connecting a UDP socket only looks up the route.
fn source_towards(remote: IpAddr) -> Option<IpAddr> {
    let any = if remote.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(remote, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}
