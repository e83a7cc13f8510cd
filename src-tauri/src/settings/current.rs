use super::file::Found;
use super::{Settings, SettingsFile};
use crate::events::{self, ShellEvent, ShellNotice};
use crate::notices::Notices;
use crate::{full_screen, login, shortcuts};
use p2p_comm_engine::{Code, Error, Handle};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::{AppHandle, Manager as _};
use tokio::sync::Notify;

/// The settings in force, and their file.
pub(crate) struct Preferences {
    now: Mutex<Settings>,
    /// What the file holds; its lock is held while it is written.
    on_disk: Mutex<Settings>,
    file: Option<SettingsFile>,
    changed: Notify,
    /// One change at a time: each takes effect before the next.
    changing: tokio::sync::Mutex<()>,
}

impl Preferences {
    /// Reads the file. What is wrong with it becomes a notice.
    pub(crate) fn load(file: Option<SettingsFile>, notices: &Notices) -> Self {
        let found = file.as_ref().map_or(Found::Nothing, SettingsFile::read);
        match found {
            Found::Damaged => notices.add(ShellNotice::SettingsDamaged),
            Found::Unreachable => notices.add(ShellNotice::SettingsReadOnly),
            Found::Nothing | Found::Settings(_) => {}
        }
        let now = if let Found::Settings(settings) = found { *settings } else { Settings::default() };
        Self {
            on_disk: Mutex::new(now.clone()),
            now: Mutex::new(now),
            file,
            changed: Notify::new(),
            changing: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn now(&self) -> Settings {
        lock(&self.now).clone()
    }

    /// Of the file; empty if the system has no place for it.
    pub(crate) fn path(&self) -> &Path {
        self.file.as_ref().map_or_else(|| Path::new(""), SettingsFile::path)
    }

    /// Writes what was chosen, if the file says something else. Many changes in a row are written once.
    fn save(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut on_disk = lock(&self.on_disk);
        let now = self.now();
        if now != *on_disk {
            file.write(&now)?;
            *on_disk = now;
        }
        Ok(())
    }
}

/// Makes everything do what the settings say, and writes them whenever they change.
pub(crate) fn start(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let preferences = app.state::<Arc<Preferences>>().inner().clone();
        let first = preferences.now();
        let _turn = preferences.changing.lock().await;
        if let Err(error) = apply(&app, &Settings::default(), &first).await {
            tracing::warn!(%error, "not every setting took effect");
        }
        drop(_turn);
        loop {
            preferences.changed.notified().await;
            let writing = preferences.clone();
            let written = tauri::async_runtime::spawn_blocking(move || writing.save()).await;
            if let Ok(Err(error)) = written {
                tracing::warn!(%error, "the settings were not written");
                app.state::<Notices>().tell_once(&app, ShellNotice::SettingsReadOnly);
            }
        }
    });
}

/// Changes some of the settings; they take effect before this returns.
pub(crate) async fn change(app: &AppHandle, change: impl FnOnce(&mut Settings)) -> Result<(), Error> {
    let preferences = app.state::<Arc<Preferences>>().inner();
    let _turn = preferences.changing.lock().await;
    let before = preferences.now();
    let mut after = before.clone();
    change(&mut after);
    after = after.in_range();
    let applied = apply(app, &before, &after).await;
    if applied.is_err() {
        // The one that can be refused; the others hold.
        after.general.start_at_login = before.general.start_at_login;
    }
    if after != before {
        *lock(&preferences.now) = after;
        preferences.changed.notify_one();
        events::tell(app, &ShellEvent::Settings);
    }
    applied
}

/// The last chance to write. A failure was told before.
pub(crate) fn finish(app: &AppHandle) {
    let _ = app.state::<Arc<Preferences>>().save();
}

/// Passes on what differs.
async fn apply(app: &AppHandle, before: &Settings, after: &Settings) -> Result<(), Error> {
    let engine = app.state::<Handle>().inner();
    if after.audio != before.audio {
        engine.set_audio_settings(after.audio.clone()).await?;
    }
    if after.notifications.do_not_disturb != before.notifications.do_not_disturb {
        engine.set_do_not_disturb(after.notifications.do_not_disturb).await?;
    }
    if after.notifications.quiet_in_full_screen != before.notifications.quiet_in_full_screen {
        full_screen::tell(app, &after.notifications).await?;
    }
    if after.privacy.allow_requests != before.privacy.allow_requests {
        engine.allow_requests(after.privacy.allow_requests).await?;
    }
    if after.shortcuts != before.shortcuts {
        shortcuts::register(app, &after.shortcuts);
    }
    if after.general.start_at_login != before.general.start_at_login
        || after.general.start_hidden != before.general.start_hidden && after.general.start_at_login
    {
        login::set(app, &after.general).map_err(|_| Code::SystemRefused)?;
    }
    Ok(())
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
