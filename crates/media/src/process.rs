//! The way of the microphone's sound, from the device to the encoder.
pub(crate) mod bands;
mod chain;
mod fade;
mod stage;
#[cfg(test)]
mod tests;

use crate::level::{FLOOR_DB, db_to_gain, power_to_db};
use crate::suppress::NoiseFloor;
use crate::{BLOCK, Block, HighPass, Level, Leveller, Limiter, Meter, RATE};
use chain::{Chain, Wish};
use fade::Fade;
use p2p_comm_model::{AudioSettings, Switch};

/// -3 dB of the high-pass, Hz: below every voice, above steps and rumble.
const CUTOFF: f32 = 50.0;
/// Sound after a reset comes in over so many samples: 20 ms.
const FADE_IN: usize = 2 * BLOCK;
/// What was heard before a reset dies away within about 2 ms.
const TAIL: f32 = 0.97;
/// No sample is believed to be larger than this; full scale is 1.
const LOUDEST: f32 = 4.0;
/// Speech is this far above the noise at least, dB…
const ABOVE_NOISE_DB: f32 = 10.0;
/// …and at least this loud.
const FAINTEST_DB: f32 = -58.0;
/// The noise of a room that is not known yet, dB.
const USUAL_NOISE_DB: f32 = -65.0;
/// Speech lasts at least two blocks, and pauses within it are up to 15 blocks long.
const VOICE_ATTACK: u32 = 2;
const VOICE_HANG: u32 = 15;
/// What the noise suppression takes from the noise, dB.
const SUPPRESSED_DB: f32 = 12.0;
/// When the canceller takes away more than this, dB, what is left is not speech to learn a level from.
const ECHO_DB: f32 = 6.0;

/// What was found in a block of the microphone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Captured {
    /// After all processing, RMS, dB of full scale.
    pub level_db: f32,
    /// The microphone (or the gain set for it) reached full scale within the last second.
    pub clipped: bool,
    /// Somebody speaks into the microphone.
    pub voice: bool,
    /// The noise of the room before suppression, dB of full scale, once it is known.
    pub noise_db: Option<f32>,
    /// How much quieter the canceller made the echo lately, dB, if there is one.
    pub echo_reduction_db: Option<f32>,
    /// What the automatic levelling adds, dB.
    pub levelling_db: f32,
    /// How late the sound leaves, ms: 0 to 13.
    pub delay_ms: f32,
}

/// Input gain, high-pass, echo canceller, noise suppression, levelling and limiter.
///
/// What does not help stays out of the way, because each of them costs quality or time:
///
/// | part | delay | in the way |
/// |---|---|---|
/// | high-pass 50 Hz | 0 ms | unless echo, noise and gain are all off |
/// | canceller | 6 ms | from the start until the far side has been heard for half a second without an echo; later whenever an echo is found |
/// | noise suppression | 6 ms (7 alone) | while the room's noise is above -60 dB |
/// | levelling, limiter | 0 ms | always, unless off |
///
/// A part that is bypassed leaves a delay of its own length behind, so coming and going moves nothing in time and is a
/// crossfade of 20 ms between two copies of the same voice. The delay itself changes in three cases, each in a pause of
/// the voice if there is one within 2 s, and by a crossfade: the settings change, the room turns out noisy for the first
/// time (once in a call, 6 to 7 ms later from then on: a call in a quiet room never pays for a suppression it does not
/// need), or a reset.
pub struct Microphone {
    settings: Settings,
    gain: f32,
    meter: Meter,
    floor: NoiseFloor,
    highpass: HighPass,
    filtered: Fade<bool>,
    chain: Chain,
    leveller: Leveller,
    limiter: Limiter,
    voice: Voice,
    /// Samples until a reset is over: those of the chain's delay, then of the fade. Unknown before the first block.
    fade_in: Option<usize>,
    /// The last sample before it, and the last one so far.
    tail: f32,
    last: f32,
}

/// The settings that matter here.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    gain_db: f32,
    wish: Wish,
    levels: bool,
}

impl Settings {
    fn of(settings: &AudioSettings) -> Self {
        let settings = settings.clone().clamped();
        let echo = if settings.headphones { Switch::Off } else { settings.echo };
        let levels = settings.gain != Switch::Off;
        Self { gain_db: settings.input_gain_db, wish: Wish { echo, noise: settings.noise }, levels }
    }

    /// Anything is on.
    fn any(&self) -> bool {
        self.levels || self.wish.echo != Switch::Off || self.wish.noise != Switch::Off
    }
}

impl Microphone {
    /// With everything learnt still to come.
    pub fn new(settings: &AudioSettings) -> Self {
        let settings = Settings::of(settings);
        Self {
            settings,
            gain: db_to_gain(settings.gain_db),
            meter: Meter::default(),
            floor: NoiseFloor::new(),
            highpass: HighPass::new(CUTOFF),
            filtered: Fade::new(settings.any(), 2 * BLOCK),
            chain: Chain::new(settings.wish),
            leveller: Leveller::default(),
            limiter: Limiter::default(),
            voice: Voice::default(),
            fade_in: None,
            tail: 0.0,
            last: 0.0,
        }
    }

    /// Changes the settings, without a click.
    pub fn set(&mut self, settings: &AudioSettings) {
        self.settings = Settings::of(settings);
        self.chain.set(self.settings.wish);
    }

    /// 10 ms that the output callback consumed (silence of underruns included); always before the capture that may contain
    /// its echo.
    pub fn render(&mut self, block: &Block) {
        self.chain.render(&block.map(sane));
    }

    /// 10 ms of the microphone, processed in place. `delay_ms`: from the moment a block is given to [`Self::render`] to the
    /// moment its echo is given here, as far as the devices tell: output latency, ring fill, input latency.
    pub fn capture(&mut self, block: &mut Block, delay_ms: u32) -> Captured {
        *block = block.map(sane);
        self.meter.measure(block);
        self.amplify(block);
        if self.gain > 1.0 {
            self.meter.measure_again(block);
        }
        self.filter(block);

        let before = power(block);
        self.floor.observe(before);
        let floor = self.floor.level_db();
        self.chain.process(block, delay_ms, !self.voice.speaks(), floor);

        let after = power(block);
        let mut noise = floor.unwrap_or(USUAL_NOISE_DB);
        noise = if self.chain.suppresses() { noise - SUPPRESSED_DB } else { noise };
        let voice = self.voice.observe(power_to_db(after), noise);
        let reduction = self.chain.reduction_db();
        let echo = reduction.is_some() && power_to_db(before) - power_to_db(after) > ECHO_DB;
        self.leveller.process(block, voice && !echo, noise, self.settings.levels);
        if self.settings.any() || self.gain > 1.0 {
            self.limiter.process(block);
        }
        self.come_in(block);
        Captured {
            level_db: Level::of(block).rms_db,
            clipped: self.meter.clipped(),
            voice,
            noise_db: floor,
            echo_reduction_db: reduction,
            levelling_db: self.leveller.gain_db(),
            delay_ms: self.chain.delay() as f32 * 1000.0 / RATE as f32,
        }
    }

    /// A device changed: start over and fade in over 20 ms. The level of the person's voice is remembered.
    pub fn reset(&mut self) {
        self.floor = NoiseFloor::new();
        self.highpass.reset();
        self.chain = Chain::new(self.settings.wish);
        self.leveller.reset();
        self.voice = Voice::default();
        self.fade_in = None;
        self.tail = self.last;
    }

    fn amplify(&mut self, block: &mut Block) {
        let to = db_to_gain(self.settings.gain_db);
        if to == 1.0 && self.gain == 1.0 {
            return;
        }
        let step = (to - self.gain) / BLOCK as f32;
        for (i, sample) in block.iter_mut().enumerate() {
            *sample *= self.gain + step * (i + 1) as f32;
        }
        self.gain = to;
    }

    fn filter(&mut self, block: &mut Block) {
        self.filtered.set(self.settings.any());
        if !self.filtered.uses(true) {
            self.highpass.reset();
            return;
        }
        let mut filtered = *block;
        self.highpass.process(&mut filtered);
        for (i, sample) in block.iter_mut().enumerate() {
            let raw = *sample;
            *sample = self.filtered.mix(i, |on| if on { filtered[i] } else { raw });
        }
        self.filtered.advance(BLOCK);
    }

    /// After a reset: what was last heard falls to nothing, then the new sound comes in.
    fn come_in(&mut self, block: &mut Block) {
        let mut left = self.fade_in.unwrap_or_else(|| FADE_IN + self.chain.delay());
        for sample in block.iter_mut().take(left) {
            let rest = left as f32 / FADE_IN as f32;
            *sample = *sample * (1.0 - rest).max(0.0) + self.tail;
            self.tail *= TAIL;
            left -= 1;
        }
        self.fade_in = Some(left);
        self.last = block[BLOCK - 1];
    }
}

/// Whether somebody speaks, by the level over the noise.
#[derive(Debug, Clone, Copy, Default)]
struct Voice {
    loud: u32,
    hang: u32,
}

impl Voice {
    fn observe(&mut self, level_db: f32, noise_db: f32) -> bool {
        let loud = level_db > (noise_db + ABOVE_NOISE_DB).max(FAINTEST_DB) && level_db > FLOOR_DB;
        self.loud = if loud { self.loud + 1 } else { 0 };
        self.hang = if self.loud >= VOICE_ATTACK { VOICE_HANG } else { self.hang.saturating_sub(1) };
        self.speaks()
    }

    fn speaks(&self) -> bool {
        self.hang > 0
    }
}

/// A device may give anything; what is far beyond full scale is no sound.
fn sane(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
}

fn power(block: &Block) -> f32 {
    block.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32
}
