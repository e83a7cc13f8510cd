use crate::error::Keychain as Trouble;
use crate::seal::Key;
use keyring_core::{CredentialStore, Entry, Error};
use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// Who it is that keeps entries there.
const SERVICE: &str = "P2P Privacy Communications";
/// The keychain may ask the person, who may have to look a password up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The keychain of this user.
#[derive(Clone)]
pub(crate) enum Keychain {
    /// The system's: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
    System,
    /// One that a test made.
    #[cfg(any(test, feature = "test-util"))]
    Given(Arc<CredentialStore>),
}

/// A keychain in memory: what one test run has. A clone is the same one.
#[cfg(any(test, feature = "test-util"))]
#[derive(Clone)]
pub struct MemoryKeychain(pub(crate) Arc<CredentialStore>);

#[cfg(any(test, feature = "test-util"))]
impl MemoryKeychain {
    /// An empty one.
    #[expect(clippy::new_without_default, clippy::expect_used, reason = "only for tests, where it cannot fail")]
    pub fn new() -> Self {
        Self(keyring_core::mock::Store::new().expect("a store in memory"))
    }
}

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The key of the database.
    Key,
    /// The shared password.
    Password,
}

impl Keychain {
    pub(crate) fn key(&self, id: &str) -> Result<Key, Trouble> {
        let secret = self.ask(id, Purpose::Key, |entry| entry.get_secret().map(Zeroizing::new))?;
        secret.and_then(|secret| Key::from_slice(&secret)).ok_or(Trouble::WithoutKey)
    }

    pub(crate) fn set_key(&self, id: &str, key: &Key) -> Result<(), Trouble> {
        let secret = Zeroizing::new(*key.bytes());
        self.ask(id, Purpose::Key, move |entry| entry.set_secret(secret.as_slice())).map(drop)
    }

    pub(crate) fn password(&self, id: &str) -> Result<Option<Zeroizing<String>>, Trouble> {
        self.ask(id, Purpose::Password, |entry| entry.get_password().map(Zeroizing::new))
    }

    pub(crate) fn set_password(&self, id: &str, password: &str) -> Result<(), Trouble> {
        let password = Zeroizing::new(password.to_owned());
        self.ask(id, Purpose::Password, move |entry| entry.set_password(&password)).map(drop)
    }

    /// Says whether there was one.
    pub(crate) fn remove(&self, id: &str, purpose: Purpose) -> Result<bool, Trouble> {
        Ok(self.ask(id, purpose, |entry| entry.delete_credential())?.is_some())
    }

    /// Asks on a thread of its own, which is given up if nobody answers: no call of the keychain can be taken back. None: there is no such entry.
    fn ask<T: Send + 'static>(
        &self,
        id: &str,
        purpose: Purpose,
        work: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<Option<T>, Trouble> {
        let (keychain, user) = (self.clone(), purpose.user(id));
        let (answer, answered) = mpsc::channel();
        let asked = thread::Builder::new().name("keychain".into()).spawn(move || {
            let _ = answer.send(keychain.entry(&user, purpose).and_then(|entry| match work(&entry) {
                Ok(done) => Ok(Some(done)),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(trouble(error)),
            }));
        });
        asked.map_err(|error| Trouble::Failed(error.to_string()))?;
        answered.recv_timeout(PATIENCE).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Trouble::Locked,
            mpsc::RecvTimeoutError::Disconnected => Trouble::Failed("it broke".into()),
        })?
    }

    fn entry(&self, user: &str, purpose: Purpose) -> Result<Entry, Trouble> {
        let store = match self {
            Self::System => system()?,
            #[cfg(any(test, feature = "test-util"))]
            Self::Given(store) => store.clone(),
        };
        // Only the Secret Service shows a label.
        let label = HashMap::from([("label", purpose.label())]);
        let label = (cfg!(target_os = "linux") && matches!(self, Self::System)).then_some(&label);
        store.build(SERVICE, user, label).map_err(trouble)
    }
}

impl Purpose {
    fn user(self, id: &str) -> String {
        match self {
            Self::Key => format!("key-{id}"),
            Self::Password => format!("password-{id}"),
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Key => "P2P Privacy Communications: key of what is remembered",
            Self::Password => "P2P Privacy Communications: shared password",
        }
    }
}

#[cfg(target_os = "linux")]
fn system() -> Result<Arc<CredentialStore>, Trouble> {
    // It connects: whatever fails here, there is nobody to talk to.
    match zbus_secret_service_keyring_store::Store::new() {
        Ok(store) => Ok(store),
        Err(_) => Err(Trouble::Absent),
    }
}

#[cfg(target_os = "macos")]
fn system() -> Result<Arc<CredentialStore>, Trouble> {
    match apple_native_keyring_store::keychain::Store::new() {
        Ok(store) => Ok(store),
        Err(error) => Err(trouble(error)),
    }
}

#[cfg(target_os = "windows")]
fn system() -> Result<Arc<CredentialStore>, Trouble> {
    match windows_native_keyring_store::Store::new() {
        Ok(store) => Ok(store),
        Err(error) => Err(trouble(error)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
fn system() -> Result<Arc<CredentialStore>, Trouble> {
    Err(Trouble::Absent)
}

fn trouble(error: Error) -> Trouble {
    match error {
        Error::NoStorageAccess(source) => no_access(source.as_ref()),
        Error::NoEntry | Error::Ambiguous(_) | Error::BadEncoding(_) | Error::BadDataFormat(..) => Trouble::WithoutKey,
        error => Trouble::Failed(error.to_string()),
    }
}

#[cfg(target_os = "linux")]
fn no_access(source: &(dyn std::error::Error + Send + Sync + 'static)) -> Trouble {
    match source.downcast_ref() {
        Some(secret_service::Error::Locked) => Trouble::Locked,
        // There is a service, but no collection that new entries go into.
        Some(secret_service::Error::NoResult) => Trouble::Absent,
        _ => Trouble::Refused,
    }
}

#[cfg(not(target_os = "linux"))]
fn no_access(_: &(dyn std::error::Error + Send + Sync + 'static)) -> Trouble {
    Trouble::Refused
}
