use super::Conversation;
use super::base64_bytes;
use p2p_comm_model::CallId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How the sender stands in one call. A statement, not an order: saying it twice changes nothing, and what a lost one
/// said is in the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The conversation.
    pub conv: Conversation,
    /// Which call.
    #[serde(serialize_with = "write_id", deserialize_with = "read_id")]
    pub call: CallId,
    /// How the sender stands in it.
    pub state: CallState,
    /// With [`CallState::Ended`]: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
}

/// Where one side of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// I call you.
    Offer,
    /// Your call rings here.
    Ringing,
    /// The call was accepted and I am in it.
    Active,
    /// The call is over for me, or I know of none with this id.
    Ended,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

/// Why a call is over for the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndReason {
    /// The sender hung up after it was accepted.
    HungUp,
    /// The sender was called and does not want to talk.
    Rejected,
    /// The sender was called while in another call.
    Busy,
    /// The sender called and gave up.
    Cancelled,
    /// It rang for 45 s.
    Unanswered,
    /// Nothing came through for 30 s.
    Lost,
    /// The sender knows of no such call. Also: a reason of a later version.
    #[serde(other)]
    Unknown,
}

impl Signal {
    /// Of the call between the two devices.
    pub fn new(call: CallId, state: CallState) -> Self {
        Self { conv: Conversation::Direct, call, state, reason: None }
    }

    /// That it is over.
    pub fn ended(call: CallId, reason: EndReason) -> Self {
        Self { reason: Some(reason), ..Self::new(call, CallState::Ended) }
    }
}

fn write_id<S: Serializer>(id: &CallId, serializer: S) -> Result<S::Ok, S::Error> {
    base64_bytes::serialize(&id.0, serializer)
}

fn read_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CallId, D::Error> {
    base64_bytes::deserialize(deserializer).map(CallId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Control;

    const ID: CallId = CallId([1, 2, 3, 4, 5, 6, 7, 8]);

    #[test]
    fn signals_are_the_ones_of_the_document() {
        let json = |signal| String::from_utf8(Control::Call(signal).to_json(5)).unwrap();
        let offer = r#"{"n":5,"kind":"call","conv":"direct","call":"AQIDBAUGBwg=","state":"offer"}"#;
        assert_eq!(json(Signal::new(ID, CallState::Offer)), offer);
        let busy = r#"{"n":5,"kind":"call","conv":"direct","call":"AQIDBAUGBwg=","state":"ended","reason":"busy"}"#;
        assert_eq!(json(Signal::ended(ID, EndReason::Busy)), busy);
        for reason in ["hungup", "rejected", "busy", "cancelled", "unanswered", "lost", "unknown"] {
            let json = busy.replace("busy", reason);
            let (n, read) = Control::parse(json.as_bytes()).unwrap();
            assert_eq!(read.to_json(n), json.as_bytes());
        }
    }

    #[test]
    fn words_of_later_versions_are_no_error_but_a_wrong_id_is() {
        let parse = |members: &str| Control::parse(format!(r#"{{"n":5,"kind":"call",{members}}}"#).as_bytes());
        let held = parse(r#""conv":"direct","call":"AQIDBAUGBwg=","state":"held","since":3"#);
        assert_eq!(held, Ok((5, Control::Call(Signal::new(ID, CallState::Unknown)))));
        let bored = parse(r#""conv":"direct","call":"AQIDBAUGBwg=","state":"ended","reason":"bored""#);
        assert_eq!(bored, Ok((5, Control::Call(Signal::ended(ID, EndReason::Unknown)))));
        assert!(parse(r#""conv":"direct","call":"AQIDBAUGBw==","state":"offer""#).is_err());
        assert!(parse(r#""conv":"direct","call":7,"state":"offer""#).is_err());
        assert!(parse(r#""conv":"direct","call":"AQIDBAUGBwg=","state":0"#).is_err());
        assert!(parse(r#""conv":"direct","call":"AQIDBAUGBwg=""#).is_err());
    }
}
