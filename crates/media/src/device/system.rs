//! The system's sound devices.
use std::thread::Thread;

use p2p_comm_model::AudioDevices;

#[cfg(target_os = "linux")]
use super::pulse::Server;
use super::{DeviceError, Input, Output, SoundSystem, Watch, cpal};

/// The sound server where there is one, else what cpal finds.
#[derive(Clone, Default)]
pub(super) struct System {
    #[cfg(target_os = "linux")]
    pub(super) server: Server,
    /// No other devices than those of the server.
    pub(super) server_only: bool,
}

impl SoundSystem for System {
    fn devices(&self) -> AudioDevices {
        #[cfg(target_os = "linux")]
        if let Some(devices) = self.server.devices() {
            return devices;
        }
        if self.server_only { AudioDevices::default() } else { cpal::devices() }
    }

    fn open_input(&self, id: Option<&str>, waker: Thread) -> Result<Input, DeviceError> {
        #[cfg(target_os = "linux")]
        if let Some(opened) = self.server.open_input(id, waker.clone()) {
            return opened;
        }
        if self.server_only { Err(DeviceError::Missing) } else { cpal::open_input(id, waker) }
    }

    fn open_output(&self, id: Option<&str>, waker: Thread) -> Result<Output, DeviceError> {
        #[cfg(target_os = "linux")]
        if let Some(opened) = self.server.open_output(id, waker.clone()) {
            return opened;
        }
        if self.server_only { Err(DeviceError::Missing) } else { cpal::open_output(id, waker) }
    }

    fn watch(&self) -> Watch {
        Watch::start(self.clone())
    }
}
