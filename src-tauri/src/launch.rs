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
    #[cfg(target_os = "macos")]
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        let script = ["on run argv", "display alert item 1 of argv message item 2 of argv as critical", "end run"];
        let mut dialog = std::process::Command::new("/usr/bin/osascript");
        dialog.args(script.iter().flat_map(|line| ["-e", line])).args(["The program cannot start", words]);
        // It was said above; more cannot be done.
        let _ = dialog.status();
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
    })?;
    let errors = gtk::glib::LogLevels::LEVEL_ERROR;
    // GLib ends the program after this. The web view errs so where its own programs are missing or damaged.
    gtk::glib::log_set_handler(None, errors, true, false, |_, _, error| {
        refuse(&format!("{error}.\n\n{}", for_system(AGAIN)));
    });
    Ok(())
}

#[cfg(target_os = "macos")]
pub(crate) fn display() -> Result<(), String> {
    Ok(())
}

/// Says what to install where nothing could play or record: the window opens all the same, and a call says so, too.
#[cfg(target_os = "linux")]
pub(crate) fn look_for_sound() {
    if !sound() {
        tracing::warn!("there is no sound server (PipeWire or PulseAudio), so calls are silent. {}", for_system(SOUND));
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

/// Words for Debian, Fedora, Arch, SUSE and their like, and for other systems.
#[cfg(target_os = "linux")]
type BySystem = [&'static str; 5];

#[cfg(target_os = "linux")]
const SOUND: BySystem = [
    "This installs one: sudo apt install pipewire-pulse",
    "This installs one: sudo dnf install pipewire-pulseaudio",
    "This installs one: sudo pacman -S --needed pipewire-pulse",
    "This installs one: sudo zypper install pipewire-pulseaudio",
    "Install PipeWire with its PulseAudio server",
];

#[cfg(target_os = "linux")]
const AGAIN: BySystem = [
    "This installs the web view anew: sudo apt install --reinstall libwebkit2gtk-4.1-0",
    "This installs the web view anew: sudo dnf reinstall webkit2gtk4.1",
    "This installs the web view anew: sudo pacman -S webkit2gtk-4.1",
    "This installs the web view anew: sudo zypper install --force libwebkit2gtk-4_1-0",
    "Install WebKitGTK 4.1 anew with the package manager of your system",
];

#[cfg(target_os = "linux")]
fn for_system(words: BySystem) -> &'static str {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let ids = release.lines().filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")));
    for_ids(words, &ids.flat_map(|ids| ids.trim_matches('"').split(' ')).collect::<Vec<_>>())
}

/// `ids`: what os-release(5) calls the system and those it is like.
#[cfg(target_os = "linux")]
fn for_ids([debian, fedora, arch, suse, other]: BySystem, ids: &[&str]) -> &'static str {
    let any = |names: &[&str]| ids.iter().any(|id| names.contains(id));
    if any(&["debian", "ubuntu"]) {
        debian
    } else if any(&["fedora", "rhel"]) {
        fedora
    } else if any(&["arch"]) {
        arch
    } else if ids.iter().any(|id| id.contains("suse")) {
        suse
    } else {
        other
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
            (&["void"], "Install "),
        ] {
            for words in [SOUND, AGAIN] {
                assert!(for_ids(words, ids).contains(command), "{ids:?}");
            }
        }
    }
}
