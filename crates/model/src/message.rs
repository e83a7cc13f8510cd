use crate::{CallRecord, Link, limits};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The text of a message: at least one visible character, at most [`limits::TEXT`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Arc<str>);

/// Why a text cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// More than [`limits::TEXT`] bytes of UTF-8.
    #[error("the message is longer than 64 KiB")]
    TooLong,
}

impl Text {
    /// Keeps the text as it is, white space included.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.len() > limits::TEXT {
            return Err(TextError::TooLong);
        }
        if text.trim().is_empty() { Err(TextError::Empty) } else { Ok(Self(text.into())) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(<hidden>)")
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What a line of a conversation says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Content {
    /// A text message.
    Text {
        /// The text, shown as it is.
        #[cfg_attr(feature = "specta", specta(type = String))]
        text: Text,
    },
    /// A shared link.
    Link {
        /// The link.
        #[cfg_attr(feature = "specta", specta(type = String))]
        url: Link,
        /// The host as it is really resolved, in ASCII (punycode); none for `mailto:` and its like.
        host: Option<String>,
    },
    /// A call that is over.
    Call {
        /// How it went.
        call: CallRecord,
    },
    /// Something that this program has to say about the conversation.
    Notice {
        /// What it is about.
        notice: Notice,
    },
    /// From here on messages of this conversation disappear, on both sides, or stay.
    Vanishing {
        /// So long after it was written or came in, seconds; none: they stay.
        after: Option<u32>,
    },
    /// A message of a kind that this version does not know.
    Unknown,
}

impl From<Text> for Content {
    fn from(text: Text) -> Self {
        Self::Text { text }
    }
}

impl From<Link> for Content {
    fn from(url: Link) -> Self {
        let host = url.host().map(str::to_owned);
        Self::Link { url, host }
    }
}

/// What happened around a conversation, as a line in it. The user interface turns it into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// The peer came back with another session key, proved by our own call to its address.
    NewKey,
    /// The key that the peer had before was verified, and the mark went with it.
    Unverified,
    /// Another device answers at the address of a peer whose key is kept.
    KeyChanged,
    /// Pairing failed: a different password, or somebody else answers at this address.
    WrongPassword,
    /// Three pairings in a row failed; we stopped dialling.
    DialingStopped,
    /// The oldest lines were dropped to stay within the limits.
    OldestDropped,
    /// The address is our own.
    OwnAddress,
    /// The address answers, but not in a protocol of this version.
    ProtocolMismatch,
    /// Messages were to disappear, and the peer's app of now does not let them: the timer ended.
    VanishUnsupported,
    /// In a call, the system's default microphone became another one, and so did ours.
    MicrophoneMoved,
    /// In a call, our microphone vanished; the same or the system's default is opened.
    MicrophoneLost,
    /// The chosen microphone is not there: the system's default is used.
    MicrophoneReplaced,
    /// In a call, the system's default speaker became another one, and so did ours.
    SpeakerMoved,
    /// In a call, our speaker vanished; the same or the system's default is opened.
    SpeakerLost,
    /// The chosen speaker is not there: the system's default is used.
    SpeakerReplaced,
}

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Sender {
    /// Written here.
    Me,
    /// Received from the peer.
    Them,
    /// A notice of this program.
    App,
}

/// How far a message of ours has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Delivery {
    /// It waits on this computer.
    Queued,
    /// It was handed to the connection.
    Sent,
    /// The peer's app has it.
    Delivered,
    /// The peer's app has it but cannot show it.
    Unsupported,
}

/// One line of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its place in the conversation, from 0, never reused.
    pub seq: u64,
    /// Whose it is.
    pub sender: Sender,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
    /// The sender's clock when it was written, milliseconds since 1970 (UTC).
    pub sent_at: i64,
    /// Our clock when it was written here or came in, milliseconds since 1970 (UTC).
    pub at: i64,
    /// How far it came; only for our own messages.
    pub delivery: Option<Delivery>,
    /// When it disappears, our clock, milliseconds since 1970 (UTC); none: never, or not before it is acknowledged.
    pub vanishes_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_bytes() {
        assert!(Text::parse(&"x".repeat(limits::TEXT)).is_ok());
        assert_eq!(Text::parse(&"ü".repeat(limits::TEXT / 2 + 1)), Err(TextError::TooLong));
        assert_eq!(Text::parse(" \n"), Err(TextError::Empty));
    }
}
