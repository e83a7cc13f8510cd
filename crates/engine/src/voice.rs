//! The network task of a call: seals what the voice thread sends, opens what comes, and hands it over. It runs on the
//! runtime of the connections, so a packet crosses no queue on its way but the two rings of `media`.

use crate::actor::Mailbox;
use p2p_comm_crypto::{Opener, Sealer, Voice};
use p2p_comm_media::NetworkEnd;
use p2p_comm_net::{CloseReason, Connection};
use p2p_comm_proto::{ConnId, Input};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::time::MissedTickBehavior;

/// What waits longer than this for a connection is not worth sending any more.
const STALE: Duration = Duration::from_millis(100);
/// Without a packet for this long, the call counts as interrupted: even a muted microphone sends several a second.
const QUIET: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(100);
/// Bytes of the QUIC packet around a datagram (RFC 9000, section 17.3, RFC 9221) with its UDP and IPv4 headers:
/// flags 1, connection id 8, packet number 2, frame 3, tag 16, UDP 8, IP 20.
const AROUND: u64 = 58;

/// How voice reaches the other side now. Replaced when the call moves to another connection.
pub(crate) struct VoicePath {
    pub(crate) conn: ConnId,
    pub(crate) connection: Connection,
    pub(crate) sealer: Sealer<Voice>,
    pub(crate) opener: Opener<Voice>,
}

/// All ways to the other side.
#[derive(Clone, Default)]
pub(crate) struct VoicePaths {
    /// Ours; none while there is no connection.
    pub(crate) sending: Option<Arc<VoicePath>>,
    /// Further connections that theirs may come over, while the two sides do not yet agree on one.
    pub(crate) others: Vec<Arc<VoicePath>>,
}

/// What the task counts.
pub(crate) struct Traffic {
    /// Bytes sent, with all headers.
    pub(crate) sent: AtomicU64,
    /// Datagrams that did not open under the key of this connection.
    pub(crate) unopened: AtomicU64,
    /// From the voice thread to the connection, by [`bucket`].
    waits: [AtomicU32; BUCKETS],
}

/// Buckets of the histogram of waits: each is a quarter longer than the one before, from 1 µs to more than 1 s.
const BUCKETS: usize = 64;
const GROWTH: f64 = 1.25;

impl Default for Traffic {
    fn default() -> Self {
        Self { sent: AtomicU64::new(0), unopened: AtomicU64::new(0), waits: [const { AtomicU32::new(0) }; BUCKETS] }
    }
}

impl Traffic {
    fn waited(&self, span: Duration) {
        let bucket = (span.as_secs_f64() * 1e6).max(1.0).ln() / GROWTH.ln();
        let bucket = (bucket as usize).min(BUCKETS - 1);
        self.waits[bucket].fetch_add(1, Ordering::Relaxed);
    }

    /// How long packets waited between the voice thread and the connection: this share of them no longer, µs.
    pub(crate) fn wait_us(&self, share: f64) -> Option<f64> {
        let counts = self.waits.each_ref().map(|count| u64::from(count.load(Ordering::Relaxed)));
        let all: u64 = counts.iter().sum();
        let mut rest = (all as f64 * share).ceil() as u64;
        let bucket = counts.iter().position(|count| {
            rest = rest.saturating_sub(*count);
            rest == 0
        });
        bucket.filter(|_| all > 0).map(|bucket| GROWTH.powi(bucket as i32 + 1))
    }
}

/// The task. Ends when the sender of `paths` is dropped.
pub(crate) async fn carry(
    mut end: NetworkEnd,
    woken: Arc<Notify>,
    mut paths: watch::Receiver<VoicePaths>,
    traffic: Arc<Traffic>,
    mailbox: Mailbox,
) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut on = On::new(VoicePaths::default());
    loop {
        while let Some(plain) = end.take() {
            let Some(path) = on.paths.sending.as_ref().filter(|_| plain.at().elapsed() < STALE) else { continue };
            let token = path.sealer.seal(plain.bytes());
            let bytes = token.len() as u64 + AROUND;
            match path.connection.send_datagram(token.into()) {
                Ok(()) => {
                    traffic.sent.fetch_add(bytes, Ordering::Relaxed);
                    traffic.waited(plain.at().elapsed());
                }
                Err(error) => tracing::debug!(%error, "a voice packet was not sent"),
            }
        }
        tokio::select! {
            biased;
            changed = paths.changed() => {
                if changed.is_err() {
                    break;
                }
                on.leave();
                on = On::new(paths.borrow_and_update().clone());
            }
            () = woken.notified() => {}
            (path, datagram) = on.receive() => match datagram {
                Ok(token) => match path.opener.open(&token) {
                    Ok(packet) => {
                        end.give(Instant::now(), &packet);
                        on.heard(&mailbox);
                    }
                    Err(_) => {
                        traffic.unopened.fetch_add(1, Ordering::Relaxed);
                    }
                },
                // The node hears of the end by itself and brings other paths.
                Err(_) => on.forget(path.conn),
            },
            _ = ticks.tick() => {
                on.balance(true);
                on.watch(&mailbox);
            }
        }
    }
    on.leave();
}

/// The paths in use.
struct On {
    paths: VoicePaths,
    /// What the node was told last.
    told: Option<Told>,
    /// When a packet came last; at first, when it could have.
    last: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Heard,
    Quiet,
}

impl On {
    fn new(paths: VoicePaths) -> Self {
        let on = Self { paths, told: None, last: Instant::now() };
        on.balance(true);
        on
    }

    fn balance(&self, voice: bool) {
        if let Some(path) = &self.paths.sending {
            path.connection.balance(voice);
        }
    }

    fn leave(&self) {
        self.balance(false);
    }

    /// The next datagram, on whichever path it comes. Cancel safe.
    async fn receive(&self) -> (Arc<VoicePath>, Result<bytes::Bytes, CloseReason>) {
        let paths = self.paths.sending.iter().chain(&self.paths.others);
        let mut reads: Vec<_> = paths.map(|path| (path, Box::pin(path.connection.read_datagram()))).collect();
        std::future::poll_fn(|context| {
            for (path, read) in &mut reads {
                if let Poll::Ready(datagram) = read.as_mut().poll(context) {
                    return Poll::Ready((Arc::clone(path), datagram));
                }
            }
            Poll::Pending
        })
        .await
    }

    fn forget(&mut self, conn: ConnId) {
        self.paths.sending.take_if(|path| path.conn == conn);
        self.paths.others.retain(|path| path.conn != conn);
    }

    /// The node is told if it has room; if not, the next packet or tick tells it.
    fn heard(&mut self, mailbox: &Mailbox) {
        self.last = Instant::now();
        if self.told != Some(Told::Heard) {
            self.tell(mailbox, Told::Heard);
        }
    }

    fn watch(&mut self, mailbox: &Mailbox) {
        if self.told != Some(Told::Quiet) && self.last.elapsed() >= QUIET {
            self.tell(mailbox, Told::Quiet);
        }
    }

    fn tell(&mut self, mailbox: &Mailbox, told: Told) {
        let Some(conn) = self.paths.sending.as_ref().map(|path| path.conn) else { return };
        let input = match told {
            Told::Heard => Input::VoiceHeard { conn },
            Told::Quiet => Input::VoiceQuiet { conn },
        };
        if mailbox.try_input(input) {
            self.told = Some(told);
        }
    }
}
