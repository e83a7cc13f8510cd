use crate::level::{FLOOR_DB, power_to_db};

/// Smoothing of the power per block: it falls by 3 dB per block, so a pause of 150 ms reaches a noise 45 dB below the voice.
const SMOOTHING: f32 = 0.5;
/// The minimum is taken over so many parts…
const PARTS: usize = 6;
/// …of so many blocks: 3 s in all. Nobody speaks that long without a pause.
const PART: u32 = 50;
/// The minimum of a smoothed power lies below its mean by about so much, dB.
const BIAS_DB: f32 = 1.5;

/// The level of what is always there: minimum statistics (R. Martin, "Noise power spectral density estimation based on
/// optimal smoothing and minimum statistics", 2001), without the spectrum.
#[derive(Debug, Clone)]
pub(crate) struct NoiseFloor {
    power: Option<f32>,
    minima: [f32; PARTS],
    blocks: u32,
    parts: usize,
}

impl NoiseFloor {
    pub(crate) fn new() -> Self {
        Self { power: None, minima: [f32::INFINITY; PARTS], blocks: 0, parts: 0 }
    }

    /// The mean square of a block. Digital silence from the beginning on is a muted device and says nothing about the room;
    /// later it is a gate of the device itself between words, and a quiet room.
    pub(crate) fn observe(&mut self, power: f32) {
        let nothing = power_to_db(power) <= FLOOR_DB && self.power.is_none();
        if nothing || !power.is_finite() {
            return;
        }
        let before = self.power.unwrap_or(power);
        let smooth = before + SMOOTHING * (power - before);
        self.power = Some(smooth);
        self.minima[0] = self.minima[0].min(smooth);
        self.blocks += 1;
        if self.blocks == PART {
            self.blocks = 0;
            self.parts = (self.parts + 1).min(PARTS);
            self.minima.rotate_right(1);
            self.minima[0] = smooth;
        }
    }

    /// dB of full scale; nothing in the first second.
    pub(crate) fn level_db(&self) -> Option<f32> {
        let least = self.minima.iter().copied().fold(f32::INFINITY, f32::min);
        (self.parts >= 2).then(|| power_to_db(least) + BIAS_DB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_over_noise_does_not_hide_the_noise() {
        let mut floor = NoiseFloor::new();
        for k in 0..1000 {
            let noise = 1e-6 * (0.7 + 0.6 * (k * 37 % 11) as f32 / 11.0);
            let voice = if k % 100 < 85 { 0.01 } else { 0.0 };
            floor.observe(noise + voice);
        }
        assert!((floor.level_db().unwrap() + 60.0).abs() < 3.0, "{:?}", floor.level_db());
    }

    #[test]
    fn it_follows_a_room_that_becomes_noisy_within_four_seconds() {
        let mut floor = NoiseFloor::new();
        (0..500).for_each(|_| floor.observe(1e-8));
        (0..400).for_each(|_| floor.observe(1e-4));
        assert!((floor.level_db().unwrap() + 40.0).abs() < 3.0, "{:?}", floor.level_db());
    }

    #[test]
    fn a_device_that_gates_itself_is_quiet() {
        let mut floor = NoiseFloor::new();
        (0..1000).for_each(|k| floor.observe(if k % 100 < 85 { 0.01 } else { 0.0 }));
        assert!(floor.level_db().unwrap() < -60.0, "{:?}", floor.level_db());
    }

    #[test]
    fn a_muted_device_is_no_quiet_room() {
        let mut floor = NoiseFloor::new();
        (0..500).for_each(|_| floor.observe(0.0));
        assert_eq!(floor.level_db(), None);
    }
}
