//! UPnP: a router that calls itself an Internet Gateway Device.

use super::keep::{LIFETIME, No};
use super::route::Route;
use igd_next::aio::Gateway;
use igd_next::aio::tokio::{Tokio, search_gateway};
use igd_next::{AddAnyPortError, AddPortError, GetExternalIpError, PortMappingProtocol, RequestError, SearchOptions};
use p2p_comm_model::limits;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// For an answer to a search, which is sent twice.
const SEARCH: Duration = Duration::from_millis(1500);
const SEARCHES: usize = 2;
/// To read what the router says of itself.
const DESCRIPTION: Duration = Duration::from_secs(4);
/// For one wish. A router that was not waited for may hold what nobody takes back.
const CONTROL: Duration = Duration::from_secs(10);
/// What the router shows beside the mapping. It says nothing of who asked.
const DESCRIBED_AS: &str = "UDP";
/// A router describes itself under one of these names (IGD 1 and 2).
const KINDS: [&str; 2] =
    ["urn:schemas-upnp-org:device:InternetGatewayDevice:1", "urn:schemas-upnp-org:device:InternetGatewayDevice:2"];

/// The default gateway, which answered.
#[derive(Clone)]
pub(super) struct Router(Gateway<Tokio>);

impl Router {
    /// Searches for it. Anybody on the network may answer; only what the gateway says of itself is read.
    pub(super) async fn find(route: &Route) -> Option<Self> {
        let answer = search(route).await.ok().flatten()?;
        // The library believes who answers it. It hears of the gateway from us, and may fetch from the gateway alone.
        let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        let messenger = UdpSocket::bind(here).await.ok()?;
        let mut options = SearchOptions::default();
        options.bind_addr = here;
        options.broadcast_address = messenger.local_addr().ok()?;
        options.timeout = Some(DESCRIPTION);
        options.allowed_gateway_ips = vec![route.gateway.into()];
        let pass_on = async {
            let mut question = [0; limits::ROUTER_ANSWER];
            if let Ok((_, from)) = messenger.recv_from(&mut question).await {
                let _ = messenger.send_to(&answer, from).await;
            }
            std::future::pending().await
        };
        let found = tokio::select! {
            found = search_gateway(options) => found.ok()?,
            () = pass_on => return None,
        };
        (found.addr.ip() == IpAddr::V4(route.gateway)).then_some(Self(found))
    }

    /// Maps the port, to the same outside if it is free; gives the one outside.
    pub(super) async fn open(&self, own: SocketAddrV4, wanted: u16) -> Result<u16, No> {
        let mut lifetime = LIFETIME;
        for _ in 0..2 {
            match within(self.0.add_port(UDP, wanted, own.into(), lifetime, DESCRIBED_AS)).await? {
                Ok(()) => return Ok(wanted),
                // Old routers know no end of a mapping; we take it back at the end.
                Err(AddPortError::OnlyPermanentLeasesSupported) => lifetime = 0,
                Err(AddPortError::PortInUse) => break,
                Err(AddPortError::RequestError(error)) => return Err(no_of(&error)),
                Err(_) => return Err(No::Refused),
            }
        }
        match within(self.0.add_any_port(UDP, own.into(), lifetime, DESCRIBED_AS)).await? {
            Ok(0) => Err(No::Silent),
            Ok(port) => Ok(port),
            Err(AddAnyPortError::RequestError(error)) => Err(no_of(&error)),
            Err(_) => Err(No::Refused),
        }
    }

    /// The router's address on its other side.
    pub(super) async fn external(&self) -> Result<IpAddr, No> {
        within(self.0.get_external_ip()).await?.map_err(|error| match error {
            // It answered, with no address in it.
            GetExternalIpError::RequestError(RequestError::InvalidResponse(_)) => No::Enclosed,
            _ => No::Refused,
        })
    }

    pub(super) async fn close(&self, port: u16) {
        let _ = within(self.0.remove_port(UDP, port)).await;
    }

    /// Lets in what comes to our own IPv6 address; gives the number of the hole.
    pub(super) async fn pierce(&self, own: SocketAddrV6) -> Option<u16> {
        within(self.0.add_pinhole(UDP, own, LIFETIME)).await.ok()?.ok()
    }

    /// Keeps the hole open. Says whether there still is one.
    pub(super) async fn keep_pierced(&self, hole: u16) -> bool {
        matches!(within(self.0.update_pinhole(hole, LIFETIME)).await, Ok(Ok(())))
    }

    pub(super) async fn plug(&self, hole: u16) {
        let _ = within(self.0.remove_pinhole(hole)).await;
    }
}

const UDP: PortMappingProtocol = PortMappingProtocol::UDP;

async fn within<T>(wish: impl Future<Output = T>) -> Result<T, No> {
    timeout(CONTROL, wish).await.map_err(|_| No::Silent)
}

/// Whether it said no, or nothing that makes sense.
fn no_of(error: &RequestError) -> No {
    match error {
        RequestError::ErrorCode(..) => No::Refused,
        _ => No::Silent,
    }
}

/// The first answer of the gateway to a search.
async fn search(route: &Route) -> io::Result<Option<Vec<u8>>> {
    let socket = UdpSocket::bind(SocketAddr::new(route.own.into(), 0)).await?;
    for _ in 0..SEARCHES {
        for to in &route.search {
            for kind in KINDS {
                let question = format!(
                    "M-SEARCH * HTTP/1.1\r\nHOST: {to}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {kind}\r\n\r\n"
                );
                // One of the ways may be closed.
                let _ = socket.send_to(question.as_bytes(), to).await;
            }
        }
        if let Ok(answer) = timeout(SEARCH, answer_of(route.gateway, &socket)).await {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

async fn answer_of(gateway: Ipv4Addr, socket: &UdpSocket) -> Vec<u8> {
    let mut answer = vec![0; limits::ROUTER_ANSWER];
    loop {
        // An error tells of an earlier packet that nobody took.
        let Ok((length, from)) = socket.recv_from(&mut answer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if from.ip() == IpAddr::V4(gateway) {
            answer.truncate(length);
            return answer;
        }
    }
}
