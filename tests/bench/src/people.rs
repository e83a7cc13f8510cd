//! Engines on loopback that talk to each other.

use crate::Result;
use p2p_comm_engine::{Engine, Handle, NetConfig, Options, Password, PeerAddress, PeerId, PeerState, accept_everyone};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub(crate) const PASSWORD: &str = "measure twice cut once";
const DEADLINE: Duration = Duration::from_secs(60);

/// A single-threaded runtime: the engine, QUIC and the measuring code share it, as a shell may.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

pub(crate) async fn connect(handle: &Handle, name: &str, ip: IpAddr) -> Result<PeerAddress> {
    let config = NetConfig { bind: Some(ip), ..NetConfig::default() };
    handle.connect(name, Password::parse(PASSWORD)?, config).await?;
    let port = handle.status().await?.port.unwrap_or_default();
    Ok(PeerAddress::new(&ip.to_string(), port.into()).map_err(|code| code.to_string())?)
}

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Bob, who accepts everybody, with all that is his on a thread of his own. He leaves when the thread's other end does.
pub(crate) async fn bob() -> Result<(Bob, PeerAddress)> {
    let (started, address) = oneshot::channel();
    let (stay, leave) = oneshot::channel();
    let runtime = runtime()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let bob = Engine::spawn(Options::default());
            let Ok(address) = connect(&bob, "bob", LOOPBACK).await else { return };
            let _ = started.send(address);
            tokio::select! {
                _ = accept_everyone(bob) => {}
                _ = leave => {}
            }
        });
    });
    Ok((Bob(stay), address.await?))
}

/// Keeps bob there.
pub(crate) struct Bob(#[allow(dead_code, reason = "dropping it is what it is for")] oneshot::Sender<()>);

/// Waits until both have added each other.
pub(crate) async fn until_connected(handle: &Handle, peer: PeerId) -> Result<()> {
    let mut changes = handle.changes().await?;
    let waiting = async {
        loop {
            let peers = handle.peers().await?;
            if peers.iter().any(|p| p.id == peer && p.state == PeerState::Connected) {
                return Ok::<_, p2p_comm_engine::Error>(());
            }
            changes.next().await;
        }
    };
    Ok(timeout(DEADLINE, waiting).await??)
}
