//! One connection to the sound server: messages over a Unix socket.
//!
//! The messages are those of the `pulseaudio` crate; the reading is ours, since its client allocates and clears a MiB
//! for each wake-up. Nothing here allocates once a connection has seen its longest message.
use std::ffi::CString;
use std::io::{self, Cursor, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pulseaudio::protocol::{self, AuthParams, Command, CommandReply, Descriptor, DescriptorFlags, Prop, Props};
use pulseaudio::protocol::{PulseError, SetClientNameReply, TagStructReader};

use super::Server;
use crate::device::DeviceError;

/// Longest message that is accepted, bytes: a list of devices may take some ten thousand.
const MAX_MESSAGE: usize = 4 << 20;
/// How long a read or a write may take before the caller hears of it.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the server may take to answer.
const DEADLINE: Duration = Duration::from_secs(2);
/// Samples of sound that one message takes.
pub(super) const CHUNK: usize = 2048;

/// A connection after its handshake.
pub(super) struct Connection {
    socket: UnixStream,
    version: u16,
    sequence: u32,
    inbox: Vec<u8>,
    /// Bytes of `inbox` that were read.
    filled: usize,
    outbox: Vec<u8>,
}

/// A message of the server.
pub(super) enum Message<'a> {
    /// Bytes of a record stream's sound.
    Sound(&'a [u8]),
    /// An event.
    Event(&'a Command),
    /// The answer to the command of this sequence number; its payload follows.
    Reply(u32, &'a [u8]),
    /// The same, refused.
    Refused(u32, PulseError),
}

/// Why a connection or a request failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("there is no sound server")]
    NoServer,
    #[error("the sound server has no such device")]
    NoDevice,
    #[error("the sound server refuses: {0}")]
    Refused(PulseError),
    /// It does not answer, or not in words we know.
    #[error("{0}")]
    Broken(String),
}

/// Bytes of the cookie by which a server knows its users.
const COOKIE: usize = 256;

impl Connection {
    pub(super) fn open(server: &Server) -> Result<Self, Trouble> {
        let path = server.socket.clone().or_else(socket_path).ok_or(Trouble::NoServer)?;
        let socket = UnixStream::connect(path).map_err(|_| Trouble::NoServer)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let (inbox, outbox) = (vec![0; 64 << 10], Vec::with_capacity(64 << 10));
        let mut connection = Self { socket, version: protocol::MAX_VERSION, sequence: 0, inbox, filled: 0, outbox };
        // The server hangs up on a cookie of another length before it asks whether it needs one.
        let mut cookie =
            pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        cookie.resize(COOKIE, 0);
        let auth = AuthParams { version: protocol::MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let reply: protocol::AuthReply = connection.ask(&Command::Auth(auth))?;
        connection.version = reply.version.min(protocol::MAX_VERSION);
        if connection.version < protocol::MIN_VERSION {
            return Err(Trouble::Broken("the sound server is too old".into()));
        }
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"P2P Privacy Communications");
        if let Ok(id) = CString::new(std::process::id().to_string()) {
            props.set(Prop::ApplicationProcessId, id);
        }
        let _: SetClientNameReply = connection.ask(&Command::SetClientName(props))?;
        Ok(connection)
    }

    /// A second handle, to end a read from another thread.
    pub(super) fn handle(&self) -> Result<UnixStream, Trouble> {
        Ok(self.socket.try_clone()?)
    }

    /// Sends a command and gives its sequence number.
    pub(super) fn send(&mut self, command: &Command) -> Result<u32, Trouble> {
        self.sequence = self.sequence.wrapping_add(1);
        self.outbox.clear();
        protocol::encode_command_message(&mut self.outbox, self.sequence, command, self.version)
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        self.socket.write_all(&self.outbox)?;
        Ok(self.sequence)
    }

    /// Sends up to [`CHUNK`] samples to a playback stream.
    pub(super) fn send_sound(&mut self, channel: u32, samples: &[f32]) -> Result<(), Trouble> {
        let length = size_of_val(samples) as u32;
        let mut head = [0; protocol::DESCRIPTOR_SIZE];
        let descriptor = Descriptor { length, channel, offset: 0, flags: DescriptorFlags::empty() };
        protocol::encode_descriptor(&mut head, &descriptor);
        self.outbox.clear();
        self.outbox.extend_from_slice(&head);
        self.outbox.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        Ok(self.socket.write_all(&self.outbox)?)
    }

    /// Reads once; false when nothing came within [`PATIENCE`].
    pub(super) fn read(&mut self) -> Result<bool, Trouble> {
        match self.socket.read(&mut self.inbox[self.filled..]) {
            Ok(0) => Err(Trouble::Broken("the sound server has gone".into())),
            Ok(len) => {
                self.filled += len;
                Ok(true)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(false),
                io::ErrorKind::Interrupted => Ok(true),
                _ => Err(error.into()),
            },
        }
    }

    /// Gives each message that has come in whole to `take`.
    pub(super) fn messages(&mut self, mut take: impl FnMut(&Self, Message<'_>)) -> Result<(), Trouble> {
        let mut at = 0;
        while let Some(head) = self.inbox[at..self.filled].get(..protocol::DESCRIPTOR_SIZE) {
            let head = protocol::read_descriptor(&mut &head[..]).map_err(|error| Trouble::Broken(error.to_string()))?;
            let (start, length) = (at + protocol::DESCRIPTOR_SIZE, head.length as usize);
            if length > MAX_MESSAGE {
                return Err(Trouble::Broken("the sound server sends nonsense".into()));
            }
            let needed = protocol::DESCRIPTOR_SIZE + length;
            if needed > self.inbox.len() {
                self.inbox.resize(needed, 0);
            }
            if start + length > self.filled {
                break;
            }
            let body = &self.inbox[start..start + length];
            at = start + length;
            if head.channel != u32::MAX {
                take(self, Message::Sound(body));
                continue;
            }
            let mut rest = Cursor::new(body);
            // An event that the crate does not know is none that is waited for.
            match Command::read_tag_prefixed(&mut rest, self.version) {
                Ok((sequence, Command::Reply)) => {
                    take(self, Message::Reply(sequence, &body[rest.position() as usize..]))
                }
                Ok((sequence, Command::Error(error))) => take(self, Message::Refused(sequence, error)),
                Ok((_, event)) => take(self, Message::Event(&event)),
                Err(error) => tracing::debug!(%error, "skipped a message of the sound server"),
            }
        }
        self.inbox.copy_within(at..self.filled, 0);
        self.filled -= at;
        Ok(())
    }

    /// The payload of a reply.
    pub(super) fn parse<R: CommandReply>(&self, mut payload: &[u8]) -> Result<R, Trouble> {
        let mut reader = TagStructReader::new(&mut payload, self.version);
        reader.read().map_err(|error| Trouble::Broken(error.to_string()))
    }

    /// Reads wait for as long as it takes from now on.
    pub(super) fn wait_forever(&self) -> Result<(), Trouble> {
        Ok(self.socket.set_read_timeout(None)?)
    }

    /// Sends a command and waits for its answer. What else comes meanwhile is dropped.
    pub(super) fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, Trouble> {
        self.answered(command, Self::parse)
    }

    /// Sends a command that is only acknowledged.
    pub(super) fn tell(&mut self, command: &Command) -> Result<(), Trouble> {
        self.answered(command, |_, _| Ok(()))
    }

    fn answered<R>(
        &mut self,
        command: &Command,
        mut parse: impl FnMut(&Self, &[u8]) -> Result<R, Trouble>,
    ) -> Result<R, Trouble> {
        let asked = self.send(command)?;
        let start = Instant::now();
        let mut answer = None;
        while start.elapsed() < DEADLINE {
            self.read()?;
            self.messages(|connection, message| match message {
                Message::Reply(sequence, payload) if sequence == asked => answer = Some(parse(connection, payload)),
                Message::Refused(sequence, error) if sequence == asked => answer = Some(Err(Trouble::Refused(error))),
                _ => {}
            })?;
            if let Some(answer) = answer {
                return answer;
            }
        }
        Err(Trouble::Broken("the sound server does not answer".into()))
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Broken(format!("the sound server has gone: {error}"))
    }
}

impl From<Trouble> for DeviceError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NoServer | Trouble::NoDevice | Trouble::Refused(PulseError::NoEntity) => Self::Missing,
            Trouble::Refused(PulseError::AccessDenied | PulseError::AuthKey) => Self::Refused,
            Trouble::Refused(PulseError::Busy) => Self::Busy,
            trouble => Self::Other(trouble.to_string()),
        }
    }
}

/// Where the server listens, by libpulse's rules: `PULSE_SERVER` (the first Unix socket of its list), else the runtime
/// directory. None if `PULSE_SERVER` names only servers elsewhere.
fn socket_path() -> Option<PathBuf> {
    if let Some(servers) = std::env::var("PULSE_SERVER").ok().filter(|servers| !servers.trim().is_empty()) {
        return servers.split_whitespace().find_map(in_list).map(PathBuf::from);
    }
    let dir = |name, rest: &str| std::env::var_os(name).map(|dir| PathBuf::from(dir).join(rest));
    [dir("PULSE_RUNTIME_PATH", "native"), dir("XDG_RUNTIME_DIR", "pulse/native"), Some("/run/pulse/native".into())]
        .into_iter()
        .flatten()
        .find(|path| path.exists())
}

/// The path in an entry such as `{machine}unix:/run/user/1000/pulse/native`.
fn in_list(server: &str) -> Option<&str> {
    let server = server.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or(server, |(_, rest)| rest);
    server.strip_prefix("unix:").or_else(|| server.starts_with('/').then_some(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unix_socket_of_a_list_of_servers_is_found() {
        assert_eq!(in_list("unix:/a/b"), Some("/a/b"));
        assert_eq!(in_list("{0123}unix:/a/b"), Some("/a/b"));
        assert_eq!(in_list("/a/b"), Some("/a/b"));
        assert_eq!(in_list("tcp:192.0.2.1:4713"), None);
        assert_eq!("tcp:x unix:/a".split_whitespace().find_map(in_list), Some("/a"));
    }
}
