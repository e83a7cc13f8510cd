//! Clock skew: two sound cards that both claim 48 kHz. What builds up is taken away by the resampler, not by stretching.

/// Seconds that a block lasts.
const BLOCK: f64 = 0.01;
/// Time after which a change of the skew is believed, s.
const BELIEF: f64 = 12.0;
/// A difference from what was expected, ms, that no skew makes: the way changed, or the buffer.
const JUMP: f64 = 6.0;
/// Blocks after it in which nothing is learned.
const SETTLE: u32 = 300;
/// Change of the ratio per millisecond of delay too much, ppm.
const PROPORTIONAL: f64 = 100.0;
/// By how much the ratio brings the delay to its target, ppm.
const PULL: f64 = 450.0;
/// The skew and the ratio stay within, ppm: the ear hears no change of pitch.
const MOST: f64 = 500.0;
/// How fast the excess is averaged, per block: 1 s.
const SMOOTH: f64 = 0.01;

/// Finds the skew in how the wait of the quickest packets changes, and gives the ratio that undoes it and brings the delay
/// slowly to its target.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    /// Expected wait of the quickest packets, ms.
    wait: Option<f64>,
    /// How much faster the sender's clock runs than that of the playback, ppm.
    skew: f64,
    /// Delay above the target, averaged, ms.
    excess: f64,
    /// Blocks until it learns again.
    settle: u32,
}

impl Drift {
    /// 10 ms were played: the quickest packets of the last seconds wait for `wait` ms, and the delay is `excess` ms above
    /// its target.
    pub(crate) fn update(&mut self, wait: f64, excess: f64) {
        self.excess += (excess.clamp(-JUMP, JUMP) - self.excess) * SMOOTH;
        // An observer with two equal poles (Luenberger, 1964): the wait grows by what the sender is faster, less what the
        // ratio takes away.
        let expected = self.wait.unwrap_or(wait) + (self.skew / 1e6 + self.ratio() - 1.0) * BLOCK * 1e3;
        let error = wait - expected;
        if error.abs() > JUMP {
            self.wait = Some(wait);
            self.settle = SETTLE;
            return;
        }
        self.wait = Some(expected + error * 2.0 / BELIEF * BLOCK);
        self.settle = self.settle.saturating_sub(1);
        if self.settle == 0 {
            let learned = error * 1e3 / (BELIEF * BELIEF) * BLOCK;
            self.skew = (self.skew + learned).clamp(-MOST, MOST);
        }
    }

    /// The delay was changed by `ms` on purpose.
    pub(crate) fn moved(&mut self, ms: f64) {
        self.wait = self.wait.map(|wait| wait + ms);
        self.excess = (self.excess + ms).clamp(-JUMP, JUMP);
    }

    /// The playback begins anew, at any delay.
    pub(crate) fn restart(&mut self) {
        self.wait = None;
        self.excess = 0.0;
    }

    /// Samples to make of one.
    pub(crate) fn ratio(&self) -> f64 {
        let pull = (PROPORTIONAL * self.excess).clamp(-PULL, PULL);
        1.0 - (self.skew + pull).clamp(-MOST, MOST) / 1e6
    }

    /// How much faster the sender's clock runs than that of the playback, ppm.
    pub(crate) fn skew(&self) -> f64 {
        self.skew
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};

    #[test]
    fn any_skew_of_real_clocks_is_found_and_held_within_3_ms() {
        let seed = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        for skew in [-300.0, -50.0, 200.0, 300.0] {
            let (mut drift, mut delay, mut worst) = (Drift::default(), 0.0_f64, 0.0_f64);
            for _ in 0..60_000 {
                drift.update(7.0 + delay + random.random_range(-0.5..0.5), delay);
                // The sender makes more sound than is played: it waits.
                delay += 10.0 * (skew / 1e6 + drift.ratio() - 1.0);
                worst = worst.max(delay.abs());
            }
            assert!(worst < 3.0, "seed {seed}, {skew}: {worst} ms");
            let found = drift.skew();
            assert!(delay.abs() < 0.2 && (found - skew).abs() < 15.0, "seed {seed}, {skew}: {delay} ms, {found}");
        }
    }

    #[test]
    fn a_target_that_moves_is_no_skew() {
        let (mut drift, mut delay) = (Drift::default(), 0.0_f64);
        for n in 0..60_000 {
            let target = if n / 1_000 % 3 == 0 { -20.0 } else { 20.0 };
            drift.update(7.0 + delay, delay - target);
            delay += 10.0 * (drift.ratio() - 1.0);
            assert!(drift.skew().abs() < 1.0, "{n}: {}", drift.skew());
        }
    }

    #[test]
    fn the_ratio_never_leaves_its_bounds() {
        let mut drift = Drift::default();
        for excess in [1e9, -1e9, 5.9, -5.9] {
            for n in 0..100_000 {
                drift.update(excess * f64::from(n % 7), excess);
                drift.moved(excess);
                assert!((drift.ratio() - 1.0).abs() <= 0.000_500_1);
            }
        }
    }
}
