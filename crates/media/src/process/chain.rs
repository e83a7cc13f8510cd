//! What runs in bands: the canceller and the noise suppression, the ways around them, and the choice between.
use super::bands::{Bands, SILENT, SPLIT_DELAY, Splitter};
use super::fade::Fade;
use super::stage::{Stage, Tap};
use crate::echo::{self, Canceller, Path};
use crate::suppress::{self, Need, Suppressor};
use crate::{BLOCK, Block};
use p2p_comm_model::Switch;

/// Samples at 48 kHz of one at 16 kHz.
const RATIO: usize = 3;
/// A change from the untouched sound to the processed one: 20 ms.
const FADE: usize = 2 * BLOCK;
/// Untouched sound that is kept, samples: a block, and the delay of everything.
const REACH: usize = BLOCK + SPLIT_DELAY + (echo::DELAY + suppress::DELAY) * RATIO;
/// Blocks after which everything that is delayed has filled.
const WARM: u32 = 3;
/// A change that moves the sound in time waits for a pause, but no longer than so many blocks: 2 s.
const PATIENCE: u32 = 200;

/// What is wanted of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) echo: Switch,
    pub(crate) noise: Switch,
}

/// What leaves the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    /// The sound that came in, so many samples late.
    Untouched(usize),
    /// What the bands give.
    Bands,
}

/// The chain. See [`super::Microphone`] for what it decides and why.
pub(crate) struct Chain {
    wish: Wish,
    canceller: Option<Canceller>,
    suppressor: Option<Suppressor>,
    need: Need,
    echo: Stage,
    noise: Stage,
    /// Where the stages should be, and how long that waits for a pause.
    taps: (Tap, Tap),
    waiting: u32,
    split: Splitter,
    merge: Splitter,
    out: Fade<Out>,
    /// Blocks since the bands run.
    warm: u32,
    untouched: [f32; REACH],
    /// Nothing was given out yet.
    fresh: bool,
}

impl Chain {
    pub(crate) fn new(wish: Wish) -> Self {
        let mut chain = Self {
            wish,
            canceller: None,
            suppressor: None,
            need: Need::default(),
            echo: Stage::new(echo::DELAY),
            noise: Stage::new(suppress::DELAY),
            taps: (Tap::Direct, Tap::Direct),
            waiting: 0,
            split: Splitter::new(),
            merge: Splitter::new(),
            out: Fade::new(Out::Untouched(0), FADE),
            warm: 0,
            untouched: [0.0; REACH],
            fresh: true,
        };
        chain.set(wish);
        chain
    }

    pub(crate) fn set(&mut self, wish: Wish) {
        self.wish = wish;
        if wish.echo != Switch::Off && self.canceller.is_none() {
            self.canceller = Some(Canceller::new());
        }
    }

    pub(crate) fn render(&mut self, block: &Block) {
        if let Some(canceller) = &mut self.canceller {
            canceller.render(block);
        }
    }

    /// 10 ms in place. `pause`: nobody speaks; `floor_db`: the noise, if it is known.
    pub(crate) fn process(&mut self, block: &mut Block, delay_ms: u32, pause: bool, floor_db: Option<f32>) {
        self.untouched.copy_within(BLOCK.., 0);
        self.untouched[REACH - BLOCK..].copy_from_slice(block);
        let path = self.canceller.as_mut().map(|canceller| canceller.search(block, delay_ms));
        let noisy = self.need.observe(floor_db);
        self.decide(path, noisy, pause);

        let processed = self.taps.0 == Tap::Processed || self.taps.1 == Tap::Processed;
        let heard = self.out.uses(Out::Bands);
        if processed {
            self.echo.set(self.taps.0, heard);
            self.noise.set(self.taps.1, heard);
            self.warm = self.warm.saturating_add(1);
        }
        if self.fresh && processed {
            self.out.jump(Out::Bands);
        } else if self.fresh {
            self.out.jump(Out::Untouched(self.delay()));
        } else if !processed {
            self.out.set(Out::Untouched(self.delay()));
        } else if self.warm > WARM {
            self.out.set(Out::Bands);
        }
        self.fresh = false;

        let bands = processed || self.out.uses(Out::Bands);
        let banded = self.bands(block, bands, noisy);
        if !bands {
            self.warm = 0;
        }
        for (i, sample) in block.iter_mut().enumerate() {
            *sample = self.out.mix(i, |out| match out {
                Out::Untouched(delay) => self.untouched[REACH - BLOCK - delay + i],
                Out::Bands => banded[i],
            });
        }
        self.out.advance(BLOCK);
        self.retire();
    }

    /// How late the sound leaves, samples.
    pub(crate) fn delay(&self) -> usize {
        let echo = if self.taps.0 == Tap::Direct { 0 } else { echo::DELAY * RATIO };
        let noise = if self.taps.1 == Tap::Direct { 0 } else { suppress::DELAY * RATIO };
        if echo + noise == 0 { 0 } else { SPLIT_DELAY + echo + noise }
    }

    /// The noise suppression is heard.
    pub(crate) fn suppresses(&self) -> bool {
        self.taps.1 == Tap::Processed
    }

    /// The canceller takes away echo now, and so much, dB.
    pub(crate) fn reduction_db(&self) -> Option<f32> {
        self.canceller.as_ref().filter(|_| self.taps.0 == Tap::Processed)?.reduction_db()
    }

    /// Where the stages should be now.
    fn decide(&mut self, path: Option<Path>, noisy: bool, pause: bool) {
        let echo = match (self.wish.echo, path) {
            (Switch::Off, _) | (_, None) => Tap::Direct,
            (Switch::Auto, Some(Path::Absent)) => Tap::Delayed,
            _ => Tap::Processed,
        };
        let ready = self.suppressor.as_ref().is_some_and(Suppressor::ready);
        let noise = match self.wish.noise {
            Switch::Off => Tap::Direct,
            Switch::On => Tap::Processed,
            Switch::Auto if noisy && (ready || self.noise.processed()) => Tap::Processed,
            // Once it was needed, its delay stays: the sound moves once in a call, not each time.
            Switch::Auto if self.taps.1 == Tap::Direct => Tap::Direct,
            Switch::Auto => Tap::Delayed,
        };
        let moves = |from: Tap, to: Tap| (from == Tap::Direct) != (to == Tap::Direct);
        let moved = moves(self.taps.0, echo) || moves(self.taps.1, noise);
        if moved && !self.fresh && !pause && self.waiting < PATIENCE {
            self.waiting += 1;
        } else {
            self.taps = (echo, noise);
            self.waiting = 0;
        }
    }

    /// Runs what is heard, and what only learns.
    fn bands(&mut self, block: &Block, heard: bool, noisy: bool) -> Block {
        let mut out = [0.0; BLOCK];
        let cancels = heard && self.echo.processed();
        let learns =
            self.wish.echo != Switch::Off && self.canceller.as_ref().is_some_and(|canceller| !canceller.asleep());
        let suppresses = match self.wish.noise {
            Switch::On => true,
            Switch::Auto => noisy || (heard && self.noise.processed()),
            Switch::Off => heard && self.noise.processed(),
        };
        if !(heard || learns || suppresses) {
            return out;
        }
        let mut bands: Bands = SILENT;
        self.split.split(block, &mut bands);
        let mut processed = bands;
        if (cancels || learns)
            && let Some(canceller) = &mut self.canceller
        {
            canceller.process(&mut processed);
        }
        self.echo.run(&mut bands, Some(&processed));
        if suppresses {
            processed = bands;
            self.suppressor.get_or_insert_with(Suppressor::new).process(&mut processed);
        }
        self.noise.run(&mut bands, Some(&processed));
        if heard {
            self.merge.merge(&bands, &mut out);
        }
        out
    }

    /// Lets go of what was switched off and is not heard any more.
    fn retire(&mut self) {
        let heard = self.out.uses(Out::Bands);
        if self.wish.echo == Switch::Off && !(heard && self.echo.processed()) {
            self.canceller = None;
        }
        if self.wish.noise == Switch::Off && !(heard && self.noise.processed()) {
            self.suppressor = None;
        }
    }
}
