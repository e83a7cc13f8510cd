//! One attempt to reach a peer: resolve and reach every address at once, pair with one at a time.

use crate::actor::{Mailbox, Proof};
use crate::kdf::Kdf;
use crate::pairing::{self, Failed};
use p2p_comm_model::{Code, Host, PeerAddress, Pii, canonical, limits};
use p2p_comm_net::{CloseCode, CloseReason, ConnectError, Endpoint};
use p2p_comm_proto::{Attempt, DialFailure, DialPhase, Failure, Handshake, Input};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
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
/// IP addresses that one host name may give; fewer if there are many names.
const PER_NAME: usize = 8;

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

/// What a task of the attempt brings.
enum Step {
    /// A host was looked up; no IP address if that failed.
    Resolved(PeerAddress, Vec<IpAddr>),
    Reached(Reached),
}

/// What came of one IP address.
struct Reached {
    /// It belongs to the peer list, it is not one that the peer gave itself.
    listed: bool,
    result: Result<Proof, Code>,
    guess: bool,
}

/// Dials until an address proves the password or all failed, and tells the actor. At most `guesses` pairings may fail.
/// `cancel` is obeyed until the first pairing begins: breaking one off would cost the other side one of our guesses.
pub(crate) async fn dial(
    dialer: Dialer,
    attempt: Attempt,
    addresses: Vec<PeerAddress>,
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
    let dialing = dial_all(shared.clone(), addresses, candidates);
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

async fn dial_all(shared: Arc<Shared>, addresses: Vec<PeerAddress>, candidates: Vec<SocketAddr>) {
    let attempt = shared.attempt;
    let mailbox = &shared.dialer.mailbox;
    let per_name = (limits::DIALLED / addresses.len().max(1)).min(PER_NAME);
    let mut steps = JoinSet::new();
    let mut tried = BTreeSet::new();
    let others: Vec<_> = candidates.into_iter().filter(|c| !addresses.contains(&PeerAddress::from(*c))).collect();
    for address in addresses {
        steps.spawn(async move {
            let ips = resolve(&address, per_name).await;
            Step::Resolved(address, ips)
        });
    }
    for candidate in others {
        if tried.insert(candidate) {
            steps.spawn(reach(shared.clone(), candidate, false));
        }
    }
    let (mut code, mut guesses, mut elsewhere) = (None, 0u8, false);
    while let Some(step) = steps.join_next().await {
        let reached = match step {
            Err(_) => continue,
            Ok(Step::Resolved(_, ips)) if ips.is_empty() => {
                code = worse(code, Code::ResolveFailed);
                continue;
            }
            Ok(Step::Resolved(address, ips)) => {
                for ip in &ips {
                    let socket = SocketAddr::new(*ip, address.port);
                    if tried.insert(socket) {
                        steps.spawn(reach(shared.clone(), socket, true));
                    }
                }
                mailbox.input(Input::Resolved { attempt, address, ips }).await;
                continue;
            }
            Ok(Step::Reached(reached)) => reached,
        };
        guesses = guesses.saturating_add(u8::from(reached.guess));
        elsewhere |= reached.guess && !reached.listed;
        match reached.result {
            Ok(proof) => {
                steps.abort_all();
                return mailbox.proven(proof).await;
            }
            Err(failed) if reached.listed || failed != Code::OwnAddress => code = worse(code, failed),
            Err(_) => {}
        }
    }
    let failed = DialFailure { code: code.unwrap_or(Code::NobodyAnswers), guesses, elsewhere };
    mailbox.input(Input::DialFailed { attempt, failed }).await;
}

/// At most `limit` IP addresses; none if the name is not known.
async fn resolve(address: &PeerAddress, limit: usize) -> Vec<IpAddr> {
    let name = match &address.host {
        Host::Ip(ip) => return vec![*ip],
        Host::Name(name) => name,
    };
    let lookup = tokio::net::lookup_host((name.as_str(), address.port));
    let Ok(Ok(found)) = timeout(RESOLVING, lookup).await else { return Vec::new() };
    let mut seen = BTreeSet::new();
    found.map(|found| canonical(found.ip())).filter(|ip| seen.insert(*ip)).take(limit).collect()
}

async fn reach(shared: Arc<Shared>, address: SocketAddr, listed: bool) -> Step {
    let (result, guess) = prove(&shared, address).await;
    Step::Reached(Reached { listed, result, guess })
}

/// Reaches one address and pairs with it when its turn has come. Also says whether the other side had a guess.
async fn prove(shared: &Shared, address: SocketAddr) -> (Result<Proof, Code>, bool) {
    let Shared { dialer, attempt, .. } = shared;
    let connection = match timeout(REACHING, dialer.endpoint.connect(address)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            tracing::debug!(%error, to = ?Pii(address), "not reached");
            return (Err(unreached(error)), false);
        }
        Err(_) => return (Err(Code::NobodyAnswers), false),
    };
    let turn = shared.turn.acquire().await;
    if !shared.reserve_guess() {
        connection.close(CloseCode::Cancelled);
        return (Err(Code::NobodyAnswers), false);
    }
    shared.proving.store(true, Ordering::Relaxed);
    dialer.mailbox.input(Input::DialPhase { attempt: *attempt, phase: DialPhase::Proving }).await;
    let (now, seed) = (Instant::now().into_std(), rand::random());
    let handshake = Handshake::dial(now, pairing::certificates(&connection), connection.exporter(), seed);
    let outcome = {
        let pairing = pairing::run(handshake, &connection, &dialer.kdf);
        tokio::pin!(pairing);
        let in_time = timeout(STALL, &mut pairing).await;
        drop(turn);
        match in_time {
            Ok(outcome) => outcome,
            Err(_) => pairing.await,
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

/// Of two failures the one that says more to the person. That an address is our own says so only if all are: it may be
/// somebody else's where an invite was written.
fn worse(before: Option<Code>, code: Code) -> Option<Code> {
    let rank = |code| match code {
        Code::WrongPassword => 7,
        Code::ProtocolError => 6,
        Code::PeerBusy => 5,
        Code::ProtocolMismatch => 4,
        Code::NobodyAnswers => 2,
        Code::ResolveFailed => 1,
        Code::OwnAddress => 0,
        _ => 3,
    };
    before.into_iter().chain([code]).max_by_key(|code| rank(*code))
}
