//! Any rate to any other while the clocks drift: a windowed sinc whose ratio follows what [`adjust`](Resampler::adjust)
//! says.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Adjustable, Async, FixedAsync, Resampler as _, Resizable, SincInterpolationParameters, WindowFunction};

/// Samples that are handed to the filter at once, at most.
const CHUNK: usize = 480;
/// How far the ratio may be adjusted, in both directions: far more than any clock is off.
const REACH: f64 = 1.01;
/// Rates that sound devices have, Hz.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=768_000;

/// The two rates do not make a resampler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot resample from {from_hz} Hz to {to_hz} Hz")]
pub struct ResampleError {
    from_hz: u32,
    to_hz: u32,
}

/// Converts one channel from one rate to another. Takes any number of samples at a time, gives all that can be known of
/// them at once, and delays by at most 1 ms. Does not allocate after its construction.
pub struct Resampler {
    filter: Async<f32>,
    out: Box<[f32]>,
}

impl Resampler {
    /// From one rate to another, Hz. Equal rates are fine: it then only follows [`adjust`](Self::adjust).
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, ResampleError> {
        let error = ResampleError { from_hz, to_hz };
        if !RATES.contains(&from_hz) || !RATES.contains(&to_hz) {
            return Err(error);
        }
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        // Half the filter is its delay: 1 ms at most. Going down it needs more points for the same steepness.
        let most = if to_hz < from_hz { 96 } else { 64 };
        let points = (from_hz as usize / 500 / 8 * 8).clamp(8, most);
        let shape = SincInterpolationParameters::new(points, WindowFunction::BlackmanHarris);
        let filter = Async::new_sinc(ratio, REACH, &shape, CHUNK, 1, FixedAsync::Input).map_err(|_| error)?;
        let out = vec![0.0; filter.output_frames_max()].into_boxed_slice();
        Ok(Self { filter, out })
    }

    /// Makes `ratio` times as many samples as the rates alone ask for (1.0 ± 0.01; a value outside is brought to the
    /// nearest end). Takes effect over the next samples, without a click.
    pub fn adjust(&mut self, ratio: f64) {
        if ratio.is_finite() {
            let ratio = ratio.clamp(1.0 / REACH, REACH);
            // Cannot fail: within the reach that the filter was made with.
            let _ = self.filter.set_resample_ratio_relative(ratio, true);
        }
    }

    /// Takes `input` and hands what comes of it to `output`, in pieces, in order.
    pub fn push(&mut self, input: &[f32], output: &mut impl FnMut(&[f32])) {
        for chunk in input.chunks(CHUNK) {
            if let Some(made) = self.convert(chunk) {
                output(&self.out[..made]);
            }
        }
    }

    fn convert(&mut self, chunk: &[f32]) -> Option<usize> {
        self.filter.set_chunk_size(chunk.len()).ok()?;
        let room = self.out.len();
        let input = InterleavedSlice::new(chunk, 1, chunk.len()).ok()?;
        let mut output = InterleavedSlice::new_mut(&mut self.out, 1, room).ok()?;
        let (_, made) = self.filter.process_into_buffer(&input, &mut output, None).ok()?;
        Some(made)
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("ratio", &self.filter.resample_ratio()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};
    use std::f64::consts::TAU;

    fn tone(hz: f64, rate: u32, samples: usize) -> Vec<f32> {
        (0..samples).map(|i| (0.5 * (TAU * hz * i as f64 / f64::from(rate)).sin()) as f32).collect()
    }

    /// Level of the tone and of all else, dB, relative to a sine of 0.5.
    fn tone_and_rest(sound: &[f32], hz: f64) -> (f64, f64) {
        // A Hann window, so that the edges do not count as noise.
        let n = sound.len() as f64;
        let (mut sin, mut cos) = (0.0, 0.0);
        for (i, &sample) in sound.iter().enumerate() {
            let phase = TAU * hz * i as f64 / 48_000.0;
            sin += f64::from(sample) * phase.sin() * 2.0 / n;
            cos += f64::from(sample) * phase.cos() * 2.0 / n;
        }
        let rest: f64 = sound
            .iter()
            .enumerate()
            .map(|(i, &sample)| {
                let phase = TAU * hz * i as f64 / 48_000.0;
                (f64::from(sample) - sin * phase.sin() - cos * phase.cos()).powi(2)
            })
            .sum();
        (10.0 * ((sin * sin + cos * cos) / 0.25).log10(), 10.0 * (rest / n / 0.125 + 1e-20).log10())
    }

    fn run(resampler: &mut Resampler, sound: &[f32], mut pieces: impl FnMut() -> usize) -> Vec<f32> {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < sound.len() {
            let end = (at + pieces()).min(sound.len());
            resampler.push(&sound[at..end], &mut |made| out.extend_from_slice(made));
            at = end;
        }
        out
    }

    #[test]
    fn tones_pass_clean_at_every_rate() {
        for (from, limit) in [(48_000, 15_000.0), (44_100, 15_000.0), (96_000, 15_000.0), (16_000, 5_000.0)] {
            for hz in [300.0, 3_000.0, limit] {
                let mut resampler = Resampler::new(from, 48_000).unwrap();
                let out = run(&mut resampler, &tone(hz, from, from as usize), || 480);
                let (level, rest) = tone_and_rest(&out[4_800..43_200], hz);
                assert!(level.abs() < 1.0, "{from} Hz, {hz} Hz: {level} dB");
                assert!(rest < -60.0, "{from} Hz, {hz} Hz: noise {rest} dB");
            }
        }
    }

    #[test]
    fn pieces_of_any_length_give_the_same_sound() {
        let sound = tone(1_000.0, 44_100, 20_000);
        let whole = run(&mut Resampler::new(44_100, 48_000).unwrap(), &sound, || 480);
        let seed = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        let torn = run(&mut Resampler::new(44_100, 48_000).unwrap(), &sound, || random.random_range(1..2_000));
        assert!(whole.len().abs_diff(torn.len()) <= 1, "seed {seed}");
        for (at, (a, b)) in whole.iter().zip(&torn).enumerate() {
            assert!((a - b).abs() < 1e-4, "seed {seed}, sample {at}: {a} {b}");
        }
    }

    #[test]
    fn it_delays_by_a_millisecond_at_most() {
        for (from, to) in [(48_000, 48_000), (44_100, 48_000), (48_000, 44_100), (48_000, 16_000), (16_000, 48_000)] {
            let mut resampler = Resampler::new(from, to).unwrap();
            let mut sound = vec![0.0; from as usize / 10];
            sound[from as usize / 20] = 1.0;
            let out = run(&mut resampler, &sound, || 480);
            let peak = (0..out.len()).max_by(|&a, &b| out[a].total_cmp(&out[b])).unwrap();
            let delay = peak as f64 / f64::from(to) - 0.05;
            assert!((-0.0001..0.0011).contains(&delay), "{from} to {to}: {delay} s");
            // Nothing is held back, either.
            assert!(out.len() + 100 > to as usize / 10, "{from} to {to}: {}", out.len());
        }
    }

    #[test]
    fn an_adjusted_ratio_makes_more_or_fewer_samples() {
        for ppm in [-500.0, 0.0, 200.0, 500.0] {
            let mut resampler = Resampler::new(48_000, 48_000).unwrap();
            resampler.adjust(1.0 + ppm / 1e6);
            let out = run(&mut resampler, &tone(1_000.0, 48_000, 480_000), || 480);
            let more = out.len() as f64 / 480_000.0 * 1e6 - 1e6;
            assert!((more - ppm).abs() < 150.0, "{ppm}: {more}");
        }
    }

    #[test]
    fn adjusting_all_the_time_makes_no_click() {
        let mut resampler = Resampler::new(48_000, 48_000).unwrap();
        let sound = tone(400.0, 48_000, 48_000);
        let mut out: Vec<f32> = Vec::new();
        for (at, piece) in sound.chunks(480).enumerate() {
            resampler.adjust(if at % 2 == 0 { 1.000_5 } else { 0.999_5 });
            resampler.push(piece, &mut |made| out.extend_from_slice(made));
        }
        let steepest = out[100..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.5 * 400.0 * std::f32::consts::TAU / 48_000.0 * 1.02, "{steepest}");
    }

    #[test]
    fn rates_that_no_device_has_are_refused() {
        for (from, to) in [(0, 48_000), (48_000, 0), (1, 1), (u32::MAX, 48_000)] {
            assert!(Resampler::new(from, to).is_err());
        }
        Resampler::new(48_000, 48_000).unwrap().adjust(f64::NAN);
    }
}
