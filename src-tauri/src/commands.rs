//! What the page may ask for. Every command passes its arguments to the engine and its answer back.

use p2p_comm_engine::{
    AudioDevices, AudioSettings, CallNumber, CallSnapshot, Changes, Code, Error, Handle, Link, MicTest, NetConfig,
    NodeStatus, Page, Password, PeerAddress, PeerId, PeerSnapshot, RequestId, RequestSnapshot, VoiceStats, logging,
    suggest_password as suggest,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tauri::ipc::{Invoke, InvokeBody, Request};
use tauri::{AppHandle, Runtime, State, Wry};
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use tauri_plugin_opener::OpenerExt as _;

type Engine<'a> = State<'a, Handle>;
type Answer<T> = Result<T, CommandError>;

/// What a command fails with.
#[derive(Debug, Serialize, specta::Type)]
pub(crate) struct CommandError {
    /// The page turns it into words.
    code: Code,
    /// English, for the log.
    message: String,
}

/// A link as it will really be opened.
#[derive(Debug, Serialize, specta::Type)]
pub(crate) struct LinkPreview {
    /// In its normal form.
    url: String,
    /// In ASCII (punycode); none for `mailto:` and its like.
    host: Option<String>,
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self { code: error.code, message: error.to_string() }
    }
}

impl From<Code> for CommandError {
    fn from(code: Code) -> Self {
        Error::from(code).into()
    }
}

/// Answers all commands.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    let typed = builder();
    // The password comes as the raw body of the request, which the typed bindings cannot express.
    let raw: fn(Invoke<Wry>) -> bool = tauri::generate_handler![connect];
    move |invoke| if invoke.message.command() == "connect" { raw(invoke) } else { typed.invoke_handler()(invoke) }
}

/// The commands whose bindings are generated.
fn builder() -> tauri_specta::Builder<Wry> {
    tauri_specta::Builder::new()
        .commands(tauri_specta::collect_commands![
            disconnect,
            status,
            peers,
            requests,
            add_peer,
            remove_peer,
            restore_peer,
            block_peer,
            unblock_peer,
            retry_peer,
            accept_request,
            ignore_request,
            block_request,
            allow_requests,
            send_text,
            send_link,
            check_link,
            open_link,
            page,
            mark_read,
            start_call,
            accept_call,
            reject_call,
            end_call,
            current_call,
            voice_stats,
            set_muted,
            set_deafened,
            push_to_talk,
            audio_devices,
            audio_settings,
            set_audio_settings,
            set_peer_gain,
            start_mic_test,
            play_mic_test,
            stop_mic_test,
            mic_test,
            start_echo,
            stop_echo,
            suggest_password,
            copy_text::<Wry>,
            log,
        ])
        .typ::<Changes>()
        .error_handling(tauri_specta::ErrorHandlingMode::Throw)
        // Ids, counters and times in milliseconds stay below 2^53.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
}

/// The password is the body: it is in no JSON text, and the page can wipe its copy. Name and port are headers.
#[tauri::command]
async fn connect(request: Request<'_>, engine: Engine<'_>) -> Answer<()> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = percent_decode_str(header("x-name")).decode_utf8().map_err(|_| Code::InvalidName)?.into_owned();
    let port = header("x-port").parse().map_err(|_| Code::InvalidPort)?;
    let InvokeBody::Raw(body) = request.body() else { return Err(Code::InvalidPassword.into()) };
    let password = std::str::from_utf8(body).ok().and_then(|text| Password::parse(text).ok());
    let password = password.ok_or(Code::InvalidPassword)?;
    Ok(engine.connect(&name, password, NetConfig { port, ..NetConfig::default() }).await?)
}

#[tauri::command]
#[specta::specta]
async fn disconnect(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.disconnect().await?)
}

#[tauri::command]
#[specta::specta]
async fn status(engine: Engine<'_>) -> Answer<NodeStatus> {
    Ok(engine.status().await?)
}

#[tauri::command]
#[specta::specta]
async fn peers(engine: Engine<'_>) -> Answer<Vec<PeerSnapshot>> {
    Ok(engine.peers().await?)
}

#[tauri::command]
#[specta::specta]
async fn requests(engine: Engine<'_>) -> Answer<Vec<RequestSnapshot>> {
    Ok(engine.requests().await?)
}

#[tauri::command]
#[specta::specta]
async fn add_peer(engine: Engine<'_>, label: String, host: String, port: u32) -> Answer<PeerId> {
    Ok(engine.add_peer(&label, vec![PeerAddress::new(&host, port)?]).await?)
}

#[tauri::command]
#[specta::specta]
async fn remove_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.remove_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn restore_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.restore_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn block_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.block_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn unblock_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.unblock_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn retry_peer(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.retry_peer(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn accept_request(engine: Engine<'_>, request: RequestId) -> Answer<PeerId> {
    Ok(engine.accept_request(request).await?)
}

#[tauri::command]
#[specta::specta]
async fn ignore_request(engine: Engine<'_>, request: RequestId) -> Answer<()> {
    Ok(engine.ignore_request(request).await?)
}

#[tauri::command]
#[specta::specta]
async fn block_request(engine: Engine<'_>, request: RequestId) -> Answer<()> {
    Ok(engine.block_request(request).await?)
}

#[tauri::command]
#[specta::specta]
async fn allow_requests(engine: Engine<'_>, allowed: bool) -> Answer<()> {
    Ok(engine.allow_requests(allowed).await?)
}

#[tauri::command]
#[specta::specta]
async fn send_text(engine: Engine<'_>, peer: PeerId, text: String) -> Answer<()> {
    engine.send_text(peer, &text).await?;
    Ok(())
}

#[tauri::command]
#[specta::specta]
async fn send_link(engine: Engine<'_>, peer: PeerId, url: String) -> Answer<()> {
    engine.send_link(peer, &url).await?;
    Ok(())
}

#[tauri::command]
#[specta::specta]
fn check_link(text: &str) -> Answer<LinkPreview> {
    let link = Link::from_typed(text).map_err(Error::from)?;
    Ok(LinkPreview { url: link.as_str().to_owned(), host: link.host().map(str::to_owned) })
}

#[tauri::command]
#[specta::specta]
fn open_link(app: AppHandle, url: &str) -> Answer<()> {
    let link = Link::parse(url).map_err(Error::from)?;
    app.opener().open_url(link.as_str(), None::<&str>).map_err(|_| Code::SystemRefused.into())
}

#[tauri::command]
#[specta::specta]
async fn page(engine: Engine<'_>, peer: PeerId, before: Option<u64>) -> Answer<Page> {
    Ok(engine.page(peer, before).await?)
}

#[tauri::command]
#[specta::specta]
async fn mark_read(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.mark_read(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn start_call(engine: Engine<'_>, peer: PeerId) -> Answer<CallNumber> {
    Ok(engine.start_call(peer).await?)
}

#[tauri::command]
#[specta::specta]
async fn accept_call(engine: Engine<'_>, call: CallNumber) -> Answer<()> {
    Ok(engine.accept_call(call).await?)
}

#[tauri::command]
#[specta::specta]
async fn reject_call(engine: Engine<'_>, call: CallNumber) -> Answer<()> {
    Ok(engine.reject_call(call).await?)
}

#[tauri::command]
#[specta::specta]
async fn end_call(engine: Engine<'_>, call: CallNumber) -> Answer<()> {
    Ok(engine.end_call(call).await?)
}

#[tauri::command]
#[specta::specta]
async fn current_call(engine: Engine<'_>) -> Answer<Option<CallSnapshot>> {
    Ok(engine.current_call().await?)
}

#[tauri::command]
#[specta::specta]
async fn voice_stats(engine: Engine<'_>) -> Answer<Option<VoiceStats>> {
    Ok(engine.voice_stats().await?)
}

#[tauri::command]
#[specta::specta]
async fn set_muted(engine: Engine<'_>, muted: bool) -> Answer<()> {
    Ok(engine.set_muted(muted).await?)
}

#[tauri::command]
#[specta::specta]
async fn set_deafened(engine: Engine<'_>, deafened: bool) -> Answer<()> {
    Ok(engine.set_deafened(deafened).await?)
}

#[tauri::command]
#[specta::specta]
async fn push_to_talk(engine: Engine<'_>, down: bool) -> Answer<()> {
    Ok(engine.push_to_talk(down).await?)
}

#[tauri::command]
#[specta::specta]
async fn audio_devices(engine: Engine<'_>) -> Answer<AudioDevices> {
    Ok(engine.audio_devices().await?)
}

#[tauri::command]
#[specta::specta]
async fn audio_settings(engine: Engine<'_>) -> Answer<AudioSettings> {
    Ok(engine.audio_settings().await?)
}

#[tauri::command]
#[specta::specta]
async fn set_audio_settings(engine: Engine<'_>, settings: AudioSettings) -> Answer<()> {
    Ok(engine.set_audio_settings(settings).await?)
}

#[tauri::command]
#[specta::specta]
async fn set_peer_gain(engine: Engine<'_>, peer: PeerId, gain_db: f32) -> Answer<()> {
    Ok(engine.set_peer_gain(peer, gain_db).await?)
}

#[tauri::command]
#[specta::specta]
async fn start_mic_test(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.start_mic_test().await?)
}

#[tauri::command]
#[specta::specta]
async fn play_mic_test(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.play_mic_test().await?)
}

#[tauri::command]
#[specta::specta]
async fn stop_mic_test(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.stop_mic_test().await?)
}

#[tauri::command]
#[specta::specta]
async fn mic_test(engine: Engine<'_>) -> Answer<Option<MicTest>> {
    Ok(engine.mic_test().await?)
}

#[tauri::command]
#[specta::specta]
async fn start_echo(engine: Engine<'_>) -> Answer<PeerId> {
    Ok(engine.start_echo().await?)
}

#[tauri::command]
#[specta::specta]
async fn stop_echo(engine: Engine<'_>) -> Answer<()> {
    Ok(engine.stop_echo().await?)
}

#[tauri::command]
#[specta::specta]
fn suggest_password() -> String {
    suggest()
}

#[tauri::command]
#[specta::specta]
fn copy_text<R: Runtime>(app: AppHandle<R>, text: String) -> Answer<()> {
    app.clipboard().write_text(text).map_err(|_| Code::SystemRefused.into())
}

#[tauri::command]
#[specta::specta]
fn log() -> Vec<String> {
    logging::recent()
}

#[cfg(test)]
mod tests {
    use specta_typescript::Typescript;

    /// Writes the bindings; `npm test` fails when that changed them.
    #[test]
    fn the_bindings_are_generated() {
        super::builder()
            .export(Typescript::default(), concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings.gen.ts"))
            .unwrap();
    }
}
