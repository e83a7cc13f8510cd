use super::{db_to_gain, power_to_db};
use crate::{BLOCK, Block};

/// Where speech should be, dB of full scale (RMS while somebody speaks).
const TARGET_DB: f32 = -20.0;
/// Speech this near to the target is left alone, dB.
const TOLERANCE_DB: f32 = 3.0;
/// What it adds at most, dB.
const MOST_DB: f32 = 18.0;
/// What it takes away at most, dB.
const LEAST_DB: f32 = -15.0;
/// How fast the gain rises, dB per second of speech. Slow enough that no sentence is heard to swell.
const RISE_DB: f32 = 2.0;
/// How fast it falls, dB per second of speech.
const FALL_DB: f32 = 5.0;
/// Background noise is never raised above this, dB.
const NOISE_CEILING_DB: f32 = -55.0;
/// Speech is averaged over so many seconds.
const MEMORY_S: f32 = 3.0;
/// So much speech must be heard before the first change, s.
const FIRST_S: f32 = 0.5;
const BLOCK_S: f32 = 0.01;

/// Brings quiet and loud people to one level, slowly: the gain moves only while somebody speaks and only when their
/// mean level is clearly off; a pause, noise or echo changes nothing. Put a [`super::Limiter`] behind it.
#[derive(Debug, Clone)]
pub(crate) struct Leveller {
    /// Mean power of the speech heard.
    speech: f32,
    heard_s: f32,
    /// It is on its way to the target, dB.
    moving: bool,
    gain_db: f32,
    /// What the last sample was multiplied with.
    applied: f32,
}

impl Default for Leveller {
    fn default() -> Self {
        Self { speech: 0.0, heard_s: 0.0, moving: false, gain_db: 0.0, applied: 1.0 }
    }
}

impl Leveller {
    /// Levels a block in place. `speech`: somebody speaks in it, and it is not an echo; `noise_db`: the level of the
    /// background noise; `on`: else the gain goes back to 0 dB without a click.
    pub(crate) fn process(&mut self, block: &mut Block, speech: bool, noise_db: f32, on: bool) {
        if !on {
            self.gain_db = 0.0;
            self.moving = false;
        } else if speech {
            self.learn(block.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32);
            self.step(noise_db);
        }
        let to = db_to_gain(self.gain_db);
        // Turning it off is the only large step: it takes 50 ms.
        let to = to.clamp(self.applied * 0.8, self.applied * 1.25);
        if to != 1.0 || self.applied != 1.0 {
            let step = (to - self.applied) / BLOCK as f32;
            for (i, sample) in block.iter_mut().enumerate() {
                *sample *= self.applied + step * (i + 1) as f32;
            }
        }
        self.applied = to;
    }

    /// What it adds now, dB.
    pub(crate) fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// Forgets whom it heard; the gain stays until it knows better.
    pub(crate) fn reset(&mut self) {
        (self.speech, self.heard_s, self.moving) = (0.0, 0.0, false);
    }

    fn learn(&mut self, power: f32) {
        if !power.is_finite() {
            return;
        }
        self.heard_s += BLOCK_S;
        // A running mean until there is enough, then a window that forgets.
        let weight = (BLOCK_S / self.heard_s).max(BLOCK_S / MEMORY_S);
        self.speech += (power - self.speech) * weight;
    }

    fn step(&mut self, noise_db: f32) {
        if self.heard_s < FIRST_S {
            return;
        }
        let most = (NOISE_CEILING_DB - noise_db).clamp(0.0, MOST_DB);
        let wanted = (TARGET_DB - power_to_db(self.speech)).clamp(LEAST_DB, most);
        let error = wanted - self.gain_db;
        if error.abs() > TOLERANCE_DB || self.gain_db > most {
            self.moving = true;
        }
        if self.moving {
            self.gain_db += error.clamp(-FALL_DB * BLOCK_S, RISE_DB * BLOCK_S);
            self.moving = error.abs() > 0.5;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    /// Speech-like: a tone that swells and fades four times a second, at a mean level.
    fn speech(block: usize, db: f32) -> Block {
        let amplitude = db_to_gain(db) * 2.0;
        std::array::from_fn(|i| {
            let t = (block * BLOCK + i) as f32 / 48_000.0;
            amplitude * (t * 4.0 * std::f32::consts::PI).sin() * (t * 1885.0).sin()
        })
    }

    fn settle(db: f32, noise_db: f32) -> (Leveller, f32) {
        let mut leveller = Leveller::default();
        let mut sum = 0.0;
        for k in 0..2000 {
            let mut block = speech(k, db);
            leveller.process(&mut block, true, noise_db, true);
            if k >= 1900 {
                sum += block.iter().map(|x| x * x).sum::<f32>() / BLOCK as f32;
            }
        }
        (leveller, power_to_db(sum / 100.0))
    }

    #[test]
    fn quiet_and_loud_people_come_to_one_level() {
        let (quiet, loud) = (settle(-36.0, -90.0).1, settle(-9.0, -90.0).1);
        assert!((quiet + 20.0).abs() < 1.5, "{quiet}");
        assert!((loud + 20.0).abs() < 1.5, "{loud}");
    }

    #[test]
    fn someone_near_the_target_is_left_alone() {
        assert_eq!(settle(-22.0, -90.0).0.gain_db(), 0.0);
    }

    #[test]
    fn noise_is_not_raised_with_a_quiet_voice() {
        let (leveller, _) = settle(-40.0, -62.0);
        assert!((6.0..=7.0).contains(&leveller.gain_db()), "{}", leveller.gain_db());
    }

    #[test]
    fn a_pause_changes_nothing() {
        let mut leveller = settle(-36.0, -90.0).0;
        let before = leveller.gain_db();
        for _ in 0..1000 {
            leveller.process(&mut [0.001; BLOCK], false, -60.0, true);
        }
        assert_eq!(leveller.gain_db(), before);
    }

    #[test]
    fn it_rises_slower_than_is_heard_and_switches_off_without_a_click() {
        let mut leveller = Leveller::default();
        for k in 0..300 {
            let before = leveller.gain_db();
            leveller.process(&mut speech(k, -40.0), true, -90.0, true);
            assert!(leveller.gain_db() - before <= 0.021);
        }
        let mut last = 0.01 * leveller.applied;
        for _ in 0..20 {
            let mut block = [0.01; BLOCK];
            leveller.process(&mut block, false, -90.0, false);
            for sample in block {
                assert!((sample - last).abs() < 0.000_02, "{sample} after {last}");
                last = sample;
            }
        }
        assert_eq!(Level::of(&[last; BLOCK]).rms_db, Level::of(&[0.01; BLOCK]).rms_db);
    }
}
