//! A sender, a network and a playback in virtual time.

use crate::test_signal::Encoder;
use crate::{BLOCK, Block, Codec, Copies, Flags, Receiver, Sound};
use p2p_comm_model::CallId;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub(super) const CALL: CallId = CallId([7; 8]);

/// A packet on its way.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) sequence: u32,
    pub(super) timestamp: u32,
    pub(super) codec: Codec,
    pub(super) flags: Flags,
    pub(super) duration: u32,
    pub(super) frame: Vec<u8>,
    pub(super) copies: Vec<(u8, Vec<u8>)>,
}

impl Sent {
    pub(super) fn hand_to(&self, receiver: &mut Receiver, arrived: Instant) {
        let mut copies = Copies::default();
        self.copies.iter().for_each(|(offset, frame)| copies.push(*offset, frame));
        let &Self { sequence, timestamp, codec, flags, duration, ref frame, .. } = self;
        let sound = Sound { call: CALL, sequence, timestamp, codec, flags, duration, frame, copies };
        receiver.sound(arrived, &sound);
    }
}

/// Speaks in frames of one length, with the copies that it is told to send.
pub(super) struct Speaker {
    /// Two seconds, over and over: the voice repeats itself every second.
    frames: Vec<Vec<u8>>,
    pub(super) ms: usize,
    pub(super) offsets: Vec<u8>,
    pub(super) sequence: u32,
    pub(super) timestamp: u32,
    at: usize,
}

impl Speaker {
    pub(super) fn new(ms: usize, offsets: &[u8]) -> Self {
        let mut encoder = Encoder::new(ms, 32_000);
        let frames = (0..6_000 / ms).map(|_| encoder.next()).collect();
        Self { frames, ms, offsets: offsets.into(), sequence: 0, timestamp: 0, at: 0 }
    }

    pub(super) fn next(&mut self) -> Sent {
        let count = self.frames.len();
        let frame = |at: usize| self.frames[at % count].clone();
        let duration = self.ms as u32 * 48;
        let known = self.offsets.iter().filter(|&&offset| usize::from(offset) <= self.at);
        let sent = Sent {
            sequence: self.sequence,
            timestamp: self.timestamp,
            codec: Codec::Opus,
            flags: Flags::default(),
            duration,
            frame: frame(self.at),
            copies: known.map(|&offset| (offset, frame(self.at - usize::from(offset)))).collect(),
        };
        self.skip(1);
        self.sequence = self.sequence.wrapping_add(1);
        sent
    }

    /// Says nothing for some frames.
    pub(super) fn skip(&mut self, frames: usize) {
        self.at += frames;
        self.timestamp = self.timestamp.wrapping_add((frames * self.ms) as u32 * 48);
    }
}

/// What was seen at a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) at_ms: f64,
    /// Age of the sound, from the moment when its frame was complete: delay of the network and of the buffer.
    pub(super) delay_ms: f64,
    /// What the quickest packets of the last seconds wait.
    pub(super) wait_ms: f64,
    pub(super) concealed: bool,
}

/// Both clocks and the receiver.
pub(super) struct World {
    pub(super) receiver: Receiver,
    pub(super) start: Instant,
    pub(super) seed: u64,
    pub(super) random: StdRng,
    /// How much faster the sender's clock runs than that of the playback, ppm.
    pub(super) skew_ppm: f64,
    pub(super) now_ms: f64,
    /// The playback takes two blocks at a time.
    pub(super) pairs: bool,
    sent_ms: f64,
    pub(super) way: VecDeque<(f64, Sent)>,
    pub(super) seen: Vec<Seen>,
    pub(super) heard: Vec<f32>,
    base_ms: Option<f64>,
}

impl World {
    pub(super) fn new() -> Self {
        let seed = rand::random();
        Self::seeded(seed)
    }

    pub(super) fn seeded(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        // The playback asks at any phase.
        let now_ms = random.random_range(0.0..10.0);
        Self {
            receiver: Receiver::new(CALL).unwrap(),
            start: Instant::now(),
            seed,
            random,
            skew_ppm: 0.0,
            now_ms,
            pairs: false,
            sent_ms: 0.0,
            way: VecDeque::new(),
            seen: Vec::new(),
            heard: Vec::new(),
            base_ms: None,
        }
    }

    pub(super) fn at(&self, ms: f64) -> Instant {
        self.start + Duration::from_secs_f64(ms.max(0.0) / 1e3)
    }

    /// Lets `speaker` speak for `ms`; `network` gives the delay of each packet, ms, if it arrives.
    pub(super) fn run(
        &mut self,
        ms: f64,
        speaker: &mut Speaker,
        mut network: impl FnMut(&mut StdRng, f64) -> Option<f64>,
    ) {
        self.run_with(ms, speaker.ms as f64, |world, at| {
            let sent = speaker.next();
            if let Some(delay) = network(&mut world.random, at) {
                world.send(at + delay, sent);
            }
        });
    }

    /// Lets `speak` send something every `every` ms of the sender's clock.
    pub(super) fn run_with(&mut self, ms: f64, every: f64, mut speak: impl FnMut(&mut Self, f64)) {
        let end = self.now_ms.max(self.sent_ms) + ms;
        loop {
            let arrival = self.way.front().map_or(f64::MAX, |(at, _)| *at);
            let next = arrival.min(self.sent_ms).min(self.now_ms);
            if next >= end {
                return;
            }
            if next == self.sent_ms {
                self.sent_ms += every / (1.0 + self.skew_ppm / 1e6);
                speak(self, next);
            } else if next == arrival {
                let (at, sent) = self.way.pop_front().unwrap();
                // Places on the timeline count from the first packet.
                self.base_ms.get_or_insert_with(|| at - f64::from(sent.timestamp) / 48.0);
                let at = self.at(at);
                sent.hand_to(&mut self.receiver, at);
            } else {
                self.pull();
            }
        }
    }

    pub(super) fn send(&mut self, arrives: f64, sent: Sent) {
        let at = self.way.partition_point(|(at, _)| *at <= arrives);
        self.way.insert(at, (arrives, sent));
    }

    pub(super) fn pull(&mut self) {
        let mut out: Block = [0.0; BLOCK];
        let before = self.receiver.stats().concealed;
        let early = if self.pairs && self.seen.len() % 2 == 1 { 10.0 } else { 0.0 };
        self.receiver.pull(self.at(self.now_ms - early), &mut out);
        assert!(out.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0), "seed {}", self.seed);
        self.heard.extend_from_slice(&out);
        let stats = self.receiver.stats();
        let lag = self.receiver.playout.lag().map_or(f64::NAN, |lag| lag as f64 / 7_056.0);
        self.seen.push(Seen {
            at_ms: self.now_ms,
            delay_ms: lag + self.base_ms.unwrap_or(0.0),
            wait_ms: f64::from(stats.current_ms),
            concealed: stats.concealed > before,
        });
        self.now_ms += 10.0 * self.receiver.ratio();
    }

    pub(super) fn since(&self, ms: f64) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |seen| seen.at_ms >= ms)
    }

    /// Median delay from then on, ms.
    pub(super) fn delay_since(&self, ms: f64) -> f64 {
        let mut all: Vec<f64> = self.since(ms).map(|seen| seen.delay_ms).filter(|delay| delay.is_finite()).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    /// Concealed blocks from then on, percent.
    pub(super) fn concealed_since(&self, ms: f64) -> f64 {
        let concealed = self.since(ms).filter(|seen| seen.concealed).count();
        concealed as f64 * 100.0 / self.since(ms).count() as f64
    }

    pub(super) fn stretched_percent(&self) -> f64 {
        f64::from(self.receiver.stats().stretched) * 100.0 / self.seen.len() as f64
    }
}
