//! The way from waiting frames to sound: what is played next, concealed, left out or stretched.
//!
//! ```text
//!              a frame comes in time                     nothing to play
//!  ┌────────┐ ─────────────────────▶ ┌─────────┐ ─────────────────────▶ ┌──────┐
//!  │ Silent │                        │ Playing │                        │ Lost │
//!  └────────┘ ◀───────────────────── └─────────┘ ◀───────────────────── └──────┘
//!      ▲        the sender pauses                  a frame is there         │
//!      └────────────────────────────────────────────────────────────────────┘
//!                              for so long that it is an outage
//! ```
//! The position of the playback is where the next sample to be played lies on the sender's timeline. It moves on by
//! itself while nothing is there; a late frame may take it back, as far as the target of the delay allows.

use super::mixer::Mixer;
use crate::CodecError;
use crate::drift::Drift;
use crate::jitter::clock::{MS, NEVER, SAMPLE, Ticks};
use crate::jitter::{Head, Jitter, Least, Playing, SAME};
use crate::stretch::{Change, LONGEST, Pace, SEAM};
use crate::{BLOCK, Block, Codec};

/// Ticks of a block.
const BLOCK_TICKS: Ticks = BLOCK as Ticks * SAMPLE;
/// What is lost is concealed for so long in full.
const CONCEAL: Ticks = 60 * MS;
/// Without sound for so long it is an outage.
const OUTAGE: Ticks = 300 * MS;
/// A frame this much later than it should be still begins where a frame before it was concealed.
const LATE: Ticks = 5 * MS;
/// How far above the target the delay may begin after silence; older frames are left out.
const OLD: Ticks = 40 * MS;
/// Delay so far above the target is left behind at once.
const FAR: Ticks = 300 * MS;
/// Delay that the resampler aims for, above the target.
const AIM: Ticks = MS;

/// What is done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is said, or nothing came for long.
    Silent {
        /// Sound should be there.
        outage: bool,
    },
    /// One frame after the other.
    Playing,
    /// The next frame is not there, for so long.
    Lost(Ticks),
}

/// What was counted since the call began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Blocks played.
    pub(super) played: u32,
    /// Of those, with sound that nothing could restore.
    pub(super) concealed: u32,
    /// Of those, stretched within a voice.
    pub(super) stretched: u32,
    /// Frames that were none.
    pub(super) malformed: u32,
}

/// Plays frames. Allocates only when it is made.
pub(super) struct Playout {
    mixer: Mixer,
    drift: Drift,
    pace: Pace,
    state: State,
    counts: Counts,
    /// Where the end of what waits lies on the sender's timeline.
    next: Ticks,
    /// Where the last frame ends that was decoded.
    heard: Ticks,
    last: Option<Head>,
    /// Local time minus position, at every block of the last second.
    lag: Least<2>,
    /// Something was concealed in this block.
    concealed: bool,
}

impl Playout {
    pub(super) fn new() -> Result<Self, CodecError> {
        Ok(Self {
            mixer: Mixer::new()?,
            drift: Drift::default(),
            pace: Pace::new(),
            state: State::Silent { outage: false },
            counts: Counts::default(),
            next: 0,
            heard: NEVER,
            last: None,
            lag: Least::new(500 * MS),
            concealed: false,
        })
    }

    /// What the jitter buffer must know to take a packet.
    pub(super) fn playing(&self) -> Playing {
        let silent = matches!(self.state, State::Silent { .. });
        Playing { heard: self.heard, due: if silent { None } else { self.due() } }
    }

    /// Makes the next 10 ms.
    pub(super) fn pull(&mut self, now: Ticks, jitter: &mut Jitter, out: &mut Block) {
        self.concealed = matches!(self.state, State::Silent { outage: true });
        if !matches!(self.state, State::Silent { .. }) {
            self.steer(now, jitter);
        }
        while self.mixer.len() < BLOCK {
            self.more(now, jitter);
        }
        self.mixer.pop(out);
        if self.state == State::Playing {
            self.mixer.learn(out, self.last.is_some_and(|last| last.silence));
        }
        self.counts.played = self.counts.played.saturating_add(1);
        self.counts.concealed = self.counts.concealed.saturating_add(self.concealed.into());
    }

    /// Places on the timeline mean nothing any more; what waits to be played is played.
    pub(super) fn jumped(&mut self) {
        self.heard = NEVER;
        self.silent(true);
    }

    /// Delay of the playback now, on the scale of the jitter buffer.
    pub(super) fn lag(&self) -> Option<Ticks> {
        self.lag.newest()
    }

    pub(super) fn drift(&self) -> &Drift {
        &self.drift
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The delay up to which a frame comes in time.
    fn due(&self) -> Option<Ticks> {
        Some(self.lag.get()? - self.gap())
    }

    /// From the moment when a frame must be there to the moment when its first sample is played: a block is taken whole.
    fn gap(&self) -> Ticks {
        if self.whole_frames() { self.aligned() as Ticks * SAMPLE } else { BLOCK_TICKS }
    }

    /// Frames are as long as blocks, or as several of them.
    fn whole_frames(&self) -> bool {
        self.last.is_none_or(|last| last.length % BLOCK_TICKS == 0)
    }

    /// Samples from the beginning of a block to the beginning of a frame.
    fn aligned(&self) -> usize {
        self.mixer.len() % BLOCK
    }

    /// Brings the delay to its target: slow and small differences by the resampler, others by stretching.
    fn steer(&mut self, now: Ticks, jitter: &mut Jitter) {
        let lag = now - (self.next - self.waiting());
        self.lag.push(now, lag);
        let target = jitter.target();
        if lag - self.gap() - target > FAR {
            // The playback stood still, or the way became much shorter.
            return self.silent(false);
        }
        let (Some(due), Some(least)) = (self.due(), self.lag.get()) else { return };
        let excess = due - target;
        let ms = |ticks: Ticks| ticks as f64 / MS as f64;
        self.drift.update(ms(least - jitter.usual()), ms(excess - AIM));
        let aligned = if self.whole_frames() { self.aligned() } else { 0 };
        let change = self.pace.decide(excess / SAMPLE, aligned);
        if self.state != State::Playing {
            return;
        }
        match change {
            Some(Change::Lengthen(samples, place)) => {
                let (len, pause) = self.mixer.lengthen(samples, place);
                self.stretched(len, pause, 1);
            }
            Some(Change::Shorten(samples, place)) => {
                while self.mixer.len() < LONGEST.min(samples) + SEAM && self.continues(jitter) {
                    self.play_first(0, jitter);
                }
                let (len, pause) = self.mixer.shorten(samples, place);
                self.stretched(len, pause, -1);
            }
            None => {}
        }
    }

    fn stretched(&mut self, samples: usize, pause: bool, sign: Ticks) {
        self.pace.done(samples, pause);
        if samples > 0 {
            self.moved(sign * samples as Ticks * SAMPLE);
            self.counts.stretched = self.counts.stretched.saturating_add(u32::from(!pause));
        }
    }

    /// The delay was changed on purpose.
    fn moved(&mut self, by: Ticks) {
        self.lag.shift(by);
        self.drift.moved(by as f64 / MS as f64);
    }

    fn waiting(&self) -> Ticks {
        self.mixer.len() as Ticks * SAMPLE
    }

    /// Adds to what waits.
    fn more(&mut self, now: Ticks, jitter: &mut Jitter) {
        self.drop_old(jitter);
        match self.state {
            State::Silent { .. } => self.wait(now, jitter),
            State::Playing if self.continues(jitter) => self.play_first(0, jitter),
            State::Playing => self.miss(jitter),
            State::Lost(since) => self.search(now, since, jitter),
        }
    }

    /// Leaves out what begins before what was heard, or before what comes next.
    fn drop_old(&self, jitter: &mut Jitter) {
        let from = if self.state == State::Playing { self.next } else { self.heard };
        while jitter.frames.first().is_some_and(|(head, _)| head.start < from.saturating_sub(SAME)) {
            jitter.frames.drop_first();
        }
    }

    /// Whether the next frame is there.
    fn continues(&self, jitter: &Jitter) -> bool {
        self.state == State::Playing
            && self.mixer.has_room()
            && jitter.frames.first().is_some_and(|(head, _)| (head.start - self.next).abs() <= SAME)
    }

    /// Silence: begins with the first frame whose time has come, at the beginning of a block.
    fn wait(&mut self, now: Ticks, jitter: &mut Jitter) {
        let target = jitter.target();
        while let Some((&head, _)) = jitter.frames.first() {
            let delay = now - head.start;
            if self.mixer.len() > 0 || delay < target {
                break;
            }
            if delay > target + OLD && jitter.frames.len() > 1 {
                self.leave_out(jitter);
                continue;
            }
            self.state = State::Playing;
            self.next = head.start;
            self.lag.clear();
            self.lag.push(now, delay);
            self.concealed = false;
            self.mixer.begin();
            return self.play_first(0, jitter);
        }
        self.mixer.pause();
    }

    /// The next frame is not there: a pause of the sender, or a loss.
    fn miss(&mut self, jitter: &Jitter) {
        let next = jitter.frames.first().map(|(head, _)| head);
        if self.pauses(next) { self.silent(false) } else { self.state = State::Lost(0) }
    }

    /// Whether the sender said nothing between the last frame and this one.
    fn pauses(&self, next: Option<&Head>) -> bool {
        let Some(last) = self.last else { return true };
        let follows = |next: &Head| next.sequence == last.sequence + 1 && next.start > last.end() + SAME;
        last.silence || next.is_some_and(follows)
    }

    fn silent(&mut self, outage: bool) {
        self.state = State::Silent { outage };
        self.lag.clear();
        self.drift.restart();
        self.pace.restart();
    }

    /// A frame is missing: what comes next, and what until then.
    fn search(&mut self, now: Ticks, since: Ticks, jitter: &mut Jitter) {
        while let Some((&head, _)) = jitter.frames.first() {
            if self.pauses(Some(&head)) {
                return self.silent(false);
            }
            let passed = self.next - head.start;
            if passed < -SAME {
                break;
            }
            // It is there, late perhaps. Play all of it, if so much delay is wanted, or what is not over yet.
            let delay = now + self.waiting() - head.start;
            let wanted = jitter.target() + self.gap() + LATE;
            let skip = (delay - wanted).clamp(0, passed.max(0));
            let skip = (skip + BLOCK_TICKS / 2) / BLOCK_TICKS * BLOCK_TICKS;
            if skip >= head.length {
                self.leave_out(jitter);
                continue;
            }
            self.state = State::Playing;
            self.moved(passed.max(0) - skip);
            return self.play_first((skip / SAMPLE) as usize, jitter);
        }
        if since >= OUTAGE {
            return self.silent(true);
        }
        self.conceal(since, jitter);
    }

    /// Fills the place of what is missing.
    fn conceal(&mut self, since: Ticks, jitter: &Jitter) {
        let later = jitter.frames.first();
        let whole = match self.last {
            Some(last) if last.codec == Codec::Pcm => last.length,
            _ => BLOCK_TICKS,
        };
        let length = later.map_or(whole, |(head, _)| whole.min(head.start - self.next)).max(SAMPLE);
        let samples = ((length + SAMPLE - 1) / SAMPLE) as usize;
        let restored = later.is_some_and(|(head, frame)| {
            let back = usize::try_from((head.start - self.next) / SAMPLE).unwrap_or(usize::MAX);
            self.mixer.restore(head, frame, back, samples)
        });
        if !restored {
            self.concealed = true;
            self.mixer.conceal(samples, since >= CONCEAL);
        }
        self.next += length;
        self.state = State::Lost(since + length);
    }

    /// Decodes the first frame that waits and plays it from its sample `skip` on.
    fn play_first(&mut self, skip: usize, jitter: &mut Jitter) {
        let Some((&head, frame)) = jitter.frames.first() else { return };
        let played = self.mixer.decode(&head, frame, skip);
        self.leave_out(jitter);
        if played.is_ok() {
            self.next = head.end();
            self.last = Some(head);
        } else {
            // As if it had been lost.
            self.counts.malformed = self.counts.malformed.saturating_add(1);
            self.next = head.start + skip as Ticks * SAMPLE;
            self.state = State::Lost(0);
        }
    }

    /// The first frame is over, played or not.
    fn leave_out(&mut self, jitter: &mut Jitter) {
        if let Some((head, _)) = jitter.frames.first() {
            self.heard = head.end();
            jitter.frames.drop_first();
        }
    }
}

const _: () = assert!(BLOCK_TICKS == 10 * MS);
