use super::bands::{BAND, Bands, SILENT};
use super::fade::Fade;

/// Samples of a change from one tap to another at 16 kHz: 20 ms.
const FADE: usize = 2 * BAND;

/// Which signal leaves a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tap {
    /// What comes in, at once.
    Direct,
    /// What comes in, as late as the processed sound.
    Delayed,
    /// The processed sound.
    Processed,
}

/// One algorithm within the bands, with a way around it that is just as long, so that it can come and go by a crossfade
/// without moving the sound in time.
pub(crate) struct Stage {
    fade: Fade<Tap>,
    /// The last block and the one at hand.
    line: [[f32; 2 * BAND]; 3],
    delay: usize,
}

impl Stage {
    /// Around an algorithm that delays by so many samples at 16 kHz (a block at most).
    pub(crate) fn new(delay: usize) -> Self {
        Self { fade: Fade::new(Tap::Direct, FADE), line: [[0.0; 2 * BAND]; 3], delay: delay.min(BAND) }
    }

    /// Goes to another tap, by a crossfade if it is `heard`.
    pub(crate) fn set(&mut self, tap: Tap, heard: bool) {
        if heard { self.fade.set(tap) } else { self.fade.jump(tap) }
    }

    /// The processed sound is heard.
    pub(crate) fn processed(&self) -> bool {
        self.fade.uses(Tap::Processed)
    }

    /// Mixes 10 ms: `bands` is what comes in, and becomes what goes out.
    pub(crate) fn run(&mut self, bands: &mut Bands, processed: Option<&Bands>) {
        let processed = processed.unwrap_or(&SILENT);
        for ((band, line), processed) in bands.iter_mut().zip(&mut self.line).zip(processed) {
            line.copy_within(BAND.., 0);
            line[BAND..].copy_from_slice(band);
            let delayed = &line[BAND - self.delay..2 * BAND - self.delay];
            for (i, sample) in band.iter_mut().enumerate() {
                let direct = *sample;
                *sample = self.fade.mix(i, |tap| match tap {
                    Tap::Direct => direct,
                    Tap::Delayed => delayed[i],
                    Tap::Processed => processed[i],
                });
            }
        }
        self.fade.advance(BAND);
    }
}
