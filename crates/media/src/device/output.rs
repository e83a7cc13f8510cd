//! A speaker: what the voice thread holds of it, and what its callback holds.
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::Thread;
use std::time::Instant;

use rtrb::{Consumer, Producer, RingBuffer};

use super::State;
use super::line::{Line, capacity};

/// What a device took at once counts for one to two such spans of what it takes, s: after a stall it takes much, once.
const SPAN: u32 = 2;

/// An open speaker. Dropping it closes it.
///
/// The voice thread, whenever it is woken: `while output.queued() < output.wanted() { output.play(&block); }`. Silence is
/// played like sound: a speaker that is given nothing counts underruns, and takes the computer for too busy.
pub struct Output {
    ring: Producer<f32>,
    /// What was played, mono at [`Output::rate`], in the order in which the device took it: the silence of underruns
    /// included.
    pub reference: Consumer<f32>,
    line: Arc<Line>,
    stream: Option<Box<dyn Any + Send>>,
}

/// The callback's end of a speaker.
pub struct Playback {
    ring: Consumer<f32>,
    reference: Producer<f32>,
    line: Arc<Line>,
    /// The voice thread has given something: silence before that is no underrun.
    started: bool,
    /// The most samples taken at once, in the span that goes on and in the one before.
    most: [u32; 2],
    /// Samples of the span that goes on.
    passed: u32,
}

/// Both ends of a speaker, as [`microphone`](super::microphone).
pub fn speaker(rate: u32, waker: Thread) -> (Playback, Output) {
    let (producer, consumer) = RingBuffer::new(capacity(rate));
    let (played, reference) = RingBuffer::new(capacity(rate));
    let line = Line::new(rate, waker);
    line.wanted.store(rate / 100, Relaxed);
    let playback =
        Playback { ring: consumer, reference: played, line: line.clone(), started: false, most: [0; 2], passed: 0 };
    (playback, Output { ring: producer, reference, line, stream: None })
}

impl Output {
    pub(super) fn with(mut self, stream: impl Any + Send) -> Self {
        self.stream = Some(Box::new(stream));
        self
    }

    /// Puts mono samples behind those that wait, and tells how many of them fitted.
    pub fn play(&mut self, samples: &[f32]) -> usize {
        let (pushed, _) = self.ring.push_partial_slice(samples);
        let pushed = pushed.len();
        if let Some(thread) = self.line.waiting.get() {
            thread.unpark();
        }
        pushed
    }

    /// Samples that wait to be taken by the device.
    pub fn queued(&self) -> usize {
        self.ring.buffer().capacity() - self.ring.slots()
    }

    /// Samples that should be queued now: no more, to keep the delay low, and no less, to play without gaps. A device
    /// that asks ahead of time wants none until it asks.
    pub fn wanted(&self) -> usize {
        self.line.wanted.load(Relaxed) as usize
    }

    /// The most samples that the device has taken at once in the last 2 to 4 s.
    pub fn period(&self) -> usize {
        self.line.period.load(Relaxed) as usize
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.line.rate
    }

    /// The stable id of the device; another one after [`Output::moves`] rose.
    pub fn id(&self) -> String {
        self.line.device().0
    }

    /// What the system calls the device.
    pub fn name(&self) -> String {
        self.line.device().1
    }

    /// How often the stream was moved to another device without being closed (the default changed).
    pub fn moves(&self) -> u32 {
        self.line.moves.load(Relaxed)
    }

    /// From the ring to the air, ms; what is queued in the ring not counted.
    pub fn latency_ms(&self) -> f32 {
        self.line.latency_ms()
    }

    /// Samples of silence played since nothing was queued.
    pub fn underruns(&self) -> u64 {
        self.line.missed.load(Relaxed)
    }

    /// Gaps of unknown length after what was taken: how often the sound server ran dry.
    pub fn gaps(&self) -> u64 {
        self.line.gaps.load(Relaxed)
    }

    /// How often the device has taken samples.
    pub fn callbacks(&self) -> u64 {
        self.line.callbacks.load(Relaxed)
    }

    /// How it is.
    pub fn state(&self) -> State {
        self.line.state()
    }

    /// What went wrong, in words.
    pub fn trouble(&self) -> Option<String> {
        self.line.trouble()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.line.closed.store(true, Relaxed);
        if let Some(thread) = self.line.waiting.get() {
            thread.unpark();
        }
        self.stream = None;
    }
}

impl Playback {
    pub(super) fn line(&self) -> Arc<Line> {
        self.line.clone()
    }

    /// Samples and gaps that were missed so far.
    #[cfg(target_os = "linux")]
    pub(super) fn missed(&self) -> u64 {
        self.line.missed.load(Relaxed) + self.line.gaps.load(Relaxed)
    }

    /// Waits until `samples` are queued, at most until `deadline`. For a thread of ours before it calls
    /// [`Playback::fill`], never for a callback of the system.
    pub(super) fn wait(&self, samples: usize, deadline: Instant) {
        self.line.waiting.get_or_init(std::thread::current);
        self.line.wanted.store(samples as u32, Relaxed);
        self.line.waker.unpark();
        while self.ring.slots() < samples && !self.line.closed() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::park_timeout(left);
        }
        self.line.wanted.store(0, Relaxed);
    }

    /// Gives the next mono samples, silence where there are none.
    pub fn fill(&mut self, out: &mut [f32]) {
        let (given, rest) = self.ring.pop_partial_slice(out);
        self.started |= !given.is_empty();
        rest.fill(0.0);
        if self.started && !rest.is_empty() {
            self.line.missed.fetch_add(rest.len() as u64, Relaxed);
        }
        // A voice thread that is late by half a second has other worries.
        let _ = self.reference.push_partial_slice(out);
    }

    /// Ends a callback that took `samples`: counts it and wakes the voice thread.
    pub fn done(&mut self, samples: usize) {
        let [now, before] = &mut self.most;
        *now = (*now).max(samples as u32);
        self.line.period.store((*now).max(*before), Relaxed);
        self.passed = self.passed.saturating_add(samples as u32);
        if self.passed >= SPAN * self.line.rate {
            (self.most, self.passed) = ([0, *now], 0);
        }
        self.line.callbacks.fetch_add(1, Relaxed);
        self.line.waker.unpark();
    }

    /// Ends a callback that cannot wait: from now on as many samples as were lately taken at once should be queued.
    pub fn done_ahead(&mut self, samples: usize) {
        self.done(samples);
        self.line.wanted.store(self.line.period.load(Relaxed), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BLOCK, RATE};

    #[test]
    fn what_a_stall_made_the_device_take_at_once_is_forgotten() {
        let (mut playback, output) = speaker(RATE, std::thread::current());
        playback.done_ahead(10 * BLOCK);
        for _ in 0..199 {
            playback.done_ahead(BLOCK);
        }
        assert_eq!((output.period(), output.wanted()), (10 * BLOCK, 10 * BLOCK));
        for _ in 0..202 {
            playback.done_ahead(BLOCK);
        }
        assert_eq!((output.period(), output.wanted()), (BLOCK, BLOCK));
    }
}
