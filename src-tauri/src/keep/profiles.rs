//! The programs that may run side by side, and what each of them has on this computer.

use super::{data_directory, of_profile, words};
use crate::instance;
use crate::settings::{self, SettingsFile};
use crate::{Profile, RouterAllowed, args, login};
use p2p_comm_engine::{Code, Error, Found, Vault};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tauri::{AppHandle, Manager as _};

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileEntry {
    /// None: the one without a name.
    name: Option<String>,
    /// This program.
    current: bool,
    remembered: bool,
    running: bool,
}

/// All that left something on the disk, and the one without a name.
pub(crate) fn list(app: &AppHandle) -> Vec<ProfileEntry> {
    let current = app.state::<Profile>().0.clone();
    let places = [config_directory(app), data_directory(app)];
    let named = places.iter().flatten().flat_map(|directory| names(directory)).chain(current.clone());
    let all: BTreeSet<_> = named.map(Some).chain([None]).collect();
    let entry = |name: Option<String>| ProfileEntry {
        current: name == current,
        remembered: vault(app, name.as_deref()).is_some_and(|vault| !matches!(vault.found(), Ok(Found::Nothing))),
        running: name == current || instance::runs(name.as_deref()),
        name,
    };
    all.into_iter().map(entry).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join("profiles")).into_iter().flatten().flatten();
    entries.filter_map(|entry| args::profile(entry.file_name().to_str()?).ok()).collect()
}

fn config_directory(app: &AppHandle) -> Option<PathBuf> {
    let named = std::env::var_os("P2P_COMM_DATA_DIR");
    settings::directory(named.as_deref(), || app.path().app_config_dir().ok())
}

fn vault(app: &AppHandle, name: Option<&str>) -> Option<Vault> {
    Some(Vault::at(&of_profile(&data_directory(app)?, name)))
}

/// Starts this program anew beside this one; one that runs shows its window.
pub(crate) fn open(app: &AppHandle, name: Option<String>) -> Result<(), Code> {
    let name = name.map(|name| args::profile(&name)).transpose().map_err(|_| Code::InvalidName)?;
    let mut command = Command::new(login::program().map_err(|_| Code::SystemRefused)?);
    command.args(name.iter().flat_map(|name| ["--profile", name.as_str()]));
    if !app.state::<RouterAllowed>().0 {
        command.arg("--no-port-mapping");
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    let mut child = child.map_err(|_| Code::SystemRefused)?;
    // Whoever starts a process waits for its end, or it stays as a zombie.
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// Deletes all that a profile has on this computer, unless it runs. Answers what that was, in words.
pub(crate) fn delete(app: &AppHandle, name: Option<&str>) -> Result<Vec<String>, Error> {
    if name.is_some_and(|name| args::profile(name).is_err()) {
        return Err(Code::InvalidName.into());
    }
    if app.state::<Profile>().0.as_deref() == name {
        return Err(Code::StoreInUse.into());
    }
    // Held until all is gone, so that it does not start meanwhile.
    let Ok(Some(_held)) = instance::hold(name) else { return Err(Code::StoreInUse.into()) };
    let mut gone = Vec::new();
    if let (Some(vault), Some(directory)) = (vault(app, name), data_directory(app)) {
        let directory = of_profile(&directory, name);
        gone.extend(vault.forget()?.iter().map(|gone| words(gone, &directory)));
    }
    if let Some(directory) = config_directory(app) {
        let file = SettingsFile::new(&directory, name);
        for path in [file.path().to_owned(), file.path().with_file_name("settings.damaged.json")] {
            if fs::remove_file(&path).is_ok() {
                gone.push(path.display().to_string());
            }
        }
        if let (Some(_), Some(own)) = (name, file.path().parent()) {
            // Only if nothing of somebody else's is in it.
            let _ = fs::remove_dir(own);
        }
    }
    if login::forget(name).unwrap_or(false) {
        gone.push("Its start at login".to_owned());
    }
    Ok(gone)
}
