//! The linear part of the canceller: an adaptive filter that knows how far it can be trusted.
use crate::process::bands::BAND;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{f32::consts::TAU, sync::Arc};

const FFT: usize = 2 * BAND;
/// Bins of its spectra, 50 Hz apart.
pub(crate) const BINS: usize = BAND + 1;
/// Partitions of 10 ms: the reach of the filter.
const PARTITIONS: usize = 16;
/// How much of the echo path outlives 10 ms. The smaller, the sooner the filter follows a change, and the more a voice in
/// the room disturbs it.
const MEMORY: f32 = 0.9998;
/// Expected power of the echo path in the first 10 ms before anything is known (-10 dB)…
const PRIOR: f32 = 0.1;
/// …and how much less of it each further 10 ms has (2 dB): rooms die away.
const PRIOR_DECAY: f32 = 0.63;
/// What is left of the echo is taken for so many times the filter's own uncertainty: it knows nothing of what it does not
/// model…
const CAUTION: f32 = 1.0;
/// …and at first believes too soon that it knows the path: for this many times more, fading away while it learns, with
/// this time constant.
const EAGER: f32 = 36.0;
const EAGER_S: f32 = 2.0;
const BLOCK_S: f32 = 0.01;
/// Smoothing of the power of everything that is no echo.
const NOISE_MEMORY: f32 = 0.7;
/// Below this mean power of the reference (int16 scale, about -60 dB) nothing can be learnt.
const ACTIVE: f32 = 1000.0;

/// Frequency-domain Kalman filter in partitioned blocks (Enzner and Vary, "Frequency-domain adaptive Kalman filter for
/// acoustic echo control in hands-free telephones", 2006; Kuech, Mabande and Enzner, "State-space architecture of the
/// partitioned-block-based acoustic echo controller", 2014). It treats a voice in the room as observation noise and weighs
/// it against its own uncertainty, so it needs no detector of double talk. Works on the band below 8 kHz; without a delay.
pub(crate) struct Kalman {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    scratch: Vec<Complex32>,
    /// Spectra of the reference, a ring of partitions.
    reference: Vec<Complex32>,
    newest: usize,
    weights: Vec<Complex32>,
    /// Variance of each weight's error.
    error: Vec<f32>,
    /// Power of what is no echo.
    noise: [f32; BINS],
    uncertainty: [f32; BINS],
    /// It learnt for so long, s.
    learnt_s: f32,
    before: [f32; BAND],
    time: [f32; FFT],
    bins: [Complex32; BINS],
    residual: [Complex32; BINS],
}

impl Kalman {
    pub(crate) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(FFT), planner.plan_fft_inverse(FFT));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let zero = Complex32::default();
        let mut kalman = Self {
            forward,
            inverse,
            scratch: vec![zero; scratch],
            reference: vec![zero; PARTITIONS * BINS],
            newest: 0,
            weights: vec![zero; PARTITIONS * BINS],
            error: vec![0.0; PARTITIONS * BINS],
            noise: [1.0; BINS],
            uncertainty: [0.0; BINS],
            learnt_s: 0.0,
            before: [0.0; BAND],
            time: [0.0; FFT],
            bins: [zero; BINS],
            residual: [zero; BINS],
        };
        kalman.forget();
        kalman
    }

    /// Starts to learn anew, knowing nothing of the path.
    pub(crate) fn forget(&mut self) {
        self.weights.fill(Complex32::default());
        self.doubt();
    }

    /// The path changed: what was learnt is kept but no longer trusted.
    pub(crate) fn doubt(&mut self) {
        self.learnt_s = 0.0;
        let mut prior = PRIOR;
        for row in self.error.chunks_exact_mut(BINS) {
            row.fill(prior);
            prior *= PRIOR_DECAY;
        }
    }

    /// The path was seen to move by so many samples: what was learnt is off by the phase this makes at each frequency.
    pub(crate) fn shifted(&mut self, samples: f32) {
        for (weights, errors) in self.weights.chunks_exact(BINS).zip(self.error.chunks_exact_mut(BINS)) {
            for (bin, (weight, error)) in weights.iter().zip(errors).enumerate() {
                let phase = TAU * bin as f32 * samples / FFT as f32;
                *error += weight.norm_sqr() * (phase * phase).min(1.0);
            }
        }
    }

    /// Takes the echo out of `capture`, and gives the echo in `echo`. Learns unless told not to.
    pub(crate) fn process(
        &mut self,
        reference: &[f32; BAND],
        capture: &mut [f32; BAND],
        echo: &mut [f32; BAND],
        learn: bool,
    ) {
        self.push(reference);
        self.predict(echo);
        for (sample, echo) in capture.iter_mut().zip(echo.iter()) {
            *sample -= echo;
        }
        self.time[..BAND].fill(0.0);
        self.time[BAND..].copy_from_slice(capture);
        let _ = self.forward.process_with_scratch(&mut self.time, &mut self.residual, &mut self.scratch);
        let power = self.observe();
        if learn && power > ACTIVE * FFT as f32 {
            self.learnt_s += BLOCK_S;
            self.update();
        }
    }

    /// Expected power of the echo that is left, per bin, of a rectangular block of 10 ms.
    pub(crate) fn uncertainty(&self) -> &[f32; BINS] {
        &self.uncertainty
    }

    /// How many times its uncertainty should be taken for what is left of the echo.
    pub(crate) fn caution(&self) -> f32 {
        CAUTION + EAGER * (-self.learnt_s / EAGER_S).exp()
    }

    /// The filter of the first partitions, for [`super::drift`].
    pub(crate) fn weights(&self, partitions: usize) -> &[Complex32] {
        self.weights.get(..partitions * BINS).unwrap_or_default()
    }

    fn push(&mut self, reference: &[f32; BAND]) {
        self.newest = (self.newest + PARTITIONS - 1) % PARTITIONS;
        self.time[..BAND].copy_from_slice(&self.before);
        self.time[BAND..].copy_from_slice(reference);
        self.before = *reference;
        let row = &mut self.reference[self.newest * BINS..][..BINS];
        let _ = self.forward.process_with_scratch(&mut self.time, row, &mut self.scratch);
    }

    fn predict(&mut self, echo: &mut [f32; BAND]) {
        self.bins.fill(Complex32::default());
        for (partition, weights) in self.weights.chunks_exact(BINS).enumerate() {
            let row = (self.newest + partition) % PARTITIONS * BINS;
            for ((sum, x), w) in self.bins.iter_mut().zip(&self.reference[row..row + BINS]).zip(weights) {
                *sum += x * w;
            }
        }
        self.bins[0].im = 0.0;
        self.bins[BINS - 1].im = 0.0;
        let _ = self.inverse.process_with_scratch(&mut self.bins, &mut self.time, &mut self.scratch);
        for (echo, sample) in echo.iter_mut().zip(&self.time[BAND..]) {
            *echo = sample / FFT as f32;
        }
    }

    /// Updates the powers; gives the mean power of the reference.
    fn observe(&mut self) -> f32 {
        self.uncertainty.fill(0.0);
        let mut power = 0.0;
        for (partition, error) in self.error.chunks_exact(BINS).enumerate() {
            let row = (self.newest + partition) % PARTITIONS * BINS;
            for ((sum, x), error) in self.uncertainty.iter_mut().zip(&self.reference[row..row + BINS]).zip(error) {
                let x2 = x.norm_sqr();
                power += x2;
                *sum += 0.5 * error * x2;
            }
        }
        for (noise, residual) in self.noise.iter_mut().zip(&self.residual) {
            *noise += (1.0 - NOISE_MEMORY) * (residual.norm_sqr() - *noise);
        }
        power / (PARTITIONS * BINS) as f32
    }

    fn update(&mut self) {
        let drift = 1.0 - MEMORY * MEMORY;
        let rows = self.weights.chunks_exact_mut(BINS).zip(self.error.chunks_exact_mut(BINS));
        for (partition, (weights, errors)) in rows.enumerate() {
            let row = (self.newest + partition) % PARTITIONS * BINS;
            let reference = &self.reference[row..row + BINS];
            for (bin, x) in reference.iter().enumerate() {
                let gain = errors[bin] / (self.uncertainty[bin] + self.noise[bin] + 1.0);
                self.bins[bin] = x.conj() * self.residual[bin] * gain;
                errors[bin] = MEMORY * MEMORY * (1.0 - 0.5 * gain * x.norm_sqr()).max(0.0) * errors[bin]
                    + drift * weights[bin].norm_sqr();
            }
            // The filter of a partition is 10 ms long: its second half must stay zero.
            self.bins[0].im = 0.0;
            self.bins[BINS - 1].im = 0.0;
            let _ = self.inverse.process_with_scratch(&mut self.bins, &mut self.time, &mut self.scratch);
            self.time[BAND..].fill(0.0);
            let _ = self.forward.process_with_scratch(&mut self.time, &mut self.bins, &mut self.scratch);
            for (weight, step) in weights.iter_mut().zip(&self.bins) {
                *weight = (*weight + step / FFT as f32) * MEMORY;
            }
        }
    }
}
