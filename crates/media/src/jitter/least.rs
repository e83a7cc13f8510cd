//! The least value of a sliding window.

use super::clock::{NEVER, Ticks};

/// The least of what came in the last `N` spans of time.
#[derive(Debug, Clone)]
pub(crate) struct Least<const N: usize> {
    /// The newest span first. Without a value: nothing came in it.
    spans: [Option<Ticks>; N],
    span: Ticks,
    /// When the newest span ends.
    ends: Ticks,
}

impl<const N: usize> Least<N> {
    /// `span` is the length of each of the `N` parts.
    pub(crate) fn new(span: Ticks) -> Self {
        Self { spans: [None; N], span, ends: NEVER }
    }

    pub(crate) fn push(&mut self, now: Ticks, value: Ticks) {
        if now >= self.ends {
            // A longer gap moves it by one span only: what was known before the gap is better than nothing.
            self.spans.rotate_right(1);
            self.spans[0] = None;
            self.ends = now + self.span;
        }
        self.spans[0] = Some(self.spans[0].map_or(value, |least| least.min(value)));
    }

    pub(crate) fn get(&self) -> Option<Ticks> {
        self.spans.iter().flatten().min().copied()
    }

    /// The highest of the least values of each span.
    pub(crate) fn highest(&self) -> Option<Ticks> {
        self.spans.iter().flatten().max().copied()
    }

    /// The least of the newest span and of the one before it.
    pub(crate) fn newest(&self) -> Option<Ticks> {
        self.spans.iter().take(2).flatten().min().copied()
    }

    /// All that came turns out to be greater by `by`.
    pub(crate) fn shift(&mut self, by: Ticks) {
        self.spans.iter_mut().flatten().for_each(|value| *value += by);
    }

    pub(crate) fn clear(&mut self) {
        self.spans = [None; N];
        self.ends = NEVER;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_what_left_the_window() {
        let mut least = Least::<3>::new(10);
        assert_eq!(least.get(), None);
        for (now, value, expected) in
            [(0, 5, 5), (5, 7, 5), (12, 9, 5), (25, 8, 5), (36, 9, 8), (47, 20, 8), (58, 20, 9)]
        {
            least.push(now, value);
            assert_eq!(least.get(), Some(expected), "{now}");
        }
        least.shift(-4);
        assert_eq!((least.get(), least.newest(), least.highest()), (Some(5), Some(16), Some(16)));
    }
}
