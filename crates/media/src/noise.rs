//! Comfort noise: the background between the words, as loud and as dark as it was measured (the idea of RFC 3389).

use crate::{BLOCK, Block};

/// Points of the filter that shapes it.
const ORDER: usize = 10;
/// Loudest comfort noise, root mean square: -40 dB.
const LOUDEST: f32 = 0.01;
/// A block up to so many times louder than the background belongs to it.
const BACKGROUND: f32 = 2.0;
/// How fast the background may rise, per block: 3 dB a second.
const RISE: f32 = 1.003_46;
/// How fast it follows what belongs to it, per block.
const FOLLOW: f32 = 0.05;

/// Measures the background and makes more of it.
pub(crate) struct Noise {
    /// Root mean square of the background.
    level: f32,
    /// Of background blocks, averaged, relative to the first.
    autocorrelation: [f32; ORDER + 1],
    window: Box<Block>,
    /// Linear prediction of the background, and the gain from white noise to it.
    predictor: [f32; ORDER],
    gain: f32,
    memory: [f32; ORDER],
    random: u32,
    stale: bool,
}

impl Noise {
    pub(crate) fn new() -> Self {
        let hann = |at: usize| 0.5 - 0.5 * (std::f32::consts::TAU * (at as f32 + 0.5) / BLOCK as f32).cos();
        Self {
            level: LOUDEST / 4.0,
            autocorrelation: [0.0; ORDER + 1],
            window: Box::new(std::array::from_fn(hann)),
            predictor: [0.0; ORDER],
            gain: 0.0,
            memory: [0.0; ORDER],
            random: 0x9e37_79b9,
            stale: true,
        }
    }

    /// Loudness of the background, root mean square.
    pub(crate) fn level(&self) -> f32 {
        self.level
    }

    /// Listens to a block that was played. `background`: the sender says that it is nothing else.
    pub(crate) fn learn(&mut self, block: &Block, background: bool) {
        let loudness = crate::stretch::loudness(block);
        if background || loudness < self.level * BACKGROUND {
            // Down quickly: what is quieter than the background is the background.
            let follow = if background || loudness < self.level { 4.0 * FOLLOW } else { FOLLOW };
            self.level += (loudness - self.level) * follow;
            self.shape(block);
        } else {
            self.level *= RISE;
        }
        self.level = self.level.clamp(1e-5, LOUDEST);
    }

    /// The next sample.
    pub(crate) fn next(&mut self) -> f32 {
        if self.stale {
            self.stale = false;
            self.fit();
        }
        // Xorshift (Marsaglia, 2003); uniform in ±√3 has a power of one.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        let white = (self.random as f32 / u32::MAX as f32 * 2.0 - 1.0) * 3.0_f32.sqrt();
        let past: f32 = self.memory.iter().zip(&self.predictor).map(|(sample, factor)| sample * factor).sum();
        let shaped = white * self.gain + past;
        self.memory.rotate_right(1);
        self.memory[0] = shaped;
        (shaped * self.level).clamp(-5.0 * self.level, 5.0 * self.level)
    }

    fn shape(&mut self, block: &Block) {
        let mut windowed = *block;
        windowed.iter_mut().zip(self.window.iter()).for_each(|(sample, window)| *sample *= window);
        let power: f32 = windowed.iter().map(|sample| sample * sample).sum();
        if power < 1e-12 {
            return;
        }
        for (lag, mean) in self.autocorrelation.iter_mut().enumerate() {
            let product: f32 = windowed[lag..].iter().zip(&windowed).map(|(a, b)| a * b).sum();
            *mean += (product / power - *mean) * FOLLOW;
        }
        self.stale = true;
    }

    /// Levinson's recursion; the gain makes the noise as loud as one.
    fn fit(&mut self) {
        self.predictor = [0.0; ORDER];
        self.gain = 1.0;
        let [power, rest @ ..] = &self.autocorrelation;
        if *power < 1e-3 {
            return;
        }
        // A little white noise keeps the filter stable.
        let start = power * 1.001;
        let mut error = start;
        for order in 0..ORDER {
            let predicted: f32 = (0..order).map(|at| self.predictor[at] * rest[order - 1 - at]).sum();
            let reflection = (rest[order] - predicted) / error;
            if reflection.abs() >= 1.0 {
                break;
            }
            let before = self.predictor;
            self.predictor[order] = reflection;
            for at in 0..order {
                self.predictor[at] = before[at] - reflection * before[order - 1 - at];
            }
            error *= 1.0 - reflection * reflection;
        }
        self.gain = (error / start).sqrt();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stretch::loudness;

    /// Dark noise of the given loudness.
    fn dark(noise: &mut u32, loudness: f32) -> Block {
        let mut last = 0.0;
        std::array::from_fn(|_| {
            *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            last = 0.9 * last + (*noise as f32 / u32::MAX as f32 - 0.5) * loudness * 1.51;
            last
        })
    }

    fn made(noise: &mut Noise) -> Vec<f32> {
        (0..9_600).map(|_| noise.next()).collect()
    }

    #[test]
    fn it_is_as_loud_and_as_dark_as_the_background() {
        let (mut noise, mut state) = (Noise::new(), 1);
        for at in 0..300 {
            // Words now and then are not background.
            let loud = if at % 3 == 0 { 0.1 } else { 0.004 };
            noise.learn(&dark(&mut state, loud), false);
        }
        let made = made(&mut noise);
        let ratio = loudness(&made) / 0.004;
        assert!((0.6..1.6).contains(&ratio), "{ratio}");
        let next: f32 = made.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let power: f32 = made.iter().map(|sample| sample * sample).sum();
        assert!(next / power > 0.75, "{}", next / power);
    }

    #[test]
    fn it_is_never_loud_whatever_it_hears() {
        let mut noise = Noise::new();
        for block in [[1.0; BLOCK], [-1.0; BLOCK], [0.0; BLOCK]] {
            for _ in 0..200 {
                noise.learn(&block, true);
                noise.learn(&block, false);
            }
            let made = made(&mut noise);
            assert!(made.iter().all(|sample| sample.abs() <= 5.0 * LOUDEST), "{:?}", block[0]);
        }
        assert!(loudness(&made(&mut noise)) < 1e-4, "silence stays silence");
    }
}
