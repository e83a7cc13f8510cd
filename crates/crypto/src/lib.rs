//! Pairing by password, key derivation, sealing and device signatures. No I/O, no clock; randomness comes in as
//! seeds, except the IV of a Fernet token, which the `fernet` crate draws from the system.
//!
//! May import: `model`. Data passes through it in one direction: a [`Password`] becomes a [`Key<PasswordKey>`] (with a
//! [`Salt`]), an [`Exchange`] turns that into a [`Key<Shared>`], the [`Transcript`] turns that into [`Secrets`], and a
//! [`Sealer`] or [`Opener`] turns those into tokens and back. `docs/protocol.md` gives the bytes.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod device;
mod kdf;
mod key;
mod pairing;
mod phrase;
mod seal;

pub use device::{BadSignature, DeviceSecret};
pub use kdf::{InvalidPassword, Password, SALT_LEN, Salt, derive};
pub use key::{Chat, Confirm, Control, Directed, Key, PasswordKey, Purpose, Shared, Voice};
pub use pairing::{ELEMENT_LEN, Exchange, MAC_LEN, PairingError, Role, Secrets, Transcript, TranscriptHash};
pub use phrase::{Phrase, commitment};
pub use seal::{OpenError, Opener, Sealer};
