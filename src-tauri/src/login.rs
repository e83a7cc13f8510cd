use crate::Profile;
use crate::settings::General;
use auto_launch::{AutoLaunch, AutoLaunchBuilder, WindowsEnableMode};
use std::path::PathBuf;
use tauri::{AppHandle, Manager as _};

/// Starts the program at login, or does not.
pub(crate) fn set(app: &AppHandle, general: &General) -> Result<(), auto_launch::Error> {
    let entry = entry(app.state::<Profile>().0.as_deref(), general)?;
    if general.start_at_login { entry.enable() } else { entry.disable() }
}

/// Does not start this profile at login any more. Says whether it would have.
pub(crate) fn forget(profile: Option<&str>) -> Result<bool, auto_launch::Error> {
    let entry = entry(profile, &General::default())?;
    let there = entry.is_enabled()?;
    if there {
        entry.disable()?;
    }
    Ok(there)
}

fn entry(profile: Option<&str>, general: &General) -> Result<AutoLaunch, auto_launch::Error> {
    let mut args = Vec::new();
    if general.start_hidden {
        args.push("--hidden".to_owned());
    }
    if let Some(profile) = profile {
        args.extend(["--profile".to_owned(), profile.to_owned()]);
    }
    AutoLaunchBuilder::new()
        .set_app_name(&profile.map_or_else(|| "p2p-comm".to_owned(), |profile| format!("p2p-comm-{profile}")))
        .set_app_path(&quoted(&program()?))
        .set_args(&args)
        // An administrator chooses for nobody else.
        .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
        .build()
}

/// An AppImage runs from a place that is there only while it runs; the variable names the file.
pub(crate) fn program() -> std::io::Result<PathBuf> {
    std::env::var_os("APPIMAGE").map_or_else(std::env::current_exe, |image| Ok(image.into()))
}

/// As the Desktop Entry Specification wants a path in `Exec` that may hold anything.
#[cfg(target_os = "linux")]
fn quoted(path: &std::path::Path) -> String {
    let mut quoted = String::from('"');
    for c in path.to_string_lossy().chars() {
        match c {
            // Of a string in the file and of an argument in quotes.
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => quoted.extend([r"\\", c.encode_utf8(&mut [0; 4])]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A value under `Run` is a command line, and most programs lie under a path with blanks.
#[cfg(windows)]
fn quoted(path: &std::path::Path) -> String {
    format!("\"{}\"", path.display())
}

#[cfg(target_os = "macos")]
fn quoted(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}
