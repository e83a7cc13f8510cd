use crate::{Damage, Error, Passphrase, Seal, Store};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The directory of one profile's store: what is there, without opening it.
///
/// A clone names the same directory.
#[derive(Debug, Clone)]
pub struct Vault {
    #[expect(dead_code, reason = "comes")]
    directory: PathBuf,
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

/// Something that [`Vault::forget`] removed.
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
}

impl Vault {
    /// Of this directory, which need not exist. It should be the store's own.
    pub fn at(_directory: &Path) -> Self {
        todo!()
    }

    /// Looks.
    pub fn found(&self) -> Result<Found, Error> {
        todo!()
    }

    /// Makes a store where there is none ([`Error::Exists`]), and the directory, for this user alone.
    pub fn create(&self, _seal: &Seal) -> Result<Store, Error> {
        todo!()
    }

    /// Opens the store, and brings an older schema up to date. May wait for the person, whom the keychain asks
    /// (at most two minutes), and takes about 0.2 s with a passphrase.
    pub fn open(&self, _seal: &Seal) -> Result<Store, Error> {
        todo!()
    }

    /// Seals the key of an open store in another way or by another passphrase; if it fails, the former way opens it still.
    pub fn reseal(&self, _store: &Store, _to: &Seal) -> Result<(), Error> {
        todo!()
    }

    /// Whether this passphrase opens the store. Takes as long as opening.
    pub fn is_passphrase(&self, _passphrase: &Passphrase) -> Result<bool, Error> {
        todo!()
    }

    /// Renames what is here and cannot be used (damaged, or of a newer version), so that [`Vault::create`] has room. Gives the new names.
    pub fn set_aside(&self) -> Result<Vec<PathBuf>, Error> {
        todo!()
    }

    /// Removes everything: the entries of the keychain, the files, also those that were set aside, the directory if it is
    /// empty then. Needs no key; the [`Store`] must be dropped ([`Error::InUse`]). The key goes first: from then on nothing
    /// can be read, whatever happens to the files. Gives what it removed, if anything.
    pub fn forget(&self) -> Result<Vec<Forgotten>, Error> {
        todo!()
    }

    /// The shared password, if the keychain has it. Fails with [`Error::Nothing`] where there is no store.
    pub fn password(&self) -> Result<Option<Zeroizing<String>>, Error> {
        todo!()
    }

    /// Gives the shared password to the keychain, and to nothing else.
    pub fn remember_password(&self, _password: &str) -> Result<(), Error> {
        todo!()
    }

    /// Takes it back. Says whether it was there.
    pub fn forget_password(&self) -> Result<bool, Error> {
        todo!()
    }
}
