use p2p_comm_model::PeerId;
use std::path::PathBuf;

/// Why something could not be kept, opened or read. After any of them what was kept before is kept still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is kept here.
    #[error("nothing is kept here")]
    Nothing,
    /// Something is kept here already.
    #[error("something is kept here already")]
    Exists,
    /// The store is sealed in the other way (keychain or passphrase).
    #[error("the store is sealed in another way")]
    OtherSeal,
    /// Not the passphrase of this store.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// Empty, or longer than `limits::PASSWORD`.
    #[error("a passphrase has 1 to 1024 bytes")]
    InvalidPassphrase,
    /// The keychain of the system does not give or take the key.
    #[error(transparent)]
    Keychain(#[from] Keychain),
    /// The store is sealed by the new passphrase, and the keychain may have its key still.
    #[error("sealed by the passphrase, but the key may still be in the keychain: {0}")]
    KeyLeft(Keychain),
    /// A file makes no sense. Nothing was changed: `Vault::set_aside` makes room for a new store.
    #[error("damaged: {0}")]
    Damaged(Damage),
    /// Written by a newer version of this program.
    #[error("written by a newer version (format {found}, known up to {known})")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest that this version knows.
        known: u32,
    },
    /// No space is left on the disk. Nothing of the batch is written; it may be written again later.
    #[error("the disk is full")]
    Full,
    /// The disk, the directory or a file cannot be written.
    #[error("the disk or the directory is read-only")]
    ReadOnly,
    /// Another running program uses this store.
    #[error("in use by another instance")]
    InUse,
    /// The files were deleted or replaced while they were open. Nothing written from now on would last.
    #[error("the files were deleted or replaced")]
    Gone,
    /// A change names an entry that is not kept.
    #[error("no entry {} is kept", .0.0)]
    NoSuchPeer(PeerId),
    /// Any other failure of the system.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Of what.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Any other failure of the database.
    #[error("database: {0}")]
    Database(String),
}

/// What the keychain of the system says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Keychain {
    /// There is none on this computer, or it does not run.
    #[error("there is no keychain")]
    Absent,
    /// It is locked.
    #[error("the keychain is locked")]
    Locked,
    /// It asked, and nobody answered in time. What was asked of it may still be carried out; what it was given then, it loses again.
    #[error("nobody answered the keychain in time")]
    Unanswered,
    /// The person or the system refused.
    #[error("the keychain refused")]
    Refused,
    /// It works, but our entry is not in it, or is another store's.
    #[error("the keychain does not have the key of this store")]
    WithoutKey,
    /// Anything else.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

impl Keychain {
    /// It is there, and what was asked of it has not been done and will not be.
    pub(crate) fn is_no(&self) -> bool {
        matches!(self, Self::Locked | Self::Refused)
    }
}

/// What is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// `store.key.json` makes no sense.
    #[error("the key file cannot be read")]
    KeyFile,
    /// There is a database, but no key file.
    #[error("the key file is missing")]
    NoKeyFile,
    /// There is a key file, but no database.
    #[error("the database is missing")]
    NoDatabase,
    /// The key is right, the database is not readable.
    #[error("the database cannot be read")]
    Database,
}
