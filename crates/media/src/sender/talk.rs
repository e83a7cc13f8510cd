/// A packet that a silence consists of comes this often at least, ms.
pub(crate) const KEEP_ALIVE_MS: u32 = 400;
/// Packets that begin a talk spurt.
pub(crate) const SPURT: u32 = 3;
/// Packets that say that silence begins, in case one is lost.
const LAST_WORDS: u32 = 3;
/// Packets that carry a change of flags before silence goes on.
const ANNOUNCE: u32 = 5;

/// Which packets are sent of speech and of silence.
///
/// ```text
///           voiced                          quiet
///        ┌──────────► Talking {packets} ───────────► Silent {since}
///        └───────────────────────────────────────────────┘
/// ```
pub(crate) struct Talk {
    state: State,
    /// Packets that are sent in any case.
    announce: u32,
}

enum State {
    /// Packets since the spurt began.
    Talking { packets: u32 },
    /// ms since the last packet.
    Silent { since: u32 },
}

/// A packet is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Among the first of a talk spurt.
    Spurt,
    /// In the midst of one.
    Speech,
    /// The last before a silence, or within one.
    Silence,
}

impl Talk {
    pub(crate) fn new() -> Self {
        Self { state: State::Silent { since: 0 }, announce: ANNOUNCE }
    }

    /// The flags have changed: they are sent even in silence.
    pub(crate) fn announce(&mut self) {
        self.announce = ANNOUNCE;
    }

    /// What comes next begins a spurt.
    pub(crate) fn restart(&mut self) {
        self.state = State::Silent { since: 0 };
    }

    /// Whether the next `ms` of sound, in so many packets, are sent. `comfort`: they describe silence anew.
    pub(crate) fn step(&mut self, voiced: bool, comfort: bool, ms: u32, packets: u32) -> Option<Kind> {
        let kind = match (&mut self.state, voiced) {
            (State::Talking { packets: before }, true) => {
                let spurt = *before < SPURT;
                *before = before.saturating_add(packets);
                if spurt { Kind::Spurt } else { Kind::Speech }
            }
            (State::Silent { .. }, true) => {
                self.state = State::Talking { packets };
                Kind::Spurt
            }
            (State::Talking { .. }, false) => {
                self.state = State::Silent { since: 0 };
                self.announce = self.announce.max(LAST_WORDS);
                Kind::Silence
            }
            (State::Silent { since }, false) => {
                *since = since.saturating_add(ms);
                if self.announce == 0 && !comfort && *since < KEEP_ALIVE_MS {
                    return None;
                }
                *since = 0;
                Kind::Silence
            }
        };
        self.announce = self.announce.saturating_sub(packets);
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(talk: &mut Talk, ms: u32) -> usize {
        (0..ms / 10).filter(|_| talk.step(false, false, 10, 1).is_some()).count()
    }

    fn speech(talk: &mut Talk, packets: u32) {
        for _ in 0..packets {
            talk.step(true, false, 10, 1);
        }
    }

    #[test]
    fn a_spurt_has_three_first_packets() {
        let mut talk = Talk::new();
        let kinds: Vec<_> = (0..5).filter_map(|_| talk.step(true, false, 10, 1)).collect();
        assert_eq!(kinds, [Kind::Spurt, Kind::Spurt, Kind::Spurt, Kind::Speech, Kind::Speech]);
    }

    #[test]
    fn silence_says_that_it_begins_and_then_lives_on_little() {
        let mut talk = Talk::new();
        speech(&mut talk, 10);
        assert_eq!(quiet(&mut talk, 30), 3);
        assert_eq!(quiet(&mut talk, 4000), 10);
        assert_eq!(talk.step(true, false, 10, 1), Some(Kind::Spurt));
    }

    #[test]
    fn a_change_of_flags_is_said_five_times() {
        let mut talk = Talk::new();
        quiet(&mut talk, 1000);
        talk.announce();
        assert_eq!(quiet(&mut talk, 390), 5);
        speech(&mut talk, 10);
        talk.announce();
        assert_eq!(quiet(&mut talk, 390), 5);
    }

    #[test]
    fn a_new_description_of_silence_is_sent() {
        let mut talk = Talk::new();
        quiet(&mut talk, 200);
        assert_eq!(talk.step(false, true, 10, 1), Some(Kind::Silence));
    }
}
