use crate::PeerId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names one call on both sides: random, chosen by the caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub [u8; 8]);

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({:016x})", u64::from_be_bytes(self.0))
    }
}

/// A call on this computer, numbered from 1. Local to this process, never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(transparent)]
pub struct CallNumber(pub u32);

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum CallPhase {
    /// We call; the other app has not answered yet.
    Searching,
    /// We call; the other app has said that it rings.
    Ringing,
    /// They call; it rings here.
    Incoming,
    /// Accepted; sound may flow.
    Active,
    /// Accepted, but nothing comes through. Ends by itself after 30 s.
    Reconnecting,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum CallEnd {
    /// One of the two hung up after they were connected.
    HungUp,
    /// The one who was called rejected it.
    Rejected,
    /// The one who was called was in another call.
    Busy,
    /// The caller gave up before it was answered.
    Cancelled,
    /// It rang for 45 s and nobody answered.
    NoAnswer,
    /// The other app was never reached.
    Unreachable,
    /// The connection was lost for more than 30 s.
    Lost,
    /// The other app cannot take calls.
    Unsupported,
    /// Disconnect, or the peer was removed or blocked.
    Stopped,
}

/// A call that is over, as a line of a conversation. The sender of the line is who called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// How it ended.
    pub end: CallEnd,
    /// How long the two were connected, in seconds; none if they never were.
    pub seconds: Option<u32>,
}

impl CallRecord {
    /// Of a call that came in: it was never answered, and not because we did not want to.
    pub fn is_missed(&self) -> bool {
        self.seconds.is_none() && !matches!(self.end, CallEnd::Rejected | CallEnd::Stopped | CallEnd::HungUp)
    }
}

/// Whether the other side hears us, as far as their app has proved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Hearing {
    /// Nothing proved yet.
    Connecting,
    /// Their app has played our sound.
    Heard,
    /// We are muted.
    Muted,
    /// Our microphone gives nothing but silence.
    MicrophoneSilent,
    /// We have no microphone.
    NoMicrophone,
    /// Their speaker is off or they have deafened themselves.
    SpeakerOff,
    /// Our sound does not arrive.
    NotArriving,
}

/// What became of one of our sound devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum DeviceState {
    /// Not needed now.
    Closed,
    /// In use.
    Open {
        /// What the system calls it.
        name: String,
    },
    /// There is none.
    Missing,
    /// The system does not let us use it.
    Refused,
    /// Another program has it, or opening failed. Tried again by itself.
    Busy,
}

/// The call there is, as every shell shows it. There is at most one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct CallSnapshot {
    /// Names it in commands, so that none meets the wrong call.
    pub number: CallNumber,
    /// With whom.
    pub peer: PeerId,
    /// Whether we called.
    pub outgoing: bool,
    /// How far it is.
    pub phase: CallPhase,
    /// It comes in and is not to ring: do not disturb, or they are muted.
    pub silent: bool,
    /// When it began, our clock, ms since 1970 (UTC).
    pub started_at: i64,
    /// When it was accepted.
    pub accepted_at: Option<i64>,
    /// Whether they hear us.
    pub hearing: Hearing,
    /// Our microphone is muted.
    pub muted: bool,
    /// We hear nothing by our own choice; this mutes, too.
    pub deafened: bool,
    /// Their microphone is muted.
    pub peer_muted: bool,
    /// They hear nothing by their own choice.
    pub peer_deafened: bool,
    /// Our microphone.
    pub microphone: DeviceState,
    /// Our speaker.
    pub speaker: DeviceState,
    /// Both chose uncompressed sound and it is in use.
    pub uncompressed: bool,
    /// Uncompressed sound was chosen by both and given up, because more than 1 % was lost.
    pub fell_back: bool,
}

/// What is measured of a running call, about ten times a second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct VoiceStats {
    /// What the microphone gives after all processing, RMS of the last 100 ms, dB below full scale (-127 to 0).
    pub input_db: f32,
    /// What is played of them, likewise.
    pub output_db: f32,
    /// The microphone reached full scale in the last second.
    pub clipping: bool,
    /// Somebody talks into a muted microphone.
    pub talking_while_muted: bool,
    /// Whether our voice is being sent now (by the transmit mode).
    pub transmitting: bool,
    /// "opus" or "pcm".
    pub codec: String,
    /// Sound in one packet, ms.
    pub packet_ms: f32,
    /// Of the codec, kbit/s.
    pub bitrate_kbit: f32,
    /// Everything we put on the wire for voice, UDP and IP headers included, kbit/s.
    pub wire_kbit: f32,
    /// Offsets of the earlier frames that each of our packets repeats.
    pub copies: Vec<u8>,
    /// Round trip, ms.
    pub rtt_ms: Option<f32>,
    /// Of their packets, lost before repair, percent of the last 5 s.
    pub loss_percent: f32,
    /// Of their sound, missing after repair by copies, percent of the last 5 s.
    pub residual_percent: f32,
    /// Of our packets, lost on the way to them, percent.
    pub sent_loss_percent: f32,
    /// How long the jitter buffer means to hold sound, ms.
    pub jitter_target_ms: f32,
    /// How long it holds sound now, ms.
    pub jitter_ms: f32,
    /// From their mouth to our ear, estimated, ms.
    pub mouth_to_ear_ms: Option<f32>,
    /// Their clock against ours, parts per million.
    pub skew_ppm: f32,
    /// Packets that were dropped because they made no sense.
    pub malformed: u64,
    /// The canceller removed this much echo, dB, if there was any.
    pub echo_reduction_db: Option<f32>,
}

/// The microphone test: it records, and plays back what it recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct MicTest {
    /// It plays back; else it records (the last 10 s are kept).
    pub playing: bool,
    /// How much is recorded, s.
    pub seconds: f32,
    /// What the microphone gives, as [`VoiceStats::input_db`].
    pub level_db: f32,
    /// The microphone reached full scale in the last second.
    pub clipping: bool,
    /// Our microphone.
    pub microphone: DeviceState,
    /// Our speaker.
    pub speaker: DeviceState,
}

/// A sound device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct AudioDevice {
    /// Names it for as long as the system does.
    pub id: String,
    /// What the system calls it.
    pub name: String,
    /// Whether it is the system's default.
    pub default: bool,
}

/// The sound devices of this computer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct AudioDevices {
    /// Microphones.
    pub inputs: Vec<AudioDevice>,
    /// Speakers.
    pub outputs: Vec<AudioDevice>,
}

/// On, off, or as the program finds best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Switch {
    /// As it helps.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// How sound is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Quality {
    /// Opus, packets of 10 ms where the network allows, adapted to it.
    #[default]
    Auto,
    /// Opus, packets of 20 ms and more: fewer bytes, more delay.
    Economy,
    /// 44.1 kHz, 16 bits, no codec; only if both choose it.
    Uncompressed,
}

/// When the microphone is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Transmit {
    /// Always.
    #[default]
    Continuous,
    /// While it is louder than the threshold.
    #[serde(rename_all = "camelCase")]
    Voice {
        /// dB below full scale, -80 to 0.
        threshold_db: f32,
    },
    /// While a key is held.
    #[serde(rename_all = "camelCase")]
    PushToTalk {
        /// How long it goes on after the key was released, 0 to 2000 ms.
        release_ms: u32,
    },
}

/// How sound is taken, sent and played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", default)]
pub struct AudioSettings {
    /// The id of the microphone; none: the system's default, followed when it changes.
    pub input: Option<String>,
    /// The id of the speaker.
    pub output: Option<String>,
    /// The id of the speaker that rings.
    pub ring: Option<String>,
    /// Gain of the microphone, dB (-20 to 20).
    pub input_gain_db: f32,
    /// Gain of what is played, dB (-40 to 12).
    pub output_gain_db: f32,
    /// Echo cancelling.
    pub echo: Switch,
    /// Noise suppression.
    pub noise: Switch,
    /// Levelling of quiet and loud people, ours and theirs.
    pub gain: Switch,
    /// The person wears headphones: there is no echo to cancel.
    pub headphones: bool,
    /// When the microphone is sent.
    pub transmit: Transmit,
    /// How sound is sent.
    pub quality: Quality,
}

impl Default for AudioSettings {
    fn default() -> Self {
        Self {
            input: None,
            output: None,
            ring: None,
            input_gain_db: 0.0,
            output_gain_db: 0.0,
            echo: Switch::Auto,
            noise: Switch::Auto,
            gain: Switch::Auto,
            headphones: false,
            transmit: Transmit::Continuous,
            quality: Quality::Auto,
        }
    }
}

impl AudioSettings {
    /// Nothing is done to the sound: for files, and for whatever must come back as it was.
    pub fn unprocessed() -> Self {
        Self { echo: Switch::Off, noise: Switch::Off, gain: Switch::Off, ..Self::default() }
    }

    /// The same with every number within its range; what is no number becomes the default.
    #[must_use]
    pub fn clamped(mut self) -> Self {
        let within = |value: f32, low: f32, high: f32| if value.is_finite() { value.clamp(low, high) } else { 0.0 };
        self.input_gain_db = within(self.input_gain_db, -20.0, 20.0);
        self.output_gain_db = within(self.output_gain_db, -40.0, 12.0);
        self.transmit = match self.transmit {
            Transmit::Voice { threshold_db } => Transmit::Voice { threshold_db: within(threshold_db, -80.0, 0.0) },
            Transmit::PushToTalk { release_ms } => Transmit::PushToTalk { release_ms: release_ms.min(2000) },
            Transmit::Continuous => Transmit::Continuous,
        };
        self
    }
}
