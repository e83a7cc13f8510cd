use super::{Answer, Engine};
use crate::keep::{self, Keeper, Remembered, profiles, profiles::ProfileEntry};
use crate::transfer::{self, Format};
use p2p_comm_engine::{Code, Import, PeerId, Retention};
use tauri::ipc::{InvokeBody, Request};
use tauri::{AppHandle, State, WebviewWindow};

/// A passphrase is the body, as a password is; a header says whether there is one.
fn passphrase<'a>(request: &'a Request<'_>) -> Answer<Option<&'a str>> {
    let seal = request.headers().get("x-seal").and_then(|value| value.to_str().ok());
    match (seal, request.body()) {
        (Some("keychain"), _) => Ok(None),
        (Some("passphrase"), InvokeBody::Raw(body)) => {
            Ok(Some(std::str::from_utf8(body).map_err(|_| Code::InvalidPassphrase)?))
        }
        _ => Err(Code::InvalidPassphrase.into()),
    }
}

#[tauri::command]
#[specta::specta]
pub(super) async fn remembered(app: AppHandle, engine: Engine<'_>) -> Answer<Remembered> {
    Ok(keep::remembered(&app, &engine).await?)
}

#[tauri::command]
pub(super) async fn remember(request: Request<'_>, engine: Engine<'_>, keeper: State<'_, Keeper>) -> Answer<()> {
    Ok(engine.remember(keeper.apart(passphrase(&request)?)?).await?)
}

#[tauri::command]
pub(super) async fn unlock(request: Request<'_>, app: AppHandle, engine: Engine<'_>) -> Answer<()> {
    Ok(keep::unlock(&app, &engine, passphrase(&request)?).await?)
}

#[tauri::command]
pub(super) async fn change_seal(request: Request<'_>, engine: Engine<'_>, keeper: State<'_, Keeper>) -> Answer<()> {
    Ok(engine.reseal(keeper.apart(passphrase(&request)?)?).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn start_without(app: AppHandle, engine: Engine<'_>) -> Answer<()> {
    Ok(keep::start_without(&app, &engine).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_store_aside(app: AppHandle, engine: Engine<'_>) -> Answer<String> {
    Ok(keep::set_store_aside(&app, &engine).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn clear_conversation(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.clear_conversation(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_retention(
    engine: Engine<'_>,
    peer: Option<PeerId>,
    retention: Option<Retention>,
) -> Answer<()> {
    Ok(engine.set_retention(peer, retention).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_vanishing(engine: Engine<'_>, peer: PeerId, after: Option<u32>) -> Answer<()> {
    Ok(engine.set_vanishing(peer, after).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn remember_password(app: AppHandle, engine: Engine<'_>, on: bool) -> Answer<()> {
    Ok(keep::remember_password(&app, &engine, on).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn connect_remembered(app: AppHandle, engine: Engine<'_>) -> Answer<()> {
    Ok(keep::connect_remembered(&app, &engine).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn forget_everything(app: AppHandle, engine: Engine<'_>) -> Answer<Vec<String>> {
    Ok(keep::forget_everything(&app, &engine).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn export_conversation(
    window: WebviewWindow,
    engine: Engine<'_>,
    peer: PeerId,
    format: Format,
) -> Answer<Option<String>> {
    Ok(transfer::export(&window, &engine, peer, format).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn import_conversation(
    window: WebviewWindow,
    engine: Engine<'_>,
    peer: PeerId,
) -> Answer<Option<Import>> {
    Ok(transfer::import(&window, &engine, peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn profiles(app: AppHandle) -> Vec<ProfileEntry> {
    profiles::list(&app)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn open_profile(app: AppHandle, name: Option<String>) -> Answer<()> {
    Ok(profiles::open(&app, name)?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn delete_profile(app: AppHandle, name: Option<String>) -> Answer<Vec<String>> {
    Ok(super::program::in_background(move || profiles::delete(&app, name.as_deref())).await?)
}
