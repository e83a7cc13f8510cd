//! Sound that waits to be played, with a little of what was played before it.

use crate::decode::MAX_FRAME;
use crate::{BLOCK, Block};

/// Samples of the past that are kept.
const PAST: usize = 2 * BLOCK;
/// The past, and what may wait: two frames of the longest kind, and some blocks.
const ROOM: usize = PAST + 3 * MAX_FRAME + 2 * BLOCK;

/// A queue of samples in one piece. Allocates only when it is made.
pub(crate) struct Line {
    samples: Box<[f32; ROOM]>,
    /// The next one to be played.
    next: usize,
    end: usize,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { samples: Box::new([0.0; ROOM]), next: PAST, end: PAST }
    }

    /// Samples that wait.
    pub(crate) fn len(&self) -> usize {
        self.end - self.next
    }

    /// Samples that may be added at least.
    pub(crate) fn room(&self) -> usize {
        (ROOM - PAST).saturating_sub(self.len())
    }

    /// Adds at the end; what there is no room for is lost.
    pub(crate) fn push(&mut self, sample: f32) {
        if self.end == ROOM {
            let from = self.next.saturating_sub(PAST);
            self.samples.copy_within(from.., 0);
            (self.next, self.end) = (self.next - from, ROOM - from);
        }
        if let Some(slot) = self.samples.get_mut(self.end) {
            *slot = sample;
            self.end += 1;
        }
    }

    /// Takes a block; what is missing is silence.
    pub(crate) fn pop(&mut self, out: &mut Block) {
        let len = self.len().min(BLOCK);
        out[..len].copy_from_slice(&self.samples[self.next..self.next + len]);
        out[len..].fill(0.0);
        self.next += len;
    }

    /// What waits.
    pub(crate) fn ahead(&mut self) -> &mut [f32] {
        &mut self.samples[self.next..self.end]
    }

    /// Samples of what was played that are still there.
    pub(crate) fn past(&self) -> usize {
        self.next
    }

    /// `past` samples of what was played, at most as many as are there, and then what waits.
    pub(crate) fn around(&mut self, past: usize) -> &mut [f32] {
        &mut self.samples[self.next.saturating_sub(past)..self.end]
    }

    /// Skips samples that wait.
    pub(crate) fn skip(&mut self, samples: usize) {
        self.next = (self.next + samples).min(self.end);
    }

    /// Plays samples again, at most as many as are there.
    pub(crate) fn rewind(&mut self, samples: usize) {
        self.next = self.next.saturating_sub(samples);
    }
}
