//! Whether another program fills the screen: a film, a game, slides. Then nothing disturbs, if the person wants it so.
//! On macOS and on Wayland no program is told.

#[cfg(windows)]
mod windows;
#[cfg(target_os = "linux")]
mod x11;

use crate::platform;
use crate::settings::{Notifications, Preferences};
use p2p_comm_engine::{Error, Handle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tauri::{AppHandle, Manager as _};
use tokio::sync::watch;

/// What is known of the screen.
pub(crate) struct FullScreen {
    /// Another program fills it.
    filled: watch::Receiver<bool>,
    /// It does, and the person wants quiet then: what the engine was told last.
    quiet: AtomicBool,
}

impl FullScreen {
    /// Another program fills the screen, and nothing may disturb meanwhile.
    pub(crate) fn quiet(&self) -> bool {
        self.quiet.load(Ordering::Relaxed)
    }
}

/// Watches the screen and tells the engine, until the program ends.
pub(crate) fn start(app: &AppHandle) {
    let (sender, mut filled) = watch::channel(false);
    app.manage(FullScreen { filled: filled.clone(), quiet: AtomicBool::new(false) });
    if !platform::full_screen() {
        return;
    }
    let watching = std::thread::Builder::new().name("full-screen".to_owned()).spawn(move || watch(&sender));
    if let Err(error) = watching {
        tracing::warn!(%error, "other programs that fill the screen are not noticed");
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        while filled.changed().await.is_ok() {
            let settings = app.state::<Arc<Preferences>>().now().notifications;
            if let Err(error) = tell(&app, &settings).await {
                tracing::info!(%error, "the engine was not told of a full screen");
            }
        }
    });
}

/// Tells the engine, which plays the ring tone, and whose change then makes the desk look again.
pub(crate) async fn tell(app: &AppHandle, settings: &Notifications) -> Result<(), Error> {
    let screen = app.state::<FullScreen>();
    let quiet = settings.quiet_in_full_screen && *screen.filled.borrow();
    screen.quiet.store(quiet, Ordering::Relaxed);
    app.state::<Handle>().set_full_screen(quiet).await
}

fn watch(told: &watch::Sender<bool>) {
    let tell = |full: bool| {
        told.send_if_modified(|before| std::mem::replace(before, full) != full);
    };
    #[cfg(target_os = "linux")]
    if let Err(error) = x11::watch(tell) {
        tracing::warn!(%error, "other programs that fill the screen are not noticed");
        told.send_replace(false);
    }
    #[cfg(windows)]
    windows::watch(tell);
    #[cfg(not(any(target_os = "linux", windows)))]
    let _ = tell;
}
