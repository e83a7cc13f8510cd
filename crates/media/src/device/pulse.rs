//! Our own streams on a PulseAudio server, or on PipeWire's server for its clients.
//!
//! The messages are those of the `pulseaudio` crate; each stream has a connection and a thread of its own. The thread is
//! not a callback of the system: it may wait for the voice thread while the server still has sound to play, so that sound
//! is made when it is asked for and never lies in a ring. What moves samples allocates nothing and locks nothing there
//! either.
//!
//! Blocks of 10 ms passed through the virtual sound card:
//!
//! | | delay ms | process % | server % | callbacks a second |
//! |---|---|---|---|---|
//! | these streams, load about 3 | 20.0 | 0.8 | 1.7 | 100 + 100 |
//! | these streams, load 4–9, real-time priority | 20.0 in four of five runs, 30 in one | 1.7–2.2 | 3.7–4.3 | |
//! | cpal's ALSA host through the pulse plugin, runs in turn with those | 33–40 | 2.8–3.8 | 5–6.8 | 150 |
//! | the same at normal priority | 8 of 9 runs ended with errors of `snd_pcm` | | | |
//!
//! Percent of one core; delay is the median of chirps from microphone to speaker. Real-time priority was given to the
//! process from outside: nothing here asks for it. A computer that is too busy gets longer buffers ([`play`]).
//!
//! PipeWire: it rounds the device's 10 ms down to its own quantum (256 samples of 48 kHz, as it mostly runs), takes the
//! same requests of at least 5 ms, and follows the default for streams that name no device; not measured here.
mod connection;
mod list;
mod play;
mod stream;
mod watch;

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::Thread;

use p2p_comm_model::AudioDevices;

use self::connection::{Connection, Trouble};
use self::list::Devices;
use self::play::Play;
use self::stream::{Record, Side, Stream};
use super::open::within_deadline;
use super::{DeviceError, Input, Output, microphone, speaker};
use crate::RATE;

pub(super) use watch::{Events, Stop};

/// A person may set these to give one program a default of its own.
const SINK: &str = "PULSE_SINK";
const SOURCE: &str = "PULSE_SOURCE";

/// A sound server. Where there is none, all it gives is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Server {
    /// Its socket; none: that of the environment.
    socket: Option<PathBuf>,
}

impl Server {
    pub(super) fn at(socket: PathBuf) -> Self {
        Self { socket: Some(socket) }
    }

    pub(super) fn devices(&self) -> Option<AudioDevices> {
        let mut connection = Connection::open(self).ok()?;
        Some(Devices::fetch(&mut connection).map(Devices::real).unwrap_or_default())
    }

    pub(super) fn open_input(&self, id: Option<&str>, waker: Thread) -> Option<Result<Input, DeviceError>> {
        let (server, id) = (self.clone(), id.map(String::from));
        let opened = within_deadline("microphone", move |opened| {
            let (capture, input) = microphone(RATE, waker);
            run(Stream::record(Record::new(capture), &server, id), opened, |handle| input.with(handle));
        });
        opened.transpose()
    }

    pub(super) fn open_output(&self, id: Option<&str>, waker: Thread) -> Option<Result<Output, DeviceError>> {
        let (server, id) = (self.clone(), id.map(String::from));
        let opened = within_deadline("speaker", move |opened| {
            let (playback, output) = speaker(RATE, waker);
            run(Stream::play(Play::new(playback), &server, id), opened, |handle| output.with(handle));
        });
        opened.transpose()
    }

    /// Subscribes to what happens to its devices.
    pub(super) fn events(&self) -> Option<Events> {
        Events::open(self)
    }
}

fn chosen(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|name| !name.is_empty())
}

/// Hands out the opened end and serves the stream.
#[expect(clippy::disallowed_types, reason = "handed over once, before anything moves")]
fn run<S: Side, End>(
    stream: Result<Stream<S>, Trouble>,
    opened: std::sync::mpsc::Sender<Result<Option<End>, DeviceError>>,
    end: impl FnOnce(Handle) -> End,
) {
    match stream.and_then(|stream| Ok((stream.connection().handle()?, stream))) {
        Ok((handle, stream)) => {
            if opened.send(Ok(Some(end(Handle(handle))))).is_ok() {
                stream.serve();
            }
        }
        Err(Trouble::NoServer) => drop(opened.send(Ok(None))),
        Err(trouble) => drop(opened.send(Err(trouble.into()))),
    }
}

/// Ends the stream when it is dropped.
struct Handle(UnixStream);

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
