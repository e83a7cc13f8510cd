//! The voice thread: the one owner of both directions of sound, since the echo canceller needs both.
//!
//! ```text
//!  Input ──▶ Intake: resample ▶ Microphone (echo, noise, level) ▶ Gate ▶ Sender ──▶ VoiceEnd ──▶ network
//!              ▲ reference (what the speaker consumed)
//!  Output ◀── Playout: resample ◀ tones ◀ gain ◀ Receiver ◀── VoiceEnd ◀── network
//! ```
//!
//! It is woken by `unpark` (a callback moved samples, a packet came, a command waits) or after 5 ms, and never waits for
//! anything else: devices are opened by threads of their own ([`slot`]).
#![expect(
    clippy::disallowed_types,
    reason = "the voice thread and its owner tell each other things; callbacks are in device"
)]

use crate::packets::VoiceEnd;
use crate::{DeviceError, SoundSystem};
use p2p_comm_model::{AudioSettings, CallId, CallPhase, DeviceState, Hearing, Notice, VoiceStats};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

mod call;
mod hearing;
mod intake;
mod playout;
mod rehearsal;
mod slot;
mod worker;

pub use rehearsal::Rehearsal;

/// A running voice thread. Dropping it closes the devices at once.
pub struct Voice {
    commands: Sender<Command>,
    thread: Thread,
    shared: Arc<Shared>,
}

/// How a call ended, for the sound that is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// As somebody wanted it to.
    Ended,
    /// It did not come about, or broke.
    Refused,
}

/// What changes now and then.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceStatus {
    /// Whether the other side hears us.
    pub hearing: Hearing,
    /// Their microphone is muted.
    pub peer_muted: bool,
    /// They hear nothing by their own choice.
    pub peer_deafened: bool,
    /// Our microphone.
    pub microphone: DeviceState,
    /// Our speaker.
    pub speaker: DeviceState,
    /// Uncompressed sound is in use.
    pub uncompressed: bool,
    /// It was, and was given up.
    pub fell_back: bool,
}

impl Default for VoiceStatus {
    fn default() -> Self {
        Self {
            hearing: Hearing::Connecting,
            peer_muted: false,
            peer_deafened: false,
            microphone: DeviceState::Closed,
            speaker: DeviceState::Closed,
            uncompressed: false,
            fell_back: false,
        }
    }
}

enum Command {
    Phase(CallPhase),
    Connect(CallId, VoiceEnd),
    Resume,
    Set(Box<AudioSettings>),
    Muted(bool),
    Deafened(bool),
    PushToTalk(bool),
    PeerGain(f32),
    Finish(Moment),
}

/// What the thread tells.
struct Shared {
    told: Mutex<Told>,
    changed: Box<dyn Fn() -> bool + Send + Sync>,
}

#[derive(Default)]
struct Told {
    /// The thread broke down.
    broken: bool,
    status: VoiceStatus,
    stats: VoiceStats,
    notices: Vec<Notice>,
}

impl Voice {
    /// Starts the thread; no device is opened yet. `changed` is called by it whenever [`Voice::status`] or
    /// [`Voice::notices`] have something new, and again 100 ms later while it says that nobody could be told. `gain_db` is how much louder the other side is played.
    pub fn start(
        sound: Arc<dyn SoundSystem>,
        settings: &AudioSettings,
        gain_db: f32,
        changed: impl Fn() -> bool + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (commands, orders) = mpsc::channel();
        let shared = Arc::new(Shared { told: Mutex::default(), changed: Box::new(changed) });
        let worker = worker::Seed { sound, settings: settings.clone(), gain_db, shared: shared.clone(), orders };
        let alarm = Alarm(shared.clone());
        let thread = std::thread::Builder::new().name("p2p-comm-voice".to_owned()).spawn(move || {
            let _alarm = alarm;
            worker.run();
        })?;
        Ok(Self { commands, thread: thread.thread().clone(), shared })
    }

    /// The call is this far: opens what it needs and plays what belongs to it.
    pub fn phase(&self, phase: CallPhase) {
        self.tell(Command::Phase(phase));
    }

    /// Sound flows over `end` from now on, as packets of this call.
    pub fn connect(&self, call: CallId, end: VoiceEnd) {
        self.tell(Command::Connect(call, end));
    }

    /// The packets take another way, maybe after an interruption.
    pub fn resume(&self) {
        self.tell(Command::Resume);
    }

    /// Changes the settings.
    pub fn set(&self, settings: &AudioSettings) {
        self.tell(Command::Set(Box::new(settings.clone())));
    }

    /// Mutes the microphone.
    pub fn set_muted(&self, muted: bool) {
        self.tell(Command::Muted(muted));
    }

    /// Plays nothing of the other side.
    pub fn set_deafened(&self, deafened: bool) {
        self.tell(Command::Deafened(deafened));
    }

    /// The key of push to talk went down or up.
    pub fn push_to_talk(&self, down: bool) {
        self.tell(Command::PushToTalk(down));
    }

    /// How much louder the other side is played, dB.
    pub fn set_peer_gain(&self, gain_db: f32) {
        self.tell(Command::PeerGain(gain_db));
    }

    /// Closes the microphone, plays the sound that belongs to the end, and ends the thread.
    pub fn finish(self, moment: Moment) {
        self.tell(Command::Finish(moment));
    }

    /// How it is now.
    pub fn status(&self) -> VoiceStatus {
        self.shared.lock().status.clone()
    }

    /// The thread broke down over a mistake of this program: there will be no sound any more.
    pub fn broken(&self) -> bool {
        self.shared.lock().broken
    }

    /// The meters and measurements of the last 100 ms.
    pub fn stats(&self) -> VoiceStats {
        self.shared.lock().stats.clone()
    }

    /// Takes what happened to the devices.
    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.shared.lock().notices)
    }

    fn tell(&self, command: Command) {
        // It fails only if the thread has ended, and then there is nobody to tell.
        let _ = self.commands.send(command);
        self.thread.unpark();
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.thread.unpark();
    }
}

/// Tells when the thread breaks down.
struct Alarm(Arc<Shared>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().broken = true;
            (self.0.changed)();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&DeviceError> for DeviceState {
    fn from(error: &DeviceError) -> Self {
        match error {
            DeviceError::Missing => Self::Missing,
            DeviceError::Refused => Self::Refused,
            DeviceError::Busy | DeviceError::Other(_) => Self::Busy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, Instant};

    #[test]
    fn news_that_nobody_had_room_for_is_told_again() {
        let told = Arc::new(AtomicU32::new(0));
        let count = told.clone();
        // Full three times; the one change there is, a speaker that is missing, would be told once.
        let changed = move || count.fetch_add(1, Ordering::Relaxed) >= 3;
        let voice = Voice::start(crate::device::none(), &AudioSettings::unprocessed(), 0.0, changed).unwrap();
        voice.phase(CallPhase::Searching);
        let deadline = Instant::now() + Duration::from_secs(10);
        while told.load(Ordering::Relaxed) < 4 {
            assert!(Instant::now() < deadline, "told {} times", told.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(voice.status().speaker, DeviceState::Missing);
    }

    #[test]
    fn what_stands_in_for_the_chosen_speaker_since_the_search_is_told_once_there_is_a_call() {
        let settings = AudioSettings { output: Some("headset".to_owned()), ..AudioSettings::unprocessed() };
        let voice = Voice::start(crate::device::Desk::with(&["speaker"]), &settings, 0.0, || true).unwrap();
        let until = |what: &str, done: &dyn Fn() -> bool| {
            let deadline = Instant::now() + Duration::from_secs(10);
            while !done() {
                assert!(Instant::now() < deadline, "never {what}");
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        voice.phase(CallPhase::Searching);
        until("open", &|| voice.status().speaker == DeviceState::Open { name: "speaker".to_owned() });
        let (end, _network) = crate::packets(|| ());
        voice.connect(CallId([7; 8]), end);
        voice.phase(CallPhase::Active);
        until("without a microphone", &|| voice.status().microphone == DeviceState::Missing);
        assert_eq!(voice.notices(), [Notice::SpeakerReplaced]);
    }
}
