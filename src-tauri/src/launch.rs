//! What a start needs from the system, told in words where it is missing. A missing library never gets here: the system's
//! loader says it, and in an AppImage the start script.

#[cfg(windows)]
mod windows;

#[cfg(windows)]
pub(crate) use windows::{display, join_terminal};

use std::process::ExitCode;

/// The program cannot start. Whoever started it in a terminal reads why there, and others in a dialog, where one can open.
#[expect(clippy::print_stderr, reason = "whoever started it in a terminal wants to know")]
pub(crate) fn refuse(words: &str) -> ExitCode {
    eprintln!("p2p-comm cannot start: {words}");
    #[cfg(target_os = "linux")]
    {
        use gtk::prelude::{DialogExt as _, GtkWindowExt as _};
        use std::io::IsTerminal as _;
        if gtk::is_initialized_main_thread() && !std::io::stderr().is_terminal() {
            let (flags, kind, buttons) = (gtk::DialogFlags::empty(), gtk::MessageType::Error, gtk::ButtonsType::Close);
            let words = format!("The program cannot start: {words}");
            let dialog = gtk::MessageDialog::new(None::<&gtk::Window>, flags, kind, buttons, &words);
            dialog.set_title(crate::window::TITLE);
            dialog.run();
        }
    }
    #[cfg(windows)]
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        windows::say(&format!("The program cannot start: {words}"));
    }
    ExitCode::FAILURE
}

#[cfg(not(windows))]
pub(crate) fn join_terminal() {}

/// Opens the display. Otherwise: what is the matter, and what can be done without one.
#[cfg(target_os = "linux")]
pub(crate) fn display() -> Result<(), String> {
    const WITHOUT: &str = "The same program without a window:\n  p2p-comm-cli --help";
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(display) = named("WAYLAND_DISPLAY").or_else(|| named("DISPLAY")) else {
        return Err(format!(
            "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.\n{WITHOUT}"
        ));
    };
    gtk::init().map_err(|_| {
        format!("the display {display} cannot be opened: it is not there, or belongs to another user.\n{WITHOUT}")
    })
}

#[cfg(target_os = "macos")]
pub(crate) fn display() -> Result<(), String> {
    Ok(())
}

/// Says what to install where nothing could play or record: the window opens all the same, and a call says so, too.
#[cfg(target_os = "linux")]
pub(crate) fn look_for_sound() {
    if !sound() {
        tracing::warn!("there is no sound server (PipeWire or PulseAudio), so calls are silent. {}", install_sound());
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn look_for_sound() {}

/// A server that is named or listens, or a sound card.
#[cfg(target_os = "linux")]
fn sound() -> bool {
    let named = std::env::var_os("PULSE_SERVER").is_some_and(|server| !server.is_empty());
    let listens = std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|directory| std::path::Path::new(&directory).join("pulse/native").exists());
    named || listens || std::path::Path::new("/proc/asound/card0").exists()
}

#[cfg(target_os = "linux")]
fn install_sound() -> &'static str {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let words = release.lines().filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")));
    sound_for(&words.flat_map(|ids| ids.trim_matches('"').split(' ')).collect::<Vec<_>>())
}

/// `ids`: what os-release(5) calls the system and those it is like.
#[cfg(target_os = "linux")]
fn sound_for(ids: &[&str]) -> &'static str {
    let any = |names: &[&str]| ids.iter().any(|id| names.contains(id));
    if any(&["debian", "ubuntu"]) {
        "This installs one: sudo apt install pipewire-pulse"
    } else if any(&["fedora", "rhel"]) {
        "This installs one: sudo dnf install pipewire-pulseaudio"
    } else if any(&["arch"]) {
        "This installs one: sudo pacman -S --needed pipewire-pulse"
    } else if ids.iter().any(|id| id.contains("suse")) {
        "This installs one: sudo zypper install pipewire-pulseaudio"
    } else {
        "Install PipeWire with its PulseAudio server"
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_the_system() {
        for (ids, command) in [
            (&["ubuntu", "debian"][..], "apt"),
            (&["nobara", "fedora"], "dnf"),
            (&["manjaro", "arch"], "pacman"),
            (&["opensuse-tumbleweed"], "zypper"),
            (&["void"], "Install PipeWire"),
        ] {
            assert!(sound_for(ids).contains(command), "{ids:?}");
        }
    }
}
