//! What a person asked to keep: a sealed database (SQLCipher) in a directory of its own, and where its key lies.
//!
//! Synchronous: it knows no network and no runtime. A [`Vault`] is the directory, without opening anything; it gives a
//! [`Store`], of which there is one at a time and through which everything is written ([`Change`], a transaction at a
//! time), and a [`Store`] gives any number of [`Reader`]s for other threads. Data goes in as values of `model` and comes
//! back as such. The tables are in `docs/schema.sql`, one file here for each (`tables/`).
//!
//! May import: `model`. The only crate that may name rusqlite, keyring-core and argon2.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod base64;
mod change;
mod database;
mod error;
mod files;
mod kept;
mod keychain;
mod keyfile;
mod reader;
mod schema;
mod seal;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod vault;

pub use change::Change;
pub use error::{Damage, Error, Keychain};
pub use kept::{
    Bound, Counts, Expired, Extent, Inbox, Kept, KeptLine, KeptPeer, Origin, PeerRecord, Profile, Queued, Seed, Swept,
};
#[cfg(any(test, feature = "test-util"))]
pub use keychain::MemoryKeychain;
pub use reader::{Hit, Hits, Lines, Reader};
pub use seal::{Passphrase, Seal, Unsealed};
pub use store::Store;
pub use vault::{Forgotten, Found, Vault};
