//! Keys that work while other programs have the focus.

use crate::events::ShellNotice;
use crate::notices::Notices;
use crate::platform;
use crate::settings::Shortcuts;
use p2p_comm_engine::Handle;
use tauri::{AppHandle, Manager as _};
use tauri_plugin_global_shortcut::{Builder, GlobalShortcut, GlobalShortcutExt as _, Shortcut, ShortcutState};

#[derive(Debug, Clone, Copy)]
enum Key {
    Talk,
    Mute,
}

/// Listens for these keys and for no others. One that another program has, or that is none, becomes a notice.
pub(crate) fn register(app: &AppHandle, shortcuts: &Shortcuts) {
    if !platform::global_shortcuts() {
        return;
    }
    let wanted = [(&shortcuts.talk, Key::Talk), (&shortcuts.mute, Key::Mute)];
    if !make_ready(app, wanted.iter().any(|(keys, _)| keys.is_some())) {
        return;
    }
    let global = app.global_shortcut();
    if let Err(error) = global.unregister_all() {
        tracing::warn!(%error, "shortcuts stay as they were");
    }
    for (keys, key) in wanted {
        let Some(keys) = keys else { continue };
        let listened = keys.parse::<Shortcut>().map_err(|error| error.to_string()).and_then(|shortcut| {
            let listening = global.on_shortcut(shortcut, move |app, _, event| pressed(app, key, event.state));
            listening.map_err(|error| error.to_string())
        });
        if let Err(error) = listened {
            tracing::warn!(error, "a shortcut is not free");
            app.state::<Notices>().tell(app, ShellNotice::ShortcutTaken);
        }
    }
}

/// Listening costs a thread, so it begins with the first shortcut.
fn make_ready(app: &AppHandle, wanted: bool) -> bool {
    if app.try_state::<GlobalShortcut<tauri::Wry>>().is_some() {
        return true;
    }
    if wanted && let Err(error) = app.plugin(Builder::new().build()) {
        tracing::warn!(%error, "no shortcuts");
        app.state::<Notices>().tell(app, ShellNotice::ShortcutTaken);
        return false;
    }
    wanted
}

fn pressed(app: &AppHandle, key: Key, state: ShortcutState) {
    let engine = app.state::<Handle>().inner().clone();
    let down = state == ShortcutState::Pressed;
    tauri::async_runtime::spawn(async move {
        let done = match key {
            Key::Talk => engine.push_to_talk(down).await,
            Key::Mute if down => toggle_mute(&engine).await,
            Key::Mute => Ok(()),
        };
        if let Err(error) = done {
            tracing::info!(%error, ?key, "a shortcut did nothing");
        }
    });
}

/// Mutes the microphone of the call, or unmutes it.
pub(crate) async fn toggle_mute(engine: &Handle) -> Result<(), p2p_comm_engine::Error> {
    match engine.current_call().await? {
        Some(call) => engine.set_muted(!call.muted).await,
        None => Ok(()),
    }
}
