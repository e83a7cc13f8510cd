use crate::Key;
use crate::key::Purpose;
use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use fernet::Fernet;
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// Turns messages into Fernet tokens (AES-128-CBC and HMAC-SHA256; <https://github.com/fernet/spec>).
pub struct Sealer<P>(Fernet, PhantomData<fn() -> P>);

/// Turns Fernet tokens back into messages.
pub struct Opener<P>(Fernet, PhantomData<fn() -> P>);

/// Not a token under this key. Says no more on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token does not open")]
pub struct OpenError;

impl<P: Purpose> Sealer<P> {
    /// Takes the key of one direction and purpose.
    pub fn new(key: &Key<P>) -> Self {
        Self(fernet(key.bytes()), PhantomData)
    }

    /// A token in URL-safe Base64.
    pub fn seal(&self, message: &[u8]) -> String {
        self.0.encrypt(message)
    }
}

impl<P: Purpose> Opener<P> {
    /// Takes the key of one direction and purpose.
    pub fn new(key: &Key<P>) -> Self {
        Self(fernet(key.bytes()), PhantomData)
    }

    /// Opens a token whatever its time stamp says: clocks that disagree must not matter, and freshness is the
    /// business of sequence numbers. Checking a time-to-live would also add to an unauthenticated number.
    pub fn open(&self, token: &[u8]) -> Result<Vec<u8>, OpenError> {
        let token = std::str::from_utf8(token).map_err(|_| OpenError)?;
        self.0.decrypt_at_time(token, None, u64::MAX >> 1).map_err(|_| OpenError)
    }
}

#[allow(clippy::expect_used, reason = "32 bytes in URL-safe Base64 are what Fernet asks for")]
fn fernet(key: &[u8; 32]) -> Fernet {
    let text = Zeroizing::new(BASE64_URL_SAFE.encode(key));
    Fernet::new(&text).expect("a key of 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chat, Control};
    use proptest::prelude::*;

    fn key<P: Purpose>(byte: u8) -> Key<P> {
        Key::new(Zeroizing::new([byte; 32]))
    }

    /// `verify.json` of the Fernet specification.
    #[test]
    fn the_token_of_the_specification_opens() {
        let bytes: [u8; 32] =
            BASE64_URL_SAFE.decode("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap().try_into().unwrap();
        let opener = Opener::<Chat>::new(&Key::new(Zeroizing::new(bytes)));
        let token =
            "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        assert_eq!(opener.open(token.as_bytes()).unwrap(), b"hello");
    }

    #[test]
    fn a_token_opens_under_its_own_key_only() {
        let token = Sealer::<Chat>::new(&key(1)).seal(b"hello bob");
        assert_eq!(Opener::<Chat>::new(&key(1)).open(token.as_bytes()).unwrap(), b"hello bob");
        assert_eq!(Opener::<Chat>::new(&key(2)).open(token.as_bytes()), Err(OpenError));
    }

    #[test]
    fn a_changed_token_does_not_open() {
        let token = Sealer::<Control>::new(&key(1)).seal(b"hello").into_bytes();
        let opener = Opener::<Control>::new(&key(1));
        for at in 0..token.len() {
            let mut changed = token.clone();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            // The last character before the padding carries bits that Base64 ignores.
            if at < token.len() - 3 {
                assert_eq!(opener.open(&changed), Err(OpenError), "byte {at}");
            }
        }
    }

    #[test]
    fn a_clock_years_ahead_does_not_matter() {
        let ahead = fernet(&[1; 32]).encrypt_at_time(b"hello", 4_000_000_000);
        assert!(Opener::<Chat>::new(&key(1)).open(ahead.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(token in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Opener::<Chat>::new(&key(1)).open(&token).is_err());
        }

        #[test]
        fn what_is_sealed_opens(message in proptest::collection::vec(any::<u8>(), 0..300)) {
            let token = Sealer::<Chat>::new(&key(1)).seal(&message);
            prop_assert_eq!(Opener::<Chat>::new(&key(1)).open(token.as_bytes()).unwrap(), message);
        }
    }
}
