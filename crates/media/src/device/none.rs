use super::{DeviceError, Input, Output, SoundSystem, Watch};
use p2p_comm_model::AudioDevices;
use std::thread::Thread;

/// A computer without sound.
pub(super) struct NoDevices;

impl SoundSystem for NoDevices {
    fn devices(&self) -> AudioDevices {
        AudioDevices::default()
    }

    fn open_input(&self, _: Option<&str>, _: Thread) -> Result<Input, DeviceError> {
        Err(DeviceError::Missing)
    }

    fn open_output(&self, _: Option<&str>, _: Thread) -> Result<Output, DeviceError> {
        Err(DeviceError::Missing)
    }

    fn watch(&self) -> Watch {
        Watch::idle()
    }
}
