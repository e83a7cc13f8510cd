//! A sound server of a test's own: PulseAudio without a sound card, on a socket in a directory of its own.
#![allow(dead_code, reason = "each test uses some of it")]
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server. It ends when dropped.
pub(crate) struct SoundServer {
    daemon: Child,
    dir: TempDir,
}

impl SoundServer {
    /// Starts a server without any sink; none, with the reason printed, where PulseAudio is not installed.
    #[allow(clippy::print_stderr, reason = "tells why a test is skipped")]
    pub(crate) fn start() -> Option<Self> {
        for program in ["pulseaudio", "pactl"] {
            let runs = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if !runs.is_ok_and(|status| status.success()) {
                eprintln!("skipped: {program} is not installed");
                return None;
            }
        }
        let dir = tempfile::tempdir().expect("a directory for the sound server");
        std::fs::write(dir.path().join("daemon.conf"), "default-sample-rate = 48000\nflat-volumes = no\n").unwrap();
        let log = std::fs::File::create(dir.path().join("daemon.log")).unwrap();
        let socket =
            format!("module-native-protocol-unix auth-anonymous=1 socket={}", dir.path().join("native").display());
        let daemon = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--realtime=no"])
            .args(["--high-priority=no", "--log-target=stderr", "-L", &socket])
            .env("HOME", dir.path())
            .env("PULSE_RUNTIME_PATH", dir.path())
            .env("PULSE_STATE_PATH", dir.path())
            .env("PULSE_CONFIG_PATH", dir.path())
            .env("PULSE_CONFIG", dir.path().join("daemon.conf"))
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pulseaudio starts");
        let server = Self { daemon, dir };
        let deadline = Instant::now() + Duration::from_secs(10);
        while server.pactl(&["info"]).is_none() {
            let log = || std::fs::read_to_string(server.dir.path().join("daemon.log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "pulseaudio does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    /// Where the server listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("native")
    }

    /// What a program needs in its environment to use this server.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        let dir = self.dir.path().display().to_string();
        [
            ("PULSE_SERVER", format!("unix:{dir}/native")),
            ("PULSE_COOKIE", format!("{dir}/cookie")),
            ("PULSE_CLIENTCONFIG", "/dev/null".into()),
            ("XDG_RUNTIME_DIR", dir),
        ]
        .map(|(name, value)| (name.into(), value))
        .into()
    }

    /// Adds a speaker that plays into the void; what it plays is heard at `NAME.monitor`. It moves blocks of 50 ms at
    /// most. Gives the number of its module.
    pub(crate) fn add_sink(&self, name: &str) -> u32 {
        let module = format!("sink_name={name}");
        let words = format!("sink_properties=device.description={name}");
        self.load(&[
            "module-null-sink",
            &module,
            "norewinds=yes",
            "format=float32le",
            "rate=48000",
            "channels=1",
            &words,
        ])
    }

    /// Adds a microphone that hears what `sink` plays.
    pub(crate) fn add_source(&self, name: &str, sink: &str) -> u32 {
        let source = format!("source_name={name}");
        let (master, words) =
            (format!("master={sink}.monitor"), format!("source_properties=device.description={name}"));
        self.load(&["module-remap-source", &source, &master, &words])
    }

    /// Unplugs what [`SoundServer::add_sink`] or [`SoundServer::add_source`] added.
    pub(crate) fn remove_sink(&self, module: u32) {
        self.pactl(&["unload-module", &module.to_string()]).expect("the module goes");
    }

    /// Makes a sink the default.
    pub(crate) fn set_default_sink(&self, name: &str) {
        self.pactl(&["set-default-sink", name]).expect("the default changes");
    }

    /// Makes a source the default.
    pub(crate) fn set_default_source(&self, name: &str) {
        self.pactl(&["set-default-source", name]).expect("the default changes");
    }

    /// Stops the server in its tracks (`true`) or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").args([signal, &self.daemon.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()));
    }

    /// Runs `pactl` on this server; none if it fails.
    pub(crate) fn pactl(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("pactl").args(arguments).envs(self.env()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn load(&self, arguments: &[&str]) -> u32 {
        let loaded = self.pactl(&[&["load-module"], arguments].concat()).expect("the module loads");
        loaded.parse().expect("the number of a module")
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
