//! Microphones and speakers: the system's, or `.wav` files that stand in for them.
//!
//! ```text
//!  microphone -> Capture -> ring ----------> voice thread -> ring -> Playback -> speaker
//!                                                ^                      |
//!                                                +------ reference -----+
//! ```
//! [`Capture`] and [`Playback`] are the callbacks: they move samples between the device's buffer and a ring, count, and
//! unpark the voice thread. They never allocate, lock, log or wait. Everything else (opening, events of the sound
//! server, files) happens on threads of the device.
//!
//! # Which way to the sound card
//! macOS, Windows and a bare ALSA: cpal. A PulseAudio or PipeWire server: streams of our own on its protocol, which have
//! the least delay and load, names, hot-plug events and follow the default; the figures are in `device/pulse.rs`.
mod cpal;
#[cfg(test)]
mod desk;
mod echo;
mod input;
mod line;
mod none;
mod open;
mod output;
#[cfg(target_os = "linux")]
mod pulse;
mod system;
mod watch;
mod wav;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::Thread;

use p2p_comm_model::AudioDevices;

#[cfg(test)]
pub(crate) use desk::Desk;
pub use input::{Capture, Input, microphone};
pub use line::State;
pub use output::{Output, Playback, speaker};
pub use watch::Watch;

/// Where sound comes from and goes to.
pub trait SoundSystem: Send + Sync {
    /// The devices there are now. Monitors of speakers are no microphones. May take some ms: not for the voice thread.
    fn devices(&self) -> AudioDevices;

    /// Opens a microphone, within 2 s. Without an `id` it is the system's default, followed when that changes; with one
    /// it is that device or none ([`DeviceError::Missing`]). Its callbacks unpark `waker`.
    fn open_input(&self, id: Option<&str>, waker: Thread) -> Result<Input, DeviceError>;

    /// Opens a speaker, likewise.
    fn open_output(&self, id: Option<&str>, waker: Thread) -> Result<Output, DeviceError>;

    /// Watches the list of devices and the defaults.
    fn watch(&self) -> Watch;

    /// Why nobody will ever hear what is played, in words: the speaker's file could not be made, or its disk is full.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// Why a device could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is none, or the chosen one is gone.
    #[error("no such sound device")]
    Missing,
    /// The system does not allow it.
    #[error("the system refuses access to the sound device")]
    Refused,
    /// Another program has it to itself.
    #[error("the sound device is in use by another program")]
    Busy,
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

/// The system's devices.
pub fn system() -> Arc<dyn SoundSystem> {
    Arc::new(system::System::default())
}

/// The devices of the PulseAudio or PipeWire server at this socket, and no others.
#[cfg(target_os = "linux")]
pub fn server(socket: PathBuf) -> Arc<dyn SoundSystem> {
    Arc::new(system::System { server: pulse::Server::at(socket), server_only: true })
}

/// The speaker of this one is its microphone, a second later: for a peer that plays back what it hears, after a greeting.
pub fn echo() -> Arc<dyn SoundSystem> {
    Arc::new(echo::Echo::default())
}

/// No devices at all.
pub fn none() -> Arc<dyn SoundSystem> {
    Arc::new(none::NoDevices)
}

/// `.wav` files as microphone or speaker, the system's default where there is no path. A microphone's file is played once
/// in real time, then it is silent; a speaker's file is made anew (48 kHz, 16 bits, mono) and has a timeline without gaps.
pub fn files(microphone: Option<PathBuf>, speaker: Option<PathBuf>) -> Arc<dyn SoundSystem> {
    Arc::new(wav::Files::new(microphone, speaker, system()))
}

/// Whether this `.wav` can be a microphone; [`files`] would find out only when it is opened.
pub fn check_recording(path: &Path) -> Result<(), DeviceError> {
    wav::check(path)
}

/// Whether this file can be a speaker; [`files`] would find out only when it is opened.
pub fn check_speaker(path: &Path) -> Result<(), DeviceError> {
    wav::check_speaker(path)
}
