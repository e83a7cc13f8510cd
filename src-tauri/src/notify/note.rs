use super::burst::Summary;
use p2p_comm_engine::{CallNumber, PeerId};

/// As much of a message as a notification shows, characters.
const MOST_TEXT: usize = 200;

/// One notification. Its text is plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) subject: Subject,
    pub(crate) title: String,
    pub(crate) body: String,
}

/// What a notification is about. There is one of each at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// Somebody calls. It stays until that is over, and has buttons.
    Call {
        /// The call.
        call: CallNumber,
        /// Who calls.
        peer: PeerId,
    },
    /// Something new in a conversation.
    Conversation(PeerId),
    /// Somebody who is not on the list asks to talk.
    Requests,
    /// Closing the window did not end the program.
    StillRunning,
    /// The main window shows nothing.
    Blank,
}

/// What somebody pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// The notification itself.
    Open,
    Accept,
    Reject,
}

impl Note {
    /// `name`: none where names are not to be seen.
    pub(crate) fn call(call: CallNumber, peer: PeerId, name: Option<&str>) -> Self {
        let (title, body) = match name {
            Some(name) => (name.to_owned(), "is calling you"),
            None => ("Incoming call".to_owned(), ""),
        };
        Self { subject: Subject::Call { call, peer }, title, body: body.to_owned() }
    }

    /// What is new in a conversation; `name` as above.
    pub(super) fn conversation(peer: PeerId, name: Option<&str>, summary: &Summary) -> Self {
        let (messages, missed) = (summary.messages, summary.missed);
        let body = match (&summary.text, name) {
            (Some(text), Some(_)) if messages == 1 && missed == 0 => excerpt(text),
            _ => [count(messages, "new message"), count(missed, "missed call")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
        };
        let title = name.unwrap_or("P2P Privacy Communications").to_owned();
        Self { subject: Subject::Conversation(peer), title, body }
    }

    /// These people ask, the newest last; `name` as above.
    pub(crate) fn requests(waiting: usize, name: Option<&str>) -> Self {
        let (title, body) = match (waiting, name) {
            (0 | 1, Some(name)) => (name.to_owned(), "asks to talk with you".to_owned()),
            (0 | 1, None) => ("Somebody asks to talk with you".to_owned(), String::new()),
            (waiting, _) => (format!("{waiting} people ask to talk with you"), String::new()),
        };
        Self { subject: Subject::Requests, title, body }
    }

    pub(crate) fn still_running() -> Self {
        Self {
            subject: Subject::StillRunning,
            title: "Still running".to_owned(),
            body: "P2P Privacy Communications stays in the tray, where it can ring. Its menu there quits it."
                .to_owned(),
        }
    }

    /// `what` the window does instead of showing something.
    pub(crate) fn blank(what: &str) -> Self {
        Self { subject: Subject::Blank, title: what.to_owned(), body: "Open it to see what helps.".to_owned() }
    }

    /// Whether it waits for an answer, above everything else.
    pub(crate) fn urgent(&self) -> bool {
        matches!(self.subject, Subject::Call { .. })
    }
}

fn count(number: u32, of: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {of}")),
        more => Some(format!("{more} {of}s")),
    }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(messages: u32, missed: u32, text: Option<&str>, name: Option<&str>) -> String {
        let summary = Summary { messages, missed, text: text.map(str::to_owned) };
        Note::conversation(PeerId(1), name, &summary).body
    }

    #[test]
    fn one_message_is_shown_and_many_are_counted() {
        assert_eq!(body(1, 0, Some("tea?"), Some("bob")), "tea?");
        assert_eq!(body(3, 0, Some("tea?"), Some("bob")), "3 new messages");
        assert_eq!(body(1, 2, Some("tea?"), Some("bob")), "1 new message, 2 missed calls");
        assert_eq!(body(0, 1, None, Some("bob")), "1 missed call");
    }

    #[test]
    fn nothing_of_the_content_is_shown_where_it_is_hidden() {
        let summary = Summary { messages: 1, missed: 0, text: Some("tea?".to_owned()) };
        let notes = [
            Note::conversation(PeerId(1), None, &summary),
            Note::call(CallNumber(1), PeerId(1), None),
            Note::requests(1, None),
        ];
        for note in notes {
            assert!(!note.title.contains("bob") && !note.body.contains("tea"), "{note:?}");
            assert!(!note.title.is_empty());
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let shown = body(1, 0, Some(&"ü".repeat(300)), Some("bob"));
        assert_eq!(shown.chars().count(), MOST_TEXT + 1);
        assert!(shown.ends_with("ü…"));
    }
}
