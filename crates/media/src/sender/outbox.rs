use super::feedback::Feedback;
use super::history::History;
use crate::repair::Offsets;
use crate::{Codec, Copies, Flags, MAX_PACKET, Sound};
use p2p_comm_model::CallId;
use std::time::Instant;

/// Writes packets and counts them.
pub(crate) struct Outbox {
    call: CallId,
    /// When which packet was sent, and what became of it.
    pub(crate) feedback: Feedback,
    packet: Box<[u8; MAX_PACKET]>,
    bytes: u64,
}

/// A packet without its frames.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) codec: Codec,
    pub(crate) flags: Flags,
    /// Of the first sample, ticks.
    pub(crate) timestamp: u32,
    /// Of every frame, ticks.
    pub(crate) duration: u32,
}

impl Outbox {
    pub(crate) fn new(call: CallId, first: u32) -> Self {
        Self { call, feedback: Feedback::new(first), packet: Box::new([0; MAX_PACKET]), bytes: 0 }
    }

    /// Bytes of all packets.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sends the frame that `history` kept last, with copies of those before as far as they fit.
    pub(crate) fn send_latest(
        &mut self,
        now: Instant,
        head: Head,
        history: &History,
        mut offsets: Offsets,
        sink: &mut dyn FnMut(&[u8]),
    ) {
        let sequence = self.feedback.send(now);
        loop {
            let copies = history.copies(head.timestamp, head.duration, offsets);
            if self.write(sequence, head, history.latest(), copies, sink) || offsets == Offsets::NONE {
                return;
            }
            offsets.drop_farthest();
        }
    }

    /// Sends one run of samples.
    pub(crate) fn send_run(&mut self, now: Instant, head: Head, run: &[u8], sink: &mut dyn FnMut(&[u8])) {
        let sequence = self.feedback.send(now);
        self.write(sequence, head, run, Copies::default(), sink);
    }

    /// Whether it fits into a packet.
    fn write(
        &mut self,
        sequence: u32,
        head: Head,
        frame: &[u8],
        copies: Copies<'_>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> bool {
        let Head { codec, flags, timestamp, duration } = head;
        let sound = Sound { call: self.call, sequence, timestamp, codec, flags, duration, frame, copies };
        let Some(len) = sound.write(&mut self.packet) else { return false };
        self.bytes += len as u64;
        sink(&self.packet[..len]);
        true
    }
}
