use p2p_comm_engine::PeerId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Of one person no more than one notification comes in this time.
const PAUSE: Duration = Duration::from_secs(2);

/// What is new and was not read, gathered for one notification a person: a flood of messages becomes a count.
#[derive(Debug, Default)]
pub(crate) struct Burst(BTreeMap<PeerId, Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    summary: Summary,
    shown: Option<Instant>,
    /// When the next one may be shown; none: nothing is new since.
    due: Option<Instant>,
}

/// What a conversation brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// A message, with its text if it has one.
    Message(Option<String>),
    MissedCall,
}

/// What one notification tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) messages: u32,
    pub(super) missed: u32,
    /// Of the newest message.
    pub(super) text: Option<String>,
}

impl Burst {
    /// Something new that is worth a notification.
    pub(crate) fn add(&mut self, now: Instant, peer: PeerId, news: News) {
        let gathered = self.0.entry(peer).or_default();
        match news {
            News::Message(text) => {
                gathered.summary.messages = gathered.summary.messages.saturating_add(1);
                gathered.summary.text = text;
            }
            News::MissedCall => gathered.summary.missed = gathered.summary.missed.saturating_add(1),
        }
        gathered.due.get_or_insert_with(|| gathered.shown.map_or(now, |shown| now.max(shown + PAUSE)));
    }

    /// The conversation was read. Whether a notification of it was shown.
    pub(crate) fn read(&mut self, peer: PeerId) -> bool {
        self.0.remove(&peer).is_some_and(|gathered| gathered.shown.is_some())
    }

    /// Nothing of it is told before something more comes, which then counts it.
    pub(crate) fn hush(&mut self, peer: PeerId) {
        if let Some(gathered) = self.0.get_mut(&peer) {
            gathered.due = None;
        }
    }

    /// Those of whom something can be told.
    pub(crate) fn people(&self) -> Vec<PeerId> {
        self.0.keys().copied().collect()
    }

    /// When [`Self::due`] has something to give.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.values().filter_map(|gathered| gathered.due).min()
    }

    /// What is to be shown now, instead of earlier notifications of the same people.
    pub(super) fn due(&mut self, now: Instant) -> Vec<(PeerId, Summary)> {
        let due = self.0.iter_mut().filter(|(_, gathered)| gathered.due.is_some_and(|due| due <= now));
        due.map(|(peer, gathered)| {
            gathered.due = None;
            gathered.shown = Some(now);
            (*peer, gathered.summary.clone())
        })
        .collect()
    }

    /// [`Self::due`] as notes. `name` gives the name of a person, if it is to be seen.
    pub(crate) fn notes(&mut self, now: Instant, name: impl Fn(PeerId) -> Option<String>) -> Vec<super::Note> {
        let due = self.due(now).into_iter();
        due.map(|(peer, summary)| super::Note::conversation(peer, name(peer).as_deref(), &summary)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: PeerId = PeerId(1);
    const CAROL: PeerId = PeerId(2);

    fn message(text: &str) -> News {
        News::Message(Some(text.to_owned()))
    }

    fn summary(messages: u32, missed: u32, text: &str) -> Summary {
        Summary { messages, missed, text: (!text.is_empty()).then(|| text.to_owned()) }
    }

    #[test]
    fn the_first_message_is_shown_at_once() {
        let (mut burst, now) = (Burst::default(), Instant::now());
        assert_eq!(burst.next(), None);
        burst.add(now, BOB, message("tea?"));
        assert_eq!(burst.next(), Some(now));
        assert_eq!(burst.due(now), [(BOB, summary(1, 0, "tea?"))]);
        assert_eq!((burst.next(), burst.due(now)), (None, vec![]));
    }

    #[test]
    fn a_flood_becomes_one_summary_every_two_seconds() {
        let (mut burst, began) = (Burst::default(), Instant::now());
        let mut shown = Vec::new();
        for n in 0..=4000 {
            let now = began + Duration::from_millis(n);
            burst.add(now, BOB, message("again"));
            shown.extend(burst.due(now).into_iter().map(|(_, summary)| summary.messages));
        }
        assert_eq!(shown, [1, 2001, 4001]);
    }

    #[test]
    fn what_comes_later_counts_with_what_was_not_read() {
        let (mut burst, now) = (Burst::default(), Instant::now());
        burst.add(now, BOB, message("tea?"));
        burst.due(now);
        let later = now + Duration::from_secs(60);
        burst.add(later, BOB, message("hello?"));
        burst.add(later, BOB, News::MissedCall);
        assert_eq!(burst.due(later), [(BOB, summary(2, 1, "hello?"))]);
    }

    #[test]
    fn reading_starts_anew() {
        let (mut burst, now) = (Burst::default(), Instant::now());
        burst.add(now, BOB, message("tea?"));
        assert!(!burst.read(BOB), "nothing was shown yet");
        assert_eq!(burst.due(now), []);
        burst.add(now, BOB, message("hello?"));
        burst.due(now);
        assert!(burst.read(BOB));
        assert!(!burst.read(BOB));
        burst.add(now, BOB, message("there you are"));
        assert_eq!(burst.due(now), [(BOB, summary(1, 0, "there you are"))]);
    }

    #[test]
    fn what_may_not_be_told_any_more_waits_for_what_comes_later() {
        let (mut burst, now) = (Burst::default(), Instant::now());
        burst.add(now, BOB, message("tea?"));
        burst.hush(BOB);
        assert_eq!((burst.next(), burst.due(now)), (None, vec![]));
        burst.add(now, BOB, message("hello?"));
        assert_eq!(burst.due(now), [(BOB, summary(2, 0, "hello?"))]);
    }

    #[test]
    fn people_do_not_wait_for_each_other() {
        let (mut burst, now) = (Burst::default(), Instant::now());
        burst.add(now, BOB, message("tea?"));
        burst.due(now);
        burst.add(now, BOB, message("hello?"));
        burst.add(now, CAROL, News::MissedCall);
        assert_eq!(burst.due(now), [(CAROL, summary(0, 1, ""))]);
        assert_eq!(burst.next(), Some(now + PAUSE));
    }
}
