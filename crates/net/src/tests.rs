//! The crate as its users see it: on the in-memory network in virtual time where possible, else on loopback.

mod binding;
mod datagrams;
mod handshake;
mod limits;
mod network;
mod streams;
mod tls;

use crate::mem::{Link, Network};
use crate::{Config, Connection, Endpoint, Windows};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

const ALICE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const BOB: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

/// Longer than anything that is meant to happen, shorter than the idle timeout.
const A_WHILE: Duration = Duration::from_secs(30);

/// A network with alice and bob on it.
struct Lab {
    network: Network,
    alice: Endpoint,
    bob: Endpoint,
}

impl Lab {
    fn new() -> Self {
        Self::with(Windows::Normal, Link::default())
    }

    fn with(windows: Windows, link: Link) -> Self {
        let network = Network::new(1);
        network.set_both(ALICE, BOB, link);
        let config = Config { windows, ..Config::default() };
        let alice = network.endpoint(ALICE, config).unwrap();
        let bob = network.endpoint(BOB, config).unwrap();
        Self { network, alice, bob }
    }

    /// Alice's end and bob's end of a connection that alice dialed.
    async fn connect(&self) -> (Connection, Connection) {
        connect(&self.alice, &self.bob, BOB).await
    }

    /// The same, proven on both sides.
    async fn proven(&self) -> (Connection, Connection) {
        let (alice, bob) = self.connect().await;
        alice.proven();
        bob.proven();
        (alice, bob)
    }
}

async fn connect(dialer: &Endpoint, listener: &Endpoint, ip: IpAddr) -> (Connection, Connection) {
    let address = SocketAddr::new(ip, listener.local_port());
    let accept = async { listener.accept().await.unwrap().accept().await };
    let (dialed, accepted) = within(async { tokio::join!(dialer.connect(address), accept) }).await;
    (dialed.unwrap(), accepted.unwrap())
}

/// A deadline, so that a test fails instead of hanging.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(A_WHILE, future).await.expect("in time")
}

/// That something does not happen; only for virtual time.
async fn never<T>(future: impl Future<Output = T>) {
    assert!(tokio::time::timeout(A_WHILE, future).await.is_err(), "happened");
}

fn frames(bodies: impl IntoIterator<Item = impl AsRef<[u8]>>) -> bytes::Bytes {
    let mut out = bytes::BytesMut::new();
    for body in bodies {
        crate::frame::encode(&mut out, body.as_ref()).unwrap();
    }
    out.freeze()
}
