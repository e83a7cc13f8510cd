use crate::{BLOCK, Block};

/// How far back it reaches, samples: 1 s.
const REACH: usize = 48_000;
/// Points of the interpolation.
const POINTS: usize = 6;

/// What was played, delayed by a time that may change slowly: by the longest part of the way to the microphone, and by the
/// difference of the two clocks.
pub(crate) struct Reference {
    ring: Vec<f32>,
    /// Where the next block goes.
    write: usize,
    /// Samples from the newest one back to the last one given out.
    delay: f64,
    /// Growth of the delay, samples per sample.
    drift: f64,
}

impl Reference {
    pub(crate) fn new() -> Self {
        Self { ring: vec![0.0; REACH], write: 0, delay: 0.0, drift: 0.0 }
    }

    pub(crate) fn push(&mut self, block: &Block) {
        for sample in block {
            self.ring[self.write] = *sample;
            self.write = (self.write + 1) % REACH;
        }
    }

    /// The next block, delayed.
    pub(crate) fn pull(&mut self, out: &mut Block) {
        let most = (REACH - BLOCK - 2 * POINTS) as f64;
        let from = self.delay.clamp(0.0, most);
        let to = (from + self.drift * BLOCK as f64).clamp(0.0, most);
        self.delay = to;
        if from == to && from.fract() == 0.0 {
            let start = self.write + 2 * REACH - BLOCK - from as usize;
            for (i, sample) in out.iter_mut().enumerate() {
                *sample = self.ring[(start + i) % REACH];
            }
            return;
        }
        let step = (to - from) / BLOCK as f64;
        for (i, sample) in out.iter_mut().enumerate() {
            let back = (BLOCK - 1 - i) as f64 + from + step * (i + 1) as f64;
            *sample = self.at(back);
        }
    }

    /// The delay now, samples.
    pub(crate) fn delay(&self) -> f64 {
        self.delay
    }

    /// Jumps to another delay.
    pub(crate) fn set_delay(&mut self, samples: usize) {
        self.delay = samples as f64;
    }

    /// How much faster the reference's clock is than the microphone's, as a fraction.
    pub(crate) fn drift(&self) -> f64 {
        self.drift
    }

    pub(crate) fn set_drift(&mut self, drift: f64) {
        self.drift = drift;
    }

    /// The sound `back` samples before the newest sample, by Lagrange's polynomial through six points.
    fn at(&self, back: f64) -> f32 {
        let whole = back.floor();
        let t = (back - whole) as f32;
        // Points lie at -2..=3 samples further back than `whole`; the newest two do not exist yet for a delay of 0.
        let newest = self.write + 2 * REACH - 1;
        let mut sum = 0.0;
        for k in 0..POINTS {
            let x = k as f32 - 2.0;
            let mut weight = 1.0;
            for j in 0..POINTS {
                if j != k {
                    let other = j as f32 - 2.0;
                    weight *= (t - other) / (x - other);
                }
            }
            let back = (whole as usize + k).saturating_sub(2);
            sum += weight * self.ring[(newest - back) % REACH];
        }
        sum
    }
}
