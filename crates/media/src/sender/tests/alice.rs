use crate::packet::Packet;
use crate::{Block, Codec, Flags, Report, Sender};
use p2p_comm_model::{CallId, Quality};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::time::{Duration, Instant};

pub(super) const CALL: CallId = CallId([3; 8]);

/// A packet, read and kept.
#[derive(Debug, Clone)]
pub(super) struct Got {
    pub(super) bytes: usize,
    pub(super) sequence: u32,
    pub(super) timestamp: u32,
    pub(super) codec: Codec,
    pub(super) flags: Flags,
    pub(super) duration: u32,
    pub(super) frame: Vec<u8>,
    pub(super) copies: Vec<(u8, Vec<u8>)>,
}

/// A sender, its microphone, and what it sent.
pub(super) struct Alice {
    pub(super) sender: Sender,
    pub(super) now: Instant,
    blocks: u64,
    rng: ChaCha8Rng,
    pub(super) got: Vec<Got>,
    /// What bob says.
    pub(super) report: Report,
}

impl Alice {
    pub(super) fn new(quality: Quality) -> Self {
        Self {
            sender: Sender::new(CALL, quality).unwrap(),
            now: Instant::now(),
            blocks: 0,
            rng: ChaCha8Rng::seed_from_u64(1),
            got: Vec::new(),
            report: Report { burst_x16: 16, ..Report::default() },
        }
    }

    /// Voiced sound with noise in it.
    pub(super) fn voice(&mut self) -> Block {
        self.blocks += 1;
        let at = self.blocks as f32 * 0.01;
        std::array::from_fn(|i| {
            let t = at + i as f32 / 48_000.0;
            let tone: f32 =
                (1..9).map(|n| (std::f32::consts::TAU * (120.0 + at) * n as f32 * t).sin() / n as f32).sum();
            tone * 0.1 + (self.rng.next_u32() as f32 / u32::MAX as f32 - 0.5) * 0.02
        })
    }

    pub(super) fn push(&mut self, block: &Block) {
        self.now += Duration::from_millis(10);
        let got = &mut self.got;
        self.sender.push(self.now, block, &mut |bytes| got.push(read(bytes)));
    }

    /// Talks. Gives what was sent.
    pub(super) fn talk(&mut self, ms: u32) -> Vec<Got> {
        let from = self.got.len();
        for _ in 0..ms / 10 {
            let block = self.voice();
            self.push(&block);
        }
        self.got[from..].to_vec()
    }

    /// Talks for 200 ms, of which bob loses so many packets, and reports.
    pub(super) fn talk_and_lose(&mut self, lost: u32, queue_ms: u16) -> Vec<Got> {
        let got = self.talk(200);
        let last = self.got.last().unwrap().sequence;
        self.report.expected = last + 1;
        self.report.highest = last;
        self.report.lost += lost;
        self.report.queue_ms = queue_ms;
        self.sender.report(self.now, &self.report);
        got
    }
}

pub(super) fn read(bytes: &[u8]) -> Got {
    let Ok(Packet::Sound(sound)) = Packet::parse(bytes) else { panic!("no packet of sound") };
    assert_eq!(sound.call, CALL);
    Got {
        bytes: bytes.len(),
        sequence: sound.sequence,
        timestamp: sound.timestamp,
        codec: sound.codec,
        flags: sound.flags,
        duration: sound.duration,
        frame: sound.frame.to_vec(),
        copies: sound.copies.iter().map(|(offset, frame)| (offset, frame.to_vec())).collect(),
    }
}
