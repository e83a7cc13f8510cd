//! What one voice datagram says, before it is sealed (`docs/protocol.md`, "Voice"). Numbers are big-endian.
//!
//! ```text
//! sound    1 | call 8 | sequence 4 | timestamp 4 | codec 1 | flags 1 | duration 1 | copies 1 | {offset 1, length 2}… | copy… | frame
//! report   2 | call 8 | …
//! ```

use crate::RATE;
use p2p_comm_model::CallId;

/// Bytes of a packet at most, so that its Fernet token fits into one QUIC datagram of 1200 bytes.
pub const MAX_PACKET: usize = 780;
/// Earlier frames that a packet repeats at most.
pub const MAX_COPIES: usize = 3;
/// How far back a copy may reach, frames.
pub const MAX_OFFSET: u8 = 15;

const SOUND: u8 = 1;
const REPORT: u8 = 2;
const SOUND_HEADER: usize = 21;
const COPY_HEADER: usize = 3;
const REPORT_LEN: usize = 9 + 4 * 6 + 2 * 3 + 4;

/// One datagram.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet<'a> {
    /// Sound.
    Sound(Sound<'a>),
    /// What the other side received of ours.
    Report(CallId, Report),
}

/// Why bytes are no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Shorter than its lengths say, or longer than [`MAX_PACKET`].
    #[error("the voice packet has a wrong size")]
    Size,
    /// A kind or a codec that this version does not know.
    #[error("the voice packet is of an unknown kind")]
    Kind,
    /// A duration, an offset or a count outside its range.
    #[error("the voice packet has a field out of range")]
    Range,
}

/// How a frame is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Opus (RFC 6716), mono. Timestamps count samples at 48 kHz.
    Opus,
    /// 16-bit samples, mono, big-endian. Timestamps count samples at 44.1 kHz.
    Pcm,
}

impl Codec {
    /// Ticks of the timestamp in a second.
    pub fn clock(self) -> u32 {
        match self {
            Self::Opus => RATE,
            Self::Pcm => 44_100,
        }
    }
}

/// What the sender says about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// The first packets of a talk spurt.
    pub spurt: bool,
    /// The last packet before a silence, or a sign of life within one: its frame is comfort noise.
    pub silence: bool,
    /// The microphone is muted.
    pub muted: bool,
    /// The person hears nothing by their own choice.
    pub deafened: bool,
    /// Chose uncompressed sound.
    pub uncompressed: bool,
}

/// A packet of sound: the newest frame and earlier ones unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound<'a> {
    /// Of which call.
    pub call: CallId,
    /// Counts packets; wraps.
    pub sequence: u32,
    /// Of the first sample of `frame`, in ticks of the codec's clock; wraps. Silence that is not sent counts, too.
    pub timestamp: u32,
    /// How the frames are coded.
    pub codec: Codec,
    /// About the sender.
    pub flags: Flags,
    /// Of every frame in it, in ticks: for Opus 480 to 2880 (10 to 60 ms), for PCM up to 400.
    pub duration: u32,
    /// The newest frame.
    pub frame: &'a [u8],
    /// Earlier frames.
    pub copies: Copies<'a>,
}

/// Up to [`MAX_COPIES`] earlier frames. The frame with offset `n` begins `n` durations before the newest one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Copies<'a> {
    list: [(u8, &'a [u8]); MAX_COPIES],
    len: usize,
}

impl<'a> Copies<'a> {
    /// Adds one. Left out if there is no more room in the list.
    pub fn push(&mut self, offset: u8, frame: &'a [u8]) {
        if let Some(slot) = self.list.get_mut(self.len) {
            *slot = (offset, frame);
            self.len += 1;
        }
    }

    /// Offset and frame of each.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        self.list.iter().take(self.len).copied()
    }
}

/// What one side received of the other's sound, a few times a second. Counts run since the call began, so a lost report
/// loses nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// The highest sequence received.
    pub highest: u32,
    /// How long ago it came, µs: what is left of the time since it was sent is the round trip.
    pub held_us: u32,
    /// Packets that should have come, by their sequence.
    pub expected: u32,
    /// Of those, packets that did not come.
    pub lost: u32,
    /// Blocks of 10 ms played since the call began.
    pub played: u32,
    /// Of those, blocks that nothing could restore.
    pub concealed: u32,
    /// Mean length of a run of lost packets, in sixteenths.
    pub burst_x16: u16,
    /// Delay of the network above its minimum now, ms.
    pub queue_ms: u16,
    /// From the arrival of a packet to the ear, ms.
    pub playout_ms: u16,
    /// How loud we were played, -dB below full scale (127: silence).
    pub level: u8,
    /// The speaker is open and plays.
    pub speaker: bool,
    /// Microphone muted.
    pub muted: bool,
    /// Deafened by their own choice.
    pub deafened: bool,
}

impl<'a> Packet<'a> {
    /// Reads a packet; never trusts a length in it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        if bytes.len() > MAX_PACKET {
            return Err(PacketError::Size);
        }
        let mut read = Reader(bytes);
        let kind = read.u8()?;
        let call = CallId(read.array()?);
        match kind {
            SOUND => Sound::read(call, read).map(Self::Sound),
            REPORT => Report::read(read).map(|report| Self::Report(call, report)),
            _ => Err(PacketError::Kind),
        }
    }
}

impl<'a> Sound<'a> {
    fn read(call: CallId, mut read: Reader<'a>) -> Result<Self, PacketError> {
        let (sequence, timestamp) = (u32::from_be_bytes(read.array()?), u32::from_be_bytes(read.array()?));
        let codec = match read.u8()? {
            0 => Codec::Opus,
            1 => Codec::Pcm,
            _ => return Err(PacketError::Kind),
        };
        let flags = Flags::from_bits(read.u8()?);
        let duration = match (codec, u32::from(read.u8()?)) {
            // In units of 10 ms.
            (Codec::Opus, tens @ 1..=6) => tens * 480,
            // PCM says how long it is by its length.
            (Codec::Pcm, 0) => 0,
            _ => return Err(PacketError::Range),
        };
        let count = usize::from(read.u8()?);
        if count > MAX_COPIES || (codec == Codec::Pcm && count > 0) {
            return Err(PacketError::Range);
        }
        let mut heads = [(0, 0); MAX_COPIES];
        for head in heads.iter_mut().take(count) {
            let (offset, length) = (read.u8()?, u16::from_be_bytes(read.array()?));
            if offset == 0 || offset > MAX_OFFSET {
                return Err(PacketError::Range);
            }
            *head = (offset, usize::from(length));
        }
        let mut copies = Copies::default();
        for (offset, length) in heads.into_iter().take(count) {
            copies.push(offset, read.bytes(length)?);
        }
        let frame = read.0;
        let duration = match codec {
            Codec::Opus => duration,
            Codec::Pcm if frame.is_empty() || !frame.len().is_multiple_of(2) => return Err(PacketError::Range),
            Codec::Pcm => (frame.len() / 2) as u32,
        };
        Ok(Self { call, sequence, timestamp, codec, flags, duration, frame, copies })
    }

    /// Writes the packet to the front of `out` and gives its length; nothing if it does not fit into [`MAX_PACKET`].
    pub fn write(&self, out: &mut [u8; MAX_PACKET]) -> Option<usize> {
        let copies: usize = self.copies.iter().map(|(_, frame)| COPY_HEADER + frame.len()).sum();
        let len = SOUND_HEADER + copies + self.frame.len();
        let mut write = Writer { out: out.get_mut(..len)?, at: 0 };
        write.bytes(&[SOUND]);
        write.bytes(&self.call.0);
        write.bytes(&self.sequence.to_be_bytes());
        write.bytes(&self.timestamp.to_be_bytes());
        let (codec, duration) = match self.codec {
            Codec::Opus => (0, (self.duration / 480) as u8),
            Codec::Pcm => (1, 0),
        };
        write.bytes(&[codec, self.flags.bits(), duration, self.copies.len as u8]);
        for (offset, frame) in self.copies.iter() {
            write.bytes(&[offset]);
            write.bytes(&(frame.len() as u16).to_be_bytes());
        }
        for (_, frame) in self.copies.iter() {
            write.bytes(frame);
        }
        write.bytes(self.frame);
        Some(len)
    }
}

impl Flags {
    fn bits(self) -> u8 {
        let flags = [self.spurt, self.silence, self.muted, self.deafened, self.uncompressed];
        flags.into_iter().enumerate().fold(0, |bits, (at, flag)| bits | (u8::from(flag) << at))
    }

    /// Bits of later versions are ignored.
    fn from_bits(bits: u8) -> Self {
        let flag = |at: u8| bits & (1 << at) != 0;
        Self { spurt: flag(0), silence: flag(1), muted: flag(2), deafened: flag(3), uncompressed: flag(4) }
    }
}

impl Report {
    fn read(mut read: Reader<'_>) -> Result<Self, PacketError> {
        let mut word = || read.array().map(u32::from_be_bytes);
        let [highest, held_us, expected, lost, played, concealed] =
            [word()?, word()?, word()?, word()?, word()?, word()?];
        let mut half = || read.array().map(u16::from_be_bytes);
        let [burst_x16, queue_ms, playout_ms] = [half()?, half()?, half()?];
        let [level, speaker, muted, deafened] = read.array()?;
        let (speaker, muted, deafened) = (speaker != 0, muted != 0, deafened != 0);
        Ok(Self {
            highest,
            held_us,
            expected,
            lost,
            played,
            concealed,
            burst_x16,
            queue_ms,
            playout_ms,
            level: level.min(127),
            speaker,
            muted,
            deafened,
        })
    }

    /// Writes the packet to the front of `out` and gives its length.
    pub fn write(&self, call: CallId, out: &mut [u8; MAX_PACKET]) -> usize {
        let mut write = Writer { out: &mut out[..REPORT_LEN], at: 0 };
        write.bytes(&[REPORT]);
        write.bytes(&call.0);
        for word in [self.highest, self.held_us, self.expected, self.lost, self.played, self.concealed] {
            write.bytes(&word.to_be_bytes());
        }
        for half in [self.burst_x16, self.queue_ms, self.playout_ms] {
            write.bytes(&half.to_be_bytes());
        }
        write.bytes(&[self.level, self.speaker.into(), self.muted.into(), self.deafened.into()]);
        REPORT_LEN
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, len: usize) -> Result<&'a [u8], PacketError> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(PacketError::Size)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PacketError> {
        self.bytes(N)?.try_into().map_err(|_| PacketError::Size)
    }

    fn u8(&mut self) -> Result<u8, PacketError> {
        self.array().map(|[byte]| byte)
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.out[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sound<'a>(frame: &'a [u8], older: &'a [u8]) -> Sound<'a> {
        let mut copies = Copies::default();
        copies.push(1, older);
        copies.push(3, &older[..1]);
        Sound {
            call: CallId([7; 8]),
            sequence: u32::MAX,
            timestamp: 48_000,
            codec: Codec::Opus,
            flags: Flags { spurt: true, muted: true, ..Flags::default() },
            duration: 960,
            frame,
            copies,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut out = [0; MAX_PACKET];
        let sent = sound(&[1, 2, 3], &[4, 5]);
        let len = sent.write(&mut out).unwrap();
        assert_eq!(len, SOUND_HEADER + 2 * COPY_HEADER + 3 + 3);
        assert_eq!(Packet::parse(&out[..len]), Ok(Packet::Sound(sent)));
        let report = Report { highest: 9, lost: 3, level: 40, speaker: true, queue_ms: 500, ..Report::default() };
        let len = report.write(CallId([1; 8]), &mut out);
        assert_eq!(Packet::parse(&out[..len]), Ok(Packet::Report(CallId([1; 8]), report)));
    }

    #[test]
    fn a_packet_cut_anywhere_within_its_lengths_is_refused() {
        let mut out = [0; MAX_PACKET];
        let len = sound(&[], &[4, 5]).write(&mut out).unwrap();
        for cut in 0..len {
            assert_eq!(Packet::parse(&out[..cut]), Err(PacketError::Size), "{cut}");
        }
    }

    #[test]
    fn a_packet_that_does_not_fit_is_not_written() {
        assert_eq!(sound(&[0; MAX_PACKET], &[0]).write(&mut [0; MAX_PACKET]), None);
    }

    #[test]
    fn lists_and_durations_that_lie_are_refused() {
        let mut out = [0; MAX_PACKET];
        let len = sound(&[1], &[4, 5]).write(&mut out).unwrap();
        for (at, value, error) in [
            (0, 3, PacketError::Kind),
            (17, 2, PacketError::Kind),
            (19, 7, PacketError::Range),
            (19, 0, PacketError::Range),
            (20, 4, PacketError::Range),
            (21, 0, PacketError::Range),
            (21, 16, PacketError::Range),
            (22, 255, PacketError::Size),
        ] {
            let mut changed = out;
            changed[at] = value;
            assert_eq!(Packet::parse(&changed[..len]), Err(error), "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..900)) {
            let _ = Packet::parse(&bytes);
        }

        #[test]
        fn what_is_read_is_written_the_same(head in proptest::collection::vec(any::<u8>(), 30..120), kind in 1u8..3) {
            let mut bytes = head;
            bytes[0] = kind;
            if let Ok(Packet::Sound(sound)) = Packet::parse(&bytes) {
                let mut out = [0; MAX_PACKET];
                let len = sound.write(&mut out).unwrap();
                prop_assert_eq!(Packet::parse(&out[..len]), Ok(Packet::Sound(sound)));
            }
        }
    }
}
