//! Which packets came: loss, and how it clusters.

/// How far back a packet may come, packets.
const WINDOW: i64 = 128;
/// A jump beyond it, packets, is no loss.
const MAX_JUMP: i32 = 5_000;
/// Over how many packets the loss of now is averaged; about 4 s of 20 ms.
const RECENT: f32 = 200.0;

/// What the sequence number of a packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// New, with its number counted from the first of the call.
    New(i64),
    /// It came before.
    Twice,
}

/// Counts by sequence numbers (RFC 3550, A.1 and A.3, with a wait for what overtakes).
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    /// Of the newest packet, counted on over wraps. Nothing yet: nothing came.
    highest: Option<i64>,
    /// Bit n: the packet n before the newest one came.
    came: u128,
    /// Up to here it is decided what was lost.
    settled: i64,
    /// The number after a jump that may be a restart of the sender.
    next_after_jump: Option<u32>,
    /// Packets that should have come.
    pub(crate) expected: u32,
    /// Of those, packets that did not.
    pub(crate) lost: u32,
    /// Share lost lately.
    pub(crate) recent: f32,
    /// Length of the run of losses that goes on.
    run: u32,
    /// Lengths and number of the last runs, the older ones counting less.
    runs: (f32, f32),
}

impl Sequence {
    /// A packet came. `wait` packets later it is lost if it did not; a gap of more than `outage` packets is no loss.
    pub(crate) fn push(&mut self, sequence: u32, wait: i64, outage: i64) -> Order {
        let Some(highest) = self.highest else {
            return self.start(i64::from(sequence));
        };
        let step = sequence.wrapping_sub(highest as u32) as i32;
        if step.unsigned_abs() > MAX_JUMP as u32 {
            // One packet proves nothing; two in a row are a restart.
            if self.next_after_jump != Some(sequence) {
                self.next_after_jump = Some(sequence.wrapping_add(1));
                return Order::New(highest + 2);
            }
            self.settle(highest);
            // The lower half stays that of the sequence number.
            let epoch = (highest >> 32) + 1;
            return self.start((epoch << 32) | i64::from(sequence));
        }
        self.next_after_jump = None;
        let step = i64::from(step);
        if step <= 0 {
            let bit = 1_u128.checked_shl((-step) as u32).unwrap_or(0);
            if step <= -WINDOW || self.came & bit != 0 {
                return Order::Twice;
            }
            self.came |= bit;
            return Order::New(highest + step);
        }
        let number = highest + step;
        if step > outage {
            self.settle(highest);
            return self.start(number);
        }
        // What leaves the window below is settled first.
        self.settle(number - WINDOW + 1);
        self.came = u32::try_from(step).ok().and_then(|by| self.came.checked_shl(by)).unwrap_or(0) | 1;
        self.highest = Some(number);
        self.settle(number - wait.clamp(1, WINDOW - 1));
        Order::New(number)
    }

    /// What comes next begins anew: the gap before it was no loss.
    pub(crate) fn forget(&mut self) {
        if let Some(highest) = self.highest {
            self.settle(highest);
        }
        self.highest = None;
    }

    /// The sequence number of the newest packet.
    pub(crate) fn newest(&self) -> u32 {
        self.highest.unwrap_or(0) as u32
    }

    /// Mean length of the last runs of lost packets; 0: there were none.
    pub(crate) fn burst(&self) -> f32 {
        if self.runs.1 > 0.0 { self.runs.0 / self.runs.1 } else { 0.0 }
    }

    fn start(&mut self, number: i64) -> Order {
        self.highest = Some(number);
        self.came = 1;
        self.settled = number - 1;
        self.run = 0;
        self.next_after_jump = None;
        Order::New(number)
    }

    /// Decides about all packets up to `number`, which are within the window.
    fn settle(&mut self, number: i64) {
        let Some(highest) = self.highest else { return };
        while self.settled < number.min(highest) {
            self.settled += 1;
            let back = highest - self.settled;
            let came = u32::try_from(back).ok().and_then(|back| self.came.checked_shr(back)).unwrap_or(0) & 1 == 1;
            self.expected = self.expected.saturating_add(1);
            let mut share = 0.0;
            if !came {
                self.lost = self.lost.saturating_add(1);
                self.run += 1;
                share = 1.0;
            } else if self.run > 0 {
                self.runs = (self.runs.0 * 0.95 + self.run as f32, self.runs.1 * 0.95 + 1.0);
                self.run = 0;
            }
            self.recent += (share - self.recent) / RECENT;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(numbers: impl IntoIterator<Item = u32>) -> Sequence {
        let mut sequence = Sequence::default();
        for number in numbers {
            sequence.push(number, 6, 100);
        }
        sequence
    }

    #[test]
    fn reordering_and_duplicates_are_no_loss() {
        let swapped = (0..1_000_u32).map(|n| n.wrapping_sub(500)).map(|n| n ^ 3).flat_map(|n| [n, n]);
        let sequence = counts(swapped);
        assert_eq!(sequence.lost, 0);
        assert!(sequence.expected > 990);
    }

    #[test]
    fn losses_are_counted_with_the_length_of_their_runs() {
        let sequence = counts((0..1_000).filter(|n| n % 10 > 2));
        assert_eq!(sequence.lost, 297 + u32::from(sequence.expected > 993) * 3);
        assert!((sequence.burst() - 3.0).abs() < 0.01);
        assert!((sequence.recent - 0.3).abs() < 0.03);
    }

    #[test]
    fn it_counts_over_the_wrap() {
        let sequence = counts((0..1_000).map(|n| (u32::MAX - 500).wrapping_add(n)).filter(|n| n % 20 != 0));
        assert!((48..=51).contains(&sequence.lost), "{}", sequence.lost);
        assert_eq!(sequence.newest(), 498);
    }

    #[test]
    fn an_outage_is_no_loss() {
        let sequence = counts((0..500).chain(2_000..2_500));
        assert_eq!(sequence.lost, 0);
    }

    #[test]
    fn one_wild_number_changes_nothing_and_two_in_a_row_are_a_restart() {
        let mut sequence = counts(0..100);
        assert!(matches!(sequence.push(1 << 31, 6, 100), Order::New(_)));
        assert_eq!(sequence.push(100, 6, 100), Order::New(100));
        assert_eq!(sequence.newest(), 100);
        sequence.push(1 << 31, 6, 100);
        sequence.push((1 << 31) + 1, 6, 100);
        assert_eq!((sequence.newest(), sequence.lost), ((1 << 31) + 1, 0));
    }
}
