use crate::{DeviceError, Input, Output, SoundSystem, State};
use p2p_comm_model::{AudioDevice, AudioDevices, DeviceState};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// A device that did not open is tried again this often, and whenever the list of devices changes.
const RETRY: Duration = Duration::from_secs(1);

/// A sound device of either kind.
pub(super) trait Device: Send + Sized + 'static {
    fn open(sound: &dyn SoundSystem, id: Option<&str>, waker: Thread) -> Result<Self, DeviceError>;
    fn state(&self) -> State;
    fn name(&self) -> String;
    /// How often the system has moved it to another device.
    fn moves(&self) -> u32;
    /// Those of its kind.
    fn listed(devices: AudioDevices) -> Vec<AudioDevice>;
}

/// Keeps one device open as long as it is wanted: opens it on a thread of its own, again when it is lost, and the
/// system's default in the place of a chosen one that is gone.
pub(super) struct Slot<T> {
    sound: Arc<dyn SoundSystem>,
    /// Which device, while one is wanted: the id of the chosen one, none for the system's default.
    wanted: Option<Option<String>>,
    /// The list of devices has changed since the chosen one was looked for.
    list_changed: bool,
    state: Now<T>,
}

enum Now<T> {
    Closed,
    /// `lost`: the one before vanished, and nothing has been said about that yet.
    Opening {
        result: Receiver<Result<T, DeviceError>>,
        fallback: bool,
        lost: bool,
    },
    /// `look`: a look for the chosen one in the list, while the default stands in for it.
    Open {
        device: T,
        fallback: bool,
        moves: u32,
        look: Option<Receiver<bool>>,
    },
    Failed {
        error: DeviceError,
        retry_at: Instant,
    },
}

/// What happened to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// It is open now: reset what knew the one before.
    Opened,
    /// The system moved it to another device, since its default changed: reset what knew the one before.
    Moved,
    /// It was open and vanished, and what comes next is not known yet.
    Lost,
    /// The chosen one is not there, so the system's default is used.
    FellBack,
    /// None could be opened.
    Failed,
}

impl<T: Device> Slot<T> {
    pub(super) fn new(sound: Arc<dyn SoundSystem>) -> Self {
        Self { sound, wanted: None, list_changed: false, state: Now::Closed }
    }

    /// Which device should be open; `None`: none.
    pub(super) fn want(&mut self, wanted: Option<Option<String>>) {
        if self.wanted != wanted {
            self.wanted = wanted;
            self.state = Now::Closed;
        }
    }

    /// The system's default is open in the place of this chosen one.
    pub(super) fn stands_in_for(&self, chosen: &Option<String>) -> bool {
        self.wanted.as_ref() == Some(chosen) && matches!(self.state, Now::Open { fallback: true, .. })
    }

    pub(super) fn device(&mut self) -> Option<&mut T> {
        match &mut self.state {
            Now::Open { device, .. } => Some(device),
            _ => None,
        }
    }

    /// The list of devices changed: what failed is tried again, and the chosen one is looked for while the default stands
    /// in for it.
    pub(super) fn list_changed(&mut self) {
        self.list_changed = true;
    }

    /// Goes on; says what happened.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Happened> {
        let wanted = self.wanted.clone()?;
        match &mut self.state {
            Now::Closed => self.open(wanted, false, false),
            Now::Failed { retry_at, .. } if self.list_changed || now >= *retry_at => self.open(wanted, false, false),
            Now::Failed { .. } => {}
            Now::Open { device, fallback, .. } if device.state() == State::Lost => {
                // What is used instead of a chosen one is worth the line; there is nothing to say in between.
                let (fallback, chosen) = (*fallback, wanted.is_some());
                self.open(wanted, fallback, chosen);
                return Some(Happened::Lost).filter(|_| !chosen);
            }
            Now::Open { device, moves, .. } if device.moves() != *moves => {
                *moves = device.moves();
                return Some(Happened::Moved);
            }
            Now::Open { fallback: true, look, .. } if std::mem::take(&mut self.list_changed) => {
                *look = wanted.and_then(|id| look_for::<T>(self.sound.clone(), id));
            }
            Now::Open { look, .. } => match look.as_ref().map(Receiver::try_recv) {
                Some(Ok(true)) => self.open(wanted, false, false),
                Some(Ok(false) | Err(TryRecvError::Disconnected)) => *look = None,
                Some(Err(TryRecvError::Empty)) | None => {}
            },
            Now::Opening { result, fallback, lost } => {
                let (fallback, lost) = (*fallback, *lost);
                let result = match result.try_recv() {
                    Ok(result) => result,
                    Err(TryRecvError::Empty) => return None,
                    Err(TryRecvError::Disconnected) => Err(DeviceError::Other("opening it failed".to_owned())),
                };
                return self.opened(now, result, wanted, fallback, lost);
            }
        }
        None
    }

    fn opened(
        &mut self,
        now: Instant,
        result: Result<T, DeviceError>,
        wanted: Option<String>,
        fallback: bool,
        lost: bool,
    ) -> Option<Happened> {
        match result {
            Ok(device) => {
                let moves = device.moves();
                self.state = Now::Open { device, fallback, moves, look: None };
                Some(if fallback { Happened::FellBack } else { Happened::Opened })
            }
            Err(DeviceError::Missing) if wanted.is_some() && !fallback => {
                self.open(wanted, true, lost);
                None
            }
            Err(error) => {
                tracing::warn!(%error, "a sound device did not open");
                self.state = Now::Failed { error, retry_at: now + RETRY };
                Some(if lost { Happened::Lost } else { Happened::Failed })
            }
        }
    }

    fn open(&mut self, id: Option<String>, fallback: bool, lost: bool) {
        if !fallback {
            self.list_changed = false;
        }
        let (sender, result) = mpsc::channel();
        let (sound, waker) = (self.sound.clone(), std::thread::current());
        let opening = std::thread::Builder::new().name("p2p-comm-open".to_owned()).spawn(move || {
            let id = id.filter(|_| !fallback);
            let _ = sender.send(T::open(&*sound, id.as_deref(), waker.clone()));
            waker.unpark();
        });
        self.state = match opening {
            Ok(_) => Now::Opening { result, fallback, lost },
            Err(error) => {
                let error = DeviceError::Other(error.to_string());
                Now::Failed { error, retry_at: Instant::now() + RETRY }
            }
        };
    }

    pub(super) fn state(&self) -> DeviceState {
        match &self.state {
            Now::Closed | Now::Opening { .. } => DeviceState::Closed,
            Now::Open { device, .. } => DeviceState::Open { name: device.name() },
            Now::Failed { error, .. } => error.into(),
        }
    }
}

/// Whether the list has this device, found out by a thread of its own; none if there is none to be had.
fn look_for<T: Device>(sound: Arc<dyn SoundSystem>, id: String) -> Option<Receiver<bool>> {
    let (sender, found) = mpsc::channel();
    let waker = std::thread::current();
    let looking = std::thread::Builder::new().name("p2p-comm-look".to_owned()).spawn(move || {
        let _ = sender.send(T::listed(sound.devices()).iter().any(|device| device.id == id));
        waker.unpark();
    });
    looking.is_ok().then_some(found)
}

impl Device for Input {
    fn open(sound: &dyn SoundSystem, id: Option<&str>, waker: Thread) -> Result<Self, DeviceError> {
        sound.open_input(id, waker)
    }

    fn state(&self) -> State {
        Self::state(self)
    }

    fn name(&self) -> String {
        Self::name(self)
    }

    fn moves(&self) -> u32 {
        Self::moves(self)
    }

    fn listed(devices: AudioDevices) -> Vec<AudioDevice> {
        devices.inputs
    }
}

impl Device for Output {
    fn open(sound: &dyn SoundSystem, id: Option<&str>, waker: Thread) -> Result<Self, DeviceError> {
        sound.open_output(id, waker)
    }

    fn state(&self) -> State {
        Self::state(self)
    }

    fn name(&self) -> String {
        Self::name(self)
    }

    fn moves(&self) -> u32 {
        Self::moves(self)
    }

    fn listed(devices: AudioDevices) -> Vec<AudioDevice> {
        devices.outputs
    }
}

#[cfg(test)]
mod tests;
