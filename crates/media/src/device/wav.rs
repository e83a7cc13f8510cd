//! `.wav` files as microphone and speaker, paced in real time.
#![expect(clippy::disallowed_types, reason = "the threads of files are our own and wait for the disk anyhow")]
mod read;
mod write;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use p2p_comm_model::{AudioDevice, AudioDevices};

pub(super) use self::read::check;
use self::write::File;
pub(super) use self::write::check as check_speaker;
use super::{DeviceError, Input, Output, SoundSystem, Watch};

/// Files for one or both directions, devices for the rest.
pub(super) struct Files {
    microphone: Option<PathBuf>,
    speaker: Option<PathBuf>,
    /// What became of the speaker's file.
    file: Arc<Mutex<File>>,
    rest: Arc<dyn SoundSystem>,
}

impl Files {
    pub(super) fn new(microphone: Option<PathBuf>, speaker: Option<PathBuf>, rest: Arc<dyn SoundSystem>) -> Self {
        Self { microphone, speaker, file: Arc::default(), rest }
    }
}

impl SoundSystem for Files {
    fn devices(&self) -> AudioDevices {
        let mut devices = match (&self.microphone, &self.speaker) {
            (Some(_), Some(_)) => AudioDevices::default(),
            _ => self.rest.devices(),
        };
        let file = |path: &PathBuf| {
            let name = path.display().to_string();
            vec![AudioDevice { id: name.clone(), name, default: true }]
        };
        if let Some(path) = &self.microphone {
            devices.inputs = file(path);
        }
        if let Some(path) = &self.speaker {
            devices.outputs = file(path);
        }
        devices
    }

    /// A file is a microphone by whatever id.
    fn open_input(&self, id: Option<&str>, waker: Thread) -> Result<Input, DeviceError> {
        match &self.microphone {
            Some(path) => read::open(path, waker),
            None => self.rest.open_input(id, waker),
        }
    }

    fn open_output(&self, id: Option<&str>, waker: Thread) -> Result<Output, DeviceError> {
        match &self.speaker {
            Some(path) => write::open(path, &self.file, waker),
            None => self.rest.open_output(id, waker),
        }
    }

    fn trouble(&self) -> Option<String> {
        write::trouble(&self.file)
    }

    fn watch(&self) -> Watch {
        if self.microphone.is_some() && self.speaker.is_some() { Watch::idle() } else { self.rest.watch() }
    }
}

/// Ticks of 10 ms on the monotonic clock, none of them lost or moved.
pub(super) struct Pace {
    start: Instant,
    ticks: u32,
}

impl Pace {
    const TICK: Duration = Duration::from_millis(10);

    pub(super) fn new() -> Self {
        Self { start: Instant::now(), ticks: 0 }
    }

    /// Sleeps until the next tick, or not at all if that is over, and gives when it was due.
    pub(super) fn next(&mut self) -> Instant {
        self.ticks += 1;
        let due = self.start + Self::TICK * self.ticks;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        due
    }

    /// Samples from the last tick to the next one, without a remainder over a second.
    pub(super) fn coming(&self, rate: u32) -> usize {
        let until = |tick: u32| u64::from(rate) * u64::from(tick) / 100;
        (until(self.ticks + 1) - until(self.ticks)) as usize
    }
}

/// Waits for the thread of a file to end when it is dropped, 10 ms at most.
pub(super) struct Joined(pub(super) Option<JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_an_odd_rate_leave_no_remainder() {
        let mut pace = Pace { start: Instant::now(), ticks: 0 };
        let samples = (0..100).map(|_| {
            let samples = pace.coming(44_110 + 37);
            pace.ticks += 1;
            samples
        });
        assert_eq!(samples.sum::<usize>(), 44_147);
    }
}
