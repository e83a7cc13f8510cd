//! One attempt to reach a peer: resolve, reach every address at once, pair with one at a time.

use crate::actor::{Mailbox, Proof};
use crate::kdf::Kdf;
use crate::pairing::{self, Failed};
use p2p_comm_model::{Code, Host, PeerAddress, PeerId, Pii, canonical};
use p2p_comm_net::{CloseCode, CloseReason, ConnectError, Endpoint};
use p2p_comm_proto::{DialPhase, Failure, Handshake, Input, Paired};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

const RESOLVING: Duration = Duration::from_secs(5);
const REACHING: Duration = Duration::from_secs(5);
/// A pairing that stalls for this long lets the next address begin, too.
const STALL: Duration = Duration::from_millis(2500);
/// Addresses that one host name may give.
const ADDRESSES: usize = 8;

/// What an attempt needs.
#[derive(Clone)]
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    pub(crate) kdf: Arc<Kdf>,
    pub(crate) mailbox: Mailbox,
}

/// What came of one address.
struct Attempt {
    /// It is the address on the peer list, not one that the peer gave itself.
    listed: bool,
    result: Result<Proof, Code>,
    guess: bool,
}

/// Dials until an address proves the password or all failed, and tells the actor. `cancel` is obeyed until the first
/// pairing begins: breaking one off would cost the other side one of our guesses.
pub(crate) async fn dial(
    dialer: Dialer,
    peer: PeerId,
    address: PeerAddress,
    candidates: Vec<SocketAddr>,
    mut cancel: watch::Receiver<bool>,
) {
    let proving = Arc::new(AtomicBool::new(false));
    let attempt = attempt(&dialer, peer, address, candidates, proving.clone());
    tokio::pin!(attempt);
    tokio::select! {
        () = &mut attempt => return,
        // Also when the sender is gone: another attempt took this one's place.
        _ = cancel.changed() => {}
    }
    if proving.load(Ordering::Relaxed) {
        attempt.await;
    }
}

async fn attempt(
    dialer: &Dialer,
    peer: PeerId,
    address: PeerAddress,
    candidates: Vec<SocketAddr>,
    proving: Arc<AtomicBool>,
) {
    let failed = |code, guesses| Input::DialFailed { peer, code, guesses };
    let Some(addresses) = resolve(&address).await else {
        return dialer.mailbox.input(failed(Code::ResolveFailed, 0)).await;
    };
    let resolved = addresses.iter().map(|address| canonical(address.ip())).collect();
    dialer.mailbox.input(Input::DialPhase { peer, phase: DialPhase::Reaching, resolved }).await;

    let turn = Arc::new(Semaphore::new(1));
    let mut attempts = JoinSet::new();
    let others =
        candidates.into_iter().filter(|candidate| !addresses.contains(candidate)).map(|address| (address, false));
    let all: Vec<_> = addresses.iter().map(|address| (*address, true)).chain(others).collect();
    for (address, listed) in all {
        let (dialer, turn, proving) = (dialer.clone(), turn.clone(), proving.clone());
        attempts.spawn(async move {
            let (result, guess) = reach(&dialer, peer, address, &turn, &proving).await;
            Attempt { listed, result, guess }
        });
    }
    let (mut code, mut guesses) = (Code::NobodyAnswers, 0u8);
    while let Some(attempt) = attempts.join_next().await {
        let Ok(attempt) = attempt else { continue };
        guesses = guesses.saturating_add(u8::from(attempt.guess));
        match attempt.result {
            Ok(proof) => {
                attempts.abort_all();
                return dialer.mailbox.proven(proof).await;
            }
            Err(failure) if attempt.listed || failure != Code::OwnAddress => code = worse(code, failure),
            Err(_) => {}
        }
    }
    dialer.mailbox.input(failed(code, guesses)).await;
}

async fn resolve(address: &PeerAddress) -> Option<Vec<SocketAddr>> {
    let mut addresses: Vec<SocketAddr> = match &address.host {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, address.port)],
        Host::Name(name) => {
            let lookup = tokio::net::lookup_host((name.as_str(), address.port));
            timeout(RESOLVING, lookup).await.ok()?.ok()?.map(|a| SocketAddr::new(canonical(a.ip()), a.port())).collect()
        }
    };
    let mut seen = std::collections::BTreeSet::new();
    addresses.retain(|address| seen.insert(*address));
    addresses.truncate(ADDRESSES);
    if addresses.is_empty() { None } else { Some(addresses) }
}

/// Reaches one address and pairs with it when its turn has come.
async fn reach(
    dialer: &Dialer,
    peer: PeerId,
    address: SocketAddr,
    turn: &Semaphore,
    proving: &AtomicBool,
) -> (Result<Proof, Code>, bool) {
    let connection = match timeout(REACHING, dialer.endpoint.connect(address)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            tracing::debug!(%error, to = ?Pii(address), "not reached");
            return (Err(unreached(error)), false);
        }
        Err(_) => return (Err(Code::NobodyAnswers), false),
    };
    let turn = timeout(STALL, turn.acquire()).await;
    proving.store(true, Ordering::Relaxed);
    dialer.mailbox.input(Input::DialPhase { peer, phase: DialPhase::Proving, resolved: Vec::new() }).await;
    let (now, seed) = (Instant::now().into_std(), rand::random());
    let handshake = Handshake::dial(now, pairing::certificates(&connection), connection.exporter(), seed);
    let outcome = pairing::run(handshake, &connection, &dialer.kdf).await;
    drop(turn);
    let result = match outcome.result {
        Ok(paired) => Ok(proof(connection, paired, peer)),
        Err(failed) => {
            tracing::info!(failure = %failed.failure, closed = ?failed.closed, to = ?Pii(address), "pairing failed");
            Err(unpaired(failed, outcome.guess))
        }
    };
    (result, outcome.guess)
}

fn proof(connection: p2p_comm_net::Connection, paired: Paired, peer: PeerId) -> Proof {
    Proof { connection, paired, dialed_for: Some(peer) }
}

fn unreached(error: ConnectError) -> Code {
    match error {
        ConnectError::Unreachable | ConnectError::Local => Code::NobodyAnswers,
        ConnectError::Protocol => Code::ProtocolMismatch,
        ConnectError::Closed(CloseReason::Peer(CloseCode::Busy)) => Code::PeerBusy,
        ConnectError::Closed(_) => Code::ConnectionLost,
    }
}

fn unpaired(failed: Failed, guess: bool) -> Code {
    match (failed.failure, failed.closed) {
        (Failure::OwnAddress, _) | (_, Some(CloseReason::Peer(CloseCode::OwnAddress))) => Code::OwnAddress,
        (Failure::Unproven, _) => Code::WrongPassword,
        (_, Some(CloseReason::Peer(CloseCode::Busy))) => Code::PeerBusy,
        // We have shown them a value of the password, and nothing came back that proves it.
        _ if guess => Code::WrongPassword,
        (Failure::Protocol, _) => Code::ProtocolError,
        (Failure::Timeout, _) => Code::Timeout,
        (Failure::Ended, _) => Code::ConnectionLost,
    }
}

/// Of two failures the one that says more to the person.
fn worse(a: Code, b: Code) -> Code {
    let rank = |code| match code {
        Code::WrongPassword => 6,
        Code::OwnAddress => 5,
        Code::ProtocolError => 4,
        Code::PeerBusy => 3,
        Code::ProtocolMismatch => 2,
        Code::NobodyAnswers => 0,
        _ => 1,
    };
    if rank(b) > rank(a) { b } else { a }
}
