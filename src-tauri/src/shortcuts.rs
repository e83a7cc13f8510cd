//! Keys that work while other programs have the focus.

use crate::events::ShellNotice;
use crate::notices::Notices;
use crate::platform;
use crate::settings::Shortcuts;
use p2p_comm_engine::{CallPhase, Error, Handle};
use tauri::{AppHandle, Manager as _};
use tauri_plugin_global_shortcut::{Builder, GlobalShortcut, GlobalShortcutExt as _, Shortcut, ShortcutState};
use tokio::sync::mpsc;

#[derive(Debug, Clone, Copy)]
enum Key {
    Talk,
    Mute,
    Answer,
    End,
}

/// Keys on their way to the engine, in their order: a release that overtook its press would leave the microphone open.
struct Pressed(mpsc::UnboundedSender<(Key, ShortcutState)>);

/// Listens for these keys and for no others. One that another program has, or that is none, becomes a notice.
pub(crate) fn register(app: &AppHandle, shortcuts: &Shortcuts) {
    if !platform::global_shortcuts() {
        return;
    }
    let (listener, shortcuts) = (app.clone(), shortcuts.clone());
    // Windows and macOS give keys only to the thread that asked for them.
    if let Err(error) = app.run_on_main_thread(move || listen(&listener, &shortcuts)) {
        tracing::warn!(%error, "shortcuts stay as they were");
    }
}

fn listen(app: &AppHandle, shortcuts: &Shortcuts) {
    let wanted = [
        (&shortcuts.talk, Key::Talk),
        (&shortcuts.mute, Key::Mute),
        (&shortcuts.answer, Key::Answer),
        (&shortcuts.end, Key::End),
    ];
    if !make_ready(app, wanted.iter().any(|(keys, _)| keys.is_some())) {
        return;
    }
    let global = app.global_shortcut();
    if let Err(error) = global.unregister_all() {
        tracing::warn!(%error, "shortcuts stay as they were");
    }
    // Of a key that is held now nobody would hear the release.
    pressed(app, Key::Talk, ShortcutState::Released);
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
    if wanted {
        let (sender, keys) = mpsc::unbounded_channel();
        app.manage(Pressed(sender));
        tauri::async_runtime::spawn(carry_out(app.state::<Handle>().inner().clone(), keys));
    }
    wanted
}

fn pressed(app: &AppHandle, key: Key, state: ShortcutState) {
    // It ends with the program only.
    let _ = app.state::<Pressed>().0.send((key, state));
}

async fn carry_out(engine: Handle, mut keys: mpsc::UnboundedReceiver<(Key, ShortcutState)>) {
    while let Some((key, state)) = keys.recv().await {
        let down = state == ShortcutState::Pressed;
        let done = match key {
            Key::Talk => engine.push_to_talk(down).await,
            Key::Mute if down => toggle_mute(&engine).await,
            Key::Answer if down => answer(&engine).await,
            Key::End if down => end(&engine).await,
            Key::Mute | Key::Answer | Key::End => Ok(()),
        };
        if let Err(error) = done {
            tracing::info!(%error, ?key, "a shortcut did nothing");
        }
    }
}

/// Mutes the microphone of the call, or unmutes it. Whoever is deafened is muted, too: to be heard again, one hears again.
pub(crate) async fn toggle_mute(engine: &Handle) -> Result<(), Error> {
    match engine.current_call().await? {
        Some(call) if call.deafened => engine.set_deafened(false).await,
        Some(call) => engine.set_muted(!call.muted).await,
        None => Ok(()),
    }
}

/// Accepts the call that rings. The window stays where it is: whoever answers this way wants to go on with something else.
async fn answer(engine: &Handle) -> Result<(), Error> {
    match engine.current_call().await? {
        Some(call) if call.phase == CallPhase::Incoming => engine.accept_call(call.number).await,
        Some(_) | None => Ok(()),
    }
}

/// Ends the call, or rejects the one that rings.
async fn end(engine: &Handle) -> Result<(), Error> {
    match engine.current_call().await? {
        Some(call) if call.phase == CallPhase::Incoming => engine.reject_call(call.number).await,
        Some(call) => engine.end_call(call.number).await,
        None => Ok(()),
    }
}
