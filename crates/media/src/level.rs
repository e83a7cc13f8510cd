//! How loud sound is, and making it as loud as it should be.
mod leveller;
mod limiter;

pub(crate) use leveller::Leveller;
pub(crate) use limiter::Limiter;

use crate::{BLOCK, Block};

/// What silence measures, dB below full scale.
pub(crate) const FLOOR_DB: f32 = -127.0;
/// From here on a sample counts as cut off: full scale of 16 bits, less the rounding of a converter.
const CLIPPED: f32 = 0.999;
/// How long a clipped sample is remembered, in blocks: 1 s.
const CLIP_HOLD: u32 = 100;

/// The level of one block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    /// Root mean square, dB of full scale (a full sine wave is -3), [`FLOOR_DB`] at least.
    pub rms_db: f32,
    /// The greatest sample, dB of full scale, [`FLOOR_DB`] at least.
    pub peak_db: f32,
}

impl Level {
    /// Nothing.
    pub(crate) const SILENT: Self = Self { rms_db: FLOOR_DB, peak_db: FLOOR_DB };

    /// Of a block. Samples that are no number count as silence.
    pub(crate) fn of(block: &Block) -> Self {
        let (mut sum, mut peak) = (0.0, 0.0f32);
        for sample in block.iter().filter(|sample| sample.is_finite()) {
            sum += sample * sample;
            peak = peak.max(sample.abs());
        }
        Self { rms_db: power_to_db(sum / BLOCK as f32), peak_db: power_to_db(peak * peak) }
    }
}

/// Measures blocks, and remembers for a second that one was clipped.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    level: Level,
    hold: u32,
}

impl Default for Meter {
    fn default() -> Self {
        Self { level: Level::SILENT, hold: 0 }
    }
}

impl Meter {
    /// Measures a block.
    pub(crate) fn measure(&mut self, block: &Block) -> Level {
        self.hold = self.hold.saturating_sub(1);
        self.measure_again(block)
    }

    /// Measures the same 10 ms once more, at a later stage: its clipping counts as well.
    pub(crate) fn measure_again(&mut self, block: &Block) -> Level {
        self.level = Level::of(block);
        if block.iter().any(|sample| sample.abs() >= CLIPPED) {
            self.hold = CLIP_HOLD;
        }
        self.level
    }

    /// The last block.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// A sample reached full scale within the last second.
    pub(crate) fn clipped(&self) -> bool {
        self.hold > 0
    }
}

/// Of a mean square, dB; [`FLOOR_DB`] at least.
pub(crate) fn power_to_db(power: f32) -> f32 {
    if power > 1e-13 { (10.0 * power.log10()).max(FLOOR_DB) } else { FLOOR_DB }
}

/// A gain as a factor.
pub(crate) fn db_to_gain(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_nonsense_measure_the_floor() {
        assert_eq!(Level::of(&[0.0; BLOCK]), Level::SILENT);
        assert_eq!(Level::of(&[f32::NAN; BLOCK]), Level::SILENT);
        assert_eq!(Level::of(&[1e-9; BLOCK]).rms_db, FLOOR_DB);
    }

    #[test]
    fn a_full_sine_wave_measures_minus_three_with_its_peak_at_zero() {
        let sine: Block = std::array::from_fn(|i| (i as f32 * std::f32::consts::TAU / 48.0).sin());
        let level = Level::of(&sine);
        assert!((level.rms_db + 3.01).abs() < 0.05, "{level:?}");
        assert!(level.peak_db.abs() < 0.05, "{level:?}");
    }

    #[test]
    fn a_clipped_sample_is_remembered_for_a_second() {
        let mut meter = Meter::default();
        let mut block = [0.1; BLOCK];
        meter.measure(&block);
        assert!(!meter.clipped());
        block[7] = -1.0;
        meter.measure(&block);
        for _ in 0..99 {
            meter.measure(&[0.1; BLOCK]);
            assert!(meter.clipped());
        }
        meter.measure(&[0.1; BLOCK]);
        assert!(!meter.clipped());
    }
}
