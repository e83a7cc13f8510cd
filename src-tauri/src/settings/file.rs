use super::Settings;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Far more than the settings ever need.
const MOST_BYTES: u64 = 256 * 1024;

/// The one file of this program, in a directory of its profile. It is not there before something was chosen.
#[derive(Debug, Clone)]
pub(crate) struct SettingsFile(PathBuf);

/// What was found on the disk.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// Nothing yet.
    Nothing,
    Settings(Box<Settings>),
    /// Something else; it was set aside as `settings.damaged.json`.
    Damaged,
    /// It cannot be read, or not be set aside.
    Unreachable,
}

impl SettingsFile {
    /// Of this profile, in `directory` (the one of this program for settings).
    pub(crate) fn new(directory: &Path, profile: Option<&str>) -> Self {
        let directory = match profile {
            Some(profile) => directory.join("profiles").join(profile),
            None => directory.to_owned(),
        };
        Self(directory.join("settings.json"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn read(&self) -> Found {
        match self.parse() {
            Ok(Some(settings)) => Found::Settings(Box::new(settings.in_range())),
            Ok(None) => self.set_aside(),
            Err(error) if error.kind() == ErrorKind::NotFound => Found::Nothing,
            Err(error) => {
                tracing::warn!(%error, "the settings cannot be read");
                Found::Unreachable
            }
        }
    }

    /// None: not what this program writes.
    fn parse(&self) -> io::Result<Option<Settings>> {
        let mut bytes = Vec::new();
        File::open(&self.0)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes).ok())
    }

    fn set_aside(&self) -> Found {
        tracing::warn!("the settings are damaged");
        match fs::rename(&self.0, self.0.with_file_name("settings.damaged.json")) {
            Ok(()) => Found::Damaged,
            Err(error) => {
                tracing::warn!(%error, "the damaged settings cannot be set aside");
                Found::Unreachable
            }
        }
    }

    /// Replaces the file as a whole: after a crash or on a full disk it is the old one or the new one.
    pub(crate) fn write(&self, settings: &Settings) -> io::Result<()> {
        let directory = self.0.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(directory)?;
        let mut beside = tempfile::Builder::new().prefix(".settings-").tempfile_in(directory)?;
        serde_json::to_writer_pretty(&mut beside, settings)?;
        beside.write_all(b"\n")?;
        beside.as_file().sync_all()?;
        beside.persist(&self.0)?;
        // The name, too, is on the disk only then. Where directories cannot be opened there is nothing to do.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
        Ok(())
    }
}

/// The directory of this program for settings: the one that `P2P_COMM_DATA_DIR` names, or the usual one.
pub(crate) fn directory(named: Option<&OsStr>, usual: impl FnOnce() -> Option<PathBuf>) -> Option<PathBuf> {
    named.filter(|path| !path.is_empty()).map(PathBuf::from).or_else(usual)
}

#[cfg(test)]
mod tests {
    use super::super::Privacy;
    use super::*;

    fn place() -> (tempfile::TempDir, SettingsFile) {
        let directory = tempfile::tempdir().unwrap();
        let file = SettingsFile::new(directory.path(), Some("alice"));
        (directory, file)
    }

    fn chosen() -> Settings {
        Settings { privacy: Privacy { allow_requests: false }, ..Settings::default() }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let (directory, file) = place();
        assert_eq!(file.read(), Found::Nothing);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "reading leaves no trace");
        file.write(&Settings::default()).unwrap();
        file.write(&chosen()).unwrap();
        assert_eq!(file.read(), Found::Settings(Box::new(chosen())));
        let files: Vec<_> = fs::read_dir(file.0.parent().unwrap()).unwrap().collect();
        assert_eq!(files.len(), 1, "{files:?}");
    }

    #[test]
    fn profiles_have_files_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        SettingsFile::new(directory.path(), Some("alice")).write(&chosen()).unwrap();
        assert_eq!(SettingsFile::new(directory.path(), Some("bob")).read(), Found::Nothing);
        assert_eq!(SettingsFile::new(directory.path(), None).read(), Found::Nothing);
    }

    #[test]
    fn a_damaged_file_is_set_aside_whatever_is_in_it() {
        for damage in [&b"{\"general\": "[..], b"", b"\xff\xfe\x00", b"[7]", b"{\"general\": 7}", &[b'['; 300_000]] {
            let (_directory, file) = place();
            fs::create_dir_all(file.0.parent().unwrap()).unwrap();
            fs::write(&file.0, damage).unwrap();
            assert_eq!(file.read(), Found::Damaged);
            assert_eq!(fs::read(file.0.with_file_name("settings.damaged.json")).unwrap(), damage);
            assert_eq!(file.read(), Found::Nothing);
            file.write(&chosen()).unwrap();
        }
    }

    #[test]
    fn where_nothing_can_be_written_the_old_file_stays() {
        let (directory, file) = place();
        file.write(&chosen()).unwrap();
        // A directory cannot be replaced by a file: the same for every user, root included.
        let blocked = SettingsFile(directory.path().join("profiles/alice/settings.json/settings.json"));
        assert!(blocked.write(&Settings::default()).is_err());
        assert_eq!(blocked.read(), Found::Unreachable);
        assert_eq!(file.read(), Found::Settings(Box::new(chosen())));
    }
}
