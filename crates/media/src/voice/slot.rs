use crate::{DeviceError, Input, Output, SoundSystem, State};
use p2p_comm_model::DeviceState;
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
}

/// Keeps one device open as long as it is wanted: opens it on a thread of its own, again when it is lost, and the
/// system's default in the place of a chosen one that is gone.
pub(super) struct Slot<T> {
    sound: Arc<dyn SoundSystem>,
    /// Which device, while one is wanted: the id of the chosen one, none for the system's default.
    wanted: Option<Option<String>>,
    state: Now<T>,
}

enum Now<T> {
    Closed,
    Opening { result: Receiver<Result<T, DeviceError>>, fallback: bool },
    Open { device: T, fallback: bool, moves: u32 },
    Failed { error: DeviceError, retry_at: Instant },
}

/// What happened to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// It is open now: reset what knew the one before.
    Opened,
    /// The system moved it to another device, since its default changed: reset what knew the one before.
    Moved,
    /// It vanished.
    Lost,
    /// The chosen one is not there, so the system's default is used.
    FellBack,
    /// None could be opened.
    Failed,
}

impl<T: Device> Slot<T> {
    pub(super) fn new(sound: Arc<dyn SoundSystem>) -> Self {
        Self { sound, wanted: None, state: Now::Closed }
    }

    /// Which device should be open; `None`: none.
    pub(super) fn want(&mut self, wanted: Option<Option<String>>) {
        if self.wanted != wanted {
            self.wanted = wanted;
            self.state = Now::Closed;
        }
    }

    pub(super) fn device(&mut self) -> Option<&mut T> {
        match &mut self.state {
            Now::Open { device, .. } => Some(device),
            _ => None,
        }
    }

    /// The list of devices changed: what failed is tried again, and the chosen one instead of the default.
    pub(super) fn list_changed(&mut self) {
        match &mut self.state {
            Now::Failed { retry_at, .. } => *retry_at = Instant::now(),
            Now::Open { fallback: true, .. } => self.state = Now::Closed,
            _ => {}
        }
    }

    /// Goes on; says what happened.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Happened> {
        let wanted = self.wanted.clone()?;
        match &mut self.state {
            Now::Closed => self.open(wanted, false),
            Now::Failed { retry_at, .. } if now >= *retry_at => self.open(wanted, false),
            Now::Failed { .. } => {}
            Now::Open { device, fallback, .. } if device.state() == State::Lost => {
                let fallback = *fallback;
                self.open(wanted, fallback);
                return Some(Happened::Lost);
            }
            Now::Open { device, moves, .. } if device.moves() != *moves => {
                *moves = device.moves();
                return Some(Happened::Moved);
            }
            Now::Open { .. } => {}
            Now::Opening { result, fallback } => {
                let fallback = *fallback;
                let result = match result.try_recv() {
                    Ok(result) => result,
                    Err(TryRecvError::Empty) => return None,
                    Err(TryRecvError::Disconnected) => Err(DeviceError::Other("opening it failed".to_owned())),
                };
                return Some(self.opened(now, result, wanted, fallback));
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
    ) -> Happened {
        match result {
            Ok(device) => {
                let moves = device.moves();
                self.state = Now::Open { device, fallback, moves };
                if fallback { Happened::FellBack } else { Happened::Opened }
            }
            Err(DeviceError::Missing) if wanted.is_some() && !fallback => {
                self.open(wanted, true);
                Happened::Lost
            }
            Err(error) => {
                tracing::warn!(%error, "a sound device did not open");
                self.state = Now::Failed { error, retry_at: now + RETRY };
                Happened::Failed
            }
        }
    }

    fn open(&mut self, id: Option<String>, fallback: bool) {
        let (sender, result) = mpsc::channel();
        let (sound, waker) = (self.sound.clone(), std::thread::current());
        let opening = std::thread::Builder::new().name("p2p-comm-open".to_owned()).spawn(move || {
            let id = id.filter(|_| !fallback);
            let _ = sender.send(T::open(&*sound, id.as_deref(), waker.clone()));
            waker.unpark();
        });
        self.state = match opening {
            Ok(_) => Now::Opening { result, fallback },
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
}
