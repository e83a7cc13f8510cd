use super::{Answer, Engine};
use p2p_comm_engine::{CallNumber, CallSnapshot, PeerId, PeerSnapshot, VoiceStats};

#[tauri::command]
#[specta::specta]
pub(super) async fn start_call(engine: Engine<'_>, peer: PeerId) -> Answer<CallNumber> {
    Ok(engine.start_call(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn accept_call(engine: Engine<'_>, call: CallNumber) -> Answer<()> {
    Ok(engine.accept_call(call).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn reject_call(engine: Engine<'_>, call: CallNumber) -> Answer<()> {
    Ok(engine.reject_call(call).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn end_call(engine: Engine<'_>, call: CallNumber) -> Answer<()> {
    Ok(engine.end_call(call).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn current_call(engine: Engine<'_>) -> Answer<Option<CallSnapshot>> {
    Ok(engine.current_call().await?)
}

/// With whom it is: the small windows learn of nobody else.
#[tauri::command]
#[specta::specta]
pub(super) async fn peer_of_call(engine: Engine<'_>) -> Answer<Option<PeerSnapshot>> {
    let Some(call) = engine.current_call().await? else { return Ok(None) };
    Ok(engine.peers().await?.into_iter().find(|peer| peer.id == call.peer))
}

#[tauri::command]
#[specta::specta]
pub(super) async fn voice_stats(engine: Engine<'_>) -> Answer<Option<VoiceStats>> {
    Ok(engine.voice_stats().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_muted(engine: Engine<'_>, muted: bool) -> Answer<()> {
    Ok(engine.set_muted(muted).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_deafened(engine: Engine<'_>, deafened: bool) -> Answer<()> {
    Ok(engine.set_deafened(deafened).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn push_to_talk(engine: Engine<'_>, down: bool) -> Answer<()> {
    Ok(engine.push_to_talk(down).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_peer_gain(engine: Engine<'_>, peer: PeerId, gain_db: f32) -> Answer<()> {
    Ok(engine.set_peer_gain(peer, gain_db).await?)
}
