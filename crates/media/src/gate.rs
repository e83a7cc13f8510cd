//! When the microphone is sent.
use p2p_comm_model::Transmit;
use std::time::{Duration, Instant};

/// After the last loud block the microphone stays open this long, so that word ends and short pauses are not cut.
const HANG: Duration = Duration::from_millis(400);
/// Once open, it takes a level this far below the threshold to begin closing, dB.
const HYSTERESIS_DB: f32 = 6.0;
/// Speech of about a second on a muted microphone is worth a word, in blocks of 10 ms.
const TALKING: u32 = 100;
/// How fast the suspicion goes away when nobody speaks: a second of speech is forgotten in two.
const TALKING_CEILING: u32 = 150;

/// Decides block by block whether the microphone is sent.
///
/// It looks at the block that it decides about, so an onset loses at most what lies below the threshold; holding sound
/// back to send some of it afterwards would make every word later, not only the first one.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    transmit: Transmit,
    key: bool,
    /// Open until then, without a further reason.
    until: Option<Instant>,
}

impl Gate {
    /// In a mode.
    pub(crate) fn new(transmit: Transmit) -> Self {
        Self { transmit, key: false, until: None }
    }

    /// Changes the mode. A key that is held stays held.
    pub(crate) fn set(&mut self, transmit: Transmit) {
        if self.transmit != transmit {
            self.transmit = transmit;
            self.until = None;
        }
    }

    /// The key of push to talk went down or up.
    pub(crate) fn key(&mut self, down: bool, now: Instant) {
        if let (Transmit::PushToTalk { release_ms }, true, false) = (self.transmit, self.key, down) {
            self.until = now.checked_add(Duration::from_millis(release_ms.into()));
        }
        self.key = down;
    }

    /// Whether a block of this level (dB of full scale, as on the meter) is sent.
    pub(crate) fn decide(&mut self, level_db: f32, now: Instant) -> bool {
        let lasting = self.until.is_some_and(|until| now < until);
        match self.transmit {
            Transmit::Continuous => true,
            Transmit::PushToTalk { .. } => self.key || lasting,
            Transmit::Voice { threshold_db } => {
                let threshold = if lasting { threshold_db - HYSTERESIS_DB } else { threshold_db };
                let loud = level_db >= threshold;
                if loud {
                    self.until = now.checked_add(HANG);
                }
                loud || lasting
            }
        }
    }
}

/// Notices that somebody talks on without noticing that they are muted.
#[derive(Debug, Clone, Default)]
pub(crate) struct MutedTalk {
    suspicion: u32,
}

impl MutedTalk {
    /// One block of 10 ms: whether it is speech, and whether the microphone is muted. True after about 1 s of speech,
    /// false again some time after it ended, and at once when the microphone is open.
    pub(crate) fn observe(&mut self, voice: bool, muted: bool) -> bool {
        self.suspicion = match (muted, voice) {
            (false, _) => 0,
            (true, true) => (self.suspicion + 2).min(2 * TALKING_CEILING),
            (true, false) => self.suspicion.saturating_sub(1),
        };
        self.suspicion >= 2 * TALKING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn continuous_sends_silence_too() {
        assert!(Gate::new(Transmit::Continuous).decide(-127.0, Instant::now()));
    }

    #[test]
    fn voice_activity_opens_at_the_threshold_and_hangs_on() {
        let (start, mut gate) = (Instant::now(), Gate::new(Transmit::Voice { threshold_db: -40.0 }));
        assert!(!gate.decide(-41.0, start));
        assert!(gate.decide(-40.0, ms(start, 10)));
        assert!(gate.decide(-80.0, ms(start, 400)));
        assert!(!gate.decide(-80.0, ms(start, 410)));
    }

    #[test]
    fn a_voice_that_sinks_a_little_keeps_the_microphone_open() {
        let (start, mut gate) = (Instant::now(), Gate::new(Transmit::Voice { threshold_db: -40.0 }));
        assert!(gate.decide(-30.0, start));
        assert!(gate.decide(-45.0, ms(start, 300)));
        assert!(gate.decide(-80.0, ms(start, 600)));
        assert!(!gate.decide(-45.0, ms(start, 800)));
    }

    #[test]
    fn push_to_talk_goes_on_for_the_release_time() {
        let (start, mut gate) = (Instant::now(), Gate::new(Transmit::PushToTalk { release_ms: 200 }));
        assert!(!gate.decide(0.0, start));
        gate.key(true, start);
        assert!(gate.decide(-127.0, ms(start, 5000)));
        gate.key(false, ms(start, 5000));
        assert!(gate.decide(-127.0, ms(start, 5199)));
        assert!(!gate.decide(0.0, ms(start, 5200)));
    }

    #[test]
    fn a_change_of_mode_closes_what_only_hung_on() {
        let (start, mut gate) = (Instant::now(), Gate::new(Transmit::Voice { threshold_db: -40.0 }));
        assert!(gate.decide(0.0, start));
        gate.set(Transmit::PushToTalk { release_ms: 0 });
        assert!(!gate.decide(0.0, ms(start, 10)));
    }

    #[test]
    fn a_second_of_speech_while_muted_is_noticed_and_forgotten() {
        let mut talk = MutedTalk::default();
        let noticed = (1..=200).find(|_| talk.observe(true, true));
        assert_eq!(noticed, Some(100));
        assert!((0..100).any(|_| !talk.observe(false, true)));
        for _ in 0..200 {
            talk.observe(true, true);
        }
        assert!(!talk.observe(true, false));
    }

    #[test]
    fn a_cough_while_muted_is_not_speech() {
        let mut talk = MutedTalk::default();
        for k in 0..1000 {
            assert!(!talk.observe(k % 100 < 30, true));
        }
    }
}
