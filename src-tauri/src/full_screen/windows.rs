use std::thread::sleep;
use std::time::Duration;
use windows_sys::Win32::UI::Shell::{
    QUNS_BUSY, QUNS_PRESENTATION_MODE, QUNS_RUNNING_D3D_FULL_SCREEN, SHQueryUserNotificationState,
};

/// The system has to be asked; it tells nobody.
const PAUSE: Duration = Duration::from_secs(2);

/// Tells again and again, for ever, whether another program fills the screen.
pub(super) fn watch(tell: impl Fn(bool)) {
    loop {
        let mut state = 0;
        // SAFETY: it writes one number to where it is told to.
        let asked = unsafe { SHQueryUserNotificationState(&raw mut state) };
        let full = [QUNS_BUSY, QUNS_PRESENTATION_MODE, QUNS_RUNNING_D3D_FULL_SCREEN].contains(&state);
        tell(asked == 0 && full);
        sleep(PAUSE);
    }
}
