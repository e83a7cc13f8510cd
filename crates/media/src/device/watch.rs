//! Watching the list of devices.
#![expect(clippy::disallowed_types, reason = "a list of devices moves no samples")]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
#[cfg(target_os = "linux")]
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::SoundSystem;
#[cfg(target_os = "linux")]
use super::pulse;
use super::system::System;

/// How often the list is compared where the system tells nothing.
const POLL: Duration = Duration::from_millis(300);

/// Counts the changes of a list of devices, for as long as it is held.
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<thread::Thread>,
}

#[derive(Default)]
struct Shared {
    changes: AtomicU64,
    closed: AtomicBool,
    #[cfg(target_os = "linux")]
    stop: Mutex<Option<pulse::Stop>>,
}

impl Watch {
    /// Counts how often devices came or went, were renamed, or a default changed.
    pub fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Acquire)
    }

    /// A watch over a list that never changes.
    pub(super) fn idle() -> Self {
        Self { shared: Arc::default(), thread: None }
    }

    /// Compares the system's devices with what they were, on a thread of its own, whenever the sound server says that
    /// something happened, or every 300 ms where there is none.
    pub(super) fn start(system: System) -> Self {
        let shared = Arc::<Shared>::default();
        let spawned = thread::Builder::new().name("sound devices".into()).spawn({
            let shared = shared.clone();
            move || shared.run(&system)
        });
        // Without a thread nothing is ever found to have changed.
        Self { shared, thread: spawned.ok().map(|thread| thread.thread().clone()) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        #[cfg(target_os = "linux")]
        if let Some(stop) = &*self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) {
            stop.now();
        }
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

impl Shared {
    fn run(&self, system: &System) {
        let mut last = system.devices();
        let mut compare = || {
            let now = system.devices();
            if now != last {
                last = now;
                self.changes.fetch_add(1, Ordering::Release);
            }
        };
        while !self.closed.load(Ordering::Acquire) {
            #[cfg(target_os = "linux")]
            if let Some(mut events) = system.server.events() {
                *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = events.stop();
                // What happened before the subscription, and what happens after.
                compare();
                while !self.closed.load(Ordering::Acquire) && events.wait() {
                    compare();
                }
            }
            compare();
            thread::park_timeout(POLL);
        }
    }
}
