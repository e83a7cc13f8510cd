use crate::Profile;
use crate::settings::Preferences;
use crate::tray::Tray;
use serde::Serialize;
use std::sync::{Arc, OnceLock};
use tauri::{AppHandle, Manager as _};

static WAYLAND: OnceLock<bool> = OnceLock::new();

/// What the desktop around the program can do.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Platform {
    os: Os,
    wayland: bool,
    /// Something shows tray icons now.
    tray: bool,
    global_shortcuts: bool,
    /// It can be known whether another program fills the screen.
    full_screen: bool,
    version: String,
    /// As it is agreed on the wire.
    protocol: String,
    profile: Option<String>,
    /// Where the settings are kept once something was chosen.
    settings_file: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
enum Os {
    Linux,
    Mac,
    Windows,
}

impl Platform {
    pub(crate) fn of(app: &AppHandle) -> Self {
        let os = if cfg!(windows) {
            Os::Windows
        } else if cfg!(target_os = "macos") {
            Os::Mac
        } else {
            Os::Linux
        };
        Self {
            os,
            wayland: wayland(),
            tray: app.state::<Tray>().is_there(),
            global_shortcuts: global_shortcuts(),
            full_screen: full_screen(),
            version: app.package_info().version.to_string(),
            protocol: p2p_comm_engine::PROTOCOL.to_owned(),
            profile: app.state::<Profile>().0.clone(),
            settings_file: app.state::<Arc<Preferences>>().path().display().to_string(),
        }
    }
}

/// Windows cannot be placed, nor kept above others. False before [`look`].
pub(crate) fn wayland() -> bool {
    WAYLAND.get().is_some_and(|wayland| *wayland)
}

/// Asks the window system once, on the main thread.
pub(crate) fn look() {
    #[cfg(target_os = "linux")]
    {
        use gtk::prelude::DisplayExtManual as _;
        let display = gtk::gdk::Display::default();
        let _ = WAYLAND.set(display.is_some_and(|display| display.backend().is_wayland()));
    }
}

/// Keys can be heard that go to other programs.
pub(crate) fn global_shortcuts() -> bool {
    !wayland()
}

/// Another program that fills the screen is noticed.
pub(crate) fn full_screen() -> bool {
    cfg!(any(target_os = "linux", windows)) && !wayland()
}
