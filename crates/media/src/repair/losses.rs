use std::time::{Duration, Instant};

/// Packets taken for received in advance, so that one loss among the first few is not taken for a rule.
const PRIOR: f32 = 10.0;
/// The same for a report that is looked at alone: it says that something is lost, but not yet how much.
const PRIOR_ALONE: f32 = 30.0;
/// How long the past counts, to see a change soon and to be exact, s.
const QUICK: f32 = 1.5;
const SLOW: f32 = 4.0;
/// A packet stands for no more time than this, s: a silence in which few are sent says little, so it makes little forgotten.
const PACKET: f32 = 0.06;

/// How much is lost on the way, from the counts of reports.
pub(crate) struct Losses {
    quick: Share,
    slow: Share,
    missing: Share,
    /// Of one report alone.
    latest: f32,
    /// Mean length of a run of losses, packets.
    burst: f32,
    at: Option<Instant>,
}

/// A part of a whole, both of which fade with time.
#[derive(Clone, Copy, Default)]
struct Share {
    part: f32,
    whole: f32,
}

impl Losses {
    pub(crate) fn new() -> Self {
        let none = Share::default();
        Self { quick: none, slow: none, missing: none, latest: 0.0, burst: 1.0, at: None }
    }

    /// Adds what one report adds to those before. `lost` is negative if packets that were taken for lost came after all.
    pub(crate) fn add(&mut self, now: Instant, expected: u32, lost: i32, burst: f32) {
        let passed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at)).as_secs_f32();
        self.at = Some(now);
        let (expected, lost) = (expected as f32, lost as f32);
        let passed = passed.min(expected * PACKET);
        self.quick.add(passed, QUICK, lost, expected);
        self.slow.add(passed, SLOW, lost, expected);
        self.missing.add(passed, SLOW, 0.0, 0.0);
        self.latest = if lost >= 2.0 { (lost / (expected + PRIOR_ALONE)).clamp(0.0, 1.0) } else { 0.0 };
        if lost >= 1.0 {
            self.burst += (burst.clamp(1.0, 100.0) - self.burst) * 0.3;
        }
    }

    /// Adds blocks that were played, and those among them that nothing could restore.
    pub(crate) fn add_missing(&mut self, played: u32, missing: u32) {
        self.missing.add(0.0, SLOW, missing as f32, played as f32);
    }

    /// Part of the packets that is lost, 0 to 1; follows a rise at once.
    pub(crate) fn now(&self) -> f32 {
        self.latest.max(self.quick.get()).max(self.slow.get())
    }

    /// The mean of the last seconds.
    pub(crate) fn mean(&self) -> f32 {
        self.slow.get()
    }

    /// Lost packets among those of the last seconds, which fade.
    pub(crate) fn count(&self) -> f32 {
        self.slow.part
    }

    /// Mean length of a run of losses, packets.
    pub(crate) fn burst(&self) -> f32 {
        self.burst
    }

    /// Part of what the other side played that nothing could restore, 0 to 1.
    pub(crate) fn residual(&self) -> f32 {
        self.missing.get()
    }
}

impl Share {
    fn add(&mut self, passed: f32, fade: f32, part: f32, whole: f32) {
        let keep = (-passed / fade).exp();
        self.whole = self.whole * keep + whole;
        self.part = (self.part * keep + part).clamp(0.0, self.whole);
    }

    fn get(self) -> f32 {
        self.part / (self.whole + PRIOR)
    }
}
