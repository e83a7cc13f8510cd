//! What the two ends of an open device and its thread share.
#![expect(clippy::disallowed_types, reason = "names and troubles, which no callback asks for")]
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

/// Sound that a ring holds at most, ms. More than the voice thread may ever be late by and still be of use.
const RING_MS: u32 = 500;

/// How an open device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It works.
    Running,
    /// It is gone: drop it and open another.
    Lost,
}

/// What both ends and the device's thread share.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) rate: u32,
    pub(super) state: AtomicU8,
    pub(super) latency_us: AtomicU32,
    /// Samples that were lost (microphone) or missing (speaker).
    pub(super) missed: AtomicU64,
    /// Times the sound server ran dry.
    pub(super) gaps: AtomicU64,
    pub(super) callbacks: AtomicU64,
    pub(super) period: AtomicU32,
    pub(super) wanted: AtomicU32,
    pub(super) moves: AtomicU32,
    pub(super) closed: AtomicBool,
    /// Id and name of the device; changes when the stream is moved.
    pub(super) device: Mutex<(String, String)>,
    pub(super) trouble: Mutex<Option<String>>,
    /// The thread that waits in [`Playback::wait`].
    pub(super) waiting: OnceLock<Thread>,
    pub(super) waker: Thread,
}

/// Samples that the ring of such a device holds.
pub(super) fn capacity(rate: u32) -> usize {
    (rate as usize * RING_MS as usize) / 1000
}

impl Line {
    pub(super) fn new(rate: u32, waker: Thread) -> Arc<Self> {
        Arc::new(Self {
            rate,
            state: AtomicU8::new(State::Running as u8),
            latency_us: AtomicU32::new(0),
            missed: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
            callbacks: AtomicU64::new(0),
            period: AtomicU32::new(0),
            wanted: AtomicU32::new(0),
            moves: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            device: Mutex::default(),
            trouble: Mutex::default(),
            waiting: OnceLock::new(),
            waker,
        })
    }

    pub(super) fn state(&self) -> State {
        if self.state.load(Relaxed) == State::Running as u8 { State::Running } else { State::Lost }
    }

    pub(super) fn latency_ms(&self) -> f32 {
        self.latency_us.load(Relaxed) as f32 / 1000.0
    }

    pub(super) fn device(&self) -> (String, String) {
        self.device.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Names the device.
    pub(super) fn name(&self, id: &str, name: &str) {
        *self.device.lock().unwrap_or_else(PoisonError::into_inner) = (id.into(), name.into());
    }

    /// The stream is on another device now.
    pub(super) fn moved(&self, id: &str, name: &str) {
        self.name(id, name);
        self.moves.fetch_add(1, Relaxed);
        self.waker.unpark();
    }

    /// The device is of no more use, for a reason in words.
    pub(super) fn end(&self, state: State, trouble: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
        self.state.store(state as u8, Relaxed);
        self.waker.unpark();
    }

    pub(super) fn set_latency(&self, latency: Duration) {
        self.latency_us.store(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX), Relaxed);
    }

    /// The sound server ran dry.
    #[cfg(target_os = "linux")]
    pub(super) fn dry(&self) {
        self.gaps.fetch_add(1, Relaxed);
    }

    /// The voice thread has dropped its end.
    pub(super) fn closed(&self) -> bool {
        self.closed.load(Relaxed)
    }
}
