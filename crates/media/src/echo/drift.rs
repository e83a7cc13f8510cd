use super::kalman::{BINS, Kalman};
use crate::process::bands::BAND;
use realfft::num_complex::Complex32;
use std::f32::consts::TAU;

/// The early part of the filter is compared with itself so many blocks of active reference before: 0.2 s.
const SPAN: u32 = 20;
/// 10 ms partitions of the early part.
const EARLY: usize = 4;
/// How much of a measured drift is believed at once.
const BELIEF: f64 = 0.25;
/// The phases agree with a delay when the two filters are alike by this much.
const ALIKE: f32 = 0.5;
/// No pair of sound cards is further apart.
const MOST: f64 = 0.000_6;
/// Only up to this bin (4 kHz): above, the filter may not follow a drift.
const HIGHEST: usize = 80;

/// Measures how the echo's delay changes by how the phases of the adaptive filter turn.
pub(crate) struct Drift {
    before: Vec<Complex32>,
    blocks: u32,
}

impl Drift {
    pub(crate) fn new() -> Self {
        Self { before: vec![Complex32::default(); EARLY * BINS], blocks: 0 }
    }

    /// The filter or the delay of its reference was set anew.
    pub(crate) fn restart(&mut self) {
        self.before.fill(Complex32::default());
        self.blocks = 0;
    }

    /// After a block in which the filter learnt: a better drift than the one in use, if it is time for one.
    pub(crate) fn refine(&mut self, filter: &mut Kalman, drift: f64) -> Option<f64> {
        self.blocks += 1;
        if self.blocks < SPAN {
            return None;
        }
        self.blocks = 0;
        let weights = filter.weights(EARLY);
        let (mut slope, mut weight, mut alike, mut sizes) = (0.0, 0.0, 0.0, (0.0, 0.0));
        for bin in 1..HIGHEST {
            let mut turn = Complex32::default();
            for partition in 0..EARLY {
                let (now, before) = (weights[partition * BINS + bin], self.before[partition * BINS + bin]);
                turn += now * before.conj();
                sizes.0 += now.norm_sqr();
                sizes.1 += before.norm_sqr();
            }
            let size = turn.norm_sqr().sqrt();
            slope += size * bin as f32 * turn.im.atan2(turn.re);
            weight += size * (bin * bin) as f32;
            alike += size;
        }
        self.before.copy_from_slice(weights);
        if alike < ALIKE * (sizes.0 * sizes.1).sqrt() || weight <= 0.0 {
            return None;
        }
        // A delay of t samples turns bin k by -2π k t / FFT.
        let delay = -slope / weight * (2 * BAND) as f32 / TAU;
        filter.shifted(delay);
        let measured = f64::from(delay) / f64::from(SPAN * BAND as u32);
        Some((drift + BELIEF * measured).clamp(-MOST, MOST))
    }
}
