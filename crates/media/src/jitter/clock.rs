//! One scale for local time and for the sender's timeline.

use crate::{Codec, RATE};
use std::time::Instant;

/// Time in units of 1/7 056 000 s: the coarsest in which a sample at 48 kHz (147) and one at 44.1 kHz (160) are whole.
pub(crate) type Ticks = i64;

/// Before all else.
pub(crate) const NEVER: Ticks = i64::MIN / 4;
/// Of a millisecond.
pub(crate) const MS: Ticks = 7_056;
/// Of a sample at 48 kHz.
pub(crate) const SAMPLE: Ticks = 147;
/// Of a second.
pub(crate) const SECOND: Ticks = RATE as Ticks * SAMPLE;

/// Ticks of a sample of this codec's clock.
pub(crate) fn step(codec: Codec) -> Ticks {
    SECOND / Ticks::from(codec.clock())
}

/// Local time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// `zero` is its beginning; times before are negative.
    pub(crate) fn new(zero: Instant) -> Self {
        Self(zero)
    }

    pub(crate) fn ticks(self, at: Instant) -> Ticks {
        let ticks = |nanos: u128| (nanos * MS as u128 / 1_000_000).min(i64::MAX as u128 / 8) as Ticks;
        match at.checked_duration_since(self.0) {
            Some(since) => ticks(since.as_nanos()),
            None => -ticks(self.0.duration_since(at).as_nanos()),
        }
    }
}
