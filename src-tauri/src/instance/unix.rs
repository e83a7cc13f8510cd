use super::{Place, Question, answer, private};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// The session's own directory, or where there is none (macOS) one of this user among the temporary files.
pub(super) fn directory() -> io::Result<PathBuf> {
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(directory) = session.and_then(|session| private(&session.join("p2p-comm")).ok()) {
        return Ok(directory);
    }
    private(&std::env::temp_dir().join(format!("p2p-comm-run-{}", user()?)))
}

/// Somebody else's directory is refused: the lock in it would be theirs.
pub(super) fn make_private(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(directory)?;
    if found.is_dir() && found.uid() == user()? && found.permissions().mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "the directory of the lock belongs to somebody else"))
    }
}

/// The user whom this process belongs to, without a call that is unsafe: whose is what it makes?
fn user() -> io::Result<u32> {
    Ok(tempfile::tempfile()?.metadata()?.uid())
}

pub(super) async fn serve(place: &Place, raise: impl Fn(Question) -> bool) -> io::Result<()> {
    // Whoever has the lock may remove what a killed program left.
    forget(place);
    let listener = UnixListener::bind(place.file("sock"))?;
    loop {
        let (stream, _) = listener.accept().await?;
        answer(stream, &raise).await;
    }
}

pub(super) async fn connect(place: &Place) -> io::Result<UnixStream> {
    UnixStream::connect(place.file("sock")).await
}

pub(super) fn forget(place: &Place) {
    let _ = fs::remove_file(place.file("sock"));
}
