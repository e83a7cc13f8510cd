//! Uncompressed sound: 16-bit samples at 44.1 kHz, big-endian, in runs. A lost run is hidden by repeating the last
//! period of the voice, which fades (the idea of ITU-T G.711 Appendix I), at 44.1 kHz, so that the resampler meets no gap.

use crate::CodecError;
use crate::{RATE, Resampler};

const PCM_RATE: u32 = 44_100;
/// Samples of a run at most.
const MAX_RUN: usize = 400;
/// Samples of the past that a period is searched in: the longest period and the window that is compared.
const HISTORY: usize = LONGEST + WINDOW;
/// Longest period: 15 ms, a deep voice.
const LONGEST: usize = 662;
/// Shortest period: 2.5 ms.
const SHORTEST: usize = 110;
/// Samples that are compared: 7.5 ms.
const WINDOW: usize = 330;
/// Samples over which seams are blended: 5 ms.
const SEAM: usize = 220;
/// Samples repeated before it fades: 10 ms.
const HOLD: usize = 441;
/// Samples of the fade: 50 ms.
const FADE: usize = 2_205;

/// Turns runs of samples into sound at 48 kHz. Allocates only when it is made.
pub(super) struct Decoder {
    resampler: Resampler,
    /// The newest samples, the last one last.
    history: Box<[f32; HISTORY]>,
    run: [f32; MAX_RUN],
    len: usize,
    repeat: Option<Repeat>,
}

/// The last period, over and over.
struct Repeat {
    cycle: [f32; LONGEST],
    period: usize,
    /// Samples made so far.
    made: usize,
    /// What the first sample would jump by; blended away.
    jump: f32,
}

impl Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let resampler = Resampler::new(PCM_RATE, RATE).map_err(|_| CodecError::Resampler)?;
        Ok(Self { resampler, history: Box::new([0.0; HISTORY]), run: [0.0; MAX_RUN], len: 0, repeat: None })
    }

    /// Reads a run; says whether it is one.
    pub(super) fn read(&mut self, bytes: &[u8]) -> bool {
        let (samples, rest) = bytes.as_chunks::<2>();
        if samples.is_empty() || samples.len() > MAX_RUN || !rest.is_empty() {
            return false;
        }
        for (to, &sample) in self.run.iter_mut().zip(samples) {
            *to = f32::from(i16::from_be_bytes(sample)) / 32_768.0;
        }
        self.len = samples.len();
        true
    }

    /// The run that was read last, at 44.1 kHz.
    pub(super) fn frame(&mut self) -> &mut [f32] {
        &mut self.run[..self.len]
    }

    /// Plays the run that was read last.
    pub(super) fn play(&mut self, out: &mut impl FnMut(&[f32])) {
        if let Some(mut repeat) = self.repeat.take() {
            for (at, sample) in self.run[..self.len].iter_mut().take(SEAM).enumerate() {
                let share = at as f32 / SEAM as f32;
                *sample = *sample * share + repeat.next() * (1.0 - share);
            }
        }
        self.emit(out);
    }

    /// Continues what was heard by about `samples` samples at 48 kHz.
    pub(super) fn conceal(&mut self, samples: usize, out: &mut impl FnMut(&[f32])) {
        let mut left = (samples * PCM_RATE as usize).div_ceil(RATE as usize);
        while left > 0 {
            let repeat = self.repeat.get_or_insert_with(|| Repeat::new(&self.history));
            self.len = left.min(MAX_RUN);
            self.run[..self.len].fill_with(|| repeat.next());
            left -= self.len;
            self.emit(out);
        }
    }

    /// Forgets the sound before.
    pub(super) fn reset(&mut self) {
        self.history.fill(0.0);
        self.repeat = None;
    }

    fn emit(&mut self, out: &mut impl FnMut(&[f32])) {
        let run = &self.run[..self.len];
        self.history.copy_within(run.len().., 0);
        self.history[HISTORY - run.len()..].copy_from_slice(run);
        self.resampler.push(run, out);
    }
}

impl Repeat {
    fn new(history: &[f32; HISTORY]) -> Self {
        let period = period(history);
        let mut cycle = [0.0; LONGEST];
        let last = &history[HISTORY - period..];
        cycle[..period].copy_from_slice(last);
        // The end of a cycle is blended into what was before its beginning, so that it joins itself.
        let seam = period / 4;
        for at in 0..seam {
            let share = (at + 1) as f32 / seam as f32;
            let before = history[HISTORY - period - seam + at];
            let sample = &mut cycle[period - seam + at];
            *sample = *sample * (1.0 - share) + before * share;
        }
        let jump = history[HISTORY - 1] - history[HISTORY - 1 - period];
        Self { cycle, period, made: 0, jump }
    }

    fn next(&mut self) -> f32 {
        let at = self.made;
        self.made += 1;
        let seam = (1.0 - at as f32 / SEAM as f32).max(0.0);
        let gain = 1.0 - (at.saturating_sub(HOLD) as f32 / FADE as f32).min(1.0);
        ((self.cycle[at % self.period] + self.jump * seam) * gain).clamp(-1.0, 1.0)
    }
}

/// The period that the newest samples repeat best with, samples.
fn period(history: &[f32; HISTORY]) -> usize {
    let newest = &history[HISTORY - WINDOW..];
    let alike = |lag: usize| {
        let older = &history[HISTORY - WINDOW - lag..HISTORY - lag];
        let (mut product, mut power) = (0.0, 1e-6);
        for (a, b) in newest.iter().zip(older) {
            product += a * b;
            power += b * b;
        }
        product / power.sqrt()
    };
    (SHORTEST..=LONGEST).map(|lag| (lag, alike(lag))).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(LONGEST, |(lag, _)| lag)
}
