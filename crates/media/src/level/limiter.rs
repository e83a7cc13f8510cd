use crate::{BLOCK, Block};

/// No sample leaves above this: -1 dB of full scale.
const CEILING: f32 = 0.891;
/// Above this a sample is bent rather than turned down: -3 dB. Only what comes faster than the gain can fall gets here.
const KNEE: f32 = 0.708;
/// The gain follows peaks in steps of 1 ms.
const STEP: usize = 48;
const STEPS: usize = BLOCK / STEP;
/// How much of the missing gain comes back per ms: within about 100 ms.
const RELEASE: f32 = 0.01;

/// Keeps sound below full scale without a delay: it knows the block in hand, turns it down over the millisecond before a
/// peak, and bends softly what peaks in the first one.
#[derive(Debug, Clone)]
pub(crate) struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    /// Limits a block in place. What is no number becomes silence.
    pub(crate) fn process(&mut self, block: &mut Block) {
        let mut wanted = [1.0f32; STEPS];
        for (wanted, step) in wanted.iter_mut().zip(block.chunks_exact_mut(STEP)) {
            let mut peak = 0.0f32;
            for sample in step {
                if !sample.is_finite() {
                    *sample = 0.0;
                }
                peak = peak.max(sample.abs());
            }
            *wanted = if peak > KNEE { KNEE / peak } else { 1.0 };
        }
        if self.gain == 1.0 && wanted.iter().all(|&gain| gain == 1.0) {
            return;
        }
        for (i, step) in block.chunks_exact_mut(STEP).enumerate() {
            let released = self.gain + (1.0 - self.gain) * RELEASE;
            // The gain at the end of this step must suit this step and the next one.
            let ahead = wanted.get(i + 1).copied().unwrap_or(1.0);
            let to = released.min(wanted[i]).min(ahead);
            let slope = (to - self.gain) / STEP as f32;
            for (k, sample) in step.iter_mut().enumerate() {
                *sample = bend(*sample * (self.gain + slope * (k + 1) as f32));
            }
            self.gain = if to > 0.9999 { 1.0 } else { to };
        }
    }
}

/// The identity up to the knee, from there a curve that never reaches the ceiling and begins with the same slope.
fn bend(sample: f32) -> f32 {
    let size = sample.abs();
    if size <= KNEE {
        return sample;
    }
    let room = CEILING - KNEE;
    let over = (size - KNEE) / room;
    (KNEE + room * over / (1.0 + over)).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    #[test]
    fn nothing_leaves_above_minus_one_db() {
        let mut limiter = Limiter::default();
        for k in 0..50 {
            let loud = if k % 7 < 3 { 4.0 } else { 0.2 };
            let mut block: Block = std::array::from_fn(|i| loud * ((k * BLOCK + i) as f32 * 0.07).sin());
            block[(k * 31) % BLOCK] = 30.0;
            limiter.process(&mut block);
            assert!(Level::of(&block).peak_db <= -1.0, "block {k}: {}", Level::of(&block).peak_db);
        }
        let mut block = [f32::INFINITY; BLOCK];
        limiter.process(&mut block);
        assert!(Level::of(&block).peak_db <= -1.0);
    }

    #[test]
    fn sound_below_the_knee_passes_unchanged() {
        let block: Block = std::array::from_fn(|i| 0.7 * (i as f32 * 0.1).sin());
        let mut limited = block;
        Limiter::default().process(&mut limited);
        assert_eq!(limited, block);
    }

    #[test]
    fn a_loud_passage_stays_a_clean_wave() {
        let mut limiter = Limiter::default();
        let mut energy = (0.0, 0.0);
        for k in 0..100 {
            let wave: Block = std::array::from_fn(|i| ((k * BLOCK + i) as f32 * std::f32::consts::TAU / 96.0).sin());
            let mut block = wave.map(|x| 2.0 * x);
            limiter.process(&mut block);
            if k >= 10 {
                let gain = block.iter().zip(&wave).map(|(x, y)| x * y).sum::<f32>() / 240.0;
                energy.0 += gain * gain * 240.0;
                energy.1 += block.iter().zip(&wave).map(|(x, y)| (x - gain * y).powi(2)).sum::<f32>();
            }
        }
        assert!(energy.1 < 0.0003 * energy.0, "{energy:?}");
    }
}
