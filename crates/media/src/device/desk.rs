//! Speakers for tests: they are plugged in and unplugged by a word, and play nothing.
#![expect(clippy::disallowed_types, reason = "a test's list of devices moves no samples")]
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Thread;

use p2p_comm_model::{AudioDevice, AudioDevices};

use super::{DeviceError, Input, Output, Playback, SoundSystem, State, Watch, speaker};
use crate::RATE;

/// Speakers by their ids, the first of which is the default.
#[derive(Default)]
pub(crate) struct Desk(Mutex<Speakers>);

#[derive(Default)]
struct Speakers {
    there: Vec<&'static str>,
    open: BTreeMap<&'static str, Playback>,
    openings: u32,
}

impl Desk {
    pub(crate) fn with(speakers: &[&'static str]) -> Arc<Self> {
        let desk = Arc::<Self>::default();
        desk.put(speakers);
        desk
    }

    /// These are there from now on.
    pub(crate) fn put(&self, speakers: &[&'static str]) {
        self.lock().there = speakers.to_vec();
    }

    /// Takes away one that is open.
    pub(crate) fn unplug(&self, id: &str) {
        let mut speakers = self.lock();
        speakers.there.retain(|other| *other != id);
        speakers.open.remove(id).unwrap().line().end(State::Lost, "unplugged".to_owned());
    }

    /// How often a speaker was opened.
    pub(crate) fn openings(&self) -> u32 {
        self.lock().openings
    }

    fn lock(&self) -> MutexGuard<'_, Speakers> {
        self.0.lock().unwrap()
    }
}

impl SoundSystem for Desk {
    fn devices(&self) -> AudioDevices {
        let device = |id: &&str| AudioDevice { id: id.to_string(), name: id.to_string(), default: false };
        AudioDevices { outputs: self.lock().there.iter().map(device).collect(), ..AudioDevices::default() }
    }

    fn open_input(&self, _: Option<&str>, _: Thread) -> Result<Input, DeviceError> {
        Err(DeviceError::Missing)
    }

    fn open_output(&self, id: Option<&str>, waker: Thread) -> Result<Output, DeviceError> {
        let mut speakers = self.lock();
        let found = speakers.there.iter().find(|other| id.is_none_or(|id| id == **other));
        let found = *found.ok_or(DeviceError::Missing)?;
        speakers.openings += 1;
        let (playback, output) = speaker(RATE, waker);
        playback.line().name(found, found);
        speakers.open.insert(found, playback);
        Ok(output)
    }

    fn watch(&self) -> Watch {
        Watch::idle()
    }
}
