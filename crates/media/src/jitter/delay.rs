//! When frames become available: a histogram that forgets, and its quantiles.

use super::clock::{MS, Ticks};

/// Bins of 1 ms.
const BINS: usize = 1_024;
/// After how long of sound a frame counts 1/e.
const MEMORY: Ticks = 1_400 * MS;
/// Weights are brought back to scale beyond it.
const LARGE: f32 = 1e12;

/// How long after its own time (of the sender's timeline, laid onto the local clock anyhow) each frame first became
/// available, through its packet or through a copy. Neither where the zero lies nor a slow drift matters: what is read
/// from it is compared with the delay of the playback on the same scale, and it forgets faster than clocks drift.
#[derive(Debug)]
pub(crate) struct Delays {
    bins: Box<[f32; BINS]>,
    /// The lowest bin that is kept, in bins from zero.
    base: i64,
    /// All weights.
    total: f32,
    /// Of the next frame: grows instead of letting all others shrink.
    weight: f32,
}

impl Delays {
    pub(crate) fn new() -> Self {
        Self { bins: Box::new([0.0; BINS]), base: 0, total: 0.0, weight: 1.0 }
    }

    /// A frame of `length` became available after `delay`. Counts `times`.
    pub(crate) fn record(&mut self, delay: Ticks, length: Ticks, times: f32) {
        let bin = delay.div_euclid(MS);
        if self.total == 0.0 {
            self.base = bin - BINS as i64 / 4;
        }
        self.reach(bin);
        self.weight *= (length as f32 / MEMORY as f32).exp();
        self.bins[index(bin)] += self.weight * times;
        self.total += self.weight * times;
        if self.weight > LARGE {
            self.bins.iter_mut().for_each(|bin| *bin /= LARGE);
            self.total = self.bins.iter().sum();
            self.weight /= LARGE;
        }
    }

    /// The delay that `share` of all frames did not exceed.
    pub(crate) fn quantile(&self, share: f32) -> Option<Ticks> {
        if self.total <= 0.0 {
            return None;
        }
        // From the top, because there is less to add up.
        let mut above = self.total * (1.0 - share);
        for bin in (self.base..self.base + BINS as i64).rev() {
            above -= self.bins[index(bin)];
            if above < 0.0 {
                return Some((bin + 1) * MS);
            }
        }
        Some((self.base + 1) * MS)
    }

    pub(crate) fn clear(&mut self) {
        self.bins.fill(0.0);
        (self.total, self.weight) = (0.0, 1.0);
    }

    /// Moves the range so that it holds `bin`, giving up what lies at the other end.
    fn reach(&mut self, bin: i64) {
        let top = self.base + BINS as i64 - 1;
        let (from, to) = if bin > top {
            (self.base, self.base + (bin - top))
        } else if bin < self.base {
            (bin + BINS as i64, self.base + BINS as i64)
        } else {
            return;
        };
        if to - from >= BINS as i64 {
            self.clear();
            self.base = bin - BINS as i64 / 4;
            return;
        }
        for gone in from..to {
            self.bins[index(gone)] = 0.0;
        }
        self.total = self.bins.iter().sum();
        self.base = self.base.min(bin).max(bin - BINS as i64 + 1);
    }
}

fn index(bin: i64) -> usize {
    bin.rem_euclid(BINS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut delays = Delays::new();
        assert_eq!(delays.quantile(0.5), None);
        for n in 0..3_000 {
            delays.record((n * 7 % 40) * MS, 10 * MS, 1.0);
        }
        let near = |share, ms: i64| {
            let found = delays.quantile(share).unwrap() / MS;
            assert!((found - ms).abs() <= 2, "{share}: {found}");
        };
        near(0.5, 20);
        near(0.9, 36);
        near(0.995, 40);
    }

    #[test]
    fn a_burst_is_forgotten_within_seven_seconds_of_sound() {
        let mut delays = Delays::new();
        for n in 0..500 {
            delays.record((n * 13 % 200) * MS, 20 * MS, 1.0);
        }
        assert!(delays.quantile(0.99).unwrap() > 190 * MS);
        for _ in 0..350 {
            delays.record(0, 20 * MS, 1.0);
        }
        assert!(delays.quantile(0.99).unwrap() <= 3 * MS, "{:?}", delays.quantile(0.99));
    }

    #[test]
    fn hours_of_drift_and_jumps_of_any_size_stay_in_range() {
        let mut delays = Delays::new();
        for n in 0..400_000 {
            delays.record(-n * MS / 20, 10 * MS, 1.0);
        }
        assert!((delays.quantile(0.99).unwrap() - -400_000 * MS / 20).abs() < 400 * MS);
        for delay in [i64::MIN / 4, 0, i64::MAX / 4, 5 * MS] {
            delays.record(delay, 10 * MS, 1.0);
            assert!((delays.quantile(0.99).unwrap() - delay).abs() <= MS);
        }
    }
}
