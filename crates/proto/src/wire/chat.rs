use super::control::Conversation;
use super::{WireError, parse, to_json};
use crate::chat::Outgoing;
use p2p_comm_model::{Content, Epoch, Link, Text, limits};
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
    /// It disappears so long after it was written or came in, seconds.
    pub life: Option<u32>,
    /// What it says.
    pub body: ChatBody,
}

/// What a chat message says.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatBody {
    /// A text, a link, or how long messages stay from now on.
    Content(Content),
    /// Of a conversation that we do not know.
    Elsewhere,
    /// Of a kind that we do not know, or one of ours beyond our limits.
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    life: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    must: bool,
}

impl ChatMessage {
    /// Reads an opened token.
    pub fn parse(json: &[u8]) -> Result<Self, WireError> {
        let flat: Flat<'_> = parse(json)?;
        let text = |text: &Cow<'_, str>| Text::parse(text).ok().map(Content::from);
        let link = |url: &Cow<'_, str>| Link::parse(url).ok().map(Content::from);
        let life = flat.life.and_then(|life| u32::try_from(life).ok()).filter(|life| (1..=limits::LIFE).contains(life));
        let content = match &*flat.kind {
            "text" => flat.text.as_ref().and_then(text),
            "link" => flat.url.as_ref().and_then(link),
            "vanish" => flat.life.map(|_| Content::Vanishing { after: life }),
            _ => None,
        };
        // A message that cannot disappear as its sender wants is not shown at all.
        let content = content.filter(|content| match (flat.life, life) {
            (Some(0), _) => matches!(content, Content::Vanishing { .. }),
            (asked, understood) => asked.is_some() == understood.is_some(),
        });
        let body = match flat.conv {
            Conversation::Direct => content.map_or(ChatBody::Unknown { must: flat.must }, ChatBody::Content),
            Conversation::Unknown => ChatBody::Elsewhere,
        };
        Ok(Self { n: flat.n, epoch: flat.epoch, counter: flat.counter, at: flat.at, life, body })
    }

    /// What goes into the token with number `n`. Only what one can write is ever sent.
    pub fn to_json(n: u64, message: &Outgoing) -> Vec<u8> {
        let Outgoing { epoch, counter, at, ref content, life } = *message;
        let life = life.map(u64::from);
        let (kind, text, url, life) = match content {
            Content::Text { text } => ("text", Some(text.as_str().into()), None, life),
            Content::Link { url, .. } => ("link", None, Some(url.as_str().into()), life),
            Content::Vanishing { after } => ("vanish", None, None, Some(after.map_or(0, u64::from))),
            Content::Call { .. } | Content::Notice { .. } | Content::Unknown => ("none", None, None, None),
        };
        let (kind, conv) = (kind.into(), Conversation::Direct);
        to_json(&Flat { n, kind, conv, epoch, counter, at, text, url, life, must: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EPOCH: Epoch = Epoch([0; 16]);

    #[test]
    fn a_text_is_the_one_of_the_document() {
        let content = Text::parse("hi \"bob\"").unwrap().into();
        let json = ChatMessage::to_json(1, &Outgoing { epoch: EPOCH, counter: 7, at: 1000, content, life: None });
        let expected = r#"{"n":1,"kind":"text","conv":"direct","epoch":"AAAAAAAAAAAAAAAAAAAAAA==","counter":7,"at":1000,"text":"hi \"bob\""}"#;
        assert_eq!(String::from_utf8(json).unwrap(), expected);
    }

    #[test]
    fn messages_that_disappear_are_those_of_the_document() {
        let json = |content, life| {
            let json = ChatMessage::to_json(2, &Outgoing { epoch: EPOCH, counter: 8, at: 1000, content, life });
            String::from_utf8(json).unwrap()
        };
        let start = |kind| {
            format!(
                r#"{{"n":2,"kind":"{kind}","conv":"direct","epoch":"AAAAAAAAAAAAAAAAAAAAAA==","counter":8,"at":1000,"#
            )
        };
        let hour = Content::Vanishing { after: Some(3600) };
        assert_eq!(json(hour, None), start("vanish") + r#""life":3600}"#);
        assert_eq!(json(Content::Vanishing { after: None }, None), start("vanish") + r#""life":0}"#);
        let text = Text::parse("hi").unwrap().into();
        assert_eq!(json(text, Some(300)), start("text") + r#""text":"hi","life":300}"#);
    }

    #[test]
    fn a_message_with_a_time_to_live_beyond_the_limits_is_unknown() {
        let body = |kind: &str, life: serde_json::Value| {
            let json = serde_json::json!({"n": 0, "kind": kind, "conv": "direct", "epoch": EPOCH, "counter": 1, "at": 0,
                "text": "hi", "life": life});
            ChatMessage::parse(json.to_string().as_bytes()).map(|message| (message.life, message.body))
        };
        let unknown = ChatBody::Unknown { must: false };
        let hi = ChatBody::Content(Text::parse("hi").unwrap().into());
        let vanish = |after| ChatBody::Content(Content::Vanishing { after });
        assert_eq!(body("text", 300.into()), Ok((Some(300), hi)));
        for life in [0u64, u64::from(limits::LIFE) + 1, u64::MAX] {
            assert_eq!(body("text", life.into()), Ok((None, unknown.clone())), "{life}");
        }
        assert_eq!(body("vanish", 3600.into()), Ok((Some(3600), vanish(Some(3600)))));
        assert_eq!(body("vanish", 0.into()), Ok((None, vanish(None))));
        assert_eq!(body("vanish", (u64::from(limits::LIFE) + 1).into()), Ok((None, unknown.clone())));
        assert_eq!(body("vanish", serde_json::Value::Null), Ok((None, unknown)));
        assert!(body("text", "300".into()).is_err() && body("text", (-1).into()).is_err());
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
        fn what_is_written_is_read(
            text in "\\PC{1,80}", n in 0..1u64 << 53, at in any::<i64>(), life in proptest::option::of(1..=limits::LIFE)
        ) {
            if let Ok(text) = Text::parse(&text) {
                let content = Content::from(text);
                let sent = Outgoing { epoch: EPOCH, counter: 3, at, content: content.clone(), life };
                let read = ChatMessage::parse(&ChatMessage::to_json(n, &sent)).unwrap();
                let body = ChatBody::Content(content);
                prop_assert_eq!(read, ChatMessage { n, epoch: EPOCH, counter: 3, at, life, body });
            }
        }

        #[test]
        fn no_bytes_make_it_panic(json in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ChatMessage::parse(&json);
        }
    }
}
