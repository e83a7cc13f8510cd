//! What the linear part leaves of the echo, taken out of the spectrum.
use super::kalman;
use crate::process::bands::{BAND, Bands};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{f32::consts::PI, sync::Arc};

/// New samples of a frame at 16 kHz: 5 ms.
const HOP: usize = BAND / 2;
const FFT: usize = 2 * HOP;
const BINS: usize = HOP + 1;
/// It delays all bands by so many samples at 16 kHz.
pub(crate) const DELAY: usize = HOP;
/// What a loudspeaker adds to the echo that no linear filter explains, as a share of the echo's power: at least and at
/// most (-30 to -5 dB).
const LEAST_DISTORTION: f32 = 0.001;
const MOST_DISTORTION: f32 = 0.3;
/// It is learnt in so many regions of the spectrum…
const REGIONS: usize = 9;
const REGION: usize = BINS / REGIONS;
/// …while the microphone hears little else, that is while no more than this share of the echo's power is left (-12 dB)…
const ALMOST_ALONE: f32 = 0.06;
/// …rising within about 1 s and falling within 0.25 s (shares per hop)…
const DISTORTION_RISE: f32 = 0.005;
const DISTORTION_FALL: f32 = 0.02;
/// …and as a mean is taken so many times, since half of the time it is more.
const DISTORTION_CAUTION: f32 = 2.0;
/// Below this power of the echo in a frame (int16 scale, about -60 dB) nothing is learnt of its distortion.
const AUDIBLE: f32 = 1000.0 * FFT as f32 * BINS as f32;
/// Gain at least: -40 dB.
const LEAST: f32 = 0.01;
/// Weight of the past in the spectrum of the microphone, per hop.
const SMOOTHING: f32 = 0.3;
/// When the expected residual is more than this share of all that is left, nobody speaks in the room, and all is ducked.
const ALONE: f32 = 0.9;
/// How fast that begins and ends, per hop.
const DUCKING: f32 = 0.5;
/// Bins of the band from 4 kHz on, which speaks for everything above 8 kHz.
const HIGH: usize = BINS / 2;
/// The noise estimate rises so much per hop (3 dB/s), and falls this fast.
const NOISE_RISE: f32 = 1.0035;
const NOISE_FALL: f32 = 0.1;

/// A Wiener filter against the residual echo, as large as the Kalman filter expects it to be, with noise of the room's
/// own level where it takes away.
pub(crate) struct Residual {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    scratch: Vec<Complex32>,
    window: [f32; FFT],
    error: [f32; FFT],
    echo: [f32; FFT],
    overlap: [f32; HOP],
    high: [[f32; HOP]; 2],
    high_gain: f32,
    spectrum: [f32; BINS],
    echo_spectrum: [f32; BINS],
    noise: [f32; BINS],
    distortion: [f32; REGIONS],
    uncertainty: [f32; BINS],
    time: [f32; FFT],
    error_bins: [Complex32; BINS],
    echo_bins: [Complex32; BINS],
    /// Gain of all bands while hardly anything but echo is heard.
    duck: f32,
    seed: u32,
}

impl Residual {
    pub(crate) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(FFT), planner.plan_fft_inverse(FFT));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let zero = Complex32::default();
        Self {
            forward,
            inverse,
            scratch: vec![zero; scratch],
            // Its square adds up to one at half overlap.
            window: std::array::from_fn(|i| (PI * (i as f32 + 0.5) / FFT as f32).sin()),
            error: [0.0; FFT],
            echo: [0.0; FFT],
            overlap: [0.0; HOP],
            high: [[0.0; HOP]; 2],
            high_gain: 1.0,
            spectrum: [0.0; BINS],
            echo_spectrum: [0.0; BINS],
            noise: [0.0; BINS],
            distortion: [LEAST_DISTORTION; REGIONS],
            uncertainty: [0.0; BINS],
            time: [0.0; FFT],
            error_bins: [zero; BINS],
            echo_bins: [zero; BINS],
            duck: 1.0,
            seed: 1,
        }
    }

    /// Filters 10 ms in place: band 0 is the microphone less the linear echo, the others are the microphone. `echo` is the
    /// linear echo, `uncertainty` the power of what is left of it (see [`kalman::Kalman::uncertainty`]).
    pub(crate) fn process(
        &mut self,
        bands: &mut Bands,
        echo: &[f32; BAND],
        uncertainty: &[f32; kalman::BINS],
        caution: f32,
    ) {
        let [low, high @ ..] = bands;
        for hop in 0..2 {
            let part = hop * HOP..(hop + 1) * HOP;
            self.error.copy_within(HOP.., 0);
            self.error[HOP..].copy_from_slice(&low[part.clone()]);
            self.echo.copy_within(HOP.., 0);
            self.echo[HOP..].copy_from_slice(&echo[part.clone()]);
            self.expect(uncertainty, hop == 0);
            let gain = self.hop(&mut low[part.clone()], caution);
            let slope = (gain - self.high_gain) / HOP as f32;
            for (band, line) in high.iter_mut().zip(&mut self.high) {
                for (i, (sample, late)) in band[part.clone()].iter_mut().zip(line).enumerate() {
                    std::mem::swap(sample, late);
                    *sample *= self.high_gain + slope * (i + 1) as f32;
                }
            }
            self.high_gain = gain;
        }
    }

    /// Brings the uncertainty to the bins and the scale of these frames. The first frame reaches into the block before.
    fn expect(&mut self, uncertainty: &[f32; kalman::BINS], both: bool) {
        for (bin, expected) in self.uncertainty.iter_mut().enumerate() {
            let at = |bin: usize| uncertainty.get(bin).copied().unwrap_or_default();
            let sides = if bin == 0 { at(1) } else { 0.5 * (at(2 * bin - 1) + at(2 * bin + 1)) };
            // The window holds half the power of a rectangular block of 10 ms.
            let now = 0.5 * (0.5 * at(2 * bin) + 0.5 * sides);
            *expected = if both { now.max(*expected) } else { now };
        }
    }

    /// How much of the echo is left when there is nothing else.
    fn learn_distortion(&mut self) {
        let power = |bins: &[Complex32]| bins.iter().map(Complex32::norm_sqr).sum::<f32>();
        let (error, echo) = (power(&self.error_bins), power(&self.echo_bins));
        if echo < AUDIBLE || error > ALMOST_ALONE * echo {
            return;
        }
        let regions = self.error_bins.chunks_exact(REGION).zip(self.echo_bins.chunks_exact(REGION));
        for ((error, echo), distortion) in regions.zip(&mut self.distortion) {
            let share = (power(error) / (power(echo) + 1.0)).clamp(LEAST_DISTORTION, MOST_DISTORTION);
            let speed = if share > *distortion { DISTORTION_RISE } else { DISTORTION_FALL };
            *distortion += speed * (share - *distortion);
        }
    }

    /// One frame; gives the gain for the bands above.
    fn hop(&mut self, out: &mut [f32], caution: f32) -> f32 {
        for (to, (x, w)) in self.time.iter_mut().zip(self.error.iter().zip(&self.window)) {
            *to = x * w;
        }
        let _ = self.forward.process_with_scratch(&mut self.time, &mut self.error_bins, &mut self.scratch);
        for (to, (x, w)) in self.time.iter_mut().zip(self.echo.iter().zip(&self.window)) {
            *to = x * w;
        }
        let _ = self.forward.process_with_scratch(&mut self.time, &mut self.echo_bins, &mut self.scratch);

        self.learn_distortion();
        let (mut kept, mut heard, mut whole) = (1.0, 1.0, (0.0, 1.0));
        for bin in 0..BINS {
            let (error, echo) = (self.error_bins[bin], self.echo_bins[bin]);
            let power = error.norm_sqr();
            let spectrum = &mut self.spectrum[bin];
            *spectrum += (1.0 - SMOOTHING) * (power - *spectrum);
            let echo_power = echo.norm_sqr();
            let smooth = &mut self.echo_spectrum[bin];
            *smooth = echo_power.max(*smooth + (1.0 - SMOOTHING) * (echo_power - *smooth));
            let noise = &mut self.noise[bin];
            *noise = if *spectrum < *noise {
                *noise + NOISE_FALL * (*spectrum - *noise)
            } else {
                (*noise + 1e-3) * NOISE_RISE
            };

            let left = caution * self.uncertainty[bin]
                + DISTORTION_CAUTION * self.distortion[(bin / REGION).min(REGIONS - 1)] * *smooth;
            whole.0 += left.min(*spectrum);
            whole.1 += *spectrum;
            let gain = ((1.0 - left / (*spectrum + 1e-6)) * self.duck).max(LEAST);
            let mut filtered = error * gain;
            if gain < 0.7 {
                filtered += comfort(&mut self.seed) * ((1.0 - gain * gain) * *noise).sqrt();
            }
            self.error_bins[bin] = filtered;
            if bin >= HIGH {
                kept += power * gain * gain;
                heard += (error + echo).norm_sqr();
            }
        }
        let share: f32 = whole.0 / whole.1;
        let duck = ((1.0 - share) / (1.0 - ALONE)).clamp(0.0, 1.0);
        self.duck += DUCKING * (duck - self.duck);
        self.error_bins[0].im = 0.0;
        self.error_bins[BINS - 1].im = 0.0;
        let _ = self.inverse.process_with_scratch(&mut self.error_bins, &mut self.time, &mut self.scratch);
        for (i, sample) in out.iter_mut().enumerate() {
            *sample = self.overlap[i] + self.time[i] * self.window[i] / FFT as f32;
            self.overlap[i] = self.time[HOP + i] * self.window[HOP + i] / FFT as f32;
        }
        (kept / heard).sqrt().min(1.0)
    }
}

/// A number of size one and any phase.
fn comfort(seed: &mut u32) -> Complex32 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    let angle = *seed as f32 / u32::MAX as f32 * 2.0 * PI;
    Complex32::new(angle.cos(), angle.sin())
}
