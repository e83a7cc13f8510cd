use crate::files::{self, Lock};
use crate::keychain::{Keychain, Purpose};
use crate::keyfile::{KeyFile, Sealed};
use crate::seal::{Cost, Key, Unsealed, Wrapped};
use crate::{Damage, Error, Seal, Store, database, error};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Every file of a store has a name that begins so.
const NAMES: &str = "store.";

/// The directory of one profile's store: what is there, without opening it.
///
/// A clone names the same directory.
#[derive(Clone)]
pub struct Vault {
    directory: PathBuf,
    keychain: Keychain,
    cost: Cost,
}

/// What a directory has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing is kept.
    Nothing,
    /// A store whose key the keychain has.
    Keychain,
    /// A store that a passphrase opens.
    Passphrase,
    /// A store of a newer version. Only its key file is looked at: [`Vault::open`] may find that the database is newer.
    Newer,
    /// Something that makes no sense.
    Damaged(Damage),
}

/// Something that [`Vault::forget`] removed, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgotten {
    /// The entry of the keychain with the key.
    Key,
    /// The entry of the keychain with the shared password.
    Password,
    /// A file, by its name in the directory.
    File(String),
    /// The directory, which had become empty.
    Directory,
    /// The keychain gave no answer, so our entries in it may still be there.
    Left(error::Keychain),
    /// A key file is missing or makes no sense, so nobody knows which entries of the keychain were this store's.
    Unnamed,
}

impl Vault {
    /// Of this directory, which need not exist. It should be the store's own.
    pub fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), keychain: Keychain::System, cost: Cost::RECOMMENDED }
    }

    /// Looks.
    pub fn found(&self) -> Result<Found, Error> {
        let there = self.database().exists();
        match KeyFile::read(&self.key_file()) {
            Ok(Some(_)) if !there && !self.draft().exists() => Ok(Found::Damaged(Damage::NoDatabase)),
            Ok(Some(KeyFile { seal: Sealed::Keychain, .. })) => Ok(Found::Keychain),
            Ok(Some(KeyFile { seal: Sealed::Passphrase(_), .. })) => Ok(Found::Passphrase),
            Ok(None) if there => Ok(Found::Damaged(Damage::NoKeyFile)),
            Ok(None) => Ok(Found::Nothing),
            Err(Error::Newer { .. }) => Ok(Found::Newer),
            Err(Error::Damaged(damage)) => Ok(Found::Damaged(damage)),
            Err(error) => Err(error),
        }
    }

    /// Makes a store where there is none ([`Error::Exists`]), and the directory, for this user alone.
    ///
    /// The key file makes it a store: whatever ends before that leaves nothing behind that counts, and whatever ends after that is
    /// finished by [`Vault::open`].
    pub fn create(&self, seal: &Seal) -> Result<Store, Error> {
        let made = files::make_directory(&self.directory)?;
        let lock = Lock::take(&self.lock_file())?;
        if self.found()? != Found::Nothing {
            return Err(Error::Exists);
        }
        let key = Key::random();
        if let Err(error) = self.prepare(&key, seal) {
            let _ = self.remove_draft();
            if made {
                let _ = files::remove(&self.lock_file());
                let _ = fs::remove_dir(&self.directory);
            }
            return Err(error);
        }
        files::rename(&self.draft(), &self.database())?;
        Store::new(&self.database(), key, lock)
    }

    /// Everything up to the key file, which is there if and only if this succeeds.
    fn prepare(&self, key: &Key, seal: &Seal) -> Result<(), Error> {
        self.remove_draft()?;
        files::make_file(&self.draft())?;
        database::create(&self.draft(), key).map_err(|error| crate::store::explained(&self.draft(), error))?;
        let id = KeyFile::random_id();
        let file = KeyFile::new(key, id, self.seal(key, &id, seal)?);
        let written = file.write(&self.key_file());
        if written.is_err() {
            let _ = files::remove(&self.key_file());
            self.take_back(&file);
        }
        written
    }

    /// Opens the store, and brings an older schema up to date. May wait for the person, whom the keychain asks
    /// (at most two minutes), and takes about 0.2 s with a passphrase.
    pub fn open(&self, seal: &Seal) -> Result<Store, Error> {
        let file = self.file()?;
        // Nobody is asked for what is in use; and what is not, others may have while the person thinks.
        drop(Lock::take(&self.lock_file())?);
        let key = match (&file.seal, seal) {
            (Sealed::Keychain, Seal::Keychain) => self.keychain.key(&file.id())?,
            (Sealed::Passphrase(wrapped), Seal::Passphrase(passphrase)) => {
                wrapped.open(passphrase).ok_or(Error::WrongPassphrase)?
            }
            _ => return Err(Error::OtherSeal),
        };
        let lock = Lock::take(&self.lock_file())?;
        if !self.file()?.is_of(&key) {
            return Err(error::Keychain::WithoutKey.into());
        }
        if !self.database().exists() {
            if !self.draft().exists() {
                return Err(Error::Damaged(Damage::NoDatabase));
            }
            files::rename(&self.draft(), &self.database())?;
        }
        let store = Store::open(&self.database(), key, lock)?;
        if file.left {
            // Nobody waits for a keychain that is not needed.
            let vault = self.clone();
            let _ = thread::Builder::new().name("keychain".into()).spawn(move || vault.take_out());
        }
        Ok(store)
    }

    /// Seals the key of an open store in another way or by another passphrase; if it fails, the former way opens it still. May wait
    /// for the person, whom the keychain asks; the store goes on meanwhile.
    ///
    /// After [`Error::KeyLeft`] the new passphrase opens it, and the keychain may have the key, too, until this is called again or
    /// [`Vault::open`] takes it out.
    pub fn reseal(&self, unsealed: &Unsealed, to: &Seal) -> Result<(), Error> {
        let _one = one_at_a_time();
        let (Unsealed(key), former) = (unsealed, self.file()?);
        // What is there already is not put there once more: late, it would be taken out.
        if matches!((&former.seal, to), (Sealed::Keychain, Seal::Keychain)) {
            match self.keychain.key(&former.id()) {
                Ok(there) if former.is_of(&there) => return Ok(()),
                Ok(_) | Err(error::Keychain::WithoutKey) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        // Before the keychain gets a key that this may never come to use.
        if former.is_by_passphrase() && matches!(to, Seal::Keychain) && !former.left {
            self.replace(&former.clone().with_left(true))?;
        }
        let left = matches!(to, Seal::Passphrase(_)) && (former.left || !former.is_by_passphrase());
        let file = KeyFile::new(key, former.id, self.seal(key, &former.id, to)?).with_left(left);
        if let Err(error) = self.replace(&file) {
            // Where the former file still counts, a key in the keychain would open what a passphrase seals.
            if KeyFile::read(&self.key_file()).is_ok_and(|now| now.as_ref().is_none_or(KeyFile::is_by_passphrase)) {
                self.take_back(&file);
            }
            return Err(error);
        }
        if !left {
            return Ok(());
        }
        match self.keychain.remove(&file.id(), Purpose::Key) {
            Ok(_) => {
                // If this fails, it is looked for once more when the store is opened.
                let _ = self.replace(&file.with_left(false));
                Ok(())
            }
            // A passphrase beside a keychain that has the key protects nothing. But only where the keychain surely has it may the
            // former file count again, or nothing would open it any more.
            Err(trouble) if !former.is_by_passphrase() && trouble.is_no() && self.replace(&former).is_ok() => {
                Err(trouble.into())
            }
            Err(trouble) => Err(Error::KeyLeft(trouble)),
        }
    }

    /// Takes the key of a store that a passphrase opened out of the keychain, where that asks nobody.
    pub(crate) fn take_out(&self) {
        let _one = one_at_a_time();
        let Ok(file) = self.file() else { return };
        if file.left && file.is_by_passphrase() && self.keychain.remove_unasked(&file.id()) {
            let _ = self.replace(&file.with_left(false));
        }
    }

    /// Unless all of it was forgotten meanwhile.
    fn replace(&self, file: &KeyFile) -> Result<(), Error> {
        let there = self.file().is_ok_and(|now| now.id == file.id);
        if there { file.write(&self.key_file()) } else { Err(Error::Gone) }
    }

    /// Renames what is here and cannot be used (damaged, of a newer version, or sealed by a passphrase that nobody knows any more), so that
    /// [`Vault::create`] has room. Gives the new names; renaming them back brings it back.
    pub fn set_aside(&self) -> Result<Vec<PathBuf>, Error> {
        if !self.directory.exists() {
            return Ok(Vec::new());
        }
        let _lock = Lock::take(&self.lock_file())?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let aside = files::beside(&self.database(), &format!(".aside-{}", since.as_millis()));
        let mut renamed = Vec::new();
        // The key file last: until then the rest is still found as damaged.
        for (from, end) in [
            (self.database(), ""),
            (files::beside(&self.database(), "-wal"), "-wal"),
            (files::beside(&self.database(), "-shm"), "-shm"),
            (self.draft(), ".new"),
            (self.key_file(), ".key.json"),
        ] {
            if from.exists() {
                let to = files::beside(&aside, end);
                files::rename(&from, &to)?;
                renamed.push(to);
            }
        }
        Ok(renamed)
    }

    /// Removes everything: the entries of the keychain, the files, also those that were set aside, the directory if it is
    /// empty then. Needs no key; the [`Store`] must be dropped ([`Error::InUse`]). The key goes first: from then on nothing
    /// can be read, whatever happens to the files. Gives what it removed, if anything.
    pub fn forget(&self) -> Result<Vec<Forgotten>, Error> {
        if !self.directory.exists() {
            return Ok(Vec::new());
        }
        let lock = Lock::take(&self.lock_file())?;
        let mut forgotten = Vec::new();
        let names = self.names()?;
        let (keys, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.ends_with(".key.json"));
        let mut unnamed = keys.is_empty() && self.database().exists();
        for name in &keys {
            match KeyFile::read(&self.directory.join(name)) {
                Ok(Some(file)) => self.forget_entries(&file.id(), &mut forgotten),
                Ok(None) => {}
                Err(_) => unnamed = true,
            }
        }
        for name in keys.into_iter().chain(others) {
            let path = self.directory.join(&name);
            if path != self.lock_file() && files::remove(&path).map_err(|error| files::failure(&path, error))? {
                forgotten.push(Forgotten::File(name));
            }
        }
        forgotten.extend(unnamed.then_some(Forgotten::Unnamed));
        let path = self.lock_file();
        // Windows removes no open file; there is nothing left to guard.
        drop(lock);
        files::remove(&path).map_err(|error| files::failure(&path, error))?;
        if fs::remove_dir(&self.directory).is_ok() {
            forgotten.push(Forgotten::Directory);
        }
        Ok(forgotten)
    }

    /// The shared password, if the keychain has it. Fails with [`Error::Nothing`] where there is no store.
    pub fn password(&self) -> Result<Option<Zeroizing<String>>, Error> {
        Ok(self.keychain.password(&self.file()?.id())?)
    }

    /// Gives the shared password to the keychain, and to nothing else.
    pub fn remember_password(&self, password: &str) -> Result<(), Error> {
        Ok(self.keychain.set_password(&self.file()?.id(), password)?)
    }

    /// Takes it back. Says whether it was there.
    pub fn forget_password(&self) -> Result<bool, Error> {
        Ok(self.keychain.remove(&self.file()?.id(), Purpose::Password)?)
    }

    /// With a keychain of the test's own, and passphrases that cost next to nothing.
    #[cfg(any(test, feature = "test-util"))]
    pub fn for_test(directory: &Path, keychain: &crate::MemoryKeychain) -> Self {
        Self { directory: directory.to_owned(), keychain: Keychain::Given(keychain.clone()), cost: Cost::LEAST }
    }

    #[cfg(test)]
    pub(crate) fn keychain(&self) -> &Keychain {
        &self.keychain
    }

    pub(crate) fn file(&self) -> Result<KeyFile, Error> {
        match KeyFile::read(&self.key_file())? {
            Some(file) => Ok(file),
            None if self.database().exists() => Err(Error::Damaged(Damage::NoKeyFile)),
            None => Err(Error::Nothing),
        }
    }

    fn seal(&self, key: &Key, id: &[u8; 12], seal: &Seal) -> Result<Sealed, Error> {
        match seal {
            Seal::Keychain => {
                self.keychain.set_key(&KeyFile::name(id), key)?;
                Ok(Sealed::Keychain)
            }
            Seal::Passphrase(passphrase) => Wrapped::new(key, passphrase, self.cost)
                .map(Sealed::Passphrase)
                .ok_or_else(|| Error::Database("not enough memory for Argon2id".into())),
        }
    }

    /// The entry of a store that did not come to be.
    fn take_back(&self, file: &KeyFile) {
        if matches!(file.seal, Sealed::Keychain) {
            let _ = self.keychain.remove(&file.id(), Purpose::Key);
        }
    }

    fn forget_entries(&self, id: &str, forgotten: &mut Vec<Forgotten>) {
        for (purpose, done) in [(Purpose::Key, Forgotten::Key), (Purpose::Password, Forgotten::Password)] {
            match self.keychain.remove(id, purpose) {
                Ok(true) => forgotten.push(done),
                Ok(false) => {}
                Err(trouble) => {
                    forgotten.push(Forgotten::Left(trouble));
                    return;
                }
            }
        }
    }

    fn remove_draft(&self) -> Result<(), Error> {
        for end in ["", "-wal", "-shm", "-journal"] {
            let path = files::beside(&self.draft(), end);
            files::remove(&path).map_err(|error| files::failure(&path, error))?;
        }
        Ok(())
    }

    /// Every file of a store that is in the directory.
    fn names(&self) -> Result<Vec<String>, Error> {
        let read = || {
            let mut names = Vec::new();
            for entry in fs::read_dir(&self.directory)? {
                names.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with(NAMES)));
            }
            names.sort_unstable();
            Ok(names)
        };
        read().map_err(|error| files::failure(&self.directory, error))
    }

    fn database(&self) -> PathBuf {
        self.directory.join("store.db")
    }

    /// The database until there is a key file.
    fn draft(&self) -> PathBuf {
        self.directory.join("store.db.new")
    }

    fn key_file(&self) -> PathBuf {
        self.directory.join("store.key.json")
    }

    fn lock_file(&self) -> PathBuf {
        self.directory.join("store.lock")
    }
}

/// Whoever changes what seals a key: two at once could take each other's key out of the keychain.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}
