//! Bytes to types and back, once. Formats: `docs/protocol.md`.

mod call;
mod chat;
mod control;
mod pairing;

pub use call::{CallState, EndReason, Signal};
pub use chat::{ChatBody, ChatMessage};
pub use control::{Control, Conversation, Hello, KeyLife, Profile, ProfileLimits};
pub use pairing::{Confirm, ElementX, ElementY, Salts};

use bytes::{BufMut as _, BytesMut};
use serde::{Deserialize, Serialize};

/// A frame that is not what the protocol says. Carries no content on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or JSON of another shape.
    #[error("malformed message")]
    Malformed,
    /// The token does not open.
    #[error("the token does not open")]
    Sealed,
    /// A token out of order: replayed, dropped or moved.
    #[error("message out of order")]
    OutOfOrder,
}

/// What a stream carries: its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// The pairing.
    Handshake,
    /// Presence, acknowledgements.
    Control,
    /// Messages.
    Chat,
    /// A kind of a later version.
    #[serde(other)]
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct StreamHeader {
    stream: StreamKind,
}

impl StreamKind {
    /// Reads a stream's first frame.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        parse::<StreamHeader>(frame).map(|header| header.stream)
    }

    /// A stream's first frame.
    pub fn header(self) -> Vec<u8> {
        to_json(&StreamHeader { stream: self })
    }
}

/// Adds `body` with its length in front (u32 big-endian).
pub fn put_frame(buffer: &mut BytesMut, body: &[u8]) {
    buffer.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
    buffer.put_slice(body);
}

pub(crate) fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, WireError> {
    serde_json::from_slice(json).map_err(|_| WireError::Malformed)
}

/// Our own messages always serialise: they hold strings and numbers only.
pub(crate) fn to_json<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

/// Byte strings as Base64 in JSON.
pub(crate) mod base64_bytes {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("wrong length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_kinds_are_named_by_their_first_frame() {
        assert_eq!(StreamKind::Control.header(), br#"{"stream":"control"}"#);
        assert_eq!(StreamKind::parse(br#"{"stream":"chat"}"#), Ok(StreamKind::Chat));
        assert_eq!(StreamKind::parse(br#"{"stream":"video","x":1}"#), Ok(StreamKind::Unknown));
        assert_eq!(StreamKind::parse(br#"{"stream":7}"#), Err(WireError::Malformed));
        assert_eq!(StreamKind::parse(b"\xff"), Err(WireError::Malformed));
    }
}
