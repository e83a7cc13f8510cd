use super::{Answer, Engine};
use crate::events::ShellNotice;
use crate::invited::Invited;
use crate::keep::Keeper;
use crate::notices::Notices;
use crate::platform::Platform;
use crate::ready::Ready;
use crate::settings::{self, Preferences, Settings};
use crate::view::View;
use crate::{blank, notify, popup, qr, quit, talk, window};
use p2p_comm_engine::{Code, Invite, NetConfig, NodeStatus, Password, PeerId, logging, suggest_password as suggest};
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use tauri::ipc::{InvokeBody, Request};
use tauri::{AppHandle, Manager as _, Runtime, State, WebviewWindow};
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use zeroize::Zeroizing;

/// The password is the body: it is in no JSON text, and the page can wipe its copy. Name and port are headers.
#[tauri::command]
pub(super) async fn connect(
    request: Request<'_>,
    engine: Engine<'_>,
    preferences: State<'_, Arc<Preferences>>,
    keeper: State<'_, Keeper>,
) -> Answer<()> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = percent_decode_str(header("x-name")).decode_utf8().map_err(|_| Code::InvalidName)?.into_owned();
    let port = match header("x-port").parse().map_err(|_| Code::InvalidPort)? {
        0 => preferences.now().network.port,
        port => port,
    };
    let InvokeBody::Raw(body) = request.body() else { return Err(Code::InvalidPassword.into()) };
    let text = std::str::from_utf8(body).map_err(|_| Code::InvalidPassword)?;
    let password = Password::parse(text).map_err(|_| Code::InvalidPassword)?;
    engine.connect(&name, password, NetConfig { port, ..NetConfig::default() }).await?;
    keeper.hold(Some(Zeroizing::new(text.to_owned())));
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn disconnect(engine: Engine<'_>, keeper: State<'_, Keeper>) -> Answer<()> {
    keeper.hold(None);
    Ok(engine.disconnect().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn status(engine: Engine<'_>) -> Answer<NodeStatus> {
    Ok(engine.status().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn invite(engine: Engine<'_>) -> Answer<String> {
    Ok(engine.invite().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) fn read_invite(text: &str) -> Answer<Invite> {
    Ok(Invite::parse(text).map_err(|_| Code::InvalidInvite)?)
}

/// The picture is the body.
#[tauri::command]
pub(super) async fn read_qr(request: Request<'_>) -> Answer<String> {
    let InvokeBody::Raw(body) = request.body() else { return Err(Code::NotAnImage.into()) };
    let bytes = body.clone();
    Ok(in_background(move || qr::read(&bytes)).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn read_qr_of_clipboard(app: AppHandle) -> Answer<String> {
    let read = move || {
        let picture = app.clipboard().read_image().map_err(|_| Code::NotAnImage)?;
        qr::read_rgba(picture.width(), picture.height(), picture.rgba().to_vec())
    };
    Ok(in_background(read).await?)
}

pub(super) async fn in_background<T: Send + 'static, E: From<Code> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    tauri::async_runtime::spawn_blocking(work).await.unwrap_or(Err(E::from(Code::Internal)))
}

#[tauri::command]
#[specta::specta]
pub(super) fn suggest_password() -> String {
    suggest()
}

#[tauri::command]
#[specta::specta]
pub(super) fn copy_text<R: Runtime>(app: AppHandle<R>, text: String) -> Answer<()> {
    app.clipboard().write_text(text).map_err(|_| Code::SystemRefused.into())
}

#[tauri::command]
#[specta::specta]
pub(super) fn log() -> Vec<String> {
    logging::recent()
}

#[tauri::command]
#[specta::specta]
pub(super) fn settings(preferences: State<'_, Arc<Preferences>>) -> Settings {
    preferences.now()
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_settings(app: AppHandle, settings: Settings) -> Answer<()> {
    Ok(settings::change(&app, |all| *all = settings).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) fn platform(app: AppHandle) -> Platform {
    Platform::of(&app)
}

#[tauri::command]
#[specta::specta]
pub(super) fn viewing(window: WebviewWindow, view: State<'_, View>, peer: Option<PeerId>, focused: bool) {
    view.show(window.label(), peer, focused);
}

#[tauri::command]
#[specta::specta]
pub(super) fn last_viewed(view: State<'_, View>) -> Option<PeerId> {
    view.peer(window::MAIN)
}

#[tauri::command]
#[specta::specta]
pub(super) fn page_ready(window: WebviewWindow, ready: State<'_, Ready>) {
    if window.label() == window::MAIN && ready.shows() {
        blank::over(window.app_handle());
    }
}

#[tauri::command]
#[specta::specta]
pub(super) async fn open_compact(app: AppHandle) -> Answer<()> {
    popup::open_compact(&app).map_err(|_| Code::SystemRefused.into())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn close_compact(app: AppHandle) {
    popup::close_compact(&app);
}

#[tauri::command]
#[specta::specta]
pub(super) async fn open_talk(app: AppHandle, engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    if !engine.peers().await?.iter().any(|known| known.id == peer) {
        return Err(Code::NotFound.into());
    }
    talk::open(&app, peer).map_err(|_| Code::SystemRefused.into())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn show_conversation(app: AppHandle, peer: PeerId) {
    notify::open_conversation(&app, peer);
}

#[tauri::command]
#[specta::specta]
pub(super) async fn show_window(app: AppHandle) {
    window::raise(&app, None);
}

#[tauri::command]
#[specta::specta]
pub(super) fn quit(app: AppHandle) {
    quit::quit(&app);
}

#[tauri::command]
#[specta::specta]
pub(super) fn notices(notices: State<'_, Notices>) -> Vec<ShellNotice> {
    notices.waiting()
}

#[tauri::command]
#[specta::specta]
pub(super) async fn dismiss_notice(app: AppHandle, notice: ShellNotice) -> Answer<()> {
    app.state::<Notices>().dismiss(notice);
    if notice == ShellNotice::TrayHint {
        window::hint_seen(&app).await?;
    }
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(super) fn take_invited(invited: State<'_, Invited>) -> Option<String> {
    invited.take()
}
