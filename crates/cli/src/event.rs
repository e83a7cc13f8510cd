use crate::failure::Failure;
use crate::words;
use p2p_comm_engine::{
    CallRecord, CallSnapshot, Content, FailedCaller, Line, NodeStatus, Notice, PeerId, PeerSnapshot, Remembered,
    RequestSnapshot, VoiceStats,
};
use serde_json::{Value, json};
use std::fmt;

/// Something worth a line of output.
pub(crate) enum Event<'a> {
    /// We can be reached.
    Listening { port: u16, addresses: &'a [String], invite: &'a str },
    /// What is kept on this computer.
    Remembered(&'a Remembered),
    /// Somebody on the list, or how it stands with them, changed.
    Peer(&'a PeerSnapshot),
    /// The words of the connection to somebody, for the two to compare.
    Phrase { peer: PeerId, name: &'a str, words: &'a str },
    /// Somebody who knows the password asks to talk.
    Request(&'a RequestSnapshot),
    /// Somebody called and did not prove the password.
    FailedCall(&'a FailedCaller),
    /// What came of asking the router.
    Router(&'a NodeStatus),
    /// A message came in.
    Message { peer: PeerId, name: &'a str, line: &'a Line },
    /// The engine has something to say about a conversation.
    Notice { peer: PeerId, name: &'a str, notice: Notice },
    /// The call began or went on.
    Call { call: &'a CallSnapshot, name: &'a str },
    /// Whether the other side hears us.
    Hearing { call: &'a CallSnapshot, name: &'a str },
    /// Our devices in the call.
    Devices(&'a CallSnapshot),
    /// What is measured of it, once a second.
    Voice(&'a VoiceStats),
    /// A call is over.
    CallEnded { peer: PeerId, name: &'a str, outgoing: bool, record: CallRecord },
    /// The other side's app has acknowledged `delivered` of the `accepted` messages of this run.
    Delivery { peer: PeerId, delivered: u64, accepted: u64 },
    /// Something that the person wrote cannot be sent; the run goes on.
    Refused(&'a Failure),
    /// The run failed.
    Failed(&'a Failure),
}

/// One JSON object on one line.
pub(crate) struct Json(Value);

impl Event<'_> {
    /// As an object with "event" and "at"; `at` in nanoseconds since the start of the process.
    pub(crate) fn json(&self, at: u64) -> String {
        let mut event = match self {
            Self::Listening { port, addresses, invite } => {
                json!({"event": "listening", "port": port, "addresses": addresses, "invite": invite})
            }
            Self::Remembered(remembered) => {
                json!({"event": "remembered", "state": remembered.state, "retention": remembered.retention})
            }
            Self::Peer(peer) => json_of_peer(peer),
            Self::Phrase { peer, name, words } => {
                json!({"event": "phrase", "peer": peer, "name": name, "words": words})
            }
            Self::Request(request) => {
                json!({"event": "request", "id": request.id, "name": request.name, "address": request.address})
            }
            Self::FailedCall(caller) => {
                json!({"event": "failedCall", "address": caller.address, "count": caller.count})
            }
            Self::Router(status) => {
                json!({"event": "router", "mapping": status.mapping, "pinhole": status.pinhole,
                    "addresses": status.addresses})
            }
            Self::Message { peer, name, line } => json_of_message(*peer, name, line),
            Self::Notice { peer, name, notice } => {
                json!({"event": "notice", "peer": peer, "name": name, "notice": notice})
            }
            Self::Call { call, .. } => {
                json!({"event": "call", "peer": call.peer, "outgoing": call.outgoing, "phase": call.phase})
            }
            Self::Hearing { call, .. } => json!({"event": "hearing", "peer": call.peer, "hearing": call.hearing}),
            Self::Devices(call) => {
                json!({"event": "device", "microphone": call.microphone, "speaker": call.speaker})
            }
            Self::Voice(stats) => {
                let mut event = serde_json::to_value(stats).unwrap_or_default();
                if let Value::Object(event) = &mut event {
                    event.insert("event".to_owned(), "voice".into());
                }
                event
            }
            Self::CallEnded { peer, outgoing, record, .. } => json!({"event": "callEnded", "peer": peer,
                "outgoing": outgoing, "end": record.end, "seconds": record.seconds}),
            Self::Delivery { peer, delivered, accepted } => {
                json!({"event": "delivery", "peer": peer, "delivered": delivered, "accepted": accepted})
            }
            Self::Refused(failure) | Self::Failed(failure) => {
                json!({"event": "error", "code": failure.code(), "message": failure.to_string()})
            }
        };
        if let Value::Object(event) = &mut event {
            event.insert("at".to_owned(), at.into());
        }
        Json(event).to_string()
    }

    /// For a person; nothing where words would only be noise.
    pub(crate) fn words(&self) -> Option<String> {
        Some(match self {
            Self::Listening { port, addresses, invite } => words::listening(*port, addresses, invite),
            Self::Remembered(remembered) => words::remembered(remembered)?,
            Self::Peer(peer) => format!("{}: {}", words::visible(name_of(peer)), words::state(peer.state)),
            Self::Phrase { name, words, .. } => words::phrase(name, words),
            Self::Request(request) => words::request(request),
            Self::FailedCall(caller) => {
                format!("somebody at {} called with a different password ({} so far)", caller.address, caller.count)
            }
            Self::Router(status) => words::router(&status.mapping, status.pinhole.as_deref())?,
            Self::Message { name, line, .. } => match &line.content {
                Content::Text { text } => format!("{}: {}", words::visible(name), words::visible(text.as_str())),
                Content::Link { url, .. } => format!("{}: link {}", words::visible(name), words::visible(url.as_str())),
                Content::Call { .. } | Content::Notice { .. } => return None,
                Content::Vanishing { after } => {
                    format!("{}: {}", words::visible(name), words::vanishing(*after))
                }
                Content::Unknown => {
                    format!("{}: (a message of a kind that this version does not know)", words::visible(name))
                }
            },
            Self::Notice { name, notice, .. } => format!("{}: {}", words::visible(name), words::notice(*notice)),
            Self::Call { call, name } => format!("{}: {}", words::visible(name), words::phase(call.phase)),
            Self::Hearing { call, name } => words::hearing(call.hearing, &words::visible(name))?,
            Self::Devices(call) => words::devices(&call.microphone, &call.speaker)?,
            Self::Voice(_) => return None,
            Self::CallEnded { name, record, .. } => {
                let length = record.seconds.map(|s| format!(", {}:{:02}", s / 60, s % 60)).unwrap_or_default();
                format!("{}: the call is over: {}{length}", words::visible(name), words::call_end(record.end))
            }
            Self::Delivery { delivered, accepted, .. } if delivered == accepted => {
                format!("delivered {delivered} of {accepted}")
            }
            Self::Delivery { .. } => return None,
            Self::Refused(failure) => format!("not sent: {failure}"),
            // Standard error says it.
            Self::Failed(_) => return None,
        })
    }
}

impl fmt::Display for Json {
    /// As serde_json, with DEL and the C1 controls escaped, too: some terminals obey them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.to_string().chars() {
            match c {
                '\u{7f}'..='\u{9f}' => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// What they call themselves, else what we call them.
pub(crate) fn name_of(peer: &PeerSnapshot) -> &str {
    peer.name.as_deref().unwrap_or(&peer.label)
}

fn json_of_peer(peer: &PeerSnapshot) -> Value {
    let state = serde_json::to_value(peer.state).unwrap_or_default();
    let mut event =
        json!({"event": "peer", "id": peer.id, "label": peer.label, "name": peer.name, "state": state["kind"]});
    for detail in ["code", "retryAt"] {
        if let (Value::Object(event), Some(value)) = (&mut event, state.get(detail)) {
            event.insert(detail.to_owned(), value.clone());
        }
    }
    event
}

fn json_of_message(peer: PeerId, name: &str, line: &Line) -> Value {
    let mut event = serde_json::to_value(&line.content).unwrap_or_default();
    if let Value::Object(event) = &mut event {
        event.insert("event".to_owned(), "message".into());
        event.insert("peer".to_owned(), peer.0.into());
        event.insert("name".to_owned(), name.into());
        event.insert("sentAt".to_owned(), line.sent_at.into());
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_engine::{Code, PeerState, Sender, Text};

    fn message(text: &str) -> Line {
        let content = Text::parse(text).unwrap().into();
        Line { seq: 0, sender: Sender::Them, content, sent_at: 7, at: 8, delivery: None, vanishes_at: None }
    }

    #[test]
    fn a_message_is_one_line_of_json_whatever_it_says() {
        let line = message("a\nb\u{9b}31m\u{7f}\"");
        let json = Event::Message { peer: PeerId(3), name: "bob", line: &line }.json(5);
        assert!(!json.contains(|c: char| c.is_control()), "{json}");
        let expected = json!({"event": "message", "at": 5, "peer": 3, "name": "bob", "kind": "text",
            "text": "a\nb\u{9b}31m\u{7f}\"", "sentAt": 7});
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected);
    }

    #[test]
    fn words_cannot_move_the_cursor_or_pretend_to_be_another_line() {
        let line = message("hi\u{1b}[2J\r\nbob: \u{202e}not me");
        let words = Event::Message { peer: PeerId(3), name: "eve", line: &line }.words().unwrap();
        assert_eq!(words, "eve: hi\u{fffd}[2J\u{fffd}\n    bob: \u{fffd}not me");
    }

    #[test]
    fn the_state_of_a_peer_carries_its_code() {
        let peer = PeerSnapshot {
            id: PeerId(1),
            label: "bob".to_owned(),
            name: None,
            host: "127.0.0.1".to_owned(),
            port: 1,
            trying: Vec::new(),
            state: PeerState::Stopped { code: Code::DialingStopped },
            key: None,
            verified: false,
            echo: false,
            gain_db: 0.0,
            muted: false,
            pinned: false,
            draft: String::new(),
            retention: None,
            keeps_messages: false,
            vanish: None,
            can_vanish: false,
            unread: 0,
            last: None,
            place: None,
        };
        let event: Value = serde_json::from_str(&Event::Peer(&peer).json(0)).unwrap();
        assert_eq!((&event["state"], &event["code"]), (&json!("stopped"), &json!("dialingStopped")));
    }
}
