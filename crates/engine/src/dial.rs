//! One attempt to reach a peer: resolve, reach every address at once, pair with one at a time.

use crate::actor::{Mailbox, Proof};
use crate::kdf::Kdf;
use crate::pairing::{self, Failed};
use p2p_comm_model::{Code, Host, PeerAddress, Pii, canonical};
use p2p_comm_net::{CloseCode, CloseReason, ConnectError, Endpoint};
use p2p_comm_proto::{Attempt, DialFailure, DialPhase, Failure, Handshake, Input};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
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

/// What the addresses of one attempt share.
struct Shared {
    dialer: Dialer,
    attempt: Attempt,
    /// A pairing has begun.
    proving: AtomicBool,
    /// One address pairs at a time.
    turn: Semaphore,
    /// Pairings that may still fail.
    guesses_left: AtomicU8,
}

/// What came of one address.
struct Reached {
    /// It is the address on the peer list, not one that the peer gave itself.
    listed: bool,
    result: Result<Proof, Code>,
    guess: bool,
}

/// Dials until an address proves the password or all failed, and tells the actor. At most `guesses` pairings may fail.
/// `cancel` is obeyed until the first pairing begins: breaking one off would cost the other side one of our guesses.
pub(crate) async fn dial(
    dialer: Dialer,
    attempt: Attempt,
    address: PeerAddress,
    candidates: Vec<SocketAddr>,
    guesses: u8,
    mut cancel: watch::Receiver<bool>,
) {
    let shared = Arc::new(Shared {
        dialer,
        attempt,
        proving: AtomicBool::new(false),
        turn: Semaphore::new(1),
        guesses_left: AtomicU8::new(guesses),
    });
    let dialing = dial_all(shared.clone(), address, candidates);
    tokio::pin!(dialing);
    tokio::select! {
        () = &mut dialing => return,
        // Also when the sender is gone: another attempt took this one's place.
        _ = cancel.changed() => {}
    }
    if shared.proving.load(Ordering::Relaxed) {
        dialing.await;
    }
}

async fn dial_all(shared: Arc<Shared>, address: PeerAddress, candidates: Vec<SocketAddr>) {
    let attempt = shared.attempt;
    let mailbox = &shared.dialer.mailbox;
    let failed = |failed| mailbox.input(Input::DialFailed { attempt, failed });
    let Some(addresses) = resolve(&address).await else {
        return failed(DialFailure { code: Code::ResolveFailed, guesses: 0, elsewhere: false }).await;
    };
    let resolved = addresses.iter().map(|address| canonical(address.ip())).collect();
    mailbox.input(Input::DialPhase { attempt, phase: DialPhase::Reaching, resolved }).await;

    let mut reaching = JoinSet::new();
    let others =
        candidates.into_iter().filter(|candidate| !addresses.contains(candidate)).map(|address| (address, false));
    for (address, listed) in addresses.iter().map(|address| (*address, true)).chain(others) {
        let shared = shared.clone();
        reaching.spawn(async move {
            let (result, guess) = reach(&shared, address).await;
            Reached { listed, result, guess }
        });
    }
    let mut failure = DialFailure { code: Code::NobodyAnswers, guesses: 0, elsewhere: false };
    while let Some(reached) = reaching.join_next().await {
        let Ok(Reached { listed, result, guess }) = reached else { continue };
        failure.guesses = failure.guesses.saturating_add(u8::from(guess));
        failure.elsewhere |= guess && !listed;
        match result {
            Ok(proof) => {
                reaching.abort_all();
                return mailbox.proven(proof).await;
            }
            Err(code) if listed || code != Code::OwnAddress => failure.code = worse(failure.code, code),
            Err(_) => {}
        }
    }
    failed(failure).await;
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

/// Reaches one address and pairs with it when its turn has come. Also says whether the other side had a guess.
async fn reach(shared: &Shared, address: SocketAddr) -> (Result<Proof, Code>, bool) {
    let Shared { dialer, attempt, .. } = shared;
    let connection = match timeout(REACHING, dialer.endpoint.connect(address)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            tracing::debug!(%error, to = ?Pii(address), "not reached");
            return (Err(unreached(error)), false);
        }
        Err(_) => return (Err(Code::NobodyAnswers), false),
    };
    if let Ok(turn) = shared.turn.acquire().await {
        turn.forget();
    }
    if !shared.reserve_guess() {
        connection.close(CloseCode::Cancelled);
        return (Err(Code::NobodyAnswers), false);
    }
    shared.proving.store(true, Ordering::Relaxed);
    let phase = Input::DialPhase { attempt: *attempt, phase: DialPhase::Proving, resolved: Vec::new() };
    dialer.mailbox.input(phase).await;
    let (now, seed) = (Instant::now().into_std(), rand::random());
    let handshake = Handshake::dial(now, pairing::certificates(&connection), connection.exporter(), seed);
    let outcome = {
        let pairing = pairing::run(handshake, &connection, &dialer.kdf);
        tokio::pin!(pairing);
        match timeout(STALL, &mut pairing).await {
            Ok(outcome) => {
                shared.turn.add_permits(1);
                outcome
            }
            Err(_) => {
                shared.turn.add_permits(1);
                pairing.await
            }
        }
    };
    if !outcome.guess {
        shared.guesses_left.fetch_add(1, Ordering::Relaxed);
    }
    let result = match outcome.result {
        Ok(paired) => Ok(Proof { connection, paired, remote: address, dialed_for: Some(attempt.peer) }),
        Err(failed) => {
            tracing::info!(failure = %failed.failure, closed = ?failed.closed, to = ?Pii(address), "pairing failed");
            Err(unpaired(failed, outcome.guess))
        }
    };
    (result, outcome.guess)
}

impl Shared {
    /// Takes one of the guesses that are left, until the pairing shows whether it was one.
    fn reserve_guess(&self) -> bool {
        let less = |left: u8| left.checked_sub(1);
        self.guesses_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
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
        // Only what we see ourselves: whoever answers could say so.
        (Failure::OwnAddress, _) => Code::OwnAddress,
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
