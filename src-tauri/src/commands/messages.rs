use super::{Answer, Engine};
use p2p_comm_engine::{Code, Error, Link, Page, PeerId, SearchHits};
use serde::Serialize;
use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt as _;

/// A link as it will really be opened.
#[derive(Debug, Serialize, specta::Type)]
pub(crate) struct LinkPreview {
    /// In its normal form.
    url: String,
    /// In ASCII (punycode); none for `mailto:` and its like.
    host: Option<String>,
}

#[tauri::command]
#[specta::specta]
pub(super) async fn send_text(engine: Engine<'_>, peer: PeerId, text: String) -> Answer<()> {
    engine.send_text(peer, &text).await?;
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn send_link(engine: Engine<'_>, peer: PeerId, url: String) -> Answer<()> {
    engine.send_link(peer, &url).await?;
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(super) fn check_link(text: &str) -> Answer<LinkPreview> {
    let link = Link::from_typed(text).map_err(Error::from)?;
    Ok(LinkPreview { url: link.as_str().to_owned(), host: link.host().map(str::to_owned) })
}

#[tauri::command]
#[specta::specta]
pub(super) fn open_link(app: AppHandle, url: &str) -> Answer<()> {
    let link = Link::parse(url).map_err(Error::from)?;
    app.opener().open_url(link.as_str(), None::<&str>).map_err(|_| Code::SystemRefused.into())
}

#[tauri::command]
#[specta::specta]
pub(super) async fn page(engine: Engine<'_>, peer: PeerId, before: Option<u64>) -> Answer<Page> {
    Ok(engine.page(peer, before).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn page_from(engine: Engine<'_>, peer: PeerId, from: u64) -> Answer<Page> {
    Ok(engine.page_from(peer, from).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn mark_read(engine: Engine<'_>, peer: PeerId) -> Answer<()> {
    Ok(engine.mark_read(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn set_draft(engine: Engine<'_>, peer: PeerId, text: String) -> Answer<()> {
    Ok(engine.set_draft(peer, &text).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn draft(engine: Engine<'_>, peer: PeerId) -> Answer<String> {
    Ok(engine.draft(peer).await?)
}

#[tauri::command]
#[specta::specta]
pub(super) async fn search(engine: Engine<'_>, query: String, peer: Option<PeerId>) -> Answer<SearchHits> {
    Ok(engine.search(&query, peer).await?)
}
