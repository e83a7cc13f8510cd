//! Answers calls: the gate, then a pairing in a task of its own.

use crate::actor::{Mailbox, Proof};
use crate::kdf::Kdf;
use crate::pairing;
use p2p_comm_crypto::{Key, PasswordKey, Salt};
use p2p_comm_model::Pii;
use p2p_comm_net::{Endpoint, Incoming};
use p2p_comm_proto::{Admission, Ending, Gate, Handshake};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// The QUIC part of a call must be over in this time.
const REACHING: Duration = Duration::from_secs(5);

/// What answering needs. The gate is shared with the actor, which tells it who is on the list.
#[derive(Clone)]
pub(crate) struct Listener {
    endpoint: Endpoint,
    gate: Arc<Mutex<Gate>>,
    kdf: Arc<Kdf>,
    salt: Salt,
    key: Arc<Key<PasswordKey>>,
    mailbox: Mailbox,
    /// Somebody at another computer has reached us.
    reached: Arc<AtomicBool>,
}

/// Answers until the endpoint closes. Dropping the future ends all pairings that others began.
pub(crate) async fn listen(listener: Listener) {
    let mut pairings = JoinSet::new();
    while let Some(incoming) = listener.endpoint.accept().await {
        while pairings.try_join_next().is_some() {}
        let remote = incoming.remote();
        let ip = remote.ip();
        let admission = listener.gate().admit(Instant::now().into_std(), ip, incoming.validated());
        match admission {
            Admission::Drop => {
                tracing::debug!(from = ?Pii(ip), "dropped a call: too many guesses or pairings");
                incoming.ignore();
            }
            Admission::Retry => incoming.retry(),
            Admission::Accept => {
                pairings.spawn(answer(incoming, remote, listener.clone()));
            }
        }
    }
}

/// `remote` is the address that Retry has proved. The connection itself may be made to show another one.
async fn answer(incoming: Incoming, remote: SocketAddr, listener: Listener) {
    let ip = remote.ip();
    let mut ticket = Ticket { listener: &listener, ip, ending: Ending::Idle };
    let Ok(Ok(connection)) = timeout(REACHING, incoming.accept()).await else { return };
    listener.reached_from(ip).await;
    let seed = rand::random();
    let handshake = Handshake::listen(
        Instant::now().into_std(),
        pairing::certificates(&connection),
        connection.exporter(),
        seed,
        listener.salt,
        listener.key.clone(),
    );
    // If this future is dropped in between, the other side may have had its guess.
    ticket.ending = Ending::Guess;
    let outcome = pairing::run(handshake, &connection, &listener.kdf).await;
    ticket.ending = match outcome.result {
        Ok(_) => Ending::Proven,
        Err(_) if outcome.guess => Ending::Guess,
        Err(_) => Ending::Idle,
    };
    drop(ticket);
    match outcome.result {
        Ok(paired) => listener.mailbox.proven(Proof { connection, paired, remote, dialed_for: None }).await,
        Err(failed) => {
            tracing::info!(failure = %failed.failure, from = ?Pii(ip), "a caller did not pair");
            if outcome.guess {
                listener.mailbox.guessed(ip).await;
            }
        }
    }
}

/// One pairing under way; gives its place at the gate back when dropped.
struct Ticket<'a> {
    listener: &'a Listener,
    ip: IpAddr,
    ending: Ending,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.listener.gate().finished(Instant::now().into_std(), self.ip, self.ending);
    }
}

impl Listener {
    pub(crate) fn new(
        endpoint: Endpoint,
        gate: Arc<Mutex<Gate>>,
        kdf: Arc<Kdf>,
        salt: Salt,
        key: Arc<Key<PasswordKey>>,
        mailbox: Mailbox,
    ) -> Self {
        Self { endpoint, gate, kdf, salt, key, mailbox, reached: Arc::default() }
    }

    /// The way in from elsewhere is open: says so once.
    async fn reached_from(&self, ip: IpAddr) {
        let here = || ip.is_loopback() || self.endpoint.local_addresses().contains(&ip);
        if !self.reached.load(Ordering::Relaxed) && !here() && !self.reached.swap(true, Ordering::Relaxed) {
            self.mailbox.reached().await;
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
