//! A conversation as a file that the person chooses: out of the sealed store, and into it.

use crate::recent;
use p2p_comm_engine::{Code, Error, ExportFormat, Handle, Import, PeerId};
use serde::Deserialize;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use tauri::WebviewWindow;
use tauri_plugin_dialog::{DialogExt as _, FilePath};
use tokio::sync::oneshot;

/// How a conversation is written.
#[derive(Debug, Clone, Copy, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Format {
    /// To be read.
    Text,
    /// To be imported again.
    Json,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
        }
    }
}

/// Asks where, and writes there: all of it, or nothing. None: the person gave up.
pub(crate) async fn export(
    window: &WebviewWindow,
    engine: &Handle,
    peer: PeerId,
    format: Format,
) -> Result<Option<String>, Error> {
    let label = engine.peers().await?.into_iter().find(|entry| entry.id == peer).ok_or(Code::NotFound)?.label;
    let (chosen, path) = oneshot::channel();
    window
        .dialog()
        .file()
        .set_parent(window)
        .set_title("Export the conversation")
        .set_file_name(format!("{}.{}", file_name(&label), format.extension()))
        .add_filter(format.extension(), &[format.extension()])
        .save_file(move |path| drop(chosen.send(path)));
    let Some(path) = answer(window, path.await)? else { return Ok(None) };
    let directory = path.parent().ok_or(Code::SystemRefused)?.to_owned();
    // Beside it, for this user alone, and in its place once it is whole.
    let beside = tempfile::Builder::new().prefix(".export-").tempfile_in(directory).map_err(|_| Code::SystemRefused)?;
    let out = BufWriter::new(beside.reopen().map_err(|_| Code::SystemRefused)?);
    let format = match format {
        Format::Text => ExportFormat::Text,
        Format::Json => ExportFormat::Json,
    };
    engine.export_conversation(peer, format, out).await?;
    beside.persist(&path).map_err(|_| Code::SystemRefused)?;
    Ok(Some(path.display().to_string()))
}

/// Asks which file. Gives what came of it. None: the person gave up.
pub(crate) async fn import(window: &WebviewWindow, engine: &Handle, peer: PeerId) -> Result<Option<Import>, Error> {
    let (chosen, path) = oneshot::channel();
    window
        .dialog()
        .file()
        .set_parent(window)
        .set_title("Import a conversation")
        .add_filter("json", &["json"])
        .pick_file(move |path| drop(chosen.send(path)));
    let Some(path) = answer(window, path.await)? else { return Ok(None) };
    let file = File::open(path).map_err(|_| Code::SystemRefused)?;
    Ok(Some(engine.import_conversation(peer, file).await?))
}

/// The dialog may have gone away without an answer.
fn answer(
    window: &WebviewWindow,
    chosen: Result<Option<FilePath>, oneshot::error::RecvError>,
) -> Result<Option<PathBuf>, Error> {
    let path = chosen.ok().flatten().map(FilePath::into_path).transpose().map_err(|_| Code::SystemRefused)?;
    path.iter().for_each(|path| recent::forget(window, path));
    Ok(path)
}

/// What every file system takes of a name.
fn file_name(label: &str) -> String {
    let name: String = label.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).take(40).collect();
    match name.trim() {
        "" => "conversation".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_the_person_and_leads_nowhere_else() {
        assert_eq!(file_name("bob"), "bob");
        assert_eq!(file_name("../../etc/passwd"), "etcpasswd");
        assert_eq!(file_name("Zoë O'Hara"), "Zoë OHara");
        assert_eq!(file_name("//"), "conversation");
    }
}
