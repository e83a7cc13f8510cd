//! A high-pass of the second order.
use crate::{Block, RATE};
use std::f32::consts::{PI, SQRT_2};

/// Takes away what lies below the voice: steps, handling, hum. Butterworth, 12 dB per octave, -3 dB at the cutoff; the
/// coefficients are those of R. Bristow-Johnson's "Audio EQ Cookbook" with Q = 1/√2.
#[derive(Debug, Clone)]
pub(crate) struct HighPass {
    b0: f32,
    b1: f32,
    a1: f32,
    a2: f32,
    z1: f32,
    z2: f32,
}

impl HighPass {
    /// With its cutoff at so many Hz.
    pub(crate) fn new(cutoff: f32) -> Self {
        let w = 2.0 * PI * cutoff / RATE as f32;
        let alpha = w.sin() / SQRT_2;
        let a0 = 1.0 + alpha;
        let b1 = -(1.0 + w.cos()) / a0;
        Self { b0: -b1 / 2.0, b1, a1: -2.0 * w.cos() / a0, a2: (1.0 - alpha) / a0, z1: 0.0, z2: 0.0 }
    }

    /// Filters a block in place.
    pub(crate) fn process(&mut self, block: &mut Block) {
        for sample in block {
            let x = *sample;
            let y = self.b0 * x + self.z1;
            self.z1 = self.b1 * x - self.a1 * y + self.z2;
            self.z2 = self.b0 * x - self.a2 * y;
            *sample = y;
        }
        // After long silence the state would creep through denormal numbers, which are slow.
        if self.z1.abs() < 1e-20 && self.z2.abs() < 1e-20 {
            (self.z1, self.z2) = (0.0, 0.0);
        }
    }

    /// Forgets the past.
    pub(crate) fn reset(&mut self) {
        (self.z1, self.z2) = (0.0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BLOCK;

    /// Gain at a frequency, dB.
    fn gain(frequency: f32) -> f32 {
        let mut filter = HighPass::new(50.0);
        let (mut before, mut after) = (0.0, 0.0);
        for k in 0..100 {
            let mut block: Block =
                std::array::from_fn(|i| (2.0 * PI * frequency * (k * BLOCK + i) as f32 / RATE as f32).sin());
            let power = |block: &Block| block.iter().map(|x| x * x).sum::<f32>();
            let input = power(&block);
            filter.process(&mut block);
            if k >= 50 {
                before += input;
                after += power(&block);
            }
        }
        10.0 * (after / before).log10()
    }

    #[test]
    fn it_halves_the_power_at_its_cutoff_and_leaves_the_voice_alone() {
        assert!((gain(50.0) + 3.0).abs() < 0.1, "{}", gain(50.0));
        assert!(gain(100.0) > -0.4, "{}", gain(100.0));
        assert!(gain(10.0) < -25.0, "{}", gain(10.0));
        assert!(gain(1000.0).abs() < 0.01);
    }
}
