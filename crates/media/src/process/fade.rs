/// A change from one of several signals to another, over a fixed number of samples.
#[derive(Debug, Clone)]
pub(crate) struct Fade<T> {
    from: T,
    to: T,
    /// Samples done.
    at: usize,
    length: usize,
}

impl<T: Copy + PartialEq> Fade<T> {
    /// At rest; its changes will take `length` samples, a whole number of blocks.
    pub(crate) fn new(at: T, length: usize) -> Self {
        Self { from: at, to: at, at: length, length }
    }

    /// Begins a change. Ignored while one is under way: ask again.
    pub(crate) fn set(&mut self, to: T) {
        if self.resting() && to != self.to {
            *self = Self { from: self.to, to, at: 0, length: self.length };
        }
    }

    /// Changes at once.
    pub(crate) fn jump(&mut self, to: T) {
        *self = Self::new(to, self.length);
    }

    pub(crate) fn resting(&self) -> bool {
        self.at >= self.length
    }

    /// Whether any of it is heard now or soon.
    pub(crate) fn uses(&self, tap: T) -> bool {
        self.to == tap || (!self.resting() && self.from == tap)
    }

    /// The next samples: `old` and `new` are asked for the two signals.
    pub(crate) fn mix(&self, index: usize, signal: impl Fn(T) -> f32) -> f32 {
        if self.resting() {
            return signal(self.to);
        }
        // Linear: the signals are the same voice, so amplitudes add up rather than powers.
        let weight = (self.at + index + 1) as f32 / (self.length + 1) as f32;
        signal(self.from) * (1.0 - weight) + signal(self.to) * weight
    }

    /// So many samples were mixed.
    pub(crate) fn advance(&mut self, samples: usize) {
        self.at = (self.at + samples).min(self.length);
    }
}
