//! Uncompressed sound: 44.1 kHz, 16-bit, mono, in chunks of 1024 samples. A chunk travels as three runs, since it is
//! longer than a packet may be.

use crate::{BLOCK, Block, Codec, CodecError, RATE};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters, WindowFunction};

/// Samples of a chunk.
pub(crate) const CHUNK: usize = 1024;
/// Samples of the runs of a chunk: as equal as can be.
pub(crate) const RUNS: [usize; 3] = [342, 341, 341];
/// Taps of the resampling filter: a delay of 1.3 ms.
const TAPS: usize = 128;

/// Makes chunks of blocks. Allocates only when it is made.
pub(crate) struct Chunks {
    resampler: Async<f32>,
    /// What the resampler gave last.
    resampled: Vec<f32>,
    /// Of `resampled`, samples taken and samples there are.
    taken: usize,
    given: usize,
    chunk: [i16; CHUNK],
    filled: usize,
    /// Of the chunk's first sample.
    timestamp: u32,
    run: [u8; 2 * RUNS[0]],
}

impl Chunks {
    pub(crate) fn new() -> Result<Self, CodecError> {
        let filter = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2);
        let ratio = f64::from(Codec::Pcm.clock()) / f64::from(RATE);
        let resampler = Async::new_sinc(ratio, 1.0, &filter, BLOCK, 1, FixedAsync::Input);
        let resampler = resampler.map_err(|_| CodecError::Resampler)?;
        let resampled = vec![0.0; resampler.output_frames_max()];
        Ok(Self {
            resampler,
            resampled,
            taken: 0,
            given: 0,
            chunk: [0; CHUNK],
            filled: 0,
            timestamp: 0,
            run: [0; 2 * RUNS[0]],
        })
    }

    /// Forgets the sound before; the next sample has this timestamp.
    pub(crate) fn restart(&mut self, timestamp: u32) {
        self.resampler.reset();
        (self.taken, self.given, self.filled) = (0, 0, 0);
        self.timestamp = timestamp;
    }

    /// Takes a block. Then [`Self::full`] says whether there is a chunk.
    pub(crate) fn push(&mut self, block: &Block) {
        let frames = self.resampled.len();
        (self.taken, self.given) = (0, 0);
        if let (Ok(from), Ok(mut to)) =
            (InterleavedSlice::new(&block[..], 1, BLOCK), InterleavedSlice::new_mut(&mut self.resampled, 1, frames))
            && let Ok((_, given)) = self.resampler.process_into_buffer(&from, &mut to, None)
        {
            self.given = given;
        }
        self.fill();
    }

    /// Whether a whole chunk waits to be taken.
    pub(crate) fn full(&self) -> bool {
        self.filled == CHUNK
    }

    /// Takes the chunk as runs of big-endian samples, each with the timestamp of its first one, and begins the next. A
    /// chunk that is not full yet is taken as it is.
    pub(crate) fn take(&mut self, mut each: impl FnMut(u32, &[u8])) {
        let mut from = 0;
        for len in RUNS {
            let samples = &self.chunk[from..(from + len).min(self.filled)];
            for (bytes, sample) in self.run.chunks_exact_mut(2).zip(samples) {
                bytes.copy_from_slice(&sample.to_be_bytes());
            }
            if samples.is_empty() {
                break;
            }
            each(self.timestamp.wrapping_add(from as u32), &self.run[..2 * samples.len()]);
            from += samples.len();
            if from == self.filled {
                break;
            }
        }
        self.skip();
    }

    /// Drops the chunk, and begins the next.
    pub(crate) fn skip(&mut self) {
        self.timestamp = self.timestamp.wrapping_add(self.filled as u32);
        self.filled = 0;
        self.fill();
    }

    fn fill(&mut self) {
        let count = (CHUNK - self.filled).min(self.given - self.taken);
        let samples = &self.resampled[self.taken..self.taken + count];
        for (to, sample) in self.chunk[self.filled..].iter_mut().zip(samples) {
            // Saturates; what is no number becomes silence.
            *to = (sample * 32_768.0).round() as i16;
        }
        self.taken += count;
        self.filled += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(at: usize, rate: f64) -> f32 {
        (std::f64::consts::TAU * 1000.0 * at as f64 / rate).sin() as f32 * 0.5
    }

    fn blocks(count: usize) -> impl Iterator<Item = Block> {
        (0..count).map(|n| std::array::from_fn(|i| tone(n * BLOCK + i, 48_000.0)))
    }

    fn runs(count: usize) -> Vec<(u32, Vec<i16>)> {
        let mut chunks = Chunks::new().unwrap();
        chunks.restart(u32::MAX - 5000);
        let mut runs = Vec::new();
        for block in blocks(count) {
            chunks.push(&block);
            while chunks.full() {
                chunks.take(|timestamp, run| {
                    let samples = run.chunks_exact(2).map(|b| i16::from_be_bytes([b[0], b[1]])).collect();
                    runs.push((timestamp, samples));
                });
            }
        }
        runs
    }

    #[test]
    fn runs_follow_each_other_without_a_gap_across_the_wrap() {
        let runs = runs(100);
        assert!(runs.len() >= 3 * (100 * 441 / CHUNK - 1));
        let mut next = u32::MAX - 5000;
        for (n, (timestamp, samples)) in runs.iter().enumerate() {
            assert_eq!(*timestamp, next);
            assert_eq!(samples.len(), RUNS[n % 3]);
            next = next.wrapping_add(samples.len() as u32);
        }
    }

    #[test]
    fn a_tone_stays_itself() {
        let heard: Vec<f64> = runs(100).into_iter().flat_map(|(_, samples)| samples).map(f64::from).collect();
        let heard = &heard[4410..35_280];
        let (mut sine, mut cosine) = (0.0, 0.0);
        let phase = |at: usize| std::f64::consts::TAU * 1000.0 * at as f64 / 44_100.0;
        for (at, sample) in heard.iter().enumerate() {
            sine += sample * phase(at).sin() * 2.0 / heard.len() as f64;
            cosine += sample * phase(at).cos() * 2.0 / heard.len() as f64;
        }
        let level = sine.hypot(cosine);
        let error: f64 = heard
            .iter()
            .enumerate()
            .map(|(at, sample)| (sample - sine * phase(at).sin() - cosine * phase(at).cos()).powi(2))
            .sum();
        let snr = 10.0 * (level * level / 2.0 / (error / heard.len() as f64)).log10();
        assert!((level - 16_384.0).abs() < 20.0, "level {level}");
        assert!(snr > 85.0, "{snr} dB");
    }

    #[test]
    fn a_chunk_that_is_not_full_can_be_taken() {
        let mut chunks = Chunks::new().unwrap();
        chunks.restart(7);
        for block in blocks(2) {
            chunks.push(&block);
        }
        assert!(!chunks.full());
        let mut end = 7;
        chunks.take(|timestamp, run| {
            assert_eq!(timestamp, end);
            end += run.len() as u32 / 2;
        });
        assert!((870..=882).contains(&(end - 7)), "{end}");
        let mut more = 0;
        chunks.take(|_, _| more += 1);
        assert_eq!(more, 0);
    }

    #[test]
    fn too_loud_and_no_number_are_safe() {
        let mut chunks = Chunks::new().unwrap();
        for sample in [9.0, -9.0, f32::NAN, f32::INFINITY] {
            for _ in 0..5 {
                chunks.push(&[sample; BLOCK]);
                if chunks.full() {
                    chunks.skip();
                }
            }
        }
    }
}
