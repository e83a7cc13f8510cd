//! From frames and gaps to sound that waits to be played: the voice, and the background where it is silent.

use crate::CodecError;
use crate::decode::{Decoder, MAX_FRAME, Malformed};
use crate::jitter::Head;
use crate::jitter::clock::SAMPLE;
use crate::noise::Noise;
use crate::stretch::{Line, SEAM, Where, lengthen, shorten};
use crate::{BLOCK, Block, Codec};

/// A voice comes in, or goes into a pause, over so many samples: 5 ms.
const RISE: f32 = 240.0;
/// It fades into the background, where it is only guessed, over so many samples: 40 ms.
const FADE: f32 = 1_920.0;

/// Decodes, conceals and blends. Allocates only when it is made.
pub(super) struct Mixer {
    decoder: Decoder,
    codec: Option<Codec>,
    mix: Mix,
    /// What a concealment would have gone on with.
    tail: [f32; SEAM],
}

/// Where the sound goes.
struct Mix {
    line: Line,
    noise: Noise,
    /// Share of the voice against the background.
    voice: f32,
}

impl Mixer {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mix = Mix { line: Line::new(), noise: Noise::new(), voice: 0.0 };
        Ok(Self { decoder: Decoder::new()?, codec: None, mix, tail: [0.0; SEAM] })
    }

    /// Samples that wait.
    pub(super) fn len(&self) -> usize {
        self.mix.line.len()
    }

    /// Whether another frame can be added before what waits is played.
    pub(super) fn has_room(&self) -> bool {
        self.mix.line.room() >= MAX_FRAME
    }

    /// Takes the next block.
    pub(super) fn pop(&mut self, out: &mut Block) {
        self.mix.line.pop(out);
    }

    /// Learns from a block of what was sent. `background`: the sender says that it is nothing else.
    pub(super) fn learn(&mut self, block: &Block, background: bool) {
        self.mix.noise.learn(block, background);
    }

    /// Adds a frame from its sample `skip` on; what was concealed before is blended into it.
    pub(super) fn decode(&mut self, head: &Head, frame: &[u8], skip: usize) -> Result<(), Malformed> {
        if self.codec.replace(head.codec) != Some(head.codec) {
            self.mix.voice = 0.0;
        }
        if skip > 0 {
            self.conceal_on();
        }
        let Self { decoder, mix, tail, .. } = self;
        let samples = (head.length / SAMPLE) as usize;
        let mut at = 0;
        decoder.decode(head.codec, frame, samples, &mut |sound| {
            let from = skip.saturating_sub(at).min(sound.len());
            for (n, &sample) in sound.iter().enumerate().skip(from) {
                let sample = match tail.get(at + n - skip) {
                    Some(before) if skip > 0 => {
                        let share = ((at + n - skip) as f32 + 0.5) / SEAM as f32;
                        sample * share + before * (1.0 - share)
                    }
                    _ => sample,
                };
                mix.push(sample, 1.0, RISE);
            }
            at += sound.len();
        })
    }

    /// Adds `samples` samples of what a later frame, which begins `back` samples after the first of them, says about them.
    pub(super) fn restore(&mut self, head: &Head, frame: &[u8], back: usize, samples: usize) -> bool {
        let Self { decoder, mix, .. } = self;
        head.codec == Codec::Opus
            && decoder.restore(head.start, frame, back, samples, &mut |sound| {
                sound.iter().for_each(|&sample| mix.push(sample, 1.0, RISE));
            })
    }

    /// Adds `samples` samples of a guess; one that is getting old fades into the background.
    pub(super) fn conceal(&mut self, samples: usize, old: bool) {
        let Self { decoder, mix, .. } = self;
        if old && mix.voice == 0.0 {
            return self.background(samples);
        }
        let (goal, over) = if old { (0.0, FADE) } else { (1.0, RISE) };
        decoder.conceal(samples, &mut |sound| sound.iter().for_each(|&sample| mix.push(sample, goal, over)));
    }

    /// Adds background until a block waits; what was said last goes into it.
    pub(super) fn pause(&mut self) {
        let missing = BLOCK.saturating_sub(self.len());
        let Self { decoder, mix, .. } = self;
        if mix.voice > 0.0 {
            decoder.conceal(BLOCK, &mut |sound| {
                sound.iter().take(missing).for_each(|&sample| mix.push(sample, 0.0, RISE));
            });
        }
        self.background(BLOCK.saturating_sub(self.len()));
    }

    /// The voice comes in again after a pause.
    pub(super) fn begin(&mut self) {
        self.mix.voice = 0.0;
    }

    /// Takes up to `most` samples out of what waits. Gives how many, and whether it was in a pause.
    pub(super) fn shorten(&mut self, most: usize, place: Where) -> (usize, bool) {
        shorten(&mut self.mix.line, most, self.mix.noise.level(), place)
    }

    /// Adds up to `most` samples before what waits. Gives how many, and whether it was in a pause.
    pub(super) fn lengthen(&mut self, most: usize, place: Where) -> (usize, bool) {
        lengthen(&mut self.mix.line, most, self.mix.noise.level(), place)
    }

    fn background(&mut self, samples: usize) {
        let Mix { line, noise, .. } = &mut self.mix;
        (0..samples).for_each(|_| line.push(noise.next()));
    }

    /// Lets the concealment go on a little beside the line, for what comes next to be blended in.
    fn conceal_on(&mut self) {
        let Self { decoder, tail, .. } = self;
        let mut at = 0;
        decoder.conceal(SEAM, &mut |sound| {
            for (to, &sample) in tail[at..].iter_mut().zip(sound) {
                *to = sample;
                at += 1;
            }
        });
        tail[at..].fill(0.0);
    }
}

impl Mix {
    /// Adds a sample of a voice, whose share goes on to `goal`; it would take `over` samples from none to all.
    fn push(&mut self, sample: f32, goal: f32, over: f32) {
        self.voice += (goal - self.voice).clamp(-1.0 / over, 1.0 / over);
        let background =
            if self.voice < 1.0 { self.noise.next() * (1.0 - self.voice * self.voice).sqrt() } else { 0.0 };
        self.line.push(sample * self.voice + background);
    }
}
