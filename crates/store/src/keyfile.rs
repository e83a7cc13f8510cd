use crate::seal::{Key, Wrapped};
use crate::{Damage, Error, files};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The newest format of the key file that this version knows.
pub(crate) const FORMAT: u32 = 1;
/// A key file is much shorter.
const MOST_BYTES: u64 = 16 * 1024;

/// `store.key.json`: how the key of the database is sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeyFile {
    format: u32,
    /// Names the entries of this store in the keychain.
    #[serde(with = "crate::base64")]
    pub(crate) id: [u8; 12],
    /// [`Key::check`] of the key.
    #[serde(with = "crate::base64")]
    check: [u8; 16],
    pub(crate) seal: Sealed,
    /// The keychain may have the key although a passphrase seals it. Whoever opens it by that has it taken out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) left: bool,
}

/// Where the key is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Sealed {
    /// In the keychain.
    Keychain,
    /// Here.
    Passphrase(Wrapped),
}

/// The one member that every format has.
#[derive(Deserialize)]
struct Header {
    format: u32,
}

impl KeyFile {
    pub(crate) fn new(key: &Key, id: [u8; 12], seal: Sealed) -> Self {
        Self { format: FORMAT, id, check: key.check(), seal, left: false }
    }

    pub(crate) fn random_id() -> [u8; 12] {
        rand::rng().random()
    }

    /// The same, and whether [`Self::left`].
    pub(crate) fn with_left(self, left: bool) -> Self {
        Self { left, ..self }
    }

    /// None if there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let Some(bytes) = files::read(path, MOST_BYTES)? else { return Ok(None) };
        let damaged = |_| Error::Damaged(Damage::KeyFile);
        let Header { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if format > FORMAT {
            return Err(Error::Newer { found: format, known: FORMAT });
        }
        let file: Self = serde_json::from_slice(&bytes).map_err(damaged)?;
        match &file.seal {
            Sealed::Passphrase(wrapped) if !wrapped.is_bearable() => Err(Error::Damaged(Damage::KeyFile)),
            Sealed::Passphrase(_) | Sealed::Keychain => Ok(Some(file)),
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| Error::Database(error.to_string()))?;
        files::replace(path, &json)
    }

    /// Whether it is about this key.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.check == key.check()
    }

    pub(crate) fn is_by_passphrase(&self) -> bool {
        matches!(self.seal, Sealed::Passphrase(_))
    }

    pub(crate) fn id(&self) -> String {
        Self::name(&self.id)
    }

    pub(crate) fn name(id: &[u8; 12]) -> String {
        id.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
