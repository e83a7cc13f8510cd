use super::super::{Note, Order, Subject};
use std::collections::BTreeMap;

/// Under which numbers the desktop shows notifications. It may take its time to say so: until then the newest order for the
/// same subject waits, and no other subject does.
#[derive(Default)]
pub(super) struct Numbers {
    known: BTreeMap<Subject, u32>,
    asked: BTreeMap<Subject, Option<Order>>,
}

/// What is said to the desktop.
#[derive(Debug, PartialEq)]
pub(super) enum Call {
    /// Its answer goes to [`Numbers::answered`].
    Notify {
        note: Note,
        /// The notification whose place it takes; 0: none.
        replaces: u32,
    },
    Close(u32),
}

impl Numbers {
    /// What to say now.
    pub(super) fn order(&mut self, order: Order) -> Option<Call> {
        if let Some(waiting) = self.asked.get_mut(&order.subject()) {
            *waiting = Some(order);
            return None;
        }
        match order {
            Order::Show(note) => {
                self.asked.insert(note.subject, None);
                let replaces = self.known.get(&note.subject).copied().unwrap_or_default();
                Some(Call::Notify { note, replaces })
            }
            Order::Close(subject) => self.known.remove(&subject).map(Call::Close),
        }
    }

    /// The desktop shows it under this number, or refused.
    pub(super) fn answered(&mut self, subject: Subject, number: Option<u32>) -> Option<Call> {
        let waiting = self.asked.remove(&subject)?;
        if let Some(number) = number {
            self.known.insert(subject, number);
        }
        self.order(waiting?)
    }

    /// It is shown no more.
    pub(super) fn closed(&mut self, number: u32) {
        self.known.retain(|_, known| *known != number);
    }

    /// All that are shown.
    pub(super) fn known(&self) -> impl Iterator<Item = u32> {
        self.known.values().copied()
    }

    pub(super) fn subject(&self, number: u32) -> Option<Subject> {
        self.known.iter().find(|(_, known)| **known == number).map(|(subject, _)| *subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_engine::{CallNumber, PeerId};

    const CALL: Subject = Subject::Call { call: CallNumber(1), peer: PeerId(1) };

    fn note(text: &str) -> Note {
        Note { subject: CALL, title: text.to_owned(), body: String::new() }
    }

    fn notify(text: &str, replaces: u32) -> Option<Call> {
        Some(Call::Notify { note: note(text), replaces })
    }

    #[test]
    fn what_is_over_before_the_desktop_answers_is_closed_then() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.order(Order::Show(note("bob"))), notify("bob", 0));
        assert_eq!(numbers.order(Order::Close(CALL)), None);
        assert_eq!(numbers.answered(CALL, Some(7)), Some(Call::Close(7)));
        assert_eq!(numbers.order(Order::Close(CALL)), None, "once");
    }

    #[test]
    fn the_newest_note_takes_the_place_of_one_that_was_not_answered_yet() {
        let mut numbers = Numbers::default();
        numbers.order(Order::Show(note("one")));
        numbers.order(Order::Show(note("two")));
        numbers.order(Order::Close(CALL));
        numbers.order(Order::Show(note("three")));
        assert_eq!(numbers.answered(CALL, Some(7)), notify("three", 7));
        assert_eq!(numbers.answered(CALL, Some(7)), None);
        assert_eq!(numbers.subject(7), Some(CALL));
    }

    #[test]
    fn nobody_waits_for_the_answer_of_another() {
        let mut numbers = Numbers::default();
        numbers.order(Order::Show(note("bob")));
        let other = Note { subject: Subject::Requests, ..note("carol") };
        assert_eq!(numbers.order(Order::Show(other.clone())), Some(Call::Notify { note: other, replaces: 0 }));
    }

    #[test]
    fn what_the_desktop_refused_or_closed_has_no_number() {
        let mut numbers = Numbers::default();
        numbers.order(Order::Show(note("bob")));
        assert_eq!(numbers.answered(CALL, None), None);
        assert_eq!(numbers.order(Order::Close(CALL)), None);
        numbers.order(Order::Show(note("bob")));
        numbers.answered(CALL, Some(7));
        numbers.closed(7);
        assert_eq!(numbers.order(Order::Show(note("bob"))), notify("bob", 0));
    }
}
