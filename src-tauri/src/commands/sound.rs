use super::{Answer, Engine};
use crate::settings;
use p2p_comm_engine::{AudioDevices, AudioSettings, MicTest};
use tauri::AppHandle;

#[tauri::command]
#[specta::specta]
pub(super) async fn audio_devices(engine: Engine<'_>) -> Answer<AudioDevices> {
    Ok(engine.audio_devices().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn audio_settings(engine: Engine<'_>) -> Answer<AudioSettings> {
    Ok(engine.audio_settings().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_audio_settings(app: AppHandle, settings: AudioSettings) -> Answer<()> {
    Ok(settings::change(&app, |all| all.audio = settings).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn start_mic_test(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.start_mic_test().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn play_mic_test(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.play_mic_test().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn stop_mic_test(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.stop_mic_test().await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn mic_test(engine: Engine<'_>) -> Answer<Option<MicTest>> {
    Ok(engine.mic_test().await?)
}
