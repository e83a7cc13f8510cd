//! The sounds of a call, synthesised: nothing is read from the disk.
mod score;

use crate::{BLOCK, Block, RATE};
use score::{Note, Score};
use std::f32::consts::TAU;

/// A sound that the program makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Looking for the other side; loops.
    Searching,
    /// Their computer rings; loops.
    Ringing,
    /// Somebody calls; loops.
    RingIn,
    /// They are in another call.
    Busy,
    /// The call is over.
    Ended,
    /// Somebody is there now.
    Joined,
    /// The microphone is muted.
    Muted,
    /// The microphone is open again.
    Unmuted,
    /// The call waits for the network; loops.
    Reconnecting,
    /// What Echo says before it repeats what it hears.
    Greeting,
}

/// A tone that sounds.
#[derive(Debug, Clone, Copy)]
struct Voice {
    tone: Tone,
    looping: bool,
    /// Samples since it (or this round of it) began.
    at: u64,
    /// Falls to nothing when it is stopped.
    gain: f32,
    stopping: bool,
}

/// A stopped tone fades over 15 ms.
const FADE: f32 = 1.0 / (0.015 * RATE as f32);

/// Plays one looping tone and short ones over it. Never allocates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Player {
    loops: Slot,
    shots: [Slot; 2],
}

/// The tone that sounds, and the one before it while it fades away.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    now: Option<Voice>,
    before: Option<Voice>,
}

impl Player {
    /// Nothing sounds.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Plays a tone once. If two short ones sound already, the older one makes room.
    pub(crate) fn play(&mut self, tone: Tone) {
        self.shots.swap(0, 1);
        self.shots[0].start(Voice::new(tone, false));
    }

    /// Plays a tone again and again until another loops or [`Self::stop`]; nothing changes if it does already.
    pub(crate) fn repeat(&mut self, tone: Tone) {
        let same = self.loops.now.is_some_and(|voice| voice.tone == tone && !voice.stopping);
        if !same {
            self.loops.start(Voice::new(tone, true));
        }
    }

    /// Ends the looping tone within 15 ms. Short tones end by themselves.
    pub(crate) fn stop(&mut self) {
        self.loops.stop();
    }

    /// Nothing sounds and nothing will.
    pub(crate) fn idle(&self) -> bool {
        [self.loops, self.shots[0], self.shots[1]].iter().all(|slot| slot.now.is_none() && slot.before.is_none())
    }

    /// Adds the next 10 ms to a block.
    pub(crate) fn mix_into(&mut self, block: &mut Block) {
        self.slots().for_each(|slot| slot.mix_into(block));
    }

    fn slots(&mut self) -> impl Iterator<Item = &mut Slot> {
        std::iter::once(&mut self.loops).chain(&mut self.shots)
    }
}

impl Slot {
    fn start(&mut self, voice: Voice) {
        self.stop();
        self.before = self.now.replace(voice);
    }

    fn stop(&mut self) {
        if let Some(voice) = &mut self.now {
            voice.stopping = true;
        }
    }

    fn mix_into(&mut self, block: &mut Block) {
        for voice in [&mut self.now, &mut self.before] {
            if voice.as_mut().is_some_and(|voice| !voice.mix_into(block)) {
                *voice = None;
            }
        }
    }
}

impl Voice {
    fn new(tone: Tone, looping: bool) -> Self {
        Self { tone, looping, at: 0, gain: 1.0, stopping: false }
    }

    /// Whether it still sounds.
    fn mix_into(&mut self, block: &mut Block) -> bool {
        let score: Score = self.tone.score();
        let period = samples(score.period_ms);
        let mut done = 0;
        while done < BLOCK {
            let rest = block.get_mut(done..).unwrap_or_default();
            let len = rest.len().min(usize::try_from(period.saturating_sub(self.at)).unwrap_or(BLOCK));
            let part = rest.get_mut(..len).unwrap_or_default();
            let fade = if self.stopping { FADE } else { 0.0 };
            for note in score.notes {
                note.mix_into(part, self.at, score.gain * self.gain, score.gain * fade);
            }
            self.gain = (self.gain - fade * len as f32).max(0.0);
            self.at += len as u64;
            done += len;
            if self.at >= period {
                if !self.looping {
                    return false;
                }
                self.at = 0;
            }
        }
        self.gain > 0.0
    }
}

impl Note {
    /// Adds the part of the note that falls into `out`, whose first sample is sample `at` of the tone.
    fn mix_into(&self, out: &mut [f32], at: u64, gain: f32, fade: f32) {
        let (start, end) = (samples(self.start_ms), samples(self.end_ms()));
        if at >= end || at + out.len() as u64 <= start {
            return;
        }
        for (i, sample) in out.iter_mut().enumerate() {
            let Some(k) = (at + i as u64).checked_sub(start).filter(|k| k + start < end) else { continue };
            let t = k as f32 / RATE as f32;
            let left = (end - start - k) as f32 / RATE as f32;
            let gain = (gain - fade * i as f32).max(0.0);
            *sample += gain * self.envelope(t, left) * self.wave(t);
        }
    }

    /// A soft stroke: up within 6 ms, falling by the note's decay, down to nothing over its last 12 ms.
    fn envelope(&self, t: f32, left: f32) -> f32 {
        let smooth = |x: f32| {
            let x = x.clamp(0.0, 1.0);
            x * x * (3.0 - 2.0 * x)
        };
        smooth(t / 0.006) * (-t * self.decay).exp() * smooth(left / 0.012)
    }

    /// A sine with a little of its octave and twelfth, which die away sooner, as of a bell bar.
    fn wave(&self, t: f32) -> f32 {
        let phase = TAU * (self.hz * t).fract();
        let bright = self.bright * (-t * 6.0).exp();
        self.level * (phase.sin() + bright * (0.35 * (2.0 * phase).sin() + 0.15 * (3.0 * phase).sin()))
    }
}

fn samples(ms: u32) -> u64 {
    u64::from(ms) * u64::from(RATE) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::power_to_db;

    const TONES: [Tone; 10] = [
        Tone::Searching,
        Tone::Ringing,
        Tone::RingIn,
        Tone::Busy,
        Tone::Ended,
        Tone::Joined,
        Tone::Muted,
        Tone::Unmuted,
        Tone::Reconnecting,
        Tone::Greeting,
    ];

    fn render(player: &mut Player, blocks: usize) -> Vec<f32> {
        (0..blocks)
            .flat_map(|_| {
                let mut block = [0.0; BLOCK];
                player.mix_into(&mut block);
                block
            })
            .collect()
    }

    /// The greatest second difference: a click has much of it, a smooth wave of up to 2 kHz little.
    fn roughness(sound: &[f32]) -> f32 {
        sound.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn every_tone_is_heard_is_not_too_loud_and_ends() {
        for tone in TONES {
            let mut player = Player::new();
            player.play(tone);
            let sound = render(&mut player, 800);
            assert!(player.idle(), "{tone:?}");
            let peak = sound.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
            assert!((0.05..0.5).contains(&peak), "{tone:?} {peak}");
            // The loudest 100 ms.
            let loudest = sound.chunks(4800).map(|c| c.iter().map(|x| x * x).sum::<f32>() / 4800.0).fold(0.0, f32::max);
            assert!((-27.0..-15.0).contains(&power_to_db(loudest)), "{tone:?} {}", power_to_db(loudest));
            let end = tone.score().notes.iter().map(Note::end_ms).max().unwrap_or(0);
            assert!(end < 3000, "{tone:?}");
        }
    }

    #[test]
    fn nothing_clicks_when_it_starts_loops_or_stops() {
        for tone in TONES {
            for blocks in [1, 7, 23, 120, 333] {
                let mut player = Player::new();
                player.repeat(tone);
                let mut sound = vec![0.0; 2];
                sound.extend(render(&mut player, blocks));
                player.stop();
                sound.extend(render(&mut player, 5));
                assert!(player.idle(), "{tone:?} {blocks}");
                assert!(roughness(&sound) < 0.03, "{tone:?} {blocks} {}", roughness(&sound));
            }
        }
    }

    #[test]
    fn a_loop_goes_on_and_asking_for_it_again_does_not_start_it_over() {
        let (mut once, mut twice) = (Player::new(), Player::new());
        once.repeat(Tone::RingIn);
        twice.repeat(Tone::RingIn);
        for k in 0..1500 {
            twice.repeat(Tone::RingIn);
            assert_eq!(render(&mut once, 1), render(&mut twice, 1), "block {k}");
        }
        assert!(!once.idle());
    }

    #[test]
    fn a_short_tone_sounds_over_a_looping_one() {
        let mut player = Player::new();
        player.repeat(Tone::Ringing);
        player.play(Tone::Muted);
        render(&mut player, 100);
        player.stop();
        render(&mut player, 3);
        assert!(player.idle());
    }
}
