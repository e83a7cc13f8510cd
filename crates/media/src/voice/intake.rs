use crate::fifo::Fifo;
use crate::level::Level;
use crate::process::{Captured, Microphone};
use crate::{BLOCK, Block, Input, Output, RATE, Resampler};

/// Samples that wait for their turn at most: half a second.
const ROOM: usize = RATE as usize / 2;
/// The reference is held back by one block and by the delay of its resampler (1 ms at most), so that the microphone seldom
/// waits for it.
const HEAD_START: usize = BLOCK + RATE as usize / 1000;
/// The microphone waits for the reference until this much of it waits; then the reference is taken as silent.
const PATIENCE: usize = 4 * BLOCK;
/// More reference than this means that the microphone stood still: what is old goes.
const STALE: usize = 12 * BLOCK;
/// How fast the fill of the reference is smoothed (about 5 s) and how strongly it steers the resampler.
const SMOOTHING: f64 = 1.0 / 500.0;
const STEERING: f64 = 2e-6;
/// Blocks after which reference that has waited all the time, beyond what it should, is left out: the microphone stood still.
const WINDOW: u32 = 50;
/// Blocks after which the fill is where these two devices have it, and how far it may go from there, samples: the beat of
/// the two is no drift, and steering after it would make one.
const SETTLED: u32 = 300;
const SLACK: f64 = 150.0;
/// The clocks of two sound cards differ by less, ratio.
const SKEW: f64 = 500e-6;

/// From the microphone's ring to processed blocks of 10 ms.
///
/// The canceller gets, block by block, first what the speaker consumed and then what the microphone heard. The two may
/// run on different clocks: the reference is resampled to the microphone's, steered by how much of it waits.
pub(super) struct Intake {
    pub(super) microphone: Microphone,
    /// None at [`RATE`]: even a filter that changes nothing holds back half its length, and so every block until the
    /// device's next one.
    input: Option<Resampler>,
    output: Option<Resampler>,
    heard: Fifo,
    played: Fifo,
    /// Samples of reference that wait, smoothed, and where that was when it had settled.
    fill: f64,
    target: Option<f64>,
    blocks: u32,
    /// The least that waited in this window, and how many blocks of it are over.
    least: usize,
    window: u32,
}

impl Intake {
    pub(super) fn new(microphone: Microphone) -> Self {
        Self {
            microphone,
            input: None,
            output: None,
            heard: Fifo::new(ROOM),
            played: Fifo::new(ROOM),
            fill: 0.0,
            target: None,
            blocks: 0,
            least: usize::MAX,
            window: 0,
        }
    }

    /// Another microphone, or the same one again.
    pub(super) fn input_opened(&mut self, rate: u32) {
        self.input = (rate != RATE).then(|| resampler(rate)).flatten();
        self.heard.clear();
        self.align();
        self.microphone.reset();
    }

    /// Another speaker, or the same one again.
    pub(super) fn output_opened(&mut self, rate: u32) {
        self.output = resampler(rate);
        self.align();
        self.microphone.reset();
    }

    /// Starts the reference over.
    fn align(&mut self) {
        self.played.clear();
        self.played.push(&[0.0; HEAD_START]);
        self.settle();
        if let Some(resampler) = &mut self.output {
            resampler.adjust(1.0);
        }
    }

    /// The fill is another one from now on, which says nothing about the clocks.
    fn settle(&mut self) {
        (self.target, self.blocks) = (None, 0);
        (self.least, self.window) = (usize::MAX, 0);
    }

    /// Takes what the devices brought; `sink` gets every block, what was found in it, and how
    /// loud the microphone was before all processing, dBFS.
    pub(super) fn run(
        &mut self,
        input: Option<&mut Input>,
        output: Option<&mut Output>,
        mut sink: impl FnMut(&Block, Captured, f32),
    ) {
        let output_ms = output.as_ref().map(|output| output.latency_ms());
        let Self { heard, played, .. } = self;
        if let (Some(output), Some(resampler)) = (output, &mut self.output) {
            drain(&mut output.reference, |samples| resampler.push(samples, &mut |out| played.push(out)));
        }
        let Some(input) = input else { return };
        match &mut self.input {
            Some(resampler) => drain(&mut input.ring, |samples| resampler.push(samples, &mut |out| heard.push(out))),
            None if input.rate() == RATE => drain(&mut input.ring, |samples| heard.push(samples)),
            None => {}
        }
        let (mut block, mut reference) = ([0.0; BLOCK], [0.0; BLOCK]);
        while self.heard.len() >= BLOCK {
            if let Some(output_ms) = output_ms {
                if self.played.len() < BLOCK && self.heard.len() < PATIENCE {
                    return;
                }
                if self.played.len() > STALE {
                    self.align();
                }
                if !self.played.pop(&mut reference) {
                    reference.fill(0.0);
                    self.settle();
                }
                self.catch_up();
                self.steer();
                self.microphone.render(&reference);
                let behind = (self.played.len() + self.heard.len()) as f32 * 1000.0 / RATE as f32;
                let delay = (output_ms + input.latency_ms() - behind).max(0.0);
                self.heard.pop(&mut block);
                let raw_db = Level::of(&block).rms_db;
                let captured = self.microphone.capture(&mut block, delay as u32);
                sink(&block, captured, raw_db);
            } else {
                self.heard.pop(&mut block);
                let raw_db = Level::of(&block).rms_db;
                self.microphone.render(&[0.0; BLOCK]);
                let captured = self.microphone.capture(&mut block, 0);
                sink(&block, captured, raw_db);
            }
        }
    }

    /// From the air to the canceller, ms: the device, and what waits.
    pub(super) fn delay_ms(&self, input: Option<&mut Input>) -> f32 {
        let waiting = self.heard.len() as f32 * 1000.0 / RATE as f32;
        input.map_or(0.0, |input| input.latency_ms()) + waiting
    }

    /// Leaves out reference that only makes all of it late.
    fn catch_up(&mut self) {
        self.least = self.least.min(self.played.len());
        self.window += 1;
        if self.window < WINDOW {
            return;
        }
        if self.least >= HEAD_START + BLOCK {
            self.played.drop_oldest(self.least - HEAD_START);
            self.settle();
        }
        (self.least, self.window) = (usize::MAX, 0);
    }

    /// Keeps the fill of the reference where it is: its slow rise is the difference of the two clocks.
    fn steer(&mut self) {
        let now = self.played.len() as f64;
        self.blocks = self.blocks.saturating_add(1);
        if self.blocks <= SETTLED {
            self.fill += (now - self.fill) / f64::from(self.blocks);
            return;
        }
        self.fill += (now - self.fill) * SMOOTHING;
        let off = self.fill - *self.target.get_or_insert(self.fill);
        let beyond = off - off.clamp(-SLACK, SLACK);
        if let Some(resampler) = &mut self.output {
            resampler.adjust(1.0 - (beyond * STEERING).clamp(-SKEW, SKEW));
        }
    }
}

fn resampler(rate: u32) -> Option<Resampler> {
    let resampler = Resampler::new(rate, RATE);
    if let Err(error) = &resampler {
        tracing::error!(%error, rate, "no way to resample from this rate");
    }
    resampler.ok()
}

/// Everything that waits in a ring, piece by piece.
pub(super) fn drain(ring: &mut rtrb::Consumer<f32>, mut each: impl FnMut(&[f32])) {
    let waiting = ring.slots();
    if let Ok(chunk) = ring.read_chunk(waiting) {
        let (first, second) = chunk.as_slices();
        each(first);
        each(second);
        chunk.commit_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{microphone, speaker};
    use p2p_comm_model::AudioSettings;

    fn intake(settings: &AudioSettings) -> Intake {
        let mut intake = Intake::new(Microphone::new(settings));
        intake.input_opened(RATE);
        intake.output_opened(RATE);
        intake
    }

    #[test]
    fn a_block_of_a_microphone_at_48_khz_leaves_at_once() {
        let (mut capture, mut input) = microphone(RATE, std::thread::current());
        let mut intake = intake(&AudioSettings::unprocessed());
        for n in 1..=10 {
            capture.push([0.1; BLOCK].into_iter());
            let mut blocks = 0;
            intake.run(Some(&mut input), None, |_, _, _| blocks += 1);
            assert_eq!((blocks, intake.heard.len()), (1, 0), "block {n}");
        }
    }

    #[test]
    fn reference_from_before_the_microphone_spoke_makes_none_of_it_late() {
        let (mut capture, mut input) = microphone(RATE, std::thread::current());
        let (mut playback, mut output) = speaker(RATE, std::thread::current());
        let mut intake = intake(&AudioSettings::default());
        for k in 0..200 {
            output.play(&[0.1; BLOCK]);
            playback.fill(&mut [0.0; BLOCK]);
            // The first 60 ms of a stream may take longer than 60 ms.
            if k >= 6 {
                capture.push([0.0; BLOCK].into_iter());
            }
            intake.run(Some(&mut input), Some(&mut output), |_, _, _| {});
        }
        assert!(intake.played.len() <= HEAD_START, "{}", intake.played.len());
    }
}
