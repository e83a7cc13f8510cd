use crate::Error;
use aes_kw::KwAes256;
use aes_kw::cipher::KeyInit as _;
use argon2::{Algorithm, Argon2, Params, Version};
use p2p_comm_model::limits;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// What keeps the key of the database: never the shared password, which would make the file something to test guesses on.
pub enum Seal {
    /// The keychain of the system has it.
    Keychain,
    /// It lies beside the database, sealed by this passphrase.
    Passphrase(Passphrase),
}

/// A passphrase of this store, in Unicode's form NFC (UAX 15), so that another keyboard gives the same. Wiped when dropped.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Fails with [`Error::InvalidPassphrase`] if it is empty or longer than `limits::PASSWORD` bytes.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.len() > limits::PASSWORD {
            return Err(Error::InvalidPassphrase);
        }
        // Composing never makes it longer than threefold (UAX 15, section 15): with room for that, no copy is left behind.
        let mut composed = Zeroizing::new(String::with_capacity(3 * limits::PASSWORD));
        composed.extend(text.nfc());
        Ok(Self(composed))
    }
}

/// The key of a database: 32 random bytes, never derived from anything. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; 32]>);

impl Key {
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(rand::rng().random()))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Tells whether a key is the one of this store. It gives nothing away: nobody guesses 32 random bytes.
    pub(crate) fn check(&self) -> [u8; 16] {
        let digest = Sha256::new().chain_update("p2p-comm/1 store key").chain_update(self.bytes()).finalize();
        std::array::from_fn(|n| digest.get(n).copied().unwrap_or_default())
    }
}

/// The key of an open store, to be sealed in another way ([`crate::Vault::reseal`]).
pub struct Unsealed(pub(crate) Key);

/// What Argon2id costs (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Memory, KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// A key sealed by a passphrase, as it lies in the key file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wrapped {
    argon2id: Cost,
    #[serde(with = "crate::base64")]
    salt: [u8; 16],
    /// AES Key Wrap (RFC 3394) of the key under what Argon2id gave.
    #[serde(with = "crate::base64")]
    key: [u8; 40],
}

impl Cost {
    /// The second recommended option of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes. More than the least that OWASP's
    /// Password Storage Cheat Sheet asks for (19 MiB, 2 passes).
    pub(crate) const RECOMMENDED: Self = Self { memory: 64 * 1024, passes: 3, lanes: 4 };

    /// The least that Argon2 takes.
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) const LEAST: Self = Self { memory: 8, passes: 1, lanes: 1 };

    /// A key file is not trusted to ask for any memory and time it likes.
    fn is_bearable(self) -> bool {
        self.memory <= 1024 * 1024 && self.passes <= 16 && self.lanes <= 16
    }

    fn derive(self, passphrase: &Passphrase, salt: &[u8; 16]) -> Option<Zeroizing<[u8; 32]>> {
        let params = Params::new(self.memory, self.passes, self.lanes, None).ok()?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut derived = Zeroizing::new([0; 32]);
        argon2.hash_password_into(passphrase.0.as_bytes(), salt, derived.as_mut_slice()).ok()?;
        Some(derived)
    }
}

impl Wrapped {
    /// Seals `key`. None if the system has not that much memory.
    pub(crate) fn new(key: &Key, passphrase: &Passphrase, cost: Cost) -> Option<Self> {
        let salt = rand::rng().random();
        let derived = cost.derive(passphrase, &salt)?;
        let mut wrapped = [0; 40];
        KwAes256::new(&(*derived).into()).wrap_key(key.bytes(), &mut wrapped).ok()?;
        Some(Self { argon2id: cost, salt, key: wrapped })
    }

    pub(crate) fn is_bearable(&self) -> bool {
        self.argon2id.is_bearable()
    }

    /// None: another passphrase.
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Option<Key> {
        let derived = self.argon2id.derive(passphrase, &self.salt)?;
        let mut key = Zeroizing::new([0; 32]);
        KwAes256::new(&(*derived).into()).unwrap_key(&self.key, key.as_mut_slice()).ok()?;
        Some(Key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::parse(text).unwrap()
    }

    #[test]
    fn only_its_passphrase_opens_a_key() {
        let key = Key::random();
        let wrapped = Wrapped::new(&key, &passphrase("correct horse"), Cost::LEAST).unwrap();
        assert!(wrapped.open(&passphrase("correct horse")).unwrap().bytes() == key.bytes());
        assert!(wrapped.open(&passphrase("correct hors")).is_none());
        let again = Wrapped::new(&key, &passphrase("correct horse"), Cost::LEAST).unwrap();
        assert!(again.salt != wrapped.salt && again.key != wrapped.key);
    }

    #[test]
    fn a_passphrase_typed_in_pieces_is_the_same() {
        let key = Key::random();
        let wrapped = Wrapped::new(&key, &passphrase("B\u{fc}cher"), Cost::LEAST).unwrap();
        assert!(wrapped.open(&passphrase("Bu\u{308}cher")).is_some());
    }

    #[test]
    fn a_passphrase_without_or_with_too_many_bytes_is_refused() {
        for text in [String::new(), "x".repeat(limits::PASSWORD + 1)] {
            assert!(matches!(Passphrase::parse(&text), Err(Error::InvalidPassphrase)));
        }
        assert!(Passphrase::parse(&"\u{1d160}".repeat(limits::PASSWORD / 4)).is_ok());
    }

    /// RFC 9106, section 5.3, gives a vector with a secret and associated data, which this crate's interface has not; so the
    /// recommended cost is only held against the document's words here.
    #[test]
    fn what_is_recommended_takes_64_mib_three_passes_and_four_lanes() {
        assert_eq!(Cost::RECOMMENDED, Cost { memory: 1 << 16, passes: 3, lanes: 4 });
        assert!(Wrapped::new(&Key::random(), &passphrase("alice"), Cost::RECOMMENDED).unwrap().is_bearable());
    }
}
