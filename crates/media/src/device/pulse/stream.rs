//! The streams: one connection and one thread for each.
use std::ffi::CString;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use pulseaudio::protocol::{
    ChannelMap, Command, CreatePlaybackStreamReply, CreateRecordStreamReply, LatencyParams, PlaybackStreamParams, Prop,
    Props, RecordLatency, RecordStreamParams, SampleFormat, SampleSpec,
    stream::{BufferAttr, StreamFlags},
};

use super::Server;
use super::connection::{Connection, Message, Trouble};
use super::list::{Devices, text};
use super::play::Play;
use crate::RATE;
use crate::device::line::Line;
use crate::device::{Capture, State};

/// Bytes of a sample.
pub(super) const BYTES: u32 = size_of::<f32>() as u32;
/// Bytes of a ms.
pub(super) const MS: u32 = RATE / 1000 * BYTES;
/// Sound that the microphone gives at once.
const FRAGMENT: u32 = 10 * MS;
/// Two callbacks are at least this far apart.
const PACE: Duration = Duration::from_millis(4);
/// How often the server is asked for the delay.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// A stream without any sound for so long counts as lost. An idle device takes up to 2 s to wake up.
const SILENCE: Duration = Duration::from_secs(3);

/// An open stream.
pub(super) struct Stream<S> {
    connection: Connection,
    server: Server,
    channel: u32,
    side: S,
    line: Arc<Line>,
    /// The sequence number of the request for the delay that is on its way.
    asked: Option<u32>,
    last_asked: Instant,
}

/// What the two directions do differently.
pub(super) trait Side {
    fn latency(params: LatencyParams) -> Command;
    /// Takes sound that came in.
    fn sound(&mut self, bytes: &[u8]);
    /// Reads the answer to [`Side::latency`].
    fn delay(connection: &Connection, payload: &[u8]) -> Result<Duration, Trouble>;
    /// Answers a batch of messages.
    fn answer(&mut self, connection: &mut Connection, channel: u32, news: &News) -> Result<(), Trouble>;
}

/// What a batch of messages said.
#[derive(Default)]
pub(super) struct News {
    /// Bytes that the server asks for.
    pub(super) requested: u32,
    /// Bytes that came in.
    sound: usize,
    killed: bool,
    moved: Option<CString>,
}

/// A microphone.
pub(super) struct Record(Capture);

impl Stream<Record> {
    /// Opens the microphone `id`, or the default.
    pub(super) fn record(side: Record, server: &Server, id: Option<String>) -> Result<Self, Trouble> {
        let mut connection = Connection::open(server)?;
        let devices = Devices::fetch(&mut connection)?;
        let (fixed, name) = (id.is_some(), device_name(id, super::SOURCE)?);
        // With no microphone at all the default is what the speaker plays.
        if name.is_none() && devices.inputs.iter().all(|device| device.virtual_only) {
            return Err(Trouble::NoDevice);
        }
        let attributes = BufferAttr { fragment_size: FRAGMENT, ..BufferAttr::default() };
        let flags = StreamFlags { early_requests: true, no_move: fixed, ..StreamFlags::default() };
        let params = RecordStreamParams {
            sample_spec: sample_spec(),
            channel_map: ChannelMap::mono(),
            source_name: name,
            buffer_attr: attributes,
            flags,
            props: props(c"Microphone"),
            ..RecordStreamParams::default()
        };
        let reply: CreateRecordStreamReply = connection.ask(&Command::CreateRecordStream(params))?;
        let stream = Self::new(connection, server, reply.channel, side.0.line(), side);
        let name = reply.sink_name.as_deref().map(text).unwrap_or_default();
        stream.line.name(&name, Devices::name_of(&devices.inputs, &name));
        Ok(stream)
    }
}

impl Stream<Play> {
    /// Opens the speaker `id`, or the default.
    pub(super) fn play(side: Play, server: &Server, id: Option<String>) -> Result<Self, Trouble> {
        let mut connection = Connection::open(server)?;
        let devices = Devices::fetch(&mut connection)?;
        let (fixed, name) = (id.is_some(), device_name(id, super::SINK)?);
        if name.is_none() && devices.outputs.iter().all(|device| device.virtual_only) {
            return Err(Trouble::NoDevice);
        }
        let flags = StreamFlags { adjust_latency: true, no_move: fixed, ..StreamFlags::default() };
        let params = PlaybackStreamParams {
            sample_spec: sample_spec(),
            channel_map: ChannelMap::mono(),
            sink_name: name,
            buffer_attr: side.buffer(),
            flags,
            props: props(c"Call"),
            ..PlaybackStreamParams::default()
        };
        let reply: CreatePlaybackStreamReply = connection.ask(&Command::CreatePlaybackStream(params))?;
        let mut stream = Self::new(connection, server, reply.channel, side.line(), side);
        let name = reply.sink_name.as_deref().map(text).unwrap_or_default();
        stream.line.name(&name, Devices::name_of(&devices.outputs, &name));
        let first = News { requested: reply.requested_bytes, ..News::default() };
        stream.side.answer(&mut stream.connection, stream.channel, &first)?;
        Ok(stream)
    }
}

impl<S: Side> Stream<S> {
    fn new(connection: Connection, server: &Server, channel: u32, line: Arc<Line>, side: S) -> Self {
        Self { connection, server: server.clone(), channel, side, line, asked: None, last_asked: Instant::now() }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Serves the stream until it is closed or lost.
    pub(super) fn serve(mut self) {
        let mut last_sound = Instant::now();
        let ended = loop {
            let news = match self.batch() {
                Ok(news) => news,
                Err(trouble) => break trouble.to_string(),
            };
            let now = Instant::now();
            if news.killed {
                break "the sound device is gone".into();
            }
            if let Some(name) = news.moved {
                let name = text(&name);
                // Without a microphone left, the server moves the stream to what the speaker plays.
                if name.ends_with(".monitor") {
                    break "the microphone is gone".into();
                }
                self.follow(name);
            }
            if news.requested > 0 || news.sound > 0 {
                // A server that hands out crumbs, since another program asks it to, must not wake us for each.
                std::thread::sleep(PACE.saturating_sub(now - last_sound));
                last_sound = Instant::now();
            } else if now - last_sound > SILENCE {
                break "the sound device gives no sign of life".into();
            }
        };
        if !self.line.closed() {
            tracing::debug!(reason = ended, "a sound stream ended");
            self.line.end(State::Lost, ended);
        }
    }

    /// Waits for messages, answers them, and asks for the delay when it is time.
    fn batch(&mut self) -> Result<News, Trouble> {
        let mut news = News::default();
        if !self.connection.read()? {
            return Ok(news);
        }
        let Self { connection, side, asked, line, .. } = self;
        let mut delay = None;
        connection.messages(|connection, message| match message {
            Message::Sound(bytes) => {
                news.sound += bytes.len();
                side.sound(bytes);
            }
            Message::Event(Command::Request(request)) => news.requested += request.length,
            Message::Event(Command::Underflow(_)) => line.dry(),
            Message::Event(Command::PlaybackStreamKilled(_) | Command::RecordStreamKilled(_)) => news.killed = true,
            Message::Event(Command::PlaybackStreamMoved(moved)) => news.moved = Some(moved.device_name.clone()),
            Message::Event(Command::RecordStreamMoved(moved)) => news.moved = Some(moved.device_name.clone()),
            Message::Reply(sequence, payload) if *asked == Some(sequence) => {
                *asked = None;
                delay = S::delay(connection, payload).ok();
            }
            _ => {}
        })?;
        if let Some(delay) = delay {
            self.line.set_latency(delay);
        }
        self.side.answer(&mut self.connection, self.channel, &news)?;
        if self.asked.is_none() && self.last_asked.elapsed() >= ASK_EVERY {
            let params = LatencyParams { channel: self.channel, now: SystemTime::now() };
            self.asked = Some(self.connection.send(&S::latency(params))?);
            self.last_asked = Instant::now();
        }
        Ok(news)
    }

    /// The stream is on another device; its name is asked for elsewhere, so that sound does not wait.
    fn follow(&self, id: String) {
        let (line, server) = (self.line.clone(), self.server.clone());
        std::thread::spawn(move || {
            let devices = Connection::open(&server).and_then(|mut connection| Devices::fetch(&mut connection));
            let known = devices.map(|devices| [devices.inputs, devices.outputs].concat()).unwrap_or_default();
            line.moved(&id, Devices::name_of(&known, &id));
        });
    }
}

impl Record {
    pub(super) fn new(capture: Capture) -> Self {
        Self(capture)
    }
}

impl Side for Record {
    fn latency(params: LatencyParams) -> Command {
        Command::GetRecordLatency(params)
    }

    fn sound(&mut self, bytes: &[u8]) {
        let samples = bytes.as_chunks::<{ size_of::<f32>() }>().0;
        self.0.push(samples.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }

    fn delay(connection: &Connection, payload: &[u8]) -> Result<Duration, Trouble> {
        let latency: RecordLatency = connection.parse(payload)?;
        Ok(Duration::from_micros(latency.source_usec) + in_flight(latency.write_offset, latency.read_offset))
    }

    fn answer(&mut self, _: &mut Connection, _: u32, news: &News) -> Result<(), Trouble> {
        if news.sound > 0 {
            self.0.done();
        }
        Ok(())
    }
}

fn sample_spec() -> SampleSpec {
    SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: RATE }
}

/// The name of the device to open; none: the server's default, which may be set for this program by `variable`.
fn device_name(id: Option<String>, variable: &str) -> Result<Option<CString>, Trouble> {
    let name = id.or_else(|| super::chosen(variable));
    // A name with a zero byte is no device's.
    name.map(CString::new).transpose().map_err(|_| Trouble::NoDevice)
}

/// The system pauses music for a phone stream; it must not put an echo canceller of its own before ours.
fn props(name: &std::ffi::CStr) -> Props {
    let mut props = Props::new();
    props.set(Prop::MediaName, name);
    props.set(Prop::MediaRole, c"phone");
    props.set(Prop::FilterSuppress, c"echo-cancel");
    props
}

pub(super) fn in_flight(write: i64, read: i64) -> Duration {
    duration(u32::try_from(write.saturating_sub(read)).unwrap_or(0))
}

pub(super) fn duration(bytes: u32) -> Duration {
    Duration::from_secs_f32(bytes as f32 / (RATE * BYTES) as f32)
}
