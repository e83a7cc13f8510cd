//! What is remembered on this computer, as the window has it: what the engine says, why it did not open, and whether the
//! password is remembered, too. At the start it opens by itself where the keychain has its key.

pub(crate) mod profiles;

use crate::Profile;
use crate::events::{self, ShellEvent, ShellNotice};
use crate::notices::Notices;
use crate::settings::{self, Preferences};
use p2p_comm_engine::{Code, Error, Forgotten, Handle, Keeping, NetConfig, NodePhase, Password, Retention, SealedBy};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::{AppHandle, Manager as _};
use zeroize::Zeroizing;

/// How it stands with what is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Remembered {
    /// Nothing is.
    Off,
    /// Something is, and not open. `code`: why the last try failed; none: there was none yet, or one is under way, such as a
    /// keychain that asks the person.
    Locked { how: SealedBy, code: Option<Code> },
    /// `trouble`: why nothing new can be kept at the moment.
    Open {
        how: SealedBy,
        trouble: Option<Code>,
        /// As whom one connected last.
        name: Option<String>,
        /// The UDP port of the last time.
        port: Option<u16>,
        password_remembered: bool,
        /// Of conversations that say nothing themselves.
        retention: Retention,
        /// The key of this device becomes a lasting one at the next Connect.
        next_connect: bool,
    },
    /// What is there cannot be used.
    Failed { code: Code },
}

/// What the engine does not know of it.
#[derive(Default)]
pub(crate) struct Keeper(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Why the last try to open it failed.
    refused: Option<Code>,
    /// How it is sealed, when it was open last.
    sealed: Option<SealedBy>,
    /// The keychain has the password.
    password: bool,
    /// The password of this session, so that it can be remembered later.
    session: Option<Zeroizing<String>>,
    /// The person chose a session that keeps nothing.
    without: bool,
}

/// Kept in the profile for this shell.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Personal {
    /// The keychain has the password. It is asked for it only then: one that is locked would disturb the person.
    password: bool,
}

impl Keeper {
    /// One connected with this password, or is no longer.
    pub(crate) fn hold(&self, password: Option<Zeroizing<String>>) {
        self.known().session = password;
    }

    /// Refuses the shared password as a passphrase: whoever has the files could test guesses of it.
    pub(crate) fn apart<'a>(&self, passphrase: Option<&'a str>) -> Result<Option<&'a str>, Code> {
        let session = self.known().session.clone();
        let password = session.and_then(|text| Password::parse(&text).ok());
        match (password, passphrase) {
            (Some(password), Some(passphrase)) if password.is(passphrase) => Err(Code::PassphraseIsPassword),
            _ => Ok(passphrase),
        }
    }

    /// It is being opened.
    fn try_again(&self) {
        let mut known = self.known();
        (known.refused, known.without) = (None, false);
    }

    /// It is open, or is not for this reason. Of a try that the person gave up nothing is told.
    fn tried(&self, refused: Option<Code>) {
        let mut known = self.known();
        known.refused = refused.filter(|_| !known.without);
    }

    /// Nothing is remembered any more; the session goes on.
    fn start_over(&self) {
        let mut known = self.known();
        *known = Known { session: known.session.take(), ..Known::default() };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the store of this profile is, or would be: beside the settings where `P2P_COMM_DATA_DIR` says so.
pub(crate) fn directory(app: &AppHandle) -> Option<PathBuf> {
    let all = data_directory(app)?;
    Some(of_profile(&all, app.state::<Profile>().0.as_deref()))
}

fn data_directory(app: &AppHandle) -> Option<PathBuf> {
    let named = std::env::var_os("P2P_COMM_DATA_DIR");
    settings::directory(named.as_deref(), || app.path().app_data_dir().ok())
}

fn of_profile(directory: &Path, profile: Option<&str>) -> PathBuf {
    match profile {
        Some(profile) => directory.join("profiles").join(profile),
        None => directory.to_owned(),
    }
}

/// Opens what the keychain opens, and connects if that was chosen.
pub(crate) fn start(app: AppHandle, engine: Handle) {
    tauri::async_runtime::spawn(async move {
        let locked = matches!(engine.remembered().await, Ok(remembered)
            if remembered.state == Keeping::Locked { by: SealedBy::Keychain });
        if locked {
            // Why it failed is shown, with a way to try again.
            let _ = unlock(&app, &engine, None).await;
            events::tell(&app, &ShellEvent::Remembered);
        }
    });
}

pub(crate) async fn remembered(app: &AppHandle, engine: &Handle) -> Result<Remembered, Error> {
    let now = engine.remembered().await?;
    let keeper = app.state::<Keeper>();
    let mut known = keeper.known();
    if let Keeping::Open { by } = now.state {
        known.sealed = Some(by);
    }
    let open = |trouble| Remembered::Open {
        how: known.sealed.unwrap_or(SealedBy::Keychain),
        trouble,
        name: now.name.clone(),
        port: now.port,
        password_remembered: known.password,
        retention: now.retention,
        next_connect: now.key_waits,
    };
    Ok(match now.state {
        Keeping::Unavailable | Keeping::Off => Remembered::Off,
        Keeping::Locked { by } => Remembered::Locked { how: by, code: known.refused },
        Keeping::Open { .. } => open(None),
        Keeping::Failed { code, open: true } => open(Some(code)),
        Keeping::Failed { code, open: false } => Remembered::Failed { code },
    })
}

pub(crate) async fn unlock(app: &AppHandle, engine: &Handle, passphrase: Option<&str>) -> Result<(), Error> {
    let state = engine.remembered().await?.state;
    let opened = match state {
        // It is open, and could not be written.
        Keeping::Open { .. } | Keeping::Failed { open: true, .. } => return engine.flush().await,
        Keeping::Off | Keeping::Unavailable | Keeping::Locked { .. } | Keeping::Failed { .. } => {
            app.state::<Keeper>().try_again();
            engine.unlock(passphrase).await
        }
    };
    app.state::<Keeper>().tried(opened.as_ref().err().map(|error| error.code));
    opened?;
    let password = look_for_password(app, engine).await?;
    if password && app.state::<Arc<Preferences>>().now().network.connect_at_start {
        let (app, engine) = (app.clone(), engine.clone());
        tauri::async_runtime::spawn(async move { connect_by_itself(&app, &engine).await });
    }
    Ok(())
}

/// A session that keeps nothing, whatever a keychain that is still asking says.
pub(crate) async fn start_without(app: &AppHandle, engine: &Handle) -> Result<(), Error> {
    app.state::<Keeper>().known().without = true;
    engine.start_without().await
}

/// Makes room for a new store. Answers where the former one is.
pub(crate) async fn set_store_aside(app: &AppHandle, engine: &Handle) -> Result<String, Error> {
    let names = engine.set_store_aside().await?;
    app.state::<Keeper>().start_over();
    nobody_offline(engine).await?;
    events::tell(app, &ShellEvent::Remembered);
    let place = names.first().map(|path| path.display().to_string());
    Ok(place.ok_or(Code::NotRemembered)?)
}

/// Where no page waits for an answer: a notice says why it failed. Whether it did not.
async fn connect_by_itself(app: &AppHandle, engine: &Handle) -> bool {
    match connect_remembered(app, engine).await {
        Ok(()) => true,
        // The person was faster.
        Err(error) if error.code == Code::AlreadyConnected => true,
        Err(error) => {
            tracing::warn!(%error, "the connection by itself failed");
            app.state::<Notices>().tell(app, ShellNotice::ConnectFailed(error.code));
            false
        }
    }
}

/// Connects with the remembered password, if there is one. Whether that is done.
pub(crate) async fn connect_if_remembered(app: &AppHandle, engine: &Handle) -> bool {
    let remembered = app.state::<Keeper>().known().password;
    remembered && connect_by_itself(app, engine).await
}

/// Whether the password is remembered.
async fn look_for_password(app: &AppHandle, engine: &Handle) -> Result<bool, Error> {
    let json = engine.personal_settings().await?.unwrap_or_default();
    let Personal { password } = serde_json::from_str(&json).unwrap_or_default();
    app.state::<Keeper>().known().password = password;
    Ok(password)
}

/// With the remembered password, which no page gets to see.
pub(crate) async fn connect_remembered(app: &AppHandle, engine: &Handle) -> Result<(), Error> {
    let Some(text) = engine.remembered_password().await? else {
        // Somebody took it out of the keychain.
        note_password(app, engine, false).await?;
        return Err(Code::NoRememberedPassword.into());
    };
    let name = engine.remembered().await?.name.unwrap_or_default();
    // 0: the engine takes the kept one, or the next that is free.
    let port = app.state::<Arc<Preferences>>().now().network.port;
    engine.connect(&name, Password::parse(&text)?, NetConfig { port, ..NetConfig::default() }).await?;
    app.state::<Keeper>().hold(Some(text));
    Ok(())
}

pub(crate) async fn remember_password(app: &AppHandle, engine: &Handle, on: bool) -> Result<(), Error> {
    let keeper = app.state::<Keeper>();
    if on {
        let password = keeper.known().session.clone();
        match password {
            Some(password) => engine.remember_password(&password).await?,
            None => return Err(Code::NotConnected.into()),
        }
    } else {
        engine.forget_password().await?;
    }
    note_password(app, engine, on).await
}

/// The keychain has the password from now on, or has it no more.
async fn note_password(app: &AppHandle, engine: &Handle, there: bool) -> Result<(), Error> {
    let json = serde_json::to_string(&Personal { password: there }).unwrap_or_default();
    engine.set_personal_settings(&json).await?;
    app.state::<Keeper>().known().password = there;
    events::tell(app, &ShellEvent::Remembered);
    Ok(())
}

/// Answers what was deleted, in words.
pub(crate) async fn forget_everything(app: &AppHandle, engine: &Handle) -> Result<Vec<String>, Error> {
    let gone = engine.forget_everything().await?;
    app.state::<Keeper>().start_over();
    // It was chosen with the password that is gone.
    if let Err(error) = settings::change(app, |all| all.network.connect_at_start = false).await {
        tracing::warn!(%error, "the settings still connect at the start");
    }
    nobody_offline(engine).await?;
    let directory = directory(app).unwrap_or_default();
    Ok(gone.iter().map(|gone| words(gone, &directory)).collect())
}

/// Nothing is kept any more: who is not connected has nobody on the list.
async fn nobody_offline(engine: &Handle) -> Result<(), Error> {
    match engine.status().await?.phase {
        NodePhase::Offline => engine.disconnect().await,
        _ => Ok(()),
    }
}

fn words(gone: &Forgotten, directory: &Path) -> String {
    match gone {
        Forgotten::Key => "The key of the store, from the keychain".to_owned(),
        Forgotten::Password => "The remembered password, from the keychain".to_owned(),
        Forgotten::File(name) => directory.join(name).display().to_string(),
        Forgotten::Left(_) => "Not deleted: the keychain gave no answer, so our entries may still be in it".to_owned(),
        Forgotten::Unnamed => {
            "Not deleted: entries of this program in the keychain, if there are any; the file that names them is damaged".to_owned()
        }
        Forgotten::Directory => directory.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_try_that_was_given_up_nothing_is_told() {
        let keeper = Keeper::default();
        keeper.tried(Some(Code::KeychainLocked));
        assert_eq!(keeper.known().refused, Some(Code::KeychainLocked));
        keeper.try_again();
        assert_eq!(keeper.known().refused, None, "while it is asked there is no word of before");
        keeper.known().without = true;
        keeper.tried(Some(Code::KeychainRefused));
        assert_eq!(keeper.known().refused, None);
    }

    #[test]
    fn the_password_of_the_session_is_no_passphrase() {
        let keeper = Keeper::default();
        assert_eq!(keeper.apart(Some("caf\u{e9} noir")), Ok(Some("caf\u{e9} noir")));
        keeper.hold(Some("caf\u{e9} noir".to_owned().into()));
        assert_eq!(keeper.apart(Some("cafe\u{301} noir")), Err(Code::PassphraseIsPassword));
        assert_eq!(keeper.apart(Some("another")), Ok(Some("another")));
        assert_eq!(keeper.apart(None), Ok(None));
    }

    #[test]
    fn whoever_begins_anew_is_still_connected() {
        let keeper = Keeper::default();
        keeper.hold(Some("four words".to_owned().into()));
        keeper.known().password = true;
        keeper.start_over();
        let known = keeper.known();
        assert!(known.session.is_some() && !known.password);
    }
}
