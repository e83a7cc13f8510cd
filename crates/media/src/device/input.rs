//! A microphone: what the voice thread holds of it, and what its callback holds.
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::Thread;

use rtrb::{Consumer, Producer, RingBuffer};

use super::State;
use super::line::{Line, capacity};

/// An open microphone. Dropping it closes it.
pub struct Input {
    /// Mono samples at [`Input::rate`].
    pub ring: Consumer<f32>,
    line: Arc<Line>,
    stream: Option<Box<dyn Any + Send>>,
}

/// The callback's end of a microphone.
pub struct Capture {
    ring: Producer<f32>,
    line: Arc<Line>,
}

/// Both ends of a microphone of `rate` samples a second. The device's id and name are empty and it is [`State::Running`].
pub fn microphone(rate: u32, waker: Thread) -> (Capture, Input) {
    let (producer, consumer) = RingBuffer::new(capacity(rate));
    let line = Line::new(rate, waker);
    (Capture { ring: producer, line: line.clone() }, Input { ring: consumer, line, stream: None })
}

impl Input {
    pub(super) fn with(mut self, stream: impl Any + Send) -> Self {
        self.stream = Some(Box::new(stream));
        self
    }

    /// Samples a second.
    pub fn rate(&self) -> u32 {
        self.line.rate
    }

    /// The stable id of the device; another one after [`Input::moves`] rose.
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

    /// From the air to the ring, ms.
    pub fn latency_ms(&self) -> f32 {
        self.line.latency_ms()
    }

    /// Samples lost since the ring was full.
    pub fn overruns(&self) -> u64 {
        self.line.missed.load(Relaxed)
    }

    /// How often the device has given samples.
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

/// The stream is closed before the rings go.
impl Drop for Input {
    fn drop(&mut self) {
        self.line.closed.store(true, Relaxed);
        self.stream = None;
    }
}

impl Capture {
    pub(super) fn line(&self) -> Arc<Line> {
        self.line.clone()
    }

    /// Takes mono samples; those that do not fit are lost and counted.
    pub fn push(&mut self, samples: impl ExactSizeIterator<Item = f32>) {
        let (len, room) = (samples.len(), self.ring.slots());
        if len > room {
            self.line.missed.fetch_add((len - room) as u64, Relaxed);
        }
        if let Ok(chunk) = self.ring.write_chunk_uninit(len.min(room)) {
            chunk.fill_from_iter(samples);
        }
    }

    /// Ends a callback: counts it and wakes the voice thread.
    pub fn done(&mut self) {
        self.line.callbacks.fetch_add(1, Relaxed);
        self.line.waker.unpark();
    }
}
