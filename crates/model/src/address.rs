use crate::{Code, limits};
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Where somebody can be reached: a host and a UDP port from 1 to 65535.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PeerAddress {
    /// Host name or IP address.
    #[cfg_attr(feature = "specta", specta(type = String))]
    pub host: Host,
    /// UDP port, never 0.
    pub port: u16,
}

/// A host name (in its ASCII form) or an IP address (never an IPv4-mapped one).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Host {
    /// A literal address.
    Ip(IpAddr),
    /// A name that is resolved again at every attempt.
    Name(String),
}

impl PeerAddress {
    /// From the two fields of the Add dialog.
    pub fn new(host: &str, port: u32) -> Result<Self, Code> {
        let port = u16::try_from(port).ok().filter(|port| *port != 0).ok_or(Code::InvalidPort)?;
        Ok(Self { host: Host::parse(host)?, port })
    }

    /// From `host:port`, with an IPv6 address in brackets.
    pub fn parse(text: &str) -> Result<Self, Code> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(Code::InvalidAddress)?;
        if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
            return Err(Code::InvalidAddress);
        }
        Self::new(host, port.parse().map_err(|_| Code::InvalidPort)?)
    }
}

impl Host {
    /// Accepts IPv4, IPv6 (with or without brackets) and host names, which are turned to ASCII (UTS 46).
    pub fn parse(text: &str) -> Result<Self, Code> {
        let text = text.trim();
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            let ip = canonical(ip);
            return if ip.is_unspecified() || ip.is_multicast() { Err(Code::InvalidAddress) } else { Ok(Self::Ip(ip)) };
        }
        let name = idna::domain_to_ascii_strict(bare.trim_end_matches('.')).map_err(|_| Code::InvalidAddress)?;
        let last_is_number = name.rsplit('.').next().is_none_or(|label| label.bytes().all(|b| b.is_ascii_digit()));
        if name.is_empty() || name.len() > limits::HOST || last_is_number {
            return Err(Code::InvalidAddress);
        }
        Ok(Self::Name(name))
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self { host: Host::Ip(canonical(address.ip())), port: address.port() }
    }
}

/// An IPv4-mapped IPv6 address as the IPv4 address that it means; any other unchanged.
pub fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Whether the internet at large could have a route to this address: not private, of a carrier's own network (RFC 6598),
/// of this link or computer, or no single computer's.
pub fn is_public(ip: IpAddr) -> bool {
    match canonical(ip) {
        IpAddr::V4(ip) => {
            let [first, second, third, _] = ip.octets();
            let carrier = first == 100 && (64..128).contains(&second);
            let reserved = first == 0 || first >= 224;
            // RFC 6890: between providers and routers of their customers (DS-Lite), and for benchmarks.
            let special = (first, second, third) == (192, 0, 0) || first == 198 && second & 0xfe == 18;
            !(carrier || reserved || special || ip.is_private() || ip.is_loopback() || ip.is_link_local())
        }
        IpAddr::V6(ip) => ip.segments()[0] & 0xe000 == 0x2000,
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write_v6(f, ip, self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host(<hidden>)")
    }
}

impl fmt::Debug for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerAddress(<hidden>)")
    }
}

fn write_v6(f: &mut fmt::Formatter<'_>, ip: &Ipv6Addr, port: u16) -> fmt::Result {
    write!(f, "[{ip}]:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_addresses_that_the_internet_could_reach_are_public() {
        for text in ["203.0.113.7", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        let own = [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.2",
            "198.18.0.1",
            "169.254.1.1",
            "127.0.0.1",
        ];
        let nobodys = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"];
        for text in own.iter().chain(&nobodys).chain(&["fe80::1", "fd00::1", "::ffff:192.168.1.1"]) {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn every_kind_of_host_is_accepted() {
        for text in ["127.0.0.1:1", "[::1]:65535", "localhost:47800", "bob.example.org:9", "bücher.example:80"] {
            assert!(PeerAddress::parse(text).is_ok(), "{text}");
        }
        assert_eq!(PeerAddress::parse("bücher.example:80").unwrap().to_string(), "xn--bcher-kva.example:80");
        assert_eq!(PeerAddress::parse("[::ffff:10.0.0.1]:80").unwrap().to_string(), "10.0.0.1:80");
    }

    #[test]
    fn bad_ports_and_hosts_name_their_error() {
        assert_eq!(PeerAddress::new("localhost", 0), Err(Code::InvalidPort));
        assert_eq!(PeerAddress::new("localhost", 70_000), Err(Code::InvalidPort));
        assert_eq!(PeerAddress::parse("localhost:x"), Err(Code::InvalidPort));
        for host in
            ["", " ", "a b", "exa mple.org", "-a-.org", "0.0.0.0", "::", "224.0.0.1", "1.2.3", "999.1.1.1", "a/b"]
        {
            assert_eq!(PeerAddress::new(host, 1), Err(Code::InvalidAddress), "{host:?}");
        }
        assert_eq!(PeerAddress::parse("::1:80"), Err(Code::InvalidAddress));
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same(text in "\\PC{0,40}", port in 1u32..65536) {
            if let Ok(address) = PeerAddress::new(&text, port) {
                prop_assert_eq!(PeerAddress::parse(&address.to_string()).unwrap(), address);
            }
        }
    }
}
