use crate::error::Keychain as Trouble;
use crate::seal::Key;
use keyring_core::{CredentialStore, Entry, Error};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// Who it is that keeps entries there.
const SERVICE: &str = "P2P Privacy Communications";
/// The keychain may ask the person, who may have to look a password up.
const PATIENCE: Duration = Duration::from_secs(120);
/// Whose turn it is to change something in the keychain of the system.
static TURN: Mutex<()> = Mutex::new(());

/// The keychain of this user.
#[derive(Clone)]
pub(crate) enum Keychain {
    /// The system's: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
    System,
    /// One that a test made.
    #[cfg(any(test, feature = "test-util"))]
    Given(MemoryKeychain),
}

/// A keychain in memory: what one test run has. A clone is the same one.
#[cfg(any(test, feature = "test-util"))]
#[derive(Clone)]
pub struct MemoryKeychain {
    pub(crate) store: Arc<CredentialStore>,
    turn: Arc<Mutex<()>>,
    /// Held: it asks the person, and has no answer yet.
    pub(crate) asks: Arc<Mutex<()>>,
    pub(crate) patience: Duration,
}

#[cfg(any(test, feature = "test-util"))]
impl MemoryKeychain {
    /// An empty one.
    #[expect(clippy::new_without_default, clippy::expect_used, reason = "only for tests, where it cannot fail")]
    pub fn new() -> Self {
        let store = keyring_core::mock::Store::new().expect("a store in memory");
        Self { store, turn: Arc::default(), asks: Arc::default(), patience: PATIENCE }
    }
}

/// What is asked of the keychain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// It changes nothing.
    Look,
    /// What is put there when nobody waits any more is taken out again: the person was told that it failed.
    Put,
    /// Late is as good as in time.
    Remove,
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
        let secret = self.ask(id, Purpose::Key, Wish::Look, |entry| entry.get_secret().map(Zeroizing::new))?;
        secret.and_then(|secret| Key::from_slice(&secret)).ok_or(Trouble::WithoutKey)
    }

    pub(crate) fn set_key(&self, id: &str, key: &Key) -> Result<(), Trouble> {
        let secret = Zeroizing::new(*key.bytes());
        self.ask(id, Purpose::Key, Wish::Put, move |entry| entry.set_secret(secret.as_slice())).map(drop)
    }

    pub(crate) fn password(&self, id: &str) -> Result<Option<Zeroizing<String>>, Trouble> {
        self.ask(id, Purpose::Password, Wish::Look, |entry| entry.get_password().map(Zeroizing::new))
    }

    pub(crate) fn set_password(&self, id: &str, password: &str) -> Result<(), Trouble> {
        let password = Zeroizing::new(password.to_owned());
        self.ask(id, Purpose::Password, Wish::Put, move |entry| entry.set_password(&password)).map(drop)
    }

    /// Says whether there was one.
    pub(crate) fn remove(&self, id: &str, purpose: Purpose) -> Result<bool, Trouble> {
        Ok(self.ask(id, purpose, Wish::Remove, |entry| entry.delete_credential())?.is_some())
    }

    /// Takes a key out where nobody has to be asked for that, whatever the service and its settings. Says whether it is not there
    /// any more.
    pub(crate) fn remove_unasked(&self, id: &str) -> bool {
        match self {
            Self::System => remove_unasked(&Purpose::Key.user(id)),
            #[cfg(any(test, feature = "test-util"))]
            Self::Given(keychain) => {
                let asks = keychain.asks.try_lock().is_err();
                let entry = keychain.store.build(SERVICE, &Purpose::Key.user(id), None);
                !asks && entry.is_ok_and(|entry| matches!(entry.delete_credential(), Ok(()) | Err(Error::NoEntry)))
            }
        }
    }

    /// Asks on a thread of its own, which is given up if nobody answers ([`Trouble::Unanswered`]): no call of the keychain can be taken
    /// back. None: there is no such entry.
    ///
    /// One that was given up may still be carried out, once the person answers. So one change comes after the other, none begins for
    /// which nobody waits any more, and whatever is put there too late is taken out again.
    fn ask<T: Send + 'static>(
        &self,
        id: &str,
        purpose: Purpose,
        wish: Wish,
        work: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<Option<T>, Trouble> {
        let (keychain, user) = (self.clone(), purpose.user(id));
        // Without room: what was sent has been received.
        let (answer, answered) = mpsc::sync_channel(0);
        let waiting = Arc::new(());
        let waits = Arc::downgrade(&waiting);
        let asked = thread::Builder::new().name("keychain".into()).spawn(move || {
            let turn = (wish != Wish::Look).then(|| keychain.turn().lock().unwrap_or_else(PoisonError::into_inner));
            if waits.strong_count() == 0 {
                return;
            }
            let entry = match keychain.entry(&user, purpose) {
                Ok(entry) => entry,
                Err(trouble) => return drop(answer.send(Err(trouble))),
            };
            let done = match work(&entry) {
                Ok(done) => Ok(Some(done)),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(trouble(error)),
            };
            let put = wish == Wish::Put && done.is_ok();
            if answer.send(done).is_err() && put {
                let _ = entry.delete_credential();
            }
            drop(turn);
        });
        asked.map_err(|error| Trouble::Failed(error.to_string()))?;
        let done = answered.recv_timeout(self.patience());
        drop(waiting);
        done.map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Trouble::Unanswered,
            mpsc::RecvTimeoutError::Disconnected => Trouble::Failed("it broke".into()),
        })?
    }

    fn turn(&self) -> &Mutex<()> {
        match self {
            Self::System => &TURN,
            #[cfg(any(test, feature = "test-util"))]
            Self::Given(keychain) => &keychain.turn,
        }
    }

    fn patience(&self) -> Duration {
        match self {
            Self::System => PATIENCE,
            #[cfg(any(test, feature = "test-util"))]
            Self::Given(keychain) => keychain.patience,
        }
    }

    fn entry(&self, user: &str, purpose: Purpose) -> Result<Entry, Trouble> {
        let store = match self {
            Self::System => system()?,
            #[cfg(any(test, feature = "test-util"))]
            Self::Given(keychain) => {
                drop(keychain.asks.lock());
                keychain.store.clone()
            }
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

/// Over the bus itself: a service answers with a prompt where it would ask, and shows it only to whoever begins it
/// (Secret Service API 0.2, "Prompts and prompting").
#[cfg(target_os = "linux")]
fn remove_unasked(user: &str) -> bool {
    use zbus::blocking::{Proxy, connection};
    use zbus::zvariant::OwnedObjectPath;
    const NAME: &str = "org.freedesktop.secrets";
    let remove = || -> zbus::Result<bool> {
        let bus = connection::Builder::session()?.method_timeout(Duration::from_secs(30)).build()?;
        let service = Proxy::new(&bus, NAME, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service")?;
        let attributes = HashMap::from([("service", SERVICE), ("username", user)]);
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            service.call("SearchItems", &(attributes,))?;
        let mut gone = locked.is_empty();
        for item in unlocked {
            let item = Proxy::new(&bus, NAME, item, "org.freedesktop.Secret.Item")?;
            let prompt: OwnedObjectPath = item.call("Delete", &())?;
            gone &= prompt.as_str() == "/";
        }
        Ok(gone)
    };
    remove().unwrap_or(false)
}

/// Credential Manager asks nobody.
#[cfg(target_os = "windows")]
fn remove_unasked(user: &str) -> bool {
    let entry = Keychain::System.entry(user, Purpose::Key);
    entry.is_ok_and(|entry| matches!(entry.delete_credential(), Ok(()) | Err(Error::NoEntry)))
}

/// Nobody can say that Keychain would not ask.
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
fn remove_unasked(_: &str) -> bool {
    false
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
