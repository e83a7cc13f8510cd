//! How much is sent: fewer copies, then a lower bitrate, then longer packets while sending more would only lengthen a queue
//! on the way; back in the reverse order when the queue is gone. Loss without a queue is repaired, never answered by
//! sending less.

use crate::encode::{MAX_BITRATE, MIN_BITRATE};
use crate::repair::MAX_LEVEL;
use p2p_comm_model::Quality;
use std::time::{Duration, Instant};

/// Packet times, ms: those of Opus that are whole blocks.
const PACKETS_MS: [u32; 4] = [10, 20, 40, 60];
/// A delay this much above what is usual on this path is a queue if packets are lost, too, ms.
const QUEUE: f32 = 40.0;
/// Part of packets lost that makes it one.
const QUEUE_LOSS: f32 = 0.02;
/// A queue even if nothing is lost: a large buffer on the way, ms.
const DEEP_QUEUE: f32 = 120.0;
/// So long that half measures take too long, ms.
const HUGE_QUEUE: f32 = 300.0;
/// The delay is back to what is usual, ms above.
const CALM: f32 = 20.0;
/// What is taken for usual at most, ms: jitter of a common wireless network.
const MOST_USUAL: f32 = 60.0;
/// How long a delay must stay up to be no mere hiccup of the network.
const SUSTAINED: Duration = Duration::from_millis(250);
/// Between two steps, to see what the first one did; the round trip comes on top.
const STEP: Duration = Duration::from_millis(500);
/// How long the queue must be gone before more is sent; doubled each time that this was too early.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How the bitrate grows, bit/s in a second.
const GROWTH: f32 = 2000.0;

/// What bounds the rate by the person's choice.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Index into [`PACKETS_MS`].
    packet: usize,
    /// Where the bitrate begins, and what it returns to, bit/s.
    usual: u32,
    /// How far it goes while nothing is lost, bit/s.
    most: u32,
}

/// What one report says about the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path {
    /// Delay above the least, ms.
    pub(crate) queue_ms: f32,
    /// Part of packets lost, 0 to 1.
    pub(crate) loss: f32,
    /// Round trip, if known.
    pub(crate) rtt: Option<Duration>,
    /// Copies that loss asks for.
    pub(crate) level: u8,
}

/// The rate over time.
pub(crate) struct Rate {
    bounds: Bounds,
    bitrate: f32,
    packet: usize,
    /// Copies allowed.
    copies: u8,
    /// Delay above the least that this path has without us, ms.
    usual_ms: Option<f32>,
    /// Since when there has been a queue.
    queued: Option<Instant>,
    /// Since when there has been none.
    calm: Option<Instant>,
    /// When less was last sent, and when more.
    cut: Option<Instant>,
    raised: Option<Instant>,
    patience: Duration,
    at: Option<Instant>,
}

impl Rate {
    pub(crate) fn new(quality: Quality) -> Self {
        let bounds = Bounds::of(quality);
        Self {
            bounds,
            bitrate: bounds.usual as f32,
            packet: bounds.packet,
            copies: MAX_LEVEL,
            usual_ms: None,
            queued: None,
            calm: None,
            cut: None,
            raised: None,
            patience: PATIENCE.0,
            at: None,
        }
    }

    /// Of the codec, bit/s, in whole kbit/s.
    pub(crate) fn bitrate(&self) -> u32 {
        (self.bitrate / 1000.0).round() as u32 * 1000
    }

    /// Sound in a packet, ms.
    pub(crate) fn packet_ms(&self) -> u32 {
        PACKETS_MS.get(self.packet).copied().unwrap_or(60)
    }

    /// Copies allowed.
    pub(crate) fn copies(&self) -> u8 {
        self.copies
    }

    /// Whether the delay is up now, so that sending more must wait.
    pub(crate) fn queued(&self) -> bool {
        self.queued.is_some()
    }

    /// Another choice of the person.
    pub(crate) fn choose(&mut self, quality: Quality) {
        let before = std::mem::replace(&mut self.bounds, Bounds::of(quality));
        if self.packet <= before.packet || self.packet < self.bounds.packet {
            self.packet = self.bounds.packet;
        }
        let low = self.bitrate < before.usual as f32;
        self.bitrate = if low { self.bitrate.min(self.bounds.usual as f32) } else { self.bounds.usual as f32 };
    }

    /// A new connection or another codec: what was known of the path is void, what may be too much begins lower, and what
    /// is sent now is judged before it is cut.
    pub(crate) fn soften(&mut self, now: Instant) {
        self.cut = Some(now);
        self.bitrate = self.bitrate.min(self.bounds.usual as f32);
        (self.usual_ms, self.queued, self.calm, self.at) = (None, None, None, None);
    }

    /// Takes what a report says. Whether less is sent from now on.
    pub(crate) fn update(&mut self, now: Instant, path: Path) -> bool {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f32()).min(1.0);
        self.at = Some(now);
        let above = path.queue_ms - self.follow_usual(path.queue_ms, passed);
        if above > DEEP_QUEUE || (above > QUEUE && path.loss >= QUEUE_LOSS) {
            self.calm = None;
            let since = *self.queued.get_or_insert(now);
            return now.saturating_duration_since(since) >= SUSTAINED
                && self.settled(now, path.rtt)
                && self.cut(now, path.level, above > HUGE_QUEUE);
        }
        if above > CALM {
            // Neither a queue nor none.
            (self.queued, self.calm) = (None, None);
            return false;
        }
        self.queued = None;
        let since = *self.calm.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.patience {
            self.recover(now, passed, path.level);
        }
        false
    }

    /// What delay is usual here: follows a fall soon and a rise slowly, so that steady jitter is no queue.
    fn follow_usual(&mut self, queue_ms: f32, passed: f32) -> f32 {
        let usual = self.usual_ms.unwrap_or(queue_ms);
        let follow = if queue_ms < usual { 0.3 } else { passed / 10.0 };
        let usual = (usual + (queue_ms - usual) * follow).clamp(0.0, MOST_USUAL + self.longer_ms());
        self.usual_ms = Some(usual);
        usual
    }

    /// Longer packets begin earlier before they are sent, which the other side takes for delay: it is no queue.
    fn set_packet(&mut self, packet: usize) {
        let before = self.longer_ms();
        self.packet = packet;
        let by = self.longer_ms() - before;
        self.usual_ms = self.usual_ms.map(|usual| (usual + by).max(0.0));
    }

    /// How much longer packets are than the person's choice asks for, ms.
    fn longer_ms(&self) -> f32 {
        let usual = PACKETS_MS.get(self.bounds.packet).copied().unwrap_or(10);
        self.packet_ms().saturating_sub(usual) as f32
    }

    fn settled(&self, now: Instant, rtt: Option<Duration>) -> bool {
        let wait = STEP + rtt.unwrap_or_default().min(Duration::from_secs(2));
        self.cut.is_none_or(|at| now.saturating_duration_since(at) >= wait)
    }

    fn cut(&mut self, now: Instant, level: u8, huge: bool) -> bool {
        let sent = level.min(self.copies);
        if sent > 0 {
            self.copies = if huge { 0 } else { sent - 1 };
        } else if self.bitrate > MIN_BITRATE as f32 {
            self.copies = 0;
            self.bitrate = (self.bitrate * if huge { 0.5 } else { 0.75 }).max(MIN_BITRATE as f32);
        } else if self.packet + 1 < PACKETS_MS.len() {
            self.set_packet(self.packet + 1);
        } else {
            return false;
        }
        let early = self.raised.is_some_and(|at| now.saturating_duration_since(at) < 2 * self.patience);
        if early {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        self.raised = None;
        self.cut = Some(now);
        true
    }

    fn recover(&mut self, now: Instant, passed: f32, level: u8) {
        let usual = self.bounds.usual as f32;
        if self.packet > self.bounds.packet {
            self.set_packet(self.packet - 1);
            // Wait anew to see whether it was too early.
            (self.raised, self.calm) = (Some(now), None);
        } else if self.bitrate < usual {
            self.bitrate = (self.bitrate + GROWTH * passed).min(usual);
            self.raised = Some(now);
        } else if self.copies < MAX_LEVEL {
            self.copies += 1;
            (self.raised, self.calm) = (Some(now), None);
        } else if level == 0 && self.bitrate < self.bounds.most as f32 {
            self.bitrate = (self.bitrate + GROWTH * passed).min(self.bounds.most as f32);
            self.raised = Some(now);
        } else if self.raised.is_none_or(|at| now.saturating_duration_since(at) >= 2 * self.patience) {
            self.patience = PATIENCE.0;
        }
    }
}

impl Bounds {
    fn of(quality: Quality) -> Self {
        match quality {
            // PESQ-WB of 10 ms packets: 3.69 at 24, 3.99 at 32, 4.18 at 40, 4.31 at 48 and 4.41 at 64 kbit/s.
            Quality::Auto | Quality::Uncompressed => Self { packet: 0, usual: 32_000, most: MAX_BITRATE },
            // So low that silence is left out.
            Quality::Economy => Self { packet: 1, usual: 24_000, most: 24_000 },
        }
    }
}

#[cfg(test)]
mod tests;
