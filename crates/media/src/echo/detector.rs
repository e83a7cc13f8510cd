//! Is there a way from the speaker to the microphone, and how long is it?
use super::{decimator::LOW, trend::Trend};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{f32::consts::TAU, sync::Arc};

/// New samples of one step at 8 kHz: 30 ms.
const HOP: usize = 3 * LOW;
const FFT: usize = 2 * HOP;
const BINS: usize = HOP + 1;
/// Lags of so many hops are searched: 480 ms, enough for a wireless speaker.
const HOPS: usize = 16;
/// Samples at 48 kHz of one lag.
const LAG: usize = 6;
/// Forgetting of the short average per hop: about 150 ms.
const SHORT: f32 = 0.8;
/// Of the long one: 1.5 s.
const LONG: f32 = 0.98;
/// The reference is active above this power (-50 dB of full scale).
const ACTIVE: f32 = 1e-5;
/// A peak of the correlation counts from so many times the root mean square of all lags on: in the short average, and in
/// the long one. Two people who talk at once reach 7 in one case of a hundred; an echo 14 dB below the voice in the room
/// stays above 12 in the long average.
const SHORT_PEAK: f32 = 5.5;
const LONG_PEAK: f32 = 12.0;
/// Below this there is nothing, in the long average.
const NOTHING: f32 = 6.5;
/// So many times the next best lag: two voices of one pitch correlate at many lags, an echo at one.
const SHORT_CLEAR: f32 = 1.3;
const LONG_CLEAR: f32 = 1.5;
/// The newest hop alone correlates at the lag by so many standard deviations. Two plosives at once stand out in every
/// average, but come from one hop.
const NEW_PEAK: f32 = 2.2;
/// So many hops in a row that agree on the lag are an echo; so many are beyond doubt without the long average.
const EVIDENCE: u32 = 3;
const PROOF: u32 = 12;
/// Hops of the far side's speech without evidence after which there is no echo: 0.5 s at first, 0.75 s after a finding
/// that was never confirmed, 3 s after one that was.
const SOON: u32 = 16;
const UNCONFIRMED: u32 = 25;
const LOST: u32 = 100;
/// Lags this near to each other are one path, samples at 8 kHz.
const NEAR: usize = 8;
/// A path must be found elsewhere in so many searches in a row to have moved: about 0.6 s.
const MOVING: u32 = 40;

/// What is known about the way from the speaker to the microphone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Path {
    /// The far side has not said enough.
    Unknown,
    /// There is none, or it is inaudible.
    Absent,
    /// There is one, and the sound takes this many samples (48 kHz) from the reference to the microphone.
    Present(usize),
}

/// Generalised cross-correlation with phase transform (Knapp and Carter, 1976) of what was played with what the
/// microphone hears, averaged over a short and a long time. Voices of two people correlate now and then, but at a lag that
/// wanders; an echo keeps its lag.
pub(crate) struct Detector {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    scratch: Vec<Complex32>,
    /// Blocks of 10 ms in the hop at hand.
    blocks: usize,
    render: [f32; FFT],
    capture: [f32; FFT],
    before: (f32, f32),
    /// Spectra of the reference, the newest at `newest`.
    spectra: Vec<Complex32>,
    newest: usize,
    /// Mean size of the cross-spectrum, per hop of lag and bin.
    size: Vec<f32>,
    short: Vec<Complex32>,
    long: Vec<Complex32>,
    /// What the newest hop adds to both.
    white: Vec<Complex32>,
    bins: Vec<Complex32>,
    lags: Vec<f32>,
    /// Hops since the reference was active.
    quiet: usize,
    /// Hops in which it was.
    active: u32,
    /// Of those, since anything spoke for an echo.
    vain: u32,
    evidence: u32,
    lag: usize,
    path: Path,
    /// The long average agreed.
    confirmed: bool,
    /// Hops so far.
    hops: u32,
    trend: Trend,
    /// Where else it seems to be, and for how many searches in a row.
    elsewhere: usize,
    moving: u32,
}

impl Detector {
    pub(crate) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(FFT), planner.plan_fft_inverse(FFT));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let zero = Complex32::default();
        Self {
            forward,
            inverse,
            scratch: vec![zero; scratch],
            blocks: 0,
            render: [0.0; FFT],
            capture: [0.0; FFT],
            before: (0.0, 0.0),
            spectra: vec![zero; HOPS * BINS],
            newest: 0,
            size: vec![0.0; HOPS * BINS],
            short: vec![zero; HOPS * BINS],
            long: vec![zero; HOPS * BINS],
            bins: vec![zero; BINS],
            lags: vec![0.0; FFT],
            quiet: HOPS,
            active: 0,
            vain: 0,
            evidence: 0,
            white: vec![zero; HOPS * BINS],
            lag: 0,
            path: Path::Unknown,
            confirmed: false,
            hops: 0,
            trend: Trend::default(),
            elsewhere: 0,
            moving: 0,
        }
    }

    /// 10 ms of the reference and of the microphone at 8 kHz. The work of a hop is spread over its three blocks.
    pub(crate) fn process(&mut self, render: &[f32; LOW], capture: &[f32; LOW]) -> Path {
        let at = HOP + self.blocks * LOW;
        // Pre-emphasis: the low tones of two voices would look alike.
        for i in 0..LOW {
            self.render[at + i] = render[i] - 0.9 * self.before.0;
            self.capture[at + i] = capture[i] - 0.9 * self.before.1;
            self.before = (render[i], capture[i]);
        }
        self.blocks += 1;
        // The averages of the hop before are searched while this one fills.
        match self.blocks {
            1 if self.quiet < HOPS => self.search_short(),
            2 if self.quiet < HOPS => self.search_long(),
            3 => {
                self.accumulate();
                self.blocks = 0;
            }
            _ => {}
        }
        self.path
    }

    /// How fast the echo's lag grows, samples per sample, if that is clear.
    pub(crate) fn drift(&self) -> Option<f64> {
        self.trend.slope()
    }

    fn accumulate(&mut self) {
        let power = self.render[HOP..].iter().map(|x| x * x).sum::<f32>() / HOP as f32;
        // What is searched is what came with an active reference, wherever in the lags it was.
        self.hops = self.hops.wrapping_add(1);
        self.quiet = if power > ACTIVE { 0 } else { (self.quiet + 1).min(HOPS) };
        self.active += u32::from(power > ACTIVE);
        self.vain += u32::from(power > ACTIVE);
        self.newest = (self.newest + HOPS - 1) % HOPS;

        self.lags.copy_from_slice(&self.render);
        let spectrum = &mut self.spectra[self.newest * BINS..][..BINS];
        let _ = self.forward.process_with_scratch(&mut self.lags, spectrum, &mut self.scratch);
        self.render.copy_within(HOP.., 0);
        if self.quiet >= HOPS {
            return;
        }
        self.lags[..HOP].fill(0.0);
        self.lags[HOP..].copy_from_slice(&self.capture[HOP..]);
        let _ = self.forward.process_with_scratch(&mut self.lags, &mut self.bins, &mut self.scratch);

        for hop in 0..HOPS {
            let row = (self.newest + hop) % HOPS * BINS;
            let reference = &self.spectra[row..row + BINS];
            let out = hop * BINS..(hop + 1) * BINS;
            let averages =
                self.short[out.clone()].iter_mut().zip(&mut self.long[out.clone()]).zip(&mut self.white[out.clone()]);
            for (((x, y), size), ((short, long), newest)) in
                reference.iter().zip(&self.bins).zip(&mut self.size[out]).zip(averages)
            {
                let cross = y * x.conj();
                let magnitude = cross.norm_sqr().sqrt();
                *size += 0.05 * (magnitude - *size);
                // Bins without sound would only add noise at full weight.
                let white = cross / (magnitude + 0.3 * *size + 1e-12);
                *newest = white;
                *short = *short * SHORT + white * (1.0 - SHORT);
                *long = *long * LONG + white * (1.0 - LONG);
            }
        }
    }

    fn search_short(&mut self) {
        let Peak { peak, clear, lag: exact } =
            search(&self.short, &mut self.bins, &mut self.lags, &*self.inverse, &mut self.scratch);
        let lag = exact.round() as usize;
        if peak > SHORT_PEAK && self.quiet == 0 {
            self.trend.add(f64::from(self.hops) * HOP as f64, f64::from(exact));
        }
        if peak > SHORT_PEAK && clear > SHORT_CLEAR && lag.abs_diff(self.lag) <= 2 {
            let new = self.quiet == 0 && self.newest_at(lag) > NEW_PEAK;
            self.evidence = (self.evidence + u32::from(new)).min(PROOF);
        } else {
            self.evidence = self.evidence.saturating_sub(1);
        }
        self.lag = lag;
        if self.evidence >= EVIDENCE {
            self.found(lag, self.evidence >= PROOF);
        }
    }

    /// The correlation of the newest hop alone at a lag, in standard deviations of what chance gives.
    fn newest_at(&self, lag: usize) -> f32 {
        let row = lag / HOP * BINS;
        let turn = Complex32::from_polar(1.0, TAU * (lag % HOP) as f32 / FFT as f32);
        let (mut phase, mut sum, mut power) = (Complex32::new(1.0, 0.0), 0.0, 1e-12);
        for white in self.white.get(row..row + BINS).unwrap_or_default() {
            sum += (white * phase).re;
            power += white.norm_sqr();
            phase *= turn;
        }
        sum / (0.5 * power).sqrt()
    }

    fn search_long(&mut self) {
        let Peak { peak, clear, lag } =
            search(&self.long, &mut self.bins, &mut self.lags, &*self.inverse, &mut self.scratch);
        // Before half a second of speech, the long average is no longer than the short one.
        if peak > LONG_PEAK && clear > LONG_CLEAR && self.active > SOON {
            self.found(lag.round() as usize, true);
        } else if peak > NOTHING && clear > SHORT_CLEAR {
            // Not enough to say either.
            self.vain = self.vain.saturating_sub(1);
        }
        let enough = match (self.path, self.confirmed) {
            (Path::Present(_), true) => LOST,
            (Path::Present(_), false) => UNCONFIRMED,
            _ => SOON,
        };
        if self.vain > enough {
            self.path = Path::Absent;
            self.confirmed = false;
        }
    }

    fn found(&mut self, lag: usize, confirmed: bool) {
        if let Path::Present(before) = self.path
            && (before / LAG).abs_diff(lag) > NEAR
        {
            // A reflection, or the other voice: it must keep its place for a while.
            let same = lag.abs_diff(self.elsewhere) <= 2;
            self.elsewhere = lag;
            self.moving = if same { self.moving + 1 } else { 0 };
            if self.moving < MOVING {
                return;
            }
        }
        self.moving = 0;
        self.confirmed |= confirmed;
        if confirmed || !matches!(self.path, Path::Present(_)) {
            self.vain = 0;
        }
        self.path = Path::Present(lag * LAG);
    }
}

/// The lag with the greatest correlation.
struct Peak {
    /// In units of the root mean square of all lags.
    peak: f32,
    /// Over the next best lag that is not close to it.
    clear: f32,
    /// With a fraction.
    lag: f32,
}

fn search(
    averages: &[Complex32],
    bins: &mut [Complex32],
    lags: &mut [f32],
    inverse: &dyn ComplexToReal<f32>,
    scratch: &mut [Complex32],
) -> Peak {
    let (mut best, mut second, mut at, mut sum) = (0.0f32, 0.0f32, 0.0f32, 0.0);
    for (hop, average) in averages.chunks_exact(BINS).enumerate() {
        bins.copy_from_slice(average);
        bins[0].im = 0.0;
        bins[BINS - 1].im = 0.0;
        if inverse.process_with_scratch(bins, lags, scratch).is_err() {
            continue;
        }
        for (lag, &value) in lags[..HOP].iter().enumerate() {
            sum += value * value;
            let here = (hop * HOP + lag) as f32;
            let near = (here - at).abs() <= NEAR as f32;
            if value > best {
                // The top of the parabola through the peak and its neighbours.
                let (left, right) = (lags[lag.saturating_sub(1)], lags[lag + 1]);
                let bend = left - 2.0 * value + right;
                let off = if bend < 0.0 { (0.5 * (left - right) / bend).clamp(-0.5, 0.5) } else { 0.0 };
                second = if near { second } else { best };
                (best, at) = (value, here + off);
            } else if !near {
                second = second.max(value);
            }
        }
    }
    Peak { peak: best / (sum / (HOPS * HOP) as f32 + 1e-20).sqrt(), clear: best / (second + 1e-20), lag: at }
}
