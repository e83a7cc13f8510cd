//! The jitter buffer: which frames there are, and how long playback should wait for them. No sound, no clock of its own.
//!
//! ```text
//! packet ─▶ Timeline (place in time) ─▶ Sequence (loss) ─▶ its newest frame and its copies ─▶ Delays (when did each
//!           frame first become available) ─▶ Frames (wait in order)
//! ```
//! All delays are differences between local time and the place of a frame on the sender's timeline. Their zero has no
//! meaning: delays of arrival, of playback and the target are only compared with each other.

pub(crate) mod clock;
mod delay;
mod frames;
mod least;
mod sequence;
mod timeline;

pub(crate) use frames::{Frames, Head, SAME};
pub(crate) use least::Least;

use crate::{Codec, Flags, Sound};
use clock::{MS, NEVER, SECOND, Ticks, step};
use delay::Delays;
use sequence::{Order, Sequence};
use timeline::{Timeline, Usual};

/// Share of the frames that become available at all for which playback waits.
const ENOUGH: f32 = 0.99;
/// Kept on top of it: the clocks of both sides are not read exactly.
const MARGIN: Ticks = MS;
/// What playback waits before anything is known.
const FIRST: Ticks = 10 * MS;
/// What it waits beyond the least delay at most.
const MOST: Ticks = 500 * MS;
/// A frame that came too late to be played counts so often: the next one waits at once.
const LATE: f32 = 3.0;
/// Without a packet for so long it is an outage, and what comes all at once after it says nothing about jitter.
const OUTAGE: Ticks = 300 * MS;
/// For so long after an outage.
const CATCH_UP: Ticks = 150 * MS;
/// From this loss on playback waits for the farthest copy.
const SOME_LOSS: f32 = 0.004;
/// How long a packet may be overtaken before it counts as lost.
const OVERTAKEN: Ticks = 120 * MS;
/// A frame that begins in the same span as one seen is the same; shorter than any frame.
const SPAN: Ticks = 5 * MS;
/// Spans remembered: 1.3 s.
const SPANS: usize = 256;

/// What was counted since the call began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Packets that came.
    pub(crate) packets: u32,
    /// Of those, ones that came before.
    pub(crate) twice: u32,
    /// Of those, ones that cannot belong where they say.
    pub(crate) misplaced: u32,
    /// Frames that came after their time.
    pub(crate) late: u32,
}

/// Frames that wait, and what their arrival teaches. Allocates only when it is made.
pub(crate) struct Jitter {
    pub(crate) frames: Frames,
    pub(crate) sequence: Sequence,
    pub(crate) counts: Counts,
    timeline: Timeline,
    delays: Delays,
    /// Least delay of a packet in the last 2 s.
    usual: Least<8>,
    /// Least delay of a packet in the last 30 s.
    least: Least<30>,
    /// Longest delay of a frame in the last 4 s, negative.
    longest: Least<8>,
    /// Reach of the copies that came in the last 2 s, negative.
    copies: Least<4>,
    /// Which frame became available last in each span of time.
    seen: Box<[Ticks; SPANS]>,
    newest: Option<Newest>,
    /// Number and place of the packet that lies farthest ahead.
    last: Option<(i64, Ticks)>,
    caught_up: Ticks,
}

/// Of the packet that came last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Newest {
    pub(crate) arrived: Ticks,
    pub(crate) codec: Codec,
    pub(crate) length: Ticks,
    pub(crate) flags: Flags,
}

/// What playback does now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Playing {
    /// What ends before this place is of no use.
    pub(crate) heard: Ticks,
    /// The delay up to which a frame comes in time. Nothing while nothing plays.
    pub(crate) due: Option<Ticks>,
}

impl Jitter {
    pub(crate) fn new() -> Self {
        Self {
            frames: Frames::new(),
            sequence: Sequence::default(),
            counts: Counts::default(),
            timeline: Timeline::default(),
            delays: Delays::new(),
            usual: Least::new(SECOND / 4),
            least: Least::new(SECOND),
            longest: Least::new(SECOND / 2),
            copies: Least::new(SECOND / 2),
            seen: Box::new([NEVER; SPANS]),
            newest: None,
            last: None,
            caught_up: NEVER,
        }
    }

    /// Takes a packet. Says whether the sender jumped, so that places from before mean nothing any more.
    pub(crate) fn insert(&mut self, arrived: Ticks, sound: &Sound<'_>, playing: Playing) -> bool {
        self.counts.packets = self.counts.packets.saturating_add(1);
        let length = Ticks::from(sound.duration) * step(sound.codec);
        let usual = self.usual.get().zip(self.usual.highest()).map(|(least, highest)| Usual { least, highest });
        let Some(place) = self.timeline.place(arrived, usual, sound) else {
            self.counts.misplaced = self.counts.misplaced.saturating_add(1);
            return false;
        };
        let mut playing = playing;
        if place.jumped {
            self.resume();
            playing = Playing { heard: NEVER, due: None };
        }
        let order = self.sequence.push(sound.sequence, OVERTAKEN / length, (SECOND / length).min(100));
        let Order::New(number) = order else {
            self.counts.twice = self.counts.twice.saturating_add(1);
            return place.jumped;
        };
        let before = self.last.filter(|&(_, position)| position < place.position);
        if before.is_some() || self.last.is_none() {
            self.last = Some((number, place.position));
        }
        self.learn(arrived, arrived - place.position, length, sound);
        let newest = (0, sound.frame);
        for (offset, frame) in std::iter::once(newest).chain(sound.copies.iter()) {
            let head = Head {
                start: place.position - Ticks::from(offset) * length,
                length,
                codec: sound.codec,
                // Of the packet that it was the newest frame of.
                sequence: number - i64::from(offset),
                silence: offset == 0 && sound.flags.silence,
            };
            // Of a frame before the talk spurt that was never sent by itself: it would only delay the word.
            let unsent = before.is_some_and(|(number, position)| head.sequence <= number && head.start > position);
            if !unsent {
                self.keep(arrived, head, frame, playing);
            }
        }
        place.jumped
    }

    /// The delay that playback should have, for frames to be there in time.
    pub(crate) fn target(&self) -> Ticks {
        let usual = self.usual.get().unwrap_or(0);
        let enough = self.delays.quantile(ENOUGH).unwrap_or(usual + FIRST);
        // A burst of delays is over sooner than it is forgotten.
        let enough = self.longest.get().map_or(enough, |longest| enough.min(-longest));
        let reach = -self.copies.get().unwrap_or(0);
        let repair = if self.sequence.recent > SOME_LOSS { usual + reach } else { usual };
        (enough.max(repair) + MARGIN).clamp(usual, usual + MOST)
    }

    /// The delay of the quickest packets lately.
    pub(crate) fn usual(&self) -> Ticks {
        self.usual.get().unwrap_or(0)
    }

    /// How much of the delay now is not of the way but of queues on it.
    pub(crate) fn queue(&self) -> Ticks {
        match (self.usual.newest(), self.least.get()) {
            (Some(now), Some(least)) => (now - least).max(0),
            _ => 0,
        }
    }

    pub(crate) fn newest(&self) -> Option<Newest> {
        self.newest
    }

    /// Another network may be between us from now on: forgets what was learned about it.
    pub(crate) fn resume(&mut self) {
        self.frames.clear();
        self.sequence.forget();
        self.last = None;
        self.delays.clear();
        self.usual.clear();
        self.least.clear();
        self.longest.clear();
        self.copies.clear();
        self.seen.fill(NEVER);
    }

    fn learn(&mut self, arrived: Ticks, delay: Ticks, length: Ticks, sound: &Sound<'_>) {
        if self.usual.get().is_none() {
            self.delays.record(delay + FIRST, length, 1.0);
            self.longest.push(arrived, -delay - FIRST);
        }
        self.usual.push(arrived, delay);
        self.least.push(arrived, delay);
        let reach = sound.copies.iter().map(|(offset, _)| Ticks::from(offset) * length).max().unwrap_or(0);
        self.copies.push(arrived, -reach);
        let quiet = |newest: Newest| arrived - newest.arrived > OUTAGE && !newest.flags.silence;
        if self.newest.is_some_and(quiet) {
            self.caught_up = arrived + CATCH_UP;
        }
        self.newest = Some(Newest { arrived, codec: sound.codec, length, flags: sound.flags });
    }

    fn keep(&mut self, arrived: Ticks, head: Head, frame: &[u8], playing: Playing) {
        let seen = &mut self.seen[head.start.div_euclid(SPAN).rem_euclid(SPANS as Ticks) as usize];
        if (*seen - head.start).abs() < SAME {
            return;
        }
        *seen = head.start;
        let delay = arrived - head.start;
        let late = playing.due.is_some_and(|due| delay > due);
        // What waited in a heap says nothing about the way.
        if arrived >= self.caught_up || delay <= self.target() {
            self.delays.record(delay, head.length, if late { LATE } else { 1.0 });
            self.longest.push(arrived, -delay);
        }
        if head.end() <= playing.heard.saturating_add(SAME) {
            self.counts.late = self.counts.late.saturating_add(1);
            return;
        }
        self.frames.insert(head, frame);
    }
}
