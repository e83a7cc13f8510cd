use crate::{BLOCK, Block};
use std::f32::consts::PI;

/// From 48 kHz to 8 kHz.
const FACTOR: usize = 6;
/// Samples of 10 ms at 8 kHz.
pub(crate) const LOW: usize = BLOCK / FACTOR;
const TAPS: usize = 72;

/// Brings a block to 8 kHz; only the voice below 3.4 kHz is wanted there.
pub(crate) struct Decimator {
    taps: [f32; TAPS],
    /// The last samples of the block before, then the block.
    line: [f32; TAPS + BLOCK],
}

impl Decimator {
    pub(crate) fn new() -> Self {
        // A Hann-windowed sinc with its edge at 3.5 kHz.
        let taps = std::array::from_fn(|i| {
            let x = i as f32 - (TAPS - 1) as f32 / 2.0;
            let edge = 3500.0 / 24_000.0;
            let window = 0.5 + 0.5 * (2.0 * PI * x / TAPS as f32).cos();
            (PI * edge * x).sin() / (PI * x) * window
        });
        Self { taps, line: [0.0; TAPS + BLOCK] }
    }

    pub(crate) fn process(&mut self, block: &Block) -> [f32; LOW] {
        self.line.copy_within(BLOCK.., 0);
        self.line[TAPS..].copy_from_slice(block);
        std::array::from_fn(|i| {
            let from = i * FACTOR + FACTOR;
            self.line[from..from + TAPS].iter().zip(&self.taps).map(|(x, tap)| x * tap).sum()
        })
    }
}
