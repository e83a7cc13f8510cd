use super::{Answer, Engine};
use crate::settings;
use p2p_comm_engine::{PeerAddress, PeerId, PeerSnapshot, RequestId, RequestSnapshot};
use tauri::AppHandle;

/// An address as somebody wrote it.
#[derive(Debug, serde::Deserialize, specta::Type)]
pub(crate) struct TypedAddress {
    host: String,
    port: u32,
}

#[tauri::command]
#[specta::specta]
pub(super) async fn peers(engine: Engine<'_>) -> Answer<Vec<PeerSnapshot>> {
    Ok(engine.peers().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn requests(engine: Engine<'_>) -> Answer<Vec<RequestSnapshot>> {
    Ok(engine.requests().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn add_peer(engine: Engine<'_>, label: String, addresses: Vec<TypedAddress>) -> Answer<PeerId> {
    let parsed =
        addresses.iter().map(|address| PeerAddress::new(&address.host, address.port)).collect::<Result<_, _>>();
    Ok(engine.add_peer(&label, parsed?).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn rename_peer(engine: Engine<'_>, peer: PeerId, label: String) -> Answer<()> {
    Ok(engine.rename_peer(peer, &label).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_peer_muted(engine: Engine<'_>, peer: PeerId, muted: bool) -> Answer<()> {
    Ok(engine.set_peer_muted(peer, muted).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_peer_pinned(engine: Engine<'_>, peer: PeerId, pinned: bool) -> Answer<()> {
    Ok(engine.set_peer_pinned(peer, pinned).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn phrase(engine: Engine<'_>, peer: PeerId) -> Answer<Option<String>> {
    Ok(engine.phrase(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_verified(engine: Engine<'_>, peer: PeerId, compared: Option<String>) -> Answer<()> {
    Ok(engine.set_verified(peer, compared).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn remove_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.remove_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn restore_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.restore_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn block_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.block_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn unblock_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.unblock_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn retry_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.retry_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn accept_request(engine: Engine<'_>, request: RequestId) -> Answer<PeerId> {
    Ok(engine.accept_request(request).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn ignore_request(engine: Engine<'_>, request: RequestId) -> Answer<()> {
    Ok(engine.ignore_request(request).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn block_request(engine: Engine<'_>, request: RequestId) -> Answer<()> {
    Ok(engine.block_request(request).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn allow_requests(app: AppHandle, allowed: bool) -> Answer<()> {
    Ok(settings::change(&app, |settings| settings.privacy.allow_requests = allowed).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn start_echo(engine: Engine<'_>) -> Answer<PeerId> {
    Ok(engine.start_echo().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn stop_echo(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.stop_echo().await?)
}
