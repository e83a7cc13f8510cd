use crate::{Key, PasswordKey};
use p2p_comm_model::limits;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Length of a [`Salt`], bytes.
pub const SALT_LEN: usize = 16;

/// Iterations of PBKDF2. Fixed by the request this program was built for.
const ITERATIONS: u32 = 100_000;

/// The listener's salt, drawn once per Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Salt(pub [u8; SALT_LEN]);

/// A shared password in Unicode normal form C, so that "é" typed on two systems is the same. Wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// The password is empty or longer than [`limits::PASSWORD`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password is empty or too long")]
pub struct InvalidPassword;

impl Password {
    /// Normalises `text`. White space counts: it is part of the password.
    pub fn parse(text: &str) -> Result<Self, InvalidPassword> {
        if text.is_empty() || text.len() > limits::PASSWORD {
            return Err(InvalidPassword);
        }
        Ok(Self(Zeroizing::new(text.nfc().collect())))
    }

    /// Whether `text` is this password, in whatever form it is written.
    pub fn is(&self, text: &str) -> bool {
        self.0.chars().eq(text.nfc())
    }
}

/// `PBKDF2-HMAC-SHA256(NFC(password), salt, 100 000, 32)` (RFC 8018, section 5.2). Takes about 20 ms.
pub fn derive(password: &Password, salt: &Salt) -> Key<PasswordKey> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.0.as_bytes(), &salt.0, ITERATIONS, &mut key[..]);
    Key::new(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7914, section 11, gives PBKDF2-HMAC-SHA-256 vectors of 64 bytes.
    #[test]
    fn pbkdf2_matches_rfc_7914() {
        let mut out = [0; 64];
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"passwd", b"salt", 1, &mut out);
        assert_eq!(out[..8], [0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f]);
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"Password", b"NaCl", 80_000, &mut out);
        assert_eq!(out[..8], [0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98, 0xbe, 0x21]);
    }

    #[test]
    fn a_password_knows_itself_in_whatever_form_it_is_written() {
        let password = Password::parse("caf\u{e9}").unwrap();
        assert!(password.is("cafe\u{301}") && !password.is("cafe"));
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        let salt = Salt([9; 16]);
        let composed = derive(&Password::parse("caf\u{e9}").unwrap(), &salt);
        let decomposed = derive(&Password::parse("cafe\u{301}").unwrap(), &salt);
        assert!(composed.same(&decomposed));
    }

    #[test]
    fn another_salt_gives_another_key() {
        let password = Password::parse("correct horse").unwrap();
        assert!(!derive(&password, &Salt([1; 16])).same(&derive(&password, &Salt([2; 16]))));
    }

    #[test]
    fn an_empty_or_huge_password_is_refused() {
        assert!(Password::parse("").is_err());
        assert!(Password::parse(&"x".repeat(limits::PASSWORD + 1)).is_err());
    }
}
