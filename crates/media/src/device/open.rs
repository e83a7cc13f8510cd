//! Opening a device within a deadline: what may block runs on a thread of its own.
#![expect(clippy::disallowed_types, reason = "opening a device waits, and nothing moves yet")]
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::DeviceError;

/// No device takes longer to open, or it counts as broken.
const DEADLINE: Duration = Duration::from_secs(2);

/// Runs `open` on a thread called `name`. `open` sends its result as soon as it has one, and may go on as the device's
/// thread. If that comes after the deadline nobody takes it, and the device is closed again.
pub(super) fn within_deadline<T: Send + 'static>(
    name: &str,
    open: impl FnOnce(mpsc::Sender<Result<T, DeviceError>>) + Send + 'static,
) -> Result<T, DeviceError> {
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new().name(name.into()).spawn(move || open(sender));
    spawned.map_err(|error| DeviceError::Other(error.to_string()))?;
    receiver.recv_timeout(DEADLINE).unwrap_or_else(|error| {
        Err(DeviceError::Other(match error {
            mpsc::RecvTimeoutError::Timeout => "the sound device does not answer".into(),
            mpsc::RecvTimeoutError::Disconnected => "the sound device could not be opened".into(),
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_device_that_never_answers_is_an_error_after_the_deadline() {
        let start = Instant::now();
        let (release, held) = mpsc::channel::<()>();
        let opened = within_deadline::<()>("stuck", move |_sender| {
            let _ = held.recv();
        });
        assert!(matches!(opened, Err(DeviceError::Other(_))), "{opened:?}");
        assert!((DEADLINE..DEADLINE * 2).contains(&start.elapsed()));
        drop(release);
    }

    #[test]
    fn a_thread_that_dies_while_opening_is_an_error_at_once() {
        let opened = within_deadline::<()>("dead", drop);
        assert_eq!(opened, Err(DeviceError::Other("the sound device could not be opened".into())));
    }
}
