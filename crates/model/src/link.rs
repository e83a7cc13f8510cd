use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// A link that may be shown and, after a click, handed to the system's browser. Never fetched by this program.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Link(Url);

/// Why a text is not a link that we pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not a URL (WHATWG URL Standard).
    #[error("not a link")]
    Malformed,
    /// A URL whose scheme could run something or reach into the computer.
    #[error("links of this kind are not allowed")]
    Scheme,
    /// Longer than [`limits::LINK`].
    #[error("the link is too long")]
    TooLong,
}

/// Schemes that open a page, a message or a call in a program that asks before it acts.
const SCHEMES: [&str; 8] = ["http", "https", "mailto", "tel", "sip", "xmpp", "matrix", "magnet"];

impl Link {
    /// What a person typed: as [`Link::parse`], but a text that starts like a host name (`example.org/x`) gets `https://`.
    pub fn from_typed(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        let lacks_scheme = matches!(Url::parse(text), Err(url::ParseError::RelativeUrlWithoutBase));
        if lacks_scheme && text.contains('.') && !text.starts_with(['.', '/']) {
            return Self::parse(&format!("https://{text}"));
        }
        Self::parse(text)
    }

    /// Parses a complete URL.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > limits::LINK {
            return Err(LinkError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| LinkError::Malformed)?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(LinkError::Scheme);
        }
        if url.as_str().len() > limits::LINK {
            return Err(LinkError::TooLong);
        }
        Ok(Self(url))
    }

    /// The URL in its normal form: host in ASCII (punycode), the rest percent-encoded.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host as it is really resolved, in ASCII (punycode); none for `mailto:` and its like.
    pub fn host(&self) -> Option<&str> {
        self.0.host_str()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(<hidden>)")
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookalike_host_is_shown_in_punycode() {
        let link = Link::parse("https://аpple.com/login").unwrap();
        assert_eq!(link.host(), Some("xn--pple-43d.com"));
    }

    #[test]
    fn the_part_before_an_at_sign_is_not_the_host() {
        assert_eq!(Link::parse("https://bank.example@evil.example/").unwrap().host(), Some("evil.example"));
    }

    #[test]
    fn a_bare_host_becomes_https() {
        assert_eq!(Link::from_typed(" example.org/a b").unwrap().as_str(), "https://example.org/a%20b");
        assert_eq!(Link::parse("example.org/a"), Err(LinkError::Malformed));
    }

    #[test]
    fn dangerous_or_broken_links_are_refused() {
        for text in
            ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ms-msdt:/id", "C:\\x", "smb://h/s"]
        {
            assert_eq!(Link::from_typed(text), Err(LinkError::Scheme), "{text}");
        }
        for text in ["", "hello", "http://", "https://exa mple.org"] {
            assert_eq!(Link::from_typed(text), Err(LinkError::Malformed), "{text}");
        }
        assert_eq!(Link::parse(&format!("https://e.org/{}", "x".repeat(5000))), Err(LinkError::TooLong));
    }
}
