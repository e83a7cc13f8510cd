use crate::Error;
use zeroize::Zeroizing;

/// What keeps the key of the database: never the shared password, which would make the file something to test guesses on.
pub enum Seal {
    /// The keychain of the system has it.
    Keychain,
    /// It lies beside the database, sealed by this passphrase.
    Passphrase(Passphrase),
}

/// A passphrase of this store, in Unicode's form NFC (UAX 15), so that another keyboard gives the same. Wiped when dropped.
pub struct Passphrase(#[expect(dead_code, reason = "comes")] Zeroizing<String>);

impl Passphrase {
    /// Fails with [`Error::InvalidPassphrase`] if it is empty or longer than `limits::PASSWORD` bytes.
    pub fn parse(_text: &str) -> Result<Self, Error> {
        todo!()
    }
}
