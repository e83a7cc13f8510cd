//! The receiving side of a call: packets in, blocks of sound out, reports to send back. Its caller owns the clock.

mod mixer;
mod playout;

use crate::CodecError;
use crate::jitter::Jitter;
use crate::jitter::clock::{Clock, MS, Ticks};
use crate::{Block, Codec, Flags, Report, Sound};
use p2p_comm_model::CallId;
use playout::Playout;
use std::time::Instant;

/// Above it sound is bent so that it stays within full scale.
const KNEE: f32 = 0.9;
/// How fast the level follows what is played, per block.
const LEVEL: f32 = 0.03;
/// How fast the share of concealed blocks is averaged, per block: 4 s.
const RECENT: f32 = 0.0025;

/// What the other side sends: taken apart, put in order, repaired, decoded. No thread, no clock, no network; allocates only
/// when it is made.
pub struct Receiver {
    call: CallId,
    clock: Option<Clock>,
    jitter: Jitter,
    playout: Playout,
    /// Mean square of what is played.
    power: f32,
    /// Share of concealed blocks lately.
    concealed: f32,
    foreign: u32,
}

/// How it goes, for the details of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReceiverStats {
    /// Of the last packet.
    pub codec: Option<Codec>,
    /// What the sender said about itself last.
    pub flags: Flags,
    /// Length of the frames, ms.
    pub frame_ms: f32,
    /// Packets lost lately, percent.
    pub loss_percent: f32,
    /// Blocks lately that nothing could restore, percent.
    pub residual_percent: f32,
    /// Mean length of the last runs of lost packets; 0: there were none.
    pub burst: f32,
    /// What frames should wait, beyond the quickest packets of the last seconds, ms.
    pub target_ms: f32,
    /// What they do wait, ms.
    pub current_ms: f32,
    /// Delay of the network above its minimum now, ms.
    pub queue_ms: f32,
    /// How much faster the sender's clock runs than that of the playback, ppm.
    pub skew_ppm: f32,
    /// How loud it is played now, dB below full scale, negative; -127: silence.
    pub level_db: f32,
    /// Packets that came.
    pub packets: u32,
    /// Of those, dropped: they came twice, of another call, or cannot belong where they say.
    pub dropped: u32,
    /// Frames that came after their time.
    pub late: u32,
    /// Frames that were none.
    pub malformed: u32,
    /// Blocks played.
    pub played: u32,
    /// Of those, blocks that nothing could restore.
    pub concealed: u32,
    /// Of those, blocks that were stretched within a voice.
    pub stretched: u32,
}

impl Receiver {
    /// For one call.
    pub fn new(call: CallId) -> Result<Self, CodecError> {
        Ok(Self {
            call,
            clock: None,
            jitter: Jitter::new(),
            playout: Playout::new()?,
            power: 0.0,
            concealed: 0.0,
            foreign: 0,
        })
    }

    /// Takes a packet that arrived at `arrived`. One of another call is counted and dropped, nonsense as well.
    pub fn sound(&mut self, arrived: Instant, sound: &Sound<'_>) {
        if sound.call != self.call || sound.duration == 0 {
            self.foreign = self.foreign.saturating_add(1);
            return;
        }
        let arrived = self.ticks(arrived);
        if self.jitter.insert(arrived, sound, self.playout.playing()) {
            self.playout.jumped();
        }
    }

    /// Makes the next 10 ms to play. `now` is when they are asked for, each time the same span before they are heard.
    pub fn pull(&mut self, now: Instant, out: &mut Block) {
        let now = self.ticks(now);
        let before = self.playout.counts().concealed;
        self.playout.pull(now, &mut self.jitter, out);
        let mut power = 0.0;
        for sample in out.iter_mut() {
            *sample = bend(*sample);
            power += *sample * *sample;
        }
        self.power += (power / out.len() as f32 - self.power) * LEVEL;
        let concealed = self.playout.counts().concealed.wrapping_sub(before) as f32;
        self.concealed += (concealed - self.concealed) * RECENT;
    }

    /// Ratio for the resampler of the playback (1.0 ± 0.0005, see [`Resampler::adjust`](crate::Resampler::adjust)): keeps
    /// the delay where it should be, although the two sound cards do not agree how long a second is.
    pub fn ratio(&self) -> f64 {
        self.playout.drift().ratio()
    }

    /// What to send back, a few times a second. The caller fills in what it alone knows: `speaker`, `muted`, `deafened`,
    /// and adds the delay of the device to `playout_ms`.
    pub fn report(&mut self, now: Instant) -> Report {
        let now = self.ticks(now);
        let sequence = &self.jitter.sequence;
        let held = self.jitter.newest().map_or(0, |newest| (now - newest.arrived).max(0));
        Report {
            highest: sequence.newest(),
            held_us: u32::try_from(held * 1_000 / MS).unwrap_or(u32::MAX),
            expected: sequence.expected,
            lost: sequence.lost,
            played: self.playout.counts().played,
            concealed: self.playout.counts().concealed,
            burst_x16: (sequence.burst() * 16.0) as u16,
            queue_ms: whole_ms(self.jitter.queue()),
            playout_ms: whole_ms(self.waits()),
            level: -self.level_db() as u8,
            ..Report::default()
        }
    }

    /// After an outage, before the first packet over a new connection: nothing that was learned about the way holds.
    pub fn resume(&mut self) {
        self.jitter.resume();
        self.playout.jumped();
    }

    /// How it goes.
    pub fn stats(&self) -> ReceiverStats {
        let (jitter, playout) = (&self.jitter, self.playout.counts());
        let newest = jitter.newest();
        let counts = jitter.counts;
        ReceiverStats {
            codec: newest.map(|newest| newest.codec),
            flags: newest.map(|newest| newest.flags).unwrap_or_default(),
            frame_ms: newest.map_or(0.0, |newest| ms(newest.length)),
            loss_percent: jitter.sequence.recent * 100.0,
            residual_percent: self.concealed * 100.0,
            burst: jitter.sequence.burst(),
            target_ms: ms(jitter.target() - jitter.usual()),
            current_ms: ms(self.waits()),
            queue_ms: ms(jitter.queue()),
            skew_ppm: self.playout.drift().skew() as f32,
            level_db: self.level_db(),
            packets: counts.packets.saturating_add(self.foreign),
            dropped: counts.twice.saturating_add(counts.misplaced).saturating_add(self.foreign),
            late: counts.late,
            malformed: playout.malformed,
            played: playout.played,
            concealed: playout.concealed,
            stretched: playout.stretched,
        }
    }

    /// From the arrival of the quickest packets to the playing of their first sample.
    fn waits(&self) -> Ticks {
        self.playout.lag().map_or(0, |lag| (lag - self.jitter.usual()).max(0))
    }

    fn level_db(&self) -> f32 {
        (10.0 * (self.power + 1e-13).log10()).clamp(-127.0, 0.0)
    }

    fn ticks(&mut self, at: Instant) -> Ticks {
        self.clock.get_or_insert_with(|| Clock::new(at)).ticks(at)
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("call", &self.call).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

fn ms(ticks: Ticks) -> f32 {
    ticks as f32 / MS as f32
}

fn whole_ms(ticks: Ticks) -> u16 {
    u16::try_from(ticks / MS).unwrap_or(u16::MAX)
}

/// Keeps a sample within full scale, softly.
fn bend(sample: f32) -> f32 {
    if sample.abs() <= KNEE {
        sample
    } else if sample.is_finite() {
        (KNEE + (1.0 - KNEE) * ((sample.abs() - KNEE) / (1.0 - KNEE)).tanh()).copysign(sample)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests;
