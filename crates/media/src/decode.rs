//! Decoding and concealing: Opus through libopus ([`opus`]) and uncompressed sound ([`pcm`]), both at 48 kHz, and what
//! keeps garbage out of the ear.

mod opus;
mod pcm;

use crate::{Codec, CodecError, RATE};

/// Samples of the longest frame: 60 ms.
pub(crate) const MAX_FRAME: usize = RATE as usize * 60 / 1000;
/// Trust in a sender whose frames made sense lately.
const FULL_TRUST: u8 = 8;
/// Trust lost by one frame that makes none.
const BAD_FRAME: u8 = 4;
/// Below it nothing is played.
const LEAST_TRUST: u8 = 4;

/// Loudness that any frame may have, root mean square: that of a loud voice.
const LOUD: f32 = 0.25;

/// A frame that cannot be what it says it is. Nothing of it was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Both decoders of a call. Frames go in in order; a gap is told by [`conceal`](Self::conceal) or
/// [`restore`](Self::restore). Allocates only when it is made.
pub(crate) struct Decoder {
    opus: opus::Decoder,
    pcm: pcm::Decoder,
    codec: Codec,
    trust: u8,
    ceiling: Ceiling,
    scratch: Box<[f32; MAX_FRAME]>,
}

impl Decoder {
    pub(crate) fn new() -> Result<Self, CodecError> {
        Ok(Self {
            opus: opus::Decoder::new()?,
            pcm: pcm::Decoder::new()?,
            codec: Codec::Opus,
            trust: FULL_TRUST,
            ceiling: Ceiling::default(),
            scratch: Box::new([0.0; MAX_FRAME]),
        })
    }

    /// Hands the sound of a frame of `samples` samples (at 48 kHz; uncompressed sound says by itself how long it is) to
    /// `out`.
    pub(crate) fn decode(
        &mut self,
        codec: Codec,
        frame: &[u8],
        samples: usize,
        out: &mut impl FnMut(&[f32]),
    ) -> Result<(), Malformed> {
        if codec != self.codec {
            self.codec = codec;
            self.opus.reset();
            self.pcm.reset();
        }
        let made = match codec {
            Codec::Opus => {
                let sound = self.scratch.get_mut(..samples).ok_or(Malformed)?;
                self.opus.decode(frame, sound).is_ok() && !is_noise(sound)
            }
            Codec::Pcm => self.pcm.read(frame) && !is_noise(self.pcm.frame()),
        };
        self.trust = if made { (self.trust + 1).min(FULL_TRUST) } else { self.trust.saturating_sub(BAD_FRAME) };
        if !made || self.trust < LEAST_TRUST {
            if codec == Codec::Opus {
                // Else the concealment would continue the garbage.
                self.opus.reset();
            }
            return Err(Malformed);
        }
        match codec {
            Codec::Opus => {
                let sound = &mut self.scratch[..samples];
                self.ceiling.hold(sound);
                out(sound);
            }
            Codec::Pcm => {
                self.ceiling.hold(self.pcm.frame());
                self.pcm.play(out);
            }
        }
        Ok(())
    }

    /// Hands `samples` samples (for uncompressed sound nearly so many) that continue what was heard to `out`.
    pub(crate) fn conceal(&mut self, samples: usize, out: &mut impl FnMut(&[f32])) {
        match self.codec {
            Codec::Opus => {
                let samples = samples.min(MAX_FRAME);
                self.opus.conceal(&mut self.scratch[..samples]);
                out(&self.scratch[..samples]);
            }
            Codec::Pcm => self.pcm.conceal(samples, out),
        }
    }

    /// Hands `samples` samples to `out` out of what a later Opus frame (told apart from others by `key`), which begins
    /// `back` samples after the first of them, says about its past. Says whether it does.
    pub(crate) fn restore(
        &mut self,
        key: i64,
        frame: &[u8],
        back: usize,
        samples: usize,
        out: &mut impl FnMut(&[f32]),
    ) -> bool {
        // The description is read by a neural network: not from a sender who does not make sense.
        if self.codec != Codec::Opus || self.trust < FULL_TRUST {
            return false;
        }
        let Some(sound) = self.scratch.get_mut(..samples) else { return false };
        let restored = self.opus.restore(key, frame, back, sound);
        if restored {
            out(sound);
        }
        restored
    }
}

/// Lets no frame be far louder than what was heard before it.
#[derive(Default)]
struct Ceiling {
    /// Loudness of what was heard, root mean square; sinks slowly.
    heard: f32,
    /// Of the last sample.
    gain: f32,
}

impl Ceiling {
    fn hold(&mut self, sound: &mut [f32]) {
        let len = sound.len().max(1) as f32;
        let loudness = (sound.iter().map(|sample| sample * sample).sum::<f32>() / len).sqrt();
        let most = (2.0 * self.heard).max(LOUD);
        let gain = if loudness > most { most / loudness } else { 1.0 };
        self.heard = (self.heard * 0.98).max(loudness * gain);
        if gain < 1.0 || self.gain < 1.0 {
            // Down at once, up over the frame.
            let before = self.gain.min(gain);
            for (at, sample) in sound.iter_mut().enumerate() {
                *sample *= before + (gain - before) * at as f32 / len;
            }
        }
        self.gain = gain;
    }
}

/// Loud, and each sample nearly independent of the one before: random bytes sound so, voices and music never do.
fn is_noise(sound: &[f32]) -> bool {
    let power: f32 = sound.iter().map(|sample| sample * sample).sum();
    let next: f32 = sound.windows(2).map(|pair| pair[0] * pair[1]).sum();
    !power.is_finite() || (power > 0.02 * sound.len() as f32 && next < 0.4 * power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signal::{Encoder, voice};
    use rand::rngs::StdRng;
    use rand::{Rng as _, RngExt as _, SeedableRng as _};

    fn rms(sound: &[f32]) -> f32 {
        (sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len().max(1) as f32).sqrt()
    }

    fn pcm(range: std::ops::Range<usize>) -> Vec<u8> {
        range.flat_map(|i| ((voice(i, 44_100) * 32_767.0) as i16).to_be_bytes()).collect()
    }

    #[test]
    fn both_codecs_give_the_sound_back() {
        let mut decoder = Decoder::new().unwrap();
        let mut encoder = Encoder::new(20, 32_000);
        let mut heard = Vec::new();
        for n in 0..50 {
            decoder.decode(Codec::Opus, &encoder.next(), 960, &mut |sound| heard.extend_from_slice(sound)).unwrap();
            assert_eq!(heard.len(), (n + 1) * 960);
        }
        let all: Vec<f32> = (0..48_000).map(|i| voice(i, 48_000)).collect();
        assert!((rms(&heard[9_600..]) / rms(&all) - 1.0).abs() < 0.2);
        heard.clear();
        for n in 0..130 {
            let frame = pcm(n * 341..(n + 1) * 341);
            decoder.decode(Codec::Pcm, &frame, 0, &mut |sound| heard.extend_from_slice(sound)).unwrap();
        }
        assert!(heard.len().abs_diff(44_330 * 160 / 147) < 100);
        assert!((rms(&heard) / rms(&all) - 1.0).abs() < 0.05);
    }

    #[test]
    fn random_payloads_are_no_loud_noise() {
        let seed = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        for codec in [Codec::Opus, Codec::Pcm] {
            let mut decoder = Decoder::new().unwrap();
            let (mut refused, mut loudest) = (0, 0.0_f32);
            for n in 0..3_000 {
                let mut frame = vec![0; 2 * random.random_range(1..380)];
                random.fill_bytes(&mut frame);
                let samples = [480, 960, 1_920, 2_880][n % 4];
                let mut heard = Vec::new();
                if decoder.decode(codec, &frame, samples, &mut |sound| heard.extend_from_slice(sound)).is_err() {
                    refused += 1;
                    decoder.conceal(480, &mut |sound| heard.extend_from_slice(sound));
                }
                assert!(heard.iter().all(|sample| sample.is_finite()), "seed {seed}");
                loudest = loudest.max(rms(&heard));
            }
            assert!(refused > 2_900, "seed {seed}: {refused}");
            assert!(loudest < 1.1 * LOUD, "seed {seed}: {loudest}");
        }
    }

    #[test]
    fn after_garbage_a_sane_sender_is_heard_again() {
        let mut decoder = Decoder::new().unwrap();
        let mut encoder = Encoder::new(20, 32_000);
        for _ in 0..20 {
            assert!(decoder.decode(Codec::Opus, &[0xff; 9], 960, &mut |_| ()).is_err());
        }
        let refused =
            (0..20).filter(|_| decoder.decode(Codec::Opus, &encoder.next(), 960, &mut |_| ()).is_err()).count();
        assert_eq!(refused, 3);
    }

    #[test]
    fn a_frame_of_another_length_than_the_header_says_is_refused() {
        let mut decoder = Decoder::new().unwrap();
        let mut encoder = Encoder::new(20, 32_000);
        assert_eq!(decoder.decode(Codec::Opus, &encoder.next(), 480, &mut |_| ()), Err(Malformed));
        assert_eq!(decoder.decode(Codec::Opus, &[], 960, &mut |_| ()), Err(Malformed));
        assert_eq!(decoder.decode(Codec::Opus, &encoder.next(), MAX_FRAME + 1, &mut |_| ()), Err(Malformed));
    }

    #[test]
    fn a_lost_run_of_samples_is_hidden_without_a_click_and_fades() {
        let mut decoder = Decoder::new().unwrap();
        let mut heard: Vec<f32> = Vec::new();
        for n in 0..60 {
            if n == 40 || n >= 50 {
                decoder.conceal(371, &mut |sound| heard.extend_from_slice(sound));
            } else {
                let frame = pcm(n * 341..(n + 1) * 341);
                decoder.decode(Codec::Pcm, &frame, 0, &mut |sound| heard.extend_from_slice(sound)).unwrap();
            }
        }
        let steepest = |range: std::ops::Range<usize>| {
            heard[range].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
        };
        let usual = steepest(7_000..14_000);
        assert!(steepest(14_000..19_000) < 1.3 * usual, "{} {usual}", steepest(14_000..19_000));
        assert!(rms(&heard[14_900..15_200]) > 0.5 * rms(&heard[14_000..14_800]));
        assert!(rms(&heard[heard.len() - 240..]) < 1e-3);
    }

    #[test]
    fn a_later_frame_restores_what_no_copy_covers() {
        let mut encoder = Encoder::new(20, 32_000);
        encoder.describe_past(500);
        let frames: Vec<_> = (0..60).map(|_| encoder.next()).collect();
        let mut decoder = Decoder::new().unwrap();
        for frame in &frames[..50] {
            decoder.decode(Codec::Opus, frame, 960, &mut |_| ()).unwrap();
        }
        let mut heard = Vec::new();
        for back in [3, 2, 1] {
            assert!(decoder.restore(53, &frames[53], back * 960, 960, &mut |sound| heard.extend_from_slice(sound)));
        }
        assert!(rms(&heard) > 0.03, "{}", rms(&heard));
        assert!(!decoder.restore(53, &frames[53], 48_000, 960, &mut |_| ()), "farther back than it reaches");
    }
}
