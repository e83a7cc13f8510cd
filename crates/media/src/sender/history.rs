use crate::repair::Offsets;
use crate::{Copies, MAX_OFFSET, MAX_PACKET};

/// Bytes of a frame at most: what a packet without copies has room for.
pub(crate) const MAX_FRAME_BYTES: usize = MAX_PACKET - 21;
const FRAMES: usize = MAX_OFFSET as usize + 1;

/// The frames that were sent last, for copies of them.
pub(crate) struct History {
    frames: Box<[Frame; FRAMES]>,
    next: usize,
}

#[derive(Clone, Copy)]
struct Frame {
    timestamp: u32,
    /// In ticks; 0: nothing here.
    duration: u32,
    len: usize,
    bytes: [u8; MAX_FRAME_BYTES],
}

impl History {
    pub(crate) fn new() -> Self {
        let none = Frame { timestamp: 0, duration: 0, len: 0, bytes: [0; MAX_FRAME_BYTES] };
        Self { frames: Box::new([none; FRAMES]), next: 0 }
    }

    /// Where the next frame is written. It counts only once it is kept.
    pub(crate) fn room(&mut self) -> &mut [u8; MAX_FRAME_BYTES] {
        let frame = &mut self.frames[self.next];
        frame.duration = 0;
        &mut frame.bytes
    }

    /// Keeps the frame that was written into [`Self::room`].
    pub(crate) fn keep(&mut self, timestamp: u32, duration: u32, len: usize) {
        let frame = &mut self.frames[self.next];
        (frame.timestamp, frame.duration, frame.len) = (timestamp, duration, len.min(MAX_FRAME_BYTES));
        self.next = (self.next + 1) % FRAMES;
    }

    /// The frame that was kept last.
    pub(crate) fn latest(&self) -> &[u8] {
        let frame = &self.frames[(self.next + FRAMES - 1) % FRAMES];
        &frame.bytes[..frame.len]
    }

    /// Frames before the one that begins at `timestamp`: of the same duration, and exactly so many durations before it.
    /// What was not sent is left out.
    pub(crate) fn copies(&self, timestamp: u32, duration: u32, offsets: Offsets) -> Copies<'_> {
        let mut copies = Copies::default();
        for offset in offsets.as_slice() {
            let begin = timestamp.wrapping_sub(u32::from(*offset) * duration);
            let wanted = |frame: &&Frame| frame.duration == duration && frame.timestamp == begin;
            if let Some(frame) = self.frames.iter().find(wanted) {
                copies.push(*offset, &frame.bytes[..frame.len]);
            }
        }
        copies
    }

    /// Forgets all frames.
    pub(crate) fn clear(&mut self) {
        self.frames.iter_mut().for_each(|frame| frame.duration = 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(history: &mut History, timestamp: u32, duration: u32, byte: u8) {
        history.room()[..2].copy_from_slice(&[byte; 2]);
        history.keep(timestamp, duration, 2);
    }

    #[test]
    fn only_frames_of_the_same_length_at_the_right_place_are_found() {
        let mut history = History::new();
        let start = u32::MAX - 700;
        keep(&mut history, start, 480, 1);
        keep(&mut history, start.wrapping_add(480), 480, 2);
        keep(&mut history, start.wrapping_add(960), 960, 3);
        assert_eq!(history.latest(), [3, 3]);
        let found = |timestamp: u32, duration| {
            history.copies(timestamp, duration, Offsets::SPURT).iter().map(|(n, f)| (n, f[0])).collect::<Vec<_>>()
        };
        assert_eq!(found(start.wrapping_add(960), 480), [(1, 2), (2, 1)]);
        assert_eq!(found(start.wrapping_add(1440), 480), [(2, 2)]);
        assert_eq!(found(start.wrapping_add(1920), 960), [(1, 3)]);
        assert_eq!(found(start.wrapping_add(961), 480), []);
    }

    #[test]
    fn a_frame_that_is_not_kept_is_never_repeated() {
        let mut history = History::new();
        for n in 0..40 {
            keep(&mut history, n * 480, 480, n as u8);
        }
        history.room()[..2].copy_from_slice(&[99; 2]);
        assert_eq!(history.copies(40 * 480, 480, Offsets::SPURT).iter().count(), 2);
        assert_eq!(history.copies(40 * 480 + 480, 480, Offsets::SPURT).iter().count(), 1);
        history.clear();
        assert_eq!(history.copies(40 * 480, 480, Offsets::SPURT).iter().count(), 0);
    }
}
