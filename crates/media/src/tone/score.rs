use super::Tone;

/// What a tone is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Score {
    pub(super) notes: &'static [Note],
    /// When it begins again if it loops, and when it is over if not, ms.
    pub(super) period_ms: u32,
    pub(super) gain: f32,
}

/// One stroke.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    pub(super) start_ms: u32,
    pub(super) length_ms: u32,
    pub(super) hz: f32,
    /// 1: as loud as the tone means to be.
    pub(super) level: f32,
    /// How fast it dies away, per second.
    pub(super) decay: f32,
    /// 0: a pure sine; 1: a bell bar.
    pub(super) bright: f32,
}

impl Note {
    pub(super) fn end_ms(&self) -> u32 {
        self.start_ms + self.length_ms
    }
}

// Equal temperament on A = 440 Hz.
const E4: f32 = 329.63;
const G4: f32 = 392.0;
const A4: f32 = 440.0;
const C5: f32 = 523.25;
const D5: f32 = 587.33;
const E5: f32 = 659.26;
const G5: f32 = 783.99;
const A5: f32 = 880.0;
const C6: f32 = 1046.5;

/// A struck note.
const fn bell(start_ms: u32, length_ms: u32, hz: f32, level: f32) -> Note {
    Note { start_ms, length_ms, hz, level, decay: 4.0, bright: 1.0 }
}

/// A held note.
const fn hum(start_ms: u32, length_ms: u32, hz: f32, level: f32) -> Note {
    Note { start_ms, length_ms, hz, level, decay: 0.0, bright: 0.0 }
}

/// A short, dry one.
const fn tick(start_ms: u32, hz: f32, level: f32) -> Note {
    Note { start_ms, length_ms: 120, hz, level, decay: 18.0, bright: 0.4 }
}

impl Tone {
    pub(super) fn score(self) -> Score {
        match self {
            Self::Searching => {
                Score { notes: const { &[tick(0, C5, 1.0), tick(160, G4, 0.7)] }, period_ms: 1600, gain: 0.32 }
            }
            // The rhythm of the European ringing tone (1 s in 5), with a third in it, as in North America.
            Self::Ringing => Score {
                notes: const { &[hum(0, 1000, A4, 0.6), hum(0, 1000, 480.0, 0.6)] },
                period_ms: 5000,
                gain: 0.17,
            },
            Self::RingIn => Score {
                notes: const {
                    &[
                        bell(0, 700, E5, 1.0),
                        bell(150, 700, G5, 0.9),
                        bell(300, 700, C6, 1.0),
                        bell(450, 900, G5, 0.8),
                        bell(900, 700, D5, 1.0),
                        bell(1050, 700, G5, 0.9),
                        bell(1200, 700, A5, 1.0),
                        bell(1350, 1100, G5, 0.8),
                        bell(0, 900, C5, 0.5),
                        bell(900, 900, G4, 0.5),
                    ]
                },
                period_ms: 3200,
                gain: 0.14,
            },
            // Half a second in one, 425 Hz: ITU-T E.180.
            Self::Busy => Score {
                notes: const { &[hum(0, 250, 425.0, 1.0), hum(500, 250, 425.0, 1.0), hum(1000, 250, 425.0, 1.0)] },
                period_ms: 1500,
                gain: 0.13,
            },
            Self::Ended => {
                Score { notes: const { &[bell(0, 300, E5, 1.0), bell(140, 500, A4, 1.0)] }, period_ms: 700, gain: 0.2 }
            }
            // Over before the first word: a bell would ring on above it.
            Self::Joined => {
                Score { notes: const { &[tick(0, C5, 1.0), tick(80, G5, 1.0)] }, period_ms: 220, gain: 0.26 }
            }
            Self::Muted => {
                Score { notes: const { &[tick(0, A5, 1.0), tick(80, E5, 1.0)] }, period_ms: 220, gain: 0.26 }
            }
            Self::Unmuted => {
                Score { notes: const { &[tick(0, E5, 1.0), tick(80, A5, 1.0)] }, period_ms: 220, gain: 0.26 }
            }
            Self::Reconnecting => {
                Score { notes: const { &[bell(0, 500, E4, 1.0), bell(250, 700, E4, 0.6)] }, period_ms: 2500, gain: 0.2 }
            }
            Self::Greeting => Score {
                notes: const {
                    &[
                        bell(0, 600, C5, 1.0),
                        bell(180, 600, E5, 1.0),
                        bell(360, 600, G5, 1.0),
                        bell(540, 600, E5, 0.8),
                        bell(720, 1300, C6, 1.0),
                        bell(720, 1300, G5, 0.5),
                        bell(720, 1300, C5, 0.5),
                    ]
                },
                period_ms: 2100,
                gain: 0.16,
            },
        }
    }
}
