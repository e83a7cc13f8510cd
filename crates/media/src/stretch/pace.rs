//! When time may be stretched: in pauses at once, within a voice seldom.

use super::Where;
use crate::BLOCK;

/// Delay above the target that is worth changing the voice at once, samples: 40 ms.
const LONG: i64 = 1_920;
/// Delay below the target that is made up for, samples: 3 ms.
const SHORT: i64 = 144;
/// What is worth cutting in a pause, samples: 2 ms.
const WORTH: usize = 96;
/// Blocks for which a smaller excess waits for a pause.
const PATIENCE: u32 = 100;
/// Of all blocks, the share that may be stretched within a voice.
const SHARE: f32 = 0.05;
/// Stretches saved up at most.
const SAVED: f32 = 6.0;
/// Blocks between two of them.
const APART: u32 = 4;

/// What to do to the sound that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Add up to so many samples.
    Lengthen(usize, Where),
    /// Take up to so many samples out.
    Shorten(usize, Where),
}

/// Decides once a block.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Stretches within a voice that may be done.
    saved: f32,
    /// Blocks since the last one.
    since: u32,
    /// Blocks with more delay than necessary.
    excess: u32,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { saved: SAVED, since: 0, excess: 0 }
    }

    /// The delay is `excess` samples above its target. `aligned` samples can be spared besides, as blocks would then begin
    /// with frames. A block is taken whole, so that only whole ones can be spared otherwise.
    pub(crate) fn decide(&mut self, excess: i64, aligned: usize) -> Option<Change> {
        self.saved = (self.saved + SHARE).min(SAVED);
        self.since = self.since.saturating_add(1);
        let blocks = usize::try_from(excess).unwrap_or(0) / BLOCK;
        self.excess = if blocks > 0 { self.excess.saturating_add(1) } else { 0 };
        if self.since < APART {
            return None;
        }
        let in_voice = if self.saved >= 1.0 { Where::Voice } else { Where::Pauses };
        if excess < -SHORT {
            return Some(Change::Lengthen(excess.unsigned_abs() as usize, in_voice));
        }
        let hurry = excess > LONG || self.excess > PATIENCE;
        let place = if blocks > 0 && hurry { in_voice } else { Where::Pauses };
        let samples = blocks * BLOCK + aligned;
        (samples >= WORTH).then_some(Change::Shorten(samples, place))
    }

    /// What came of it: `samples` were added or taken out, in a pause or not.
    pub(crate) fn done(&mut self, samples: usize, pause: bool) {
        if samples == 0 {
            // Not at every block: the search is dear.
            self.since = APART / 2;
            return;
        }
        self.since = 0;
        if !pause {
            self.saved -= 1.0;
        }
    }

    /// The delay begins anew.
    pub(crate) fn restart(&mut self) {
        self.excess = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_block_in_twenty_is_stretched_within_a_voice() {
        for excess in [-5_000, 5_000] {
            let (mut pace, mut done) = (Pace::new(), 0);
            for _ in 0..10_000 {
                let change = pace.decide(excess, 0);
                if let Some(Change::Lengthen(_, Where::Voice) | Change::Shorten(_, Where::Voice)) = change {
                    pace.done(300, false);
                    done += 1;
                }
            }
            assert!((400..=510).contains(&done), "{done}");
        }
    }

    #[test]
    fn a_small_excess_waits_for_a_pause_a_second_long() {
        let mut pace = Pace::new();
        let places: Vec<_> = (0..110).filter_map(|_| pace.decide(600, 100)).collect();
        assert_eq!(places[0], Change::Shorten(580, Where::Pauses));
        assert_eq!(places.last(), Some(&Change::Shorten(580, Where::Voice)));
        assert_eq!(places.iter().filter(|&&place| place == Change::Shorten(580, Where::Voice)).count(), 10);
    }

    #[test]
    fn a_delay_near_its_target_is_left_to_the_resampler() {
        let mut pace = Pace::new();
        for excess in -140..480 {
            assert_eq!(pace.decide(excess, 90), None, "{excess}");
        }
    }
}
