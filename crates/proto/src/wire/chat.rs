use super::control::Conversation;
use super::{WireError, parse, to_json};
use p2p_comm_model::{Content, Epoch, Link, Text};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A message of the chat stream, read from an opened token.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatMessage {
    /// Number of the token.
    pub n: u64,
    /// The sender's run.
    pub epoch: Epoch,
    /// Its number towards us.
    pub counter: u64,
    /// The sender's clock, ms since 1970.
    pub at: i64,
    /// What it says.
    pub body: ChatBody,
}

/// What a chat message says.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatBody {
    /// A text or a link.
    Content(Content),
    /// Of a conversation that we do not know.
    Elsewhere,
    /// Of a kind that we do not know, or a text or link beyond our limits.
    Unknown {
        /// Whether the sender wants to hear of it.
        must: bool,
    },
}

/// Flat, because this is the busiest message: one pass, no buffering.
#[derive(Serialize, Deserialize)]
struct Flat<'a> {
    n: u64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    conv: Conversation,
    epoch: Epoch,
    counter: u64,
    at: i64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    must: bool,
}

impl ChatMessage {
    /// Reads an opened token.
    pub fn parse(json: &[u8]) -> Result<Self, WireError> {
        let flat: Flat<'_> = parse(json)?;
        let text = |text: &Cow<'_, str>| Text::parse(text).ok().map(Content::from);
        let link = |url: &Cow<'_, str>| Link::parse(url).ok().map(Content::from);
        let content = match &*flat.kind {
            "text" => flat.text.as_ref().and_then(text),
            "link" => flat.url.as_ref().and_then(link),
            _ => None,
        };
        let body = match flat.conv {
            Conversation::Direct => content.map_or(ChatBody::Unknown { must: flat.must }, ChatBody::Content),
            Conversation::Unknown => ChatBody::Elsewhere,
        };
        Ok(Self { n: flat.n, epoch: flat.epoch, counter: flat.counter, at: flat.at, body })
    }

    /// What goes into the token with number `n`. Only texts and links are ever sent.
    pub fn to_json(n: u64, epoch: Epoch, counter: u64, at: i64, content: &Content) -> Vec<u8> {
        let (kind, text, url) = match content {
            Content::Text { text } => ("text", Some(text.as_str().into()), None),
            Content::Link { url, .. } => ("link", None, Some(url.as_str().into())),
            Content::Call { .. } | Content::Notice { .. } | Content::Unknown => ("none", None, None),
        };
        let (kind, conv) = (kind.into(), Conversation::Direct);
        to_json(&Flat { n, kind, conv, epoch, counter, at, text, url, must: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EPOCH: Epoch = Epoch([0; 16]);

    #[test]
    fn a_text_is_the_one_of_the_document() {
        let json = ChatMessage::to_json(1, EPOCH, 7, 1000, &Text::parse("hi \"bob\"").unwrap().into());
        let expected = r#"{"n":1,"kind":"text","conv":"direct","epoch":"AAAAAAAAAAAAAAAAAAAAAA==","counter":7,"at":1000,"text":"hi \"bob\""}"#;
        assert_eq!(String::from_utf8(json).unwrap(), expected);
    }

    #[test]
    fn a_text_beyond_the_limit_a_bad_link_and_an_unknown_kind_are_unknown() {
        let body = |member: serde_json::Value| {
            let mut json =
                serde_json::json!({"n": 0, "kind": "text", "conv": "direct", "epoch": EPOCH, "counter": 1, "at": 0});
            json.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
            ChatMessage::parse(json.to_string().as_bytes()).unwrap().body
        };
        assert_eq!(body(serde_json::json!({"text": "x".repeat(70_000)})), ChatBody::Unknown { must: false });
        assert_eq!(body(serde_json::json!({"kind": "link", "url": "file:///etc"})), ChatBody::Unknown { must: false });
        assert_eq!(body(serde_json::json!({"kind": "poll", "must": true})), ChatBody::Unknown { must: true });
        assert_eq!(body(serde_json::json!({"conv": "group", "text": "hi"})), ChatBody::Elsewhere);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "\\PC{1,80}", n in 0..1u64 << 53, at in any::<i64>()) {
            if let Ok(text) = Text::parse(&text) {
                let content = Content::from(text);
                let read = ChatMessage::parse(&ChatMessage::to_json(n, EPOCH, 3, at, &content)).unwrap();
                prop_assert_eq!(read, ChatMessage { n, epoch: EPOCH, counter: 3, at, body: ChatBody::Content(content) });
            }
        }

        #[test]
        fn no_bytes_make_it_panic(json in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ChatMessage::parse(&json);
        }
    }
}
