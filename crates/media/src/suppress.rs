//! Noise suppression, and the measure of whether it is needed.
mod floor;

pub(crate) use floor::NoiseFloor;

use crate::process::bands::{BAND, Bands};
use sonora_ns::config::{NsConfig, OVERLAP_SIZE, SuppressionLevel};
use sonora_ns::noise_suppressor::NoiseSuppressor;

/// It delays all bands by so many samples at 16 kHz (6 ms).
pub(crate) const DELAY: usize = OVERLAP_SIZE;
/// With [`p2p_comm_model::Switch::Auto`] it comes in above this noise, dB of full scale…
const NOISY_DB: f32 = -60.0;
/// …and goes below this…
const QUIET_DB: f32 = -66.0;
/// …when it has been so for so many blocks: 1 s and 5 s.
const NOISY_BLOCKS: u32 = 100;
const QUIET_BLOCKS: u32 = 500;
/// It must have listened for so many blocks to know the noise: 1 s.
const LEARNING: u32 = 100;

/// WebRTC's noise suppression, moderate (12 dB).
pub(crate) struct Suppressor {
    suppressor: NoiseSuppressor,
    learnt: u32,
}

impl Suppressor {
    pub(crate) fn new() -> Self {
        let config = NsConfig { target_level: SuppressionLevel::K12dB };
        Self { suppressor: NoiseSuppressor::new_with_bands(config, 3), learnt: 0 }
    }

    /// It knows the noise.
    pub(crate) fn ready(&self) -> bool {
        self.learnt >= LEARNING
    }

    /// Suppresses the noise in 10 ms, which come out [`DELAY`] samples (16 kHz) late.
    pub(crate) fn process(&mut self, bands: &mut Bands) {
        self.learnt = self.learnt.saturating_add(1);
        self.suppressor.analyze(&bands[0]);
        self.suppressor.process(&mut bands[0]);
        let gain = self.suppressor.upper_band_gain();
        for (index, band) in bands.iter_mut().skip(1).enumerate() {
            let band: &mut [f32; BAND] = band;
            self.suppressor.process_upper_band(band, index, gain);
        }
    }
}

/// Whether the room is noisy, with hysteresis.
#[derive(Debug, Clone, Default)]
pub(crate) struct Need {
    noisy: bool,
    blocks: u32,
}

impl Need {
    /// After a block with this noise floor.
    pub(crate) fn observe(&mut self, floor_db: Option<f32>) -> bool {
        let Some(floor_db) = floor_db else { return self.noisy };
        let (against, patience) =
            if self.noisy { (floor_db < QUIET_DB, QUIET_BLOCKS) } else { (floor_db > NOISY_DB, NOISY_BLOCKS) };
        self.blocks = if against { self.blocks + 1 } else { 0 };
        if self.blocks >= patience {
            (self.noisy, self.blocks) = (!self.noisy, 0);
        }
        self.noisy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_in_between_changes_nothing() {
        let mut need = Need::default();
        assert!(!(0..1000).any(|_| need.observe(Some(-63.0))));
        assert!((0..200).any(|_| need.observe(Some(-55.0))));
        assert!((0..1000).all(|_| need.observe(Some(-63.0))));
        assert!((0..1000).any(|_| !need.observe(Some(-70.0))));
    }

    #[test]
    fn a_short_noise_is_not_worth_it() {
        let mut need = Need::default();
        for k in 0..2000 {
            assert!(!need.observe(Some(if k % 100 < 90 { -40.0 } else { -80.0 })));
        }
    }

    #[test]
    fn steady_noise_becomes_quieter_and_a_tone_above_8_khz_does_too() {
        let mut suppressor = Suppressor::new();
        let (mut seed, mut before, mut after) = (1u32, 0.0, 0.0);
        for k in 0..400 {
            let mut bands: Bands = std::array::from_fn(|_| {
                std::array::from_fn(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 8) as f32 / (1 << 24) as f32 * 200.0 - 100.0
                })
            });
            let power = |bands: &Bands| bands.iter().flatten().map(|x| x * x).sum::<f32>();
            before += if k > 200 { power(&bands) } else { 0.0 };
            suppressor.process(&mut bands);
            after += if k > 200 { power(&bands) } else { 0.0 };
        }
        assert!(suppressor.ready());
        assert!(10.0 * (before / after).log10() > 8.0, "{}", 10.0 * (before / after).log10());
    }
}
