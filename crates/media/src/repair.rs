//! Which earlier frames a packet repeats: chosen by how much is lost on the way, and by how far the losses cluster.

mod losses;

pub(crate) use losses::Losses;

use crate::MAX_COPIES;
use std::time::{Duration, Instant};

/// Which earlier frames a packet repeats: how many frames back each of them is, nearest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offsets {
    list: [u8; MAX_COPIES],
    len: usize,
}

/// How many copies at most.
pub(crate) const MAX_LEVEL: u8 = MAX_COPIES as u8;
/// A number of copies stays while the mean loss is at least this part of what it takes to get there.
const STAY: f32 = 0.7;
/// How long fewer copies must have been enough before there are fewer.
const HOLD: Duration = Duration::from_secs(4);
/// How long copies get to show what they do before there are more because sound is still missing.
const TRIAL: Duration = Duration::from_secs(2);
/// Sound missing at the other side despite the copies, of all it played, above which there are more.
const RESIDUAL: f32 = 0.03;
/// Losses cluster if runs are this much longer than by chance, and do so until they are down to the second value.
const CLUSTER: (f32, f32) = (1.7, 1.35);

impl Offsets {
    /// None.
    pub(crate) const NONE: Self = Self { list: [0; MAX_COPIES], len: 0 };
    /// For the first packets of a talk spurt.
    pub(crate) const SPURT: Self = Self { list: [1, 2, 0], len: 2 };

    /// Frames back, nearest first.
    pub fn as_slice(&self) -> &[u8] {
        self.list.get(..self.len).unwrap_or_default()
    }

    /// Leaves out the farthest one.
    pub(crate) fn drop_farthest(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    fn of(list: &[u8]) -> Self {
        let mut offsets = Self::NONE;
        for (slot, offset) in offsets.list.iter_mut().zip(list) {
            *slot = *offset;
            offsets.len += 1;
        }
        offsets
    }
}

/// How many copies repair this part of lost packets. A third copy costs little beside the headers of a 10 ms packet, and
/// waits 10 ms longer.
pub(crate) fn level(loss: f32, packet_ms: u32) -> u8 {
    let third = if packet_ms <= 10 { 0.16 } else { 0.25 };
    [0.01, 0.08, third].into_iter().filter(|least| loss >= *least).count() as u8
}

/// Which copies. Clustered losses want copies that lie farther apart than a run of losses is long, as far as the wait for
/// the farthest one (offset times packet time) stays within about 80 ms: what is left unrepaired with runs of mean length 3
/// (Gilbert) at 10 % loss is 4.3 % of frames with {1,2}, 2.9 % with {1,3}, 1.0 % with {3,6} and 0.9 % with {2,4,6}.
pub(crate) fn choose(level: u8, clustered: bool, packet_ms: u32) -> Offsets {
    let list: &[u8] = match (level, clustered, packet_ms) {
        (0, ..) => &[],
        (1, true, ..=10) => &[3],
        (1, true, ..=20) => &[2],
        (1, ..) => &[1],
        (2, true, ..=10) => &[3, 6],
        (2, true, ..=20) => &[2, 4],
        (2, ..) => &[1, 2],
        (_, true, ..=10) => &[2, 4, 6],
        (_, true, ..=20) => &[1, 2, 4],
        (_, _, ..=20) => &[1, 2, 3],
        // Longer packets hold so much that the third copy would come too late.
        _ => &[1, 2],
    };
    Offsets::of(list)
}

/// The choice over time: quick to add copies, slow to take them away.
pub(crate) struct Repair {
    level: u8,
    clustered: bool,
    /// Since when fewer would have been enough.
    enough: Option<Instant>,
    /// When the level last rose.
    rose: Option<Instant>,
}

impl Repair {
    pub(crate) fn new() -> Self {
        Self { level: 0, clustered: false, enough: None, rose: None }
    }

    /// Copies that loss alone asks for.
    pub(crate) fn level(&self) -> u8 {
        self.level
    }

    /// Whether losses come in runs.
    pub(crate) fn clustered(&self) -> bool {
        self.clustered
    }

    /// Looks at the losses anew. `may_rise`: more copies would not meet a delay that rises.
    pub(crate) fn update(&mut self, now: Instant, losses: &Losses, packet_ms: u32, may_rise: bool) {
        let loss = losses.now();
        let by_chance = 1.0 / (1.0 - loss.min(0.9));
        let runs = if self.clustered { CLUSTER.1 } else { CLUSTER.0 };
        self.clustered = losses.burst() > by_chance * runs;
        let wanted = level(loss, packet_ms);
        if wanted > self.level && may_rise {
            self.rise(now, wanted);
        } else if level(losses.mean() / STAY, packet_ms) >= self.level {
            self.enough = None;
            let tried = self.rose.is_none_or(|at| now.saturating_duration_since(at) >= TRIAL);
            let missing = losses.residual() > RESIDUAL;
            if missing && tried && may_rise && self.level > 0 && self.level < MAX_LEVEL {
                self.rise(now, self.level + 1);
            }
        } else {
            let since = *self.enough.get_or_insert(now);
            if now.saturating_duration_since(since) >= HOLD {
                self.level -= 1;
                self.enough = Some(now);
            }
        }
    }

    fn rise(&mut self, now: Instant, level: u8) {
        self.level = level;
        self.rose = Some(now);
        self.enough = None;
    }
}

#[cfg(test)]
mod tests;
