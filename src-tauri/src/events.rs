//! What the pages hear without asking.

use p2p_comm_engine::{Code, Handle, PeerId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tauri::{AppHandle, Emitter as _};

/// At most 30 events a second reach a page.
const PAUSE: Duration = Duration::from_millis(33);

/// Something of the desktop changed, or is asked of the page.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum ShellEvent {
    /// The settings.
    Settings,
    /// What [`crate::platform::Platform`] says.
    Platform,
    /// The main page opens this conversation.
    Open { peer: PeerId },
    /// An invite was opened as a link; the main page takes and shows it.
    Invited,
    /// What [`crate::keep::Remembered`] says.
    Remembered,
    /// Something to be read once.
    Notice { notice: ShellNotice },
}

/// Something that the person should read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ShellNotice {
    /// The file of the settings was damaged and has been set aside.
    SettingsDamaged,
    /// What is chosen holds only until the program ends.
    SettingsReadOnly,
    /// Another program has a shortcut that was chosen, or it is none.
    ShortcutTaken,
    /// The program keeps running in the tray.
    TrayHint,
    /// What waits for the disk would be lost. Who quits once more means it.
    QuitLoses,
    /// The connection that nobody in the window asked for, at the start or from the tray, failed for this reason.
    ConnectFailed(Code),
}

/// Tells the pages what changed in the engine, until it ends.
pub(crate) fn forward(app: AppHandle, engine: Handle) {
    tauri::async_runtime::spawn(async move {
        let Ok(mut changes) = engine.changes().await else { return };
        loop {
            let changed = changes.next().await;
            if let Err(error) = app.emit("changes", &changed) {
                tracing::warn!(%error, "the pages were not told of a change");
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
}

pub(crate) fn tell(app: &AppHandle, event: &ShellEvent) {
    if let Err(error) = app.emit("shell", event) {
        tracing::warn!(%error, "the pages were not told of the desktop");
    }
}
