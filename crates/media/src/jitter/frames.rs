//! Frames that wait to be played: a fixed number of fixed buffers.

use super::clock::{MS, Ticks};
use crate::{Codec, MAX_PACKET};

/// Frames kept at most: 1.3 s of the shortest.
pub(crate) const MAX_FRAMES: usize = 128;
/// Frames that begin closer than this are the same one.
pub(crate) const SAME: Ticks = 2 * MS;

/// What is known of a frame beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Where it begins on the sender's timeline.
    pub(crate) start: Ticks,
    pub(crate) length: Ticks,
    pub(crate) codec: Codec,
    /// Of the packet that it is the newest frame of.
    pub(crate) sequence: i64,
    /// Comfort noise: silence follows.
    pub(crate) silence: bool,
}

impl Head {
    pub(crate) fn end(&self) -> Ticks {
        self.start + self.length
    }
}

struct Slot {
    head: Head,
    len: usize,
    bytes: [u8; MAX_PACKET],
}

/// Frames in the order of their timeline. Allocates only when it is made.
pub(crate) struct Frames {
    slots: Box<[Slot]>,
    /// Every slot once: first those in use, in order, then the free ones.
    order: [u8; MAX_FRAMES],
    used: usize,
}

impl Frames {
    pub(crate) fn new() -> Self {
        let head = Head { start: 0, length: 0, codec: Codec::Opus, sequence: 0, silence: false };
        let slots = (0..MAX_FRAMES).map(|_| Slot { head, len: 0, bytes: [0; MAX_PACKET] }).collect();
        Self { slots, order: std::array::from_fn(|at| at as u8), used: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Keeps a frame. Refuses one that overlaps another. If there is no room, the first one makes it.
    pub(crate) fn insert(&mut self, head: Head, frame: &[u8]) -> bool {
        let at = self.order[..self.used].partition_point(|&slot| self.slot(slot).head.start < head.start);
        let apart = |before: &Head, after: &Head| before.end() <= after.start + SAME;
        let fits = at.checked_sub(1).and_then(|before| self.head(before)).is_none_or(|before| apart(before, &head))
            && self.head(at).is_none_or(|after| apart(&head, after));
        if !fits || frame.len() > MAX_PACKET || (self.used == MAX_FRAMES && at == 0) {
            return false;
        }
        let mut at = at;
        if self.used == MAX_FRAMES {
            self.drop_first();
            at -= 1;
        }
        let slot = &mut self.slots[usize::from(self.order[self.used])];
        slot.head = head;
        slot.len = frame.len();
        slot.bytes[..frame.len()].copy_from_slice(frame);
        self.used += 1;
        self.order[at..self.used].rotate_right(1);
        true
    }

    /// The `at`th of them.
    pub(crate) fn head(&self, at: usize) -> Option<&Head> {
        self.order[..self.used].get(at).map(|&slot| &self.slot(slot).head)
    }

    /// The first one, with its bytes.
    pub(crate) fn first(&self) -> Option<(&Head, &[u8])> {
        let slot = self.slot(*self.order[..self.used].first()?);
        Some((&slot.head, &slot.bytes[..slot.len]))
    }

    pub(crate) fn drop_first(&mut self) {
        if self.used > 0 {
            self.order[..self.used].rotate_left(1);
            self.used -= 1;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    fn slot(&self, slot: u8) -> &Slot {
        &self.slots[usize::from(slot)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(start_ms: i64) -> Head {
        let (start, length) = (start_ms * MS, 10 * MS);
        Head { start, length, codec: Codec::Opus, sequence: 0, silence: false }
    }

    #[test]
    fn frames_come_out_in_order_and_once() {
        let mut frames = Frames::new();
        for (start, taken) in [(30, true), (10, true), (20, true), (10, false), (5, false), (15, false), (0, true)] {
            assert_eq!(frames.insert(head(start), &[start as u8]), taken, "{start}");
        }
        for start in [0, 10, 20, 30] {
            let (first, bytes) = frames.first().unwrap();
            assert_eq!((first.start, bytes), (start * MS, &[start as u8][..]));
            frames.drop_first();
        }
        assert!(frames.first().is_none());
        frames.drop_first();
    }

    #[test]
    fn without_room_the_oldest_makes_it() {
        let mut frames = Frames::new();
        for n in 1..=MAX_FRAMES as i64 {
            assert!(frames.insert(head((n * 37 % 149) * 10), &[0]));
        }
        let first = *frames.head(0).unwrap();
        assert!(!frames.insert(head(-10), &[0]));
        assert!(frames.insert(head(2_000), &[0]));
        assert_eq!(frames.len(), MAX_FRAMES);
        assert!(frames.head(0).unwrap().start > first.start);
        assert!((1..MAX_FRAMES).all(|at| frames.head(at - 1).unwrap().end() <= frames.head(at).unwrap().start));
        frames.clear();
        assert!(!frames.insert(head(0), &[0; MAX_PACKET + 1]));
    }
}
