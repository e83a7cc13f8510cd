//! What is kept of this person: opened, or begun, before a session; and what is done with it without one.

use crate::args::{Export, Remember};
use crate::event::Event;
use crate::failure::Failure;
use crate::output::Output;
use crate::{password, words};
use p2p_comm_engine::{Code, Engine, ExportFormat, Handle, Keeping, Options, Password};
use std::io::{Write as _, stdout};

/// Opens what is kept, or begins to keep: never under the password of the session.
pub(crate) async fn start(
    handle: &Handle,
    remember: &Remember,
    password: &Password,
    out: &mut Output,
) -> Result<(), Failure> {
    if remember.directory()?.is_none() {
        return Ok(());
    }
    let passphrase = password::passphrase(remember.passphrase_file())?;
    let passphrase = passphrase.as_ref().map(|text| text.as_str());
    match handle.remembered().await?.state {
        Keeping::Off if passphrase.is_some_and(|text| password.is(text)) => {
            return Err(Failure::Engine(Code::PassphraseIsPassword.into()));
        }
        Keeping::Off => handle.remember(passphrase).await?,
        Keeping::Locked { .. } => handle.unlock(passphrase).await?,
        Keeping::Failed { code, .. } => return Err(Failure::Engine(code.into())),
        Keeping::Unavailable | Keeping::Open { .. } => {}
    }
    if let Some(retention) = remember.retention() {
        handle.set_retention(None, Some(retention)).await?;
    }
    out.put(&Event::Remembered(&handle.remembered().await?));
    out.flush().await
}

/// Writes the conversation with somebody to standard output.
pub(crate) async fn export(export: &Export) -> Result<(), Failure> {
    let handle = open(&export.store)?;
    let passphrase = password::passphrase(export.store.passphrase_file())?;
    handle.unlock(passphrase.as_ref().map(|text| text.as_str())).await?;
    let wanted = export.peer.addresses();
    let peers = handle.peers().await?;
    let same = |peer: &&p2p_comm_engine::PeerSnapshot| {
        wanted.iter().any(|address| address.host.to_string() == peer.host && address.port == peer.port)
    };
    let peer = peers.iter().find(same).ok_or_else(|| Failure::Engine(Code::NotFound.into()))?.id;
    let format = if export.json { ExportFormat::Json } else { ExportFormat::Text };
    let exported = handle.export_conversation(peer, format, stdout()).await;
    handle.close().await?;
    exported?;
    Ok(())
}

/// Removes everything that is kept, and says what that was.
pub(crate) async fn forget(store: &Remember) -> Result<(), Failure> {
    let forgotten = open(store)?.forget_everything().await?;
    let mut words: String = forgotten.iter().map(|one| format!("removed {}\n", words::forgotten(one))).collect();
    if forgotten.is_empty() {
        words.push_str("nothing was kept\n");
    }
    stdout().write_all(words.as_bytes()).map_err(|_| Failure::OutputClosed)
}

fn open(store: &Remember) -> Result<Handle, Failure> {
    let directory = store.directory()?.ok_or_else(Remember::nowhere)?;
    Engine::spawn_thread(Options::default().with_profile(&directory)).map_err(Failure::system)
}
