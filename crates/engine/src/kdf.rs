use p2p_comm_crypto::{Key, Password, PasswordKey, Salt, derive};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Derivations at once, so that a flood of salts leaves a core to the people who talk.
const AT_ONCE: usize = 2;
/// Salts remembered; a listener keeps its salt for a whole session.
const CACHED: usize = 256;

/// Derives keys from this session's password, off the actor's thread, and remembers them by salt.
pub(crate) struct Kdf {
    password: Password,
    permits: Arc<Semaphore>,
    cache: Mutex<BTreeMap<Salt, Arc<Key<PasswordKey>>>>,
}

impl Kdf {
    pub(crate) fn new(password: Password) -> Self {
        Self { password, permits: Arc::new(Semaphore::new(AT_ONCE)), cache: Mutex::new(BTreeMap::new()) }
    }

    /// The password of this session, for the built-in peer.
    pub(crate) fn password(&self) -> &Password {
        &self.password
    }

    /// The key for a salt; about 20 ms the first time. `None` if the runtime is shutting down.
    pub(crate) async fn key(&self, salt: Salt) -> Option<Arc<Key<PasswordKey>>> {
        if let Some(key) = self.cached(salt) {
            return Some(key);
        }
        let permit = self.permits.clone().acquire_owned().await.ok()?;
        if let Some(key) = self.cached(salt) {
            return Some(key);
        }
        let password = self.password.clone();
        // The permit goes with the work, which goes on even if nobody waits for it any more.
        let derived = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            derive(&password, &salt)
        });
        let key = Arc::new(derived.await.ok()?);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(salt, key.clone());
        Some(key)
    }

    fn cached(&self, salt: Salt) -> Option<Arc<Key<PasswordKey>>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&salt).cloned()
    }
}
