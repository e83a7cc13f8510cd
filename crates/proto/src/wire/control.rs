use super::{Signal, WireError, base64_bytes, parse, to_json};
use p2p_comm_model::{DeviceKey, Epoch, Name, limits};
use serde::{Deserialize, Serialize};

/// A message of the control stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Control {
    /// Who I am; always the first.
    Hello(Hello),
    /// I have added you; this is me.
    Profile(Profile),
    /// Answer me.
    Ping,
    /// The answer.
    Pong,
    /// I have every message of yours up to this one.
    Ack {
        /// The conversation.
        conv: Conversation,
        /// Your run.
        epoch: Epoch,
        /// The highest counter received.
        counter: u64,
    },
    /// I have this message but cannot show it.
    Unsupported {
        /// The conversation.
        conv: Conversation,
        /// Your run.
        epoch: Epoch,
        /// The message.
        counter: u64,
    },
    /// How I stand in a call.
    Call(Signal),
    /// A kind of a later version.
    #[serde(other)]
    Unknown,
}

/// Which conversation: in version 1 only the one between the two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conversation {
    /// Between the two devices of this connection.
    Direct,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

/// How long a device key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyLife {
    /// From Connect to Disconnect.
    Session,
    /// As long as the person asked to be remembered.
    Kept,
}

/// Who the other side is, signed over this pairing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Version of this message: 1.
    pub v: u32,
    /// How long the key lives.
    pub key: KeyLife,
    /// The device's Ed25519 public key.
    pub device: DeviceKey,
    /// Over `"p2p-comm/1 device" || sender || T`.
    #[serde(with = "base64_bytes")]
    pub signature: [u8; 64],
}

/// What goes only to devices that the person has added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Display name; cleaned while it is read.
    pub name: Name,
    /// Features of this version.
    #[serde(default)]
    pub features: Vec<String>,
    /// Caps of the sender.
    #[serde(default)]
    pub limits: ProfileLimits,
    /// `address:port` at which the sender sees the receiver.
    #[serde(default)]
    pub observed: Option<String>,
    /// `address:port` at which the sender may be reached, too.
    #[serde(default)]
    pub candidates: Vec<String>,
}

/// Caps that a sender should keep to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileLimits {
    /// The longest text message, bytes.
    pub text: u64,
}

impl Default for ProfileLimits {
    fn default() -> Self {
        Self { text: limits::TEXT as u64 }
    }
}

/// That the kind is a string: as the tag of an enum, serde would take the number of a variant, too.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "kind")]
    _kind: std::borrow::Cow<'a, str>,
}

impl Profile {
    fn is_within_limits(&self) -> bool {
        let short = |text: &String| text.len() <= limits::LISTED_BYTES;
        self.features.len().max(self.candidates.len()) <= limits::LISTED
            && self.features.iter().chain(&self.candidates).chain(&self.observed).all(short)
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    n: u64,
    #[serde(flatten)]
    message: T,
}

impl Control {
    /// Reads an opened token: its number and the message.
    pub fn parse(json: &[u8]) -> Result<(u64, Self), WireError> {
        parse::<Kind<'_>>(json)?;
        let sealed: Sealed<Self> = parse(json)?;
        if let Self::Profile(profile) = &sealed.message
            && !profile.is_within_limits()
        {
            return Err(WireError::Malformed);
        }
        Ok((sealed.n, sealed.message))
    }

    /// What goes into the token with number `n`.
    pub fn to_json(&self, n: u64) -> Vec<u8> {
        to_json(&Sealed { n, message: self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_the_ones_of_the_document() {
        assert_eq!(Control::Ping.to_json(3), br#"{"n":3,"kind":"ping"}"#);
        let ack = Control::Ack { conv: Conversation::Direct, epoch: Epoch([0; 16]), counter: 9 };
        let json = ack.to_json(4);
        assert_eq!(json, br#"{"n":4,"kind":"ack","conv":"direct","epoch":"AAAAAAAAAAAAAAAAAAAAAA==","counter":9}"#);
        assert_eq!(Control::parse(&json), Ok((4, ack)));
    }

    #[test]
    fn an_unknown_kind_is_no_error_but_a_wrong_type_is() {
        assert_eq!(Control::parse(br#"{"n":1,"kind":"dance","x":{}}"#), Ok((1, Control::Unknown)));
        assert!(Control::parse(br#"{"n":"1","kind":"ping"}"#).is_err());
        assert!(Control::parse(br#"{"kind":"ping"}"#).is_err());
        assert!(Control::parse(br#"{"n":1,"kind":2}"#).is_err());
        assert!(Control::parse(br#"{"n":1,"kind":"ack","conv":"direct","epoch":"AA==","counter":1}"#).is_err());
    }

    #[test]
    fn a_profile_with_too_many_candidates_is_refused() {
        let candidates = vec!["1.2.3.4:5"; limits::LISTED + 1];
        let json = serde_json::json!({"n": 1, "kind": "profile", "name": "bob", "candidates": candidates});
        assert!(Control::parse(json.to_string().as_bytes()).is_err());
        let json = serde_json::json!({"n": 1, "kind": "profile", "name": "bob", "features": ["x".repeat(65)]});
        assert!(Control::parse(json.to_string().as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(json in "\\{\"n\":[0-9]{1,25},\"kind\":\"(hello|profile|ack|call)\",\\PC{0,60}\\}?") {
            let _ = Control::parse(json.as_bytes());
        }
    }
}
