use crate::level::{FLOOR_DB, Level, Leveller, Limiter, Meter, db_to_gain};
use crate::tone::{Player, Tone};
use crate::{BLOCK, Block, Output, RATE, Receiver, Resampler};
use p2p_comm_model::{AudioSettings, Switch};
use std::time::{Duration, Instant};

/// Blocks rendered at one go at most: what a stall left behind is not made up for by a burst.
const AT_ONCE: usize = 8;
/// Louder than this is somebody who speaks, dBFS: what comes has gone through their noise suppression already.
const SPEECH_DB: f32 = -50.0;
/// And this is what is left of the noise, dBFS.
const NOISE_DB: f32 = -75.0;
/// A block.
const TICK: Duration = Duration::from_millis(10);

/// From received packets to the speaker's ring.
pub(super) struct Playout {
    pub(super) tones: Player,
    meter: Meter,
    /// The loudest block of the other side since somebody asked, dBFS.
    loudest: f32,
    resampler: Option<Resampler>,
    leveller: Leveller,
    limiter: Limiter,
    levelled: bool,
    /// Set by the person: everything, and this peer. Factors.
    gain: f32,
    peer_gain: f32,
    deafened: bool,
    /// When the next block is due while there is no speaker.
    due: Option<Instant>,
}

impl Playout {
    pub(super) fn new(settings: &AudioSettings, peer_gain_db: f32) -> Self {
        let mut playout = Self {
            tones: Player::new(),
            meter: Meter::default(),
            loudest: FLOOR_DB,
            resampler: None,
            leveller: Leveller::default(),
            limiter: Limiter::default(),
            levelled: false,
            gain: 1.0,
            peer_gain: db_to_gain(peer_gain_db),
            deafened: false,
            due: None,
        };
        playout.set(settings);
        playout
    }

    pub(super) fn set(&mut self, settings: &AudioSettings) {
        self.gain = db_to_gain(settings.output_gain_db);
        self.levelled = settings.gain != Switch::Off;
    }

    pub(super) fn set_peer_gain(&mut self, gain_db: f32) {
        self.peer_gain = db_to_gain(gain_db);
    }

    pub(super) fn set_deafened(&mut self, deafened: bool) {
        self.deafened = deafened;
    }

    /// Another speaker, or the same one again.
    pub(super) fn output_opened(&mut self, rate: u32) {
        let resampler = Resampler::new(RATE, rate);
        if let Err(error) = &resampler {
            tracing::error!(%error, rate, "no way to resample to this rate");
        }
        self.resampler = resampler.ok();
        self.due = None;
    }

    /// Gives the speaker what it wants now.
    pub(super) fn run(&mut self, now: Instant, output: &mut Output, mut receiver: Option<&mut Receiver>) {
        let mut block = [0.0; BLOCK];
        for _ in 0..AT_ONCE {
            let (queued, wanted) = (output.queued(), output.wanted());
            if queued >= wanted {
                break;
            }
            // What is left in the ring is heard before it. At the latest it would be made when the ring is empty.
            let ahead = Duration::from_secs(1) * (wanted - queued) as u32 / output.rate();
            self.render(now.checked_sub(ahead).unwrap_or(now), receiver.as_deref_mut(), &mut block);
            let Some(resampler) = &mut self.resampler else { return };
            if let Some(receiver) = &receiver {
                resampler.adjust(receiver.ratio());
            }
            resampler.push(&block, &mut |samples| {
                output.play(samples);
            });
        }
    }

    /// Without a speaker, time goes on all the same: what comes is taken and dropped.
    pub(super) fn run_without_speaker(&mut self, now: Instant, receiver: Option<&mut Receiver>) {
        let mut block = [0.0; BLOCK];
        let Some(receiver) = receiver else { return };
        let mut due = self.due.filter(|due| now.saturating_duration_since(*due) < TICK * 20).unwrap_or(now);
        while due <= now {
            receiver.pull(due, &mut block);
            due += TICK;
        }
        self.due = Some(due);
    }

    fn render(&mut self, now: Instant, receiver: Option<&mut Receiver>, block: &mut Block) {
        block.fill(0.0);
        if let Some(receiver) = receiver {
            receiver.pull(now, block);
            if self.deafened {
                block.fill(0.0);
            }
            let level_db = Level::of(block).rms_db;
            self.leveller.process(block, level_db > SPEECH_DB, NOISE_DB, self.levelled);
            let gain = self.gain * self.peer_gain;
            for sample in block.iter_mut() {
                *sample *= gain;
            }
            self.loudest = self.loudest.max(self.meter.measure(block).rms_db);
        }
        self.tones.mix_into(block);
        self.limiter.process(block);
    }

    pub(super) fn take_loudest(&mut self) -> f32 {
        std::mem::replace(&mut self.loudest, FLOOR_DB)
    }

    /// Plays a sound in a loop, or stops it.
    pub(super) fn loop_tone(&mut self, tone: Option<Tone>) {
        match tone {
            Some(tone) => self.tones.repeat(tone),
            None => self.tones.stop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::speaker;
    use crate::test_signal::Encoder;
    use crate::{Codec, Copies, Flags, Sound};
    use p2p_comm_model::CallId;

    #[test]
    fn packets_that_come_just_after_the_speaker_asked_make_no_gap_in_a_minute() {
        let call = CallId([7; 8]);
        let (mut receiver, mut encoder) = (Receiver::new(call).unwrap(), Encoder::new(10, 32_000));
        let (mut playback, mut output) = speaker(RATE, std::thread::current());
        let mut playout = Playout::new(&AudioSettings::unprocessed(), 0.0);
        playout.output_opened(RATE);
        let start = Instant::now();
        let mut early = 0;
        for k in 0..6_000 {
            let now = start + TICK * k;
            playout.run(now, &mut output, Some(&mut receiver));
            playback.fill(&mut [0.0; BLOCK]);
            let frame = encoder.next();
            let (flags, copies, duration) = (Flags::default(), Copies::default(), BLOCK as u32);
            let (sequence, timestamp) = (k, k * duration);
            let sound = Sound { call, sequence, timestamp, codec: Codec::Opus, flags, duration, frame: &frame, copies };
            receiver.sound(now + Duration::from_micros(1_500), &sound);
            if k == 100 {
                early = receiver.stats().concealed;
            }
        }
        let stats = receiver.stats();
        assert_eq!(stats.concealed, early, "{stats:?}");
        assert!(output.queued() < BLOCK * 6 / 10, "{} samples wait", output.queued());
    }
}
