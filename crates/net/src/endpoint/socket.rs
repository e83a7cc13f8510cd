use crate::BindError;
use p2p_comm_model::limits;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Room in the system for packets that wait for us, or for the wire: about 10 ms at 1 Gbit/s. The system may give less.
const BUFFER: usize = 1024 * 1024;

/// The addresses that a socket speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
    Dual,
}

impl Family {
    /// Whether the socket can send to this canonical address at all.
    pub(crate) fn reaches(self, ip: IpAddr) -> bool {
        let speaks = match ip {
            IpAddr::V4(_) => self != Self::V6,
            IpAddr::V6(_) => self != Self::V4,
        };
        speaks && !ip.is_unspecified()
    }
}

/// The first free port of the rule, or the one that was asked for.
pub(crate) fn bind(ip: Option<IpAddr>, port: u16) -> Result<(UdpSocket, Family), BindError> {
    let ports = if port == 0 { limits::PORTS } else { port..=port };
    let mut refused = BindError::PortInUse;
    for port in ports {
        match open(ip.map(|ip| ip.to_canonical()), port) {
            // Windows denies single ports that it keeps for itself.
            Err(error) if is_about_the_port(&error) => refused = error.into(),
            other => return Ok(other?),
        }
    }
    Err(refused)
}

fn open(ip: Option<IpAddr>, port: u16) -> io::Result<(UdpSocket, Family)> {
    match ip {
        Some(ip) if !ip.is_unspecified() => {
            let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
            Ok((open_one(ip, port, family)?, family))
        }
        Some(IpAddr::V4(ip)) => Ok((open_one(ip.into(), port, Family::V4)?, Family::V4)),
        Some(IpAddr::V6(_)) | None => open_any(port),
    }
}

fn open_any(port: u16) -> io::Result<(UdpSocket, Family)> {
    match open_one(Ipv6Addr::UNSPECIFIED.into(), port, Family::Dual) {
        Ok(socket) => Ok((socket, Family::Dual)),
        Err(error) if is_about_the_port(&error) => Err(error),
        // No IPv6 on this computer.
        Err(_) => Ok((open_one(Ipv4Addr::UNSPECIFIED.into(), port, Family::V4)?, Family::V4)),
    }
}

fn is_about_the_port(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

fn open_one(ip: IpAddr, port: u16, family: Family) -> io::Result<UdpSocket> {
    let domain = if family == Family::V4 { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(family == Family::V6)?;
    }
    socket.bind(&SocketAddr::new(ip, port).into())?;
    socket.set_nonblocking(true)?;
    // A smaller buffer costs speed under load, nothing else.
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    Ok(socket.into())
}
