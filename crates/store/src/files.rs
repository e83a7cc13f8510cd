//! Files that nobody else can read, and that are whole or not there.

use crate::Error;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Makes a directory, with those above it, that nobody else can look into. Says whether it was not there. One that is there is left
/// as it is: it may be somebody's home.
pub(crate) fn make_directory(path: &Path) -> Result<bool, Error> {
    if path.is_dir() {
        return Ok(false);
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failure(path, error))?;
    Ok(true)
}

/// Makes an empty file for this user alone, in the place of an earlier one.
pub(crate) fn make_file(path: &Path) -> Result<File, Error> {
    let make = || {
        remove(path)?;
        private().write(true).create_new(true).open(path)
    };
    make().map_err(|error| failure(path, error))
}

/// Puts a file in the place of an earlier one: after a crash at any moment the one is there, or the other.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = beside(path, ".tmp");
    let mut file = make_file(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&draft, path));
    if let Err(error) = written {
        let _ = remove(&draft);
        return Err(failure(path, error));
    }
    sync_directory(path)
}

/// Renames a file, so that it lasts.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|error| failure(from, error))?;
    sync_directory(to)
}

/// Makes what was renamed into the directory of `path` outlive a crash of the computer.
fn sync_directory(path: &Path) -> Result<(), Error> {
    // Windows has no such call, and needs none (NTFS keeps a journal of its directories).
    if cfg!(unix)
        && let Some(directory) = path.parent()
    {
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| failure(directory, error))?;
    }
    Ok(())
}

/// Removes a file. Says whether it was there.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a file has, or none if there is none; at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Error> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(File::open(path)?, most), &mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure(path, error)),
    }
}

/// The right to use a directory, for as long as this lives; a killed program leaves none behind.
pub(crate) struct Lock(File);

impl Lock {
    /// Fails with [`Error::InUse`] if another has it.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        loop {
            let file = private().write(true).create(true).truncate(false).open(path);
            let file = file.map_err(|error| failure(path, error))?;
            match file.try_lock() {
                // It may have been removed in between by somebody who forgot everything.
                Ok(()) if Identity::of_file(&file) == Identity::of(path) => return Ok(Self(file)),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::InUse),
                Err(TryLockError::Error(error)) => return Err(failure(path, error)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread has just forked has the file, too, until it becomes another program.
        let _ = self.0.unlock();
    }
}

/// Which file it is, whatever its name is. Where the system does not say, all are the same: there an open file can be neither deleted
/// nor replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(Option<(u64, u64)>);

impl Identity {
    pub(crate) fn of(path: &Path) -> Self {
        Self(fs::metadata(path).ok().and_then(|metadata| place(&metadata)))
    }

    fn of_file(file: &File) -> Self {
        Self(file.metadata().ok().and_then(|metadata| place(&metadata)))
    }
}

#[cfg(unix)]
fn place(metadata: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn place(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Why the database could not write there, which it does not say itself: whatever a small file meets.
pub(crate) fn trouble(directory: &Path) -> Option<Error> {
    let path = directory.join("store.probe");
    let probe = || {
        let mut file = make_file(&path)?;
        file.write_all(&[0; 64 * 1024]).and_then(|()| file.sync_all()).map_err(|error| failure(&path, error))
    };
    let result = probe();
    let _ = remove(&path);
    result.err()
}

/// A name with something behind it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) fn failure(path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Error::ReadOnly,
        _ => Error::Io { path: path.to_owned(), source },
    }
}

#[cfg(unix)]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// There what is in a person's own directories is for that person already.
#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}
