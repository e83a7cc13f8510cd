//! The sending side of a call: blocks of the microphone in, packets out. No clock, no thread, no network; allocates only
//! when it is made.

mod feedback;
mod history;
mod microphone;
mod outbox;
mod stats;
mod talk;

pub use stats::SenderStats;

use crate::encode::pcm::{Chunks, RUNS};
use crate::encode::{Encoder, MAX_FRAME, Settings};
use crate::rate::{Path, Rate};
use crate::repair::{self, Losses, Offsets, Repair};
use crate::{BLOCK, Block, Codec, CodecError, Flags, Report};
use history::History;
use microphone::Microphone;
use outbox::{Head, Outbox};
use p2p_comm_model::{CallId, Quality};
use std::time::{Duration, Instant};
use talk::{Kind, Talk};

/// Silence is left out at this bitrate and below, bit/s.
const DTX_BITRATE: u32 = 24_000;
/// How much of the past a frame describes if nothing else repairs it, ms.
const DRED_MS: u16 = 200;
/// Part of packets lost that is worth such a description.
const DRED_LOSS: f32 = 0.002;
/// Part of packets lost at which uncompressed sound is given up, and how many they must be at least.
const FALL_BACK: (f32, f32) = (0.01, 3.0);
/// Between two blocks: a longer time without a block is time that passed, not a block that is late.
const GAP: Duration = Duration::from_millis(300);
/// Ticks of a block of uncompressed sound.
const PCM_BLOCK: u32 = 441;
/// Sound in a chunk, ms.
const CHUNK_MS: u32 = 23;

/// Turns the microphone into packets.
///
/// A packet's sequence counts packets; its timestamp counts time, sent or not, as blocks that were pushed: 480 ticks each
/// for Opus, 441 for uncompressed sound. Both begin at 0 and wrap.
pub struct Sender {
    quality: Quality,
    peer_uncompressed: bool,
    fell_back: bool,
    microphone: Microphone,
    /// Blocks since the call began.
    position: u32,
    /// When the last block came.
    pushed: Option<Instant>,
    /// What is being filled has sound in it that was let through.
    voiced: bool,
    codec: Codec,
    /// The frame that is being filled, with the blocks it has and the blocks it takes.
    frame: Box<[f32; MAX_FRAME]>,
    filled: usize,
    blocks: usize,
    chunks: Chunks,
    encoder: Encoder,
    talk: Talk,
    history: History,
    outbox: Outbox,
    losses: Losses,
    repair: Repair,
    rate: Rate,
}

impl Sender {
    /// The sender of a call that begins now.
    pub fn new(call: CallId, quality: Quality) -> Result<Self, CodecError> {
        let rate = Rate::new(quality);
        let settings =
            Settings { bitrate: rate.bitrate(), loss_percent: 0, dtx: rate.bitrate() <= DTX_BITRATE, dred_ms: 0 };
        Ok(Self {
            quality,
            peer_uncompressed: false,
            fell_back: false,
            microphone: Microphone::new(),
            position: 0,
            pushed: None,
            voiced: false,
            codec: Codec::Opus,
            frame: Box::new([0.0; MAX_FRAME]),
            filled: 0,
            blocks: 1,
            chunks: Chunks::new()?,
            encoder: Encoder::new(settings)?,
            talk: Talk::new(),
            history: History::new(),
            outbox: Outbox::new(call, 0),
            losses: Losses::new(),
            repair: Repair::new(),
            rate,
        })
    }

    /// Takes 10 ms of processed microphone sound. `sink` gets every packet that is ready: plain bytes, at most
    /// [`crate::MAX_PACKET`].
    pub fn push(&mut self, now: Instant, block: &Block, sink: &mut dyn FnMut(&[u8])) {
        self.follow_clock(now);
        self.switch_codec(now, sink);
        let (block, voiced) = self.microphone.take(block);
        self.voiced |= voiced;
        match self.codec {
            Codec::Opus => self.push_opus(now, &block, sink),
            Codec::Pcm => self.push_pcm(now, &block, voiced, sink),
        }
        self.position = self.position.wrapping_add(1);
    }

    /// Takes what the other side says it received of ours.
    pub fn report(&mut self, now: Instant, report: &Report) {
        let Some(news) = self.outbox.feedback.report(now, report) else { return };
        self.losses.add(now, news.expected, news.lost, f32::from(report.burst_x16) / 16.0);
        self.losses.add_missing(news.played, news.concealed);
        let path = Path {
            queue_ms: report.queue_ms.into(),
            loss: self.losses.now(),
            rtt: self.outbox.feedback.rtt(),
            level: self.repair.level(),
        };
        let less = self.rate.update(now, path);
        self.repair.update(now, &self.losses, self.rate.packet_ms(), !self.rate.queued());
        let (most, count) = FALL_BACK;
        let lossy = self.losses.mean() > most && self.losses.count() >= count;
        if self.codec == Codec::Pcm && (less || lossy) {
            self.fell_back = true;
            self.rate.soften(now);
        }
    }

    /// The person's choice, and whether the other side's packets say that it chose uncompressed sound. Once that was given
    /// up it stays so until the person chooses something else and then this again.
    pub fn set_quality(&mut self, quality: Quality, peer_uncompressed: bool) {
        if quality != self.quality {
            self.fell_back = false;
            self.rate.choose(quality);
        }
        let announce = (quality == Quality::Uncompressed) != (self.quality == Quality::Uncompressed);
        (self.quality, self.peer_uncompressed) = (quality, peer_uncompressed);
        if announce {
            self.talk.announce();
        }
    }

    /// Both chose uncompressed sound, and too much was lost for it.
    pub fn fell_back(&self) -> bool {
        self.fell_back
    }

    /// Nothing of the microphone is sent, and packets say so.
    pub fn set_muted(&mut self, muted: bool) {
        if std::mem::replace(&mut self.microphone.muted, muted) != muted {
            self.talk.announce();
        }
    }

    /// The person hears nothing by choice; this mutes, too, and packets say so.
    pub fn set_deafened(&mut self, deafened: bool) {
        if std::mem::replace(&mut self.microphone.deafened, deafened) != deafened {
            self.talk.announce();
        }
    }

    /// Whether the transmit mode lets the microphone through. If not, silence is sent, which is not the same as muted.
    pub fn set_transmitting(&mut self, transmitting: bool) {
        self.microphone.transmitting = transmitting;
    }

    /// A new connection after an outage. Sequence and timestamps go on, nothing from before is sent again.
    pub fn resume(&mut self, now: Instant) {
        self.outbox.feedback.resume();
        self.losses = Losses::new();
        self.rate.soften(now);
        self.begin_anew();
    }

    /// What is sent now.
    pub fn stats(&self) -> SenderStats {
        let (packet_ms, bitrate, copies) = match self.codec {
            Codec::Opus => (self.rate.packet_ms() as f32, self.rate.bitrate(), self.offsets(self.rate.packet_ms())),
            Codec::Pcm => {
                let clock = self.codec.clock();
                (RUNS[0] as f32 * 1000.0 / clock as f32, 16 * clock, Offsets::NONE)
            }
        };
        SenderStats {
            codec: self.codec,
            packet_ms,
            bitrate,
            copies,
            rtt: self.outbox.feedback.rtt(),
            loss_percent: self.losses.mean() * 100.0,
            packets: self.outbox.feedback.count(),
            bytes: self.outbox.bytes(),
        }
    }

    /// Time without blocks counts in timestamps like silence.
    fn follow_clock(&mut self, now: Instant) {
        let passed = self.pushed.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.pushed = Some(now);
        if passed >= GAP {
            let blocks = (passed.as_millis() / 10) as u32;
            self.position = self.position.wrapping_add(blocks.saturating_sub(1));
            self.begin_anew();
        }
    }

    /// Drops what is half filled and forgets what was sent.
    fn begin_anew(&mut self) {
        (self.filled, self.voiced) = (0, false);
        self.microphone.restart();
        self.chunks.restart(self.position.wrapping_mul(PCM_BLOCK));
        self.history.clear();
        self.talk.restart();
    }

    /// Takes up the codec that is wanted, between two frames.
    fn switch_codec(&mut self, now: Instant, sink: &mut dyn FnMut(&[u8])) {
        let both = self.quality == Quality::Uncompressed && self.peer_uncompressed;
        let wanted = if both && !self.fell_back { Codec::Pcm } else { Codec::Opus };
        if wanted == self.codec || self.filled > 0 {
            return;
        }
        match wanted {
            Codec::Pcm => self.chunks.restart(self.position.wrapping_mul(PCM_BLOCK)),
            Codec::Opus => {
                // What is left of the last chunk.
                self.send_chunk(now, sink);
                self.encoder.reset();
            }
        }
        self.voiced = false;
        self.history.clear();
        self.codec = wanted;
    }

    fn push_opus(&mut self, now: Instant, block: &Block, sink: &mut dyn FnMut(&[u8])) {
        if self.filled == 0 {
            self.blocks = (self.rate.packet_ms() / 10) as usize;
        }
        if let Some(room) = self.frame.chunks_exact_mut(BLOCK).nth(self.filled) {
            room.copy_from_slice(block);
        }
        self.filled += 1;
        if self.filled >= self.blocks {
            self.send_frame(now, sink);
            (self.filled, self.voiced) = (0, false);
        }
    }

    /// Encodes and sends the frame that is full, unless it is silence that need not be sent.
    fn send_frame(&mut self, now: Instant, sink: &mut dyn FnMut(&[u8])) {
        let ms = self.blocks as u32 * 10;
        // Silence of ours needs no look by the encoder.
        let mut kind = None;
        if !self.voiced {
            kind = self.talk.step(false, false, ms, 1);
            if kind.is_none() {
                return;
            }
        }
        let offsets = self.offsets(ms);
        let samples = self.blocks * BLOCK;
        let settings = self.settings(offsets);
        // Only wrong arguments fail, and no frame is better than a call that ends.
        let Ok(()) = self.encoder.apply(settings) else { return };
        let Ok(encoded) = self.encoder.encode(&self.frame[..samples], self.history.room()) else { return };
        if self.voiced {
            kind = self.talk.step(!encoded.silent, encoded.comfort, ms, 1);
        }
        let Some(kind) = kind else { return };
        let begin = self.position.wrapping_sub(self.blocks as u32 - 1);
        let timestamp = begin.wrapping_mul(BLOCK as u32);
        let head = Head { codec: Codec::Opus, flags: self.flags(kind), timestamp, duration: samples as u32 };
        self.history.keep(timestamp, head.duration, encoded.len);
        // Where a frame describes the past there are no copies beside it.
        let alone = settings.dred_ms == 0;
        let spurt = kind == Kind::Spurt && alone && offsets.as_slice().len() < 2 && self.rate.copies() >= 2;
        let offsets = if spurt { Offsets::SPURT } else { offsets };
        self.outbox.send_latest(now, head, &self.history, offsets, sink);
    }

    fn push_pcm(&mut self, now: Instant, block: &Block, voiced: bool, sink: &mut dyn FnMut(&[u8])) {
        self.chunks.push(block);
        while self.chunks.full() {
            self.send_chunk(now, sink);
            // The rest of the block is in the next chunk.
            self.voiced = voiced;
        }
    }

    /// Sends the chunk there is, unless it is silence that need not be sent.
    fn send_chunk(&mut self, now: Instant, sink: &mut dyn FnMut(&[u8])) {
        let Some(kind) = self.talk.step(self.voiced, false, CHUNK_MS, RUNS.len() as u32) else {
            self.chunks.skip();
            return;
        };
        let flags = self.flags(kind);
        self.chunks.take(|timestamp, run| {
            let head = Head { codec: Codec::Pcm, flags, timestamp, duration: run.len() as u32 / 2 };
            self.outbox.send_run(now, head, run, sink);
        });
    }

    /// Copies of a packet of so many ms: as many as loss asks for and the way allows.
    fn offsets(&self, packet_ms: u32) -> Offsets {
        let level = self.repair.level().min(self.rate.copies());
        repair::choose(level, self.repair.clustered(), packet_ms)
    }

    fn settings(&self, copies: Offsets) -> Settings {
        let bitrate = self.rate.bitrate();
        let loss = self.losses.now();
        // Beside copies it would only take bits from the frame itself.
        let alone = copies == Offsets::NONE && loss >= DRED_LOSS;
        Settings {
            bitrate,
            loss_percent: if alone { (loss * 100.0).ceil().clamp(1.0, 50.0) as u8 } else { 0 },
            dtx: bitrate <= DTX_BITRATE,
            dred_ms: if alone { DRED_MS } else { 0 },
        }
    }

    fn flags(&self, kind: Kind) -> Flags {
        Flags {
            spurt: kind == Kind::Spurt,
            silence: kind == Kind::Silence,
            muted: self.microphone.muted || self.microphone.deafened,
            deafened: self.microphone.deafened,
            uncompressed: self.quality == Quality::Uncompressed,
        }
    }
}

#[cfg(test)]
mod tests;
