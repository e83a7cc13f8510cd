//! Where a packet lies in time: its timestamp laid onto one scale that has no wraps, whatever the codec.

use super::clock::{MS, NEVER, SECOND, Ticks, step};
use crate::{Codec, Sound};

/// A packet may be so much earlier than the quickest ones of the last seconds.
const AHEAD: Ticks = SECOND;
/// And so much later.
const BEHIND: Ticks = 2 * SECOND;
/// How long the packets that show that the sender jumped may take.
const PROBATION: Ticks = 300 * MS;

/// Timestamps of both codecs, laid onto local time: a packet that travels as usual arrives `usual` after its position.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    opus: Option<Anchor>,
    pcm: Option<Anchor>,
    /// End of the newest frame, and the number of its packet.
    newest: Option<(Ticks, u32)>,
    /// A packet that lies far from where it should, and may be the first of a new timeline.
    suspect: Option<Suspect>,
}

/// The delay of the quickest packets in the last seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usual {
    /// Of all of them.
    pub(crate) least: Ticks,
    /// In the part of that time in which it was highest: so it cannot sink without end, as with a sender whose clock races.
    pub(crate) highest: Ticks,
}

/// Where a packet lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Of the first sample of its newest frame.
    pub(crate) position: Ticks,
    /// The sender made a jump: what was learned about the delay is still right, and what waits is from before.
    pub(crate) jumped: bool,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    timestamp: u32,
    position: Ticks,
}

#[derive(Debug, Clone, Copy)]
struct Suspect {
    codec: Codec,
    timestamp: u32,
    arrived: Ticks,
}

impl Timeline {
    /// Finds the place of a packet. Nothing if it cannot be believed (yet).
    pub(crate) fn place(&mut self, arrived: Ticks, usual: Option<Usual>, sound: &Sound<'_>) -> Option<Place> {
        let step = step(sound.codec);
        // While the other codec spoke, this one's clock was not seen: it is found anew.
        let newest = self.newest.map_or(NEVER, |(end, _)| end);
        let anchor = self.anchor(sound.codec).filter(|anchor| newest.saturating_sub(anchor.position) < SECOND / 4);
        let position = match (anchor, usual) {
            (Some(anchor), _) => {
                let ahead = sound.timestamp.wrapping_sub(anchor.timestamp) as i32;
                anchor.position + Ticks::from(ahead) * step
            }
            // The other codec speaks so far: the sender changes it between two packets.
            (None, Some(usual)) => match self.newest {
                Some((end, number)) if number.wrapping_add(1) == sound.sequence => end,
                _ => arrived - usual.least,
            },
            (None, None) => arrived,
        };
        let delay = arrived - position;
        if usual.is_none_or(|usual| delay >= usual.highest - AHEAD && delay <= usual.least + BEHIND) {
            self.suspect = None;
            self.keep(sound, position);
            return Some(Place { position, jumped: false });
        }
        if self.goes_on(arrived, sound) {
            let position = arrived - usual.map_or(0, |usual| usual.least);
            self.suspect = None;
            self.newest = None;
            *self.anchor(sound.codec) = None;
            self.keep(sound, position);
            return Some(Place { position, jumped: true });
        }
        None
    }

    fn keep(&mut self, sound: &Sound<'_>, position: Ticks) {
        let anchor = self.anchor(sound.codec);
        if anchor.is_none_or(|anchor| anchor.position < position) {
            *anchor = Some(Anchor { timestamp: sound.timestamp, position });
        }
        let end = position + Ticks::from(sound.duration) * step(sound.codec);
        if self.newest.is_none_or(|(newest, _)| newest < end) {
            self.newest = Some((end, sound.sequence));
        }
    }

    /// Whether this packet goes on from the suspect at the pace of a sender that jumped. What waited somewhere and comes
    /// all at once does not.
    fn goes_on(&mut self, arrived: Ticks, sound: &Sound<'_>) -> bool {
        if let Some(suspect) = self.suspect.filter(|suspect| suspect.codec == sound.codec) {
            let passed = arrived - suspect.arrived;
            let spoken = Ticks::from(sound.timestamp.wrapping_sub(suspect.timestamp) as i32) * step(sound.codec);
            if (1..=PROBATION).contains(&spoken) && passed <= PROBATION {
                return passed >= spoken / 2 && passed <= 2 * spoken + 40 * MS;
            }
        }
        self.suspect = Some(Suspect { codec: sound.codec, timestamp: sound.timestamp, arrived });
        false
    }

    fn anchor(&mut self, codec: Codec) -> &mut Option<Anchor> {
        match codec {
            Codec::Opus => &mut self.opus,
            Codec::Pcm => &mut self.pcm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Copies, Flags};
    use p2p_comm_model::CallId;

    const USUAL: Option<Usual> = Some(Usual { least: 0, highest: 0 });

    fn sound(sequence: u32, timestamp: u32, codec: Codec) -> Sound<'static> {
        let duration = if codec == Codec::Opus { 960 } else { 341 };
        let (call, flags, copies) = (CallId([0; 8]), Flags::default(), Copies::default());
        Sound { call, sequence, timestamp, codec, flags, duration, frame: &[0; 4], copies }
    }

    fn run(timeline: &mut Timeline, from_ms: Ticks, count: u32, timestamp: u32) -> Vec<Option<Place>> {
        (0..count)
            .map(|n| {
                let arrived = (from_ms + Ticks::from(n) * 20) * MS;
                timeline.place(
                    arrived,
                    USUAL.filter(|_| from_ms > 0),
                    &sound(n, timestamp.wrapping_add(n * 960), Codec::Opus),
                )
            })
            .collect()
    }

    #[test]
    fn timestamps_wrap_unseen() {
        let mut timeline = Timeline::default();
        for (n, place) in run(&mut timeline, 0, 1_000, u32::MAX - 100_000).into_iter().enumerate() {
            assert_eq!(place, Some(Place { position: n as Ticks * 20 * MS, jumped: false }));
        }
    }

    #[test]
    fn a_sender_that_jumped_is_followed_with_its_second_packet() {
        let mut timeline = Timeline::default();
        run(&mut timeline, 0, 50, 0);
        let places = run(&mut timeline, 1_000, 3, 1 << 31);
        assert_eq!(places[0], None);
        assert_eq!(places[1], Some(Place { position: 1_020 * MS, jumped: true }));
        assert_eq!(places[2], Some(Place { position: 1_040 * MS, jumped: false }));
    }

    #[test]
    fn one_wild_timestamp_and_old_packets_in_a_heap_are_dropped() {
        let mut timeline = Timeline::default();
        run(&mut timeline, 0, 50, 0);
        assert_eq!(timeline.place(1_000 * MS, USUAL, &sound(50, 1 << 31, Codec::Opus)), None);
        // After an outage of 10 s all that waited comes at once: what is old is never believed.
        for n in 50..550 {
            let place = timeline.place(11_000 * MS, USUAL, &sound(n, n * 960, Codec::Opus));
            assert_eq!(place.is_some(), n >= 450, "{n}");
        }
    }

    #[test]
    fn a_change_of_codec_continues_the_timeline() {
        let mut timeline = Timeline::default();
        run(&mut timeline, 0, 50, 0);
        let place = timeline.place(1_005 * MS, USUAL, &sound(50, 777, Codec::Pcm)).unwrap();
        assert_eq!(place, Place { position: 1_000 * MS, jumped: false });
        let place = timeline.place(1_030 * MS, USUAL, &sound(52, 777 + 341, Codec::Pcm)).unwrap();
        assert_eq!(place.position, 1_000 * MS + 341 * 160);
    }
}
