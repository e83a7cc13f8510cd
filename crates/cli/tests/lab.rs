//! Child processes that never outlive a test, and lines of theirs with a deadline.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Nothing in an ordinary test takes longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// How often a child is asked whether it has ended; there is no portable way to be told.
const TICK: Duration = Duration::from_millis(5);

/// A UDP port of loopback that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Arguments and environment of one run.
pub(crate) struct Start(Command);

impl Start {
    /// `words` are separated by single spaces; the password and nothing else is in the environment.
    pub(crate) fn new(words: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_p2p-comm-cli"));
        command.args(words.split(' ').filter(|word| !word.is_empty()));
        command.env_clear().env("P2P_COMM_PASSWORD", PASSWORD);
        Self(command)
    }

    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.0.arg(arg);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn without_password(mut self) -> Self {
        self.0.env_remove("P2P_COMM_PASSWORD");
        self
    }

    pub(crate) fn go(self) -> Run {
        self.spawn(true)
    }

    /// Nobody reads what it prints.
    pub(crate) fn unheard(self) -> Run {
        self.spawn(false)
    }

    fn spawn(mut self, heard: bool) -> Run {
        let pipes = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, lines) = channel();
        let stdout = heard.then_some(stdout);
        std::thread::spawn(move || {
            let Some(stdout) = stdout else { return };
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let stdin = child.stdin.take();
        Run { child, stdin, lines, seen: Vec::new(), errors: Some(errors) }
    }
}

/// A running child; killed when dropped.
pub(crate) struct Run {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Every line of standard output so far.
    pub(crate) seen: Vec<String>,
    errors: Option<JoinHandle<String>>,
}

/// How a run ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Run {
    /// Writes lines to its standard input.
    pub(crate) fn say(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).unwrap();
    }

    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Reads lines until one fits.
    pub(crate) fn until(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        self.within(DEADLINE, what, fits)
    }

    /// Reads lines until one fits, for so long.
    pub(crate) fn within(&mut self, time: Duration, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if fits(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("never {what}; seen: {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    let seen = std::mem::take(&mut self.seen);
                    let errors = self.errors.take().map(|errors| errors.join().unwrap());
                    panic!("ended before {what}; seen: {seen:#?}; stderr: {errors:?}")
                }
            }
        }
    }

    /// Reads JSON lines until an event of this kind fits.
    pub(crate) fn event(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let fits = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            event["event"] == kind && fits(&event)
        };
        let line = self.until(kind, fits);
        serde_json::from_str(&line).unwrap()
    }

    /// Asks it to end, as a service manager does. Windows has nothing of the kind.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(self) -> End {
        self.end_within(DEADLINE)
    }

    /// Waits until it ends by itself, for so long.
    pub(crate) fn end_within(mut self, time: Duration) -> End {
        let deadline = Instant::now() + time;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "did not end; seen: {:#?}", self.rest());
            std::thread::sleep(TICK);
        };
        self.ended(status)
    }

    /// What it printed and that was not read yet.
    pub(crate) fn rest(&mut self) -> &[String] {
        self.seen.extend(self.lines.try_iter());
        &self.seen
    }

    fn ended(&mut self, status: ExitStatus) -> End {
        self.stdin = None;
        let stderr = self.errors.take().unwrap().join().unwrap();
        // The reader ends with the child; this takes what it had not handed over yet.
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            self.seen.push(line);
        }
        End { code: status.code(), stdout: std::mem::take(&mut self.seen), stderr }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl End {
    /// The events of one kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let all = self.stdout.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|event| event["event"] == kind).collect()
    }
}

/// Bob listens with --json; gives his port, too.
pub(crate) fn bob(options: &str) -> (Run, u16) {
    let port = free_port();
    let bob = Start::new(&format!("listen --name bob --bind 127.0.0.1 --port {port} --json {options}")).go();
    (bob, port)
}

/// The start of alice's command towards `port`.
pub(crate) fn alice(command: &str, port: u16) -> Start {
    let own = free_port();
    Start::new(&format!("{command} --name alice --peer 127.0.0.1:{port} --bind 127.0.0.1 --port {own}"))
}

/// Bob is ready to be called.
pub(crate) fn ready(bob: &mut Run) {
    bob.event("listening", |_| true);
}
