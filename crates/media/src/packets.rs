//! Where the voice thread and the network meet: two rings of plain packets. Neither side ever waits for the other; a
//! ring that is full drops the newest packet and counts it.

use crate::MAX_PACKET;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Instant;

/// Packets in a ring at most: more than a second of the shortest ones.
const RING: usize = 128;

/// A packet before it is sealed, or after it was opened.
pub struct Plain {
    at: Instant,
    len: usize,
    bytes: [u8; MAX_PACKET],
}

impl Plain {
    fn new(at: Instant, packet: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_PACKET];
        bytes.get_mut(..packet.len())?.copy_from_slice(packet);
        Some(Self { at, len: packet.len(), bytes })
    }

    /// When it was handed over by the voice thread, or came from the network.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// The packet ([`crate::Packet`]).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The end of the network task.
pub struct NetworkEnd {
    outgoing: Consumer<Plain>,
    incoming: Producer<Plain>,
    shared: Arc<Shared>,
}

/// The end of the voice thread.
pub struct VoiceEnd {
    outgoing: Producer<Plain>,
    incoming: Consumer<Plain>,
    wake: Box<dyn Fn() + Send>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    voice: OnceLock<Thread>,
    dropped: AtomicU64,
}

/// Both ends. `wake` is called by the voice thread after it has put something into the ring.
pub fn packets(wake: impl Fn() + Send + 'static) -> (VoiceEnd, NetworkEnd) {
    let (outgoing, to_send) = RingBuffer::new(RING);
    let (received, incoming) = RingBuffer::new(RING);
    let shared = Arc::new(Shared::default());
    let voice = VoiceEnd { outgoing, incoming, wake: Box::new(wake), shared: shared.clone() };
    (voice, NetworkEnd { outgoing: to_send, incoming: received, shared })
}

impl NetworkEnd {
    /// The next packet to seal and send.
    pub fn take(&mut self) -> Option<Plain> {
        self.outgoing.pop().ok()
    }

    /// Hands an opened packet to the voice thread.
    pub fn give(&mut self, at: Instant, packet: &[u8]) {
        if Plain::new(at, packet).is_none_or(|plain| self.incoming.push(plain).is_err()) {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(voice) = self.shared.voice.get() {
            voice.unpark();
        }
    }
}

impl VoiceEnd {
    /// Says which thread to unpark when a packet came.
    pub(crate) fn attach(&self, voice: Thread) {
        let _ = self.shared.voice.set(voice);
    }

    /// Hands a packet to the network.
    pub(crate) fn send(&mut self, at: Instant, packet: &[u8]) {
        if Plain::new(at, packet).is_none_or(|plain| self.outgoing.push(plain).is_err()) {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        (self.wake)();
    }

    /// The next packet that came.
    pub(crate) fn receive(&mut self) -> Option<Plain> {
        self.incoming.pop().ok()
    }

    /// Packets for which there was no room, in both directions.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_pass_in_both_directions() {
        let (mut voice, mut network) = packets(|| ());
        let now = Instant::now();
        voice.send(now, b"mine");
        network.give(now, b"theirs");
        assert_eq!(network.take().unwrap().bytes(), b"mine");
        assert_eq!(voice.receive().unwrap().bytes(), b"theirs");
        assert!(network.take().is_none() && voice.receive().is_none());
    }

    #[test]
    fn a_full_ring_drops_the_newest_and_counts() {
        let (mut voice, mut network) = packets(|| ());
        for n in 0..RING as u8 + 3 {
            network.give(Instant::now(), &[n]);
        }
        assert_eq!((voice.dropped(), voice.receive().unwrap().bytes()), (3, &[0][..]));
    }

    #[test]
    fn a_packet_that_is_too_long_is_dropped() {
        let (voice, mut network) = packets(|| ());
        network.give(Instant::now(), &[0; MAX_PACKET + 1]);
        assert_eq!(voice.dropped(), 1);
    }
}
