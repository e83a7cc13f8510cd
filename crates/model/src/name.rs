use crate::limits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A display name: a label that anybody may choose, never an identity.
///
/// Clean from the start: no control, formatting or bidirectional-override characters, white space folded, at most
/// [`limits::NAME_CHARS`] characters and [`limits::NAME`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

/// A name without one visible character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name has no visible character")]
pub struct NameError;

impl Name {
    /// Cleans and caps `raw`; longer names are cut, not refused.
    pub fn parse(raw: &str) -> Result<Self, NameError> {
        let mut name = String::new();
        let words = raw.split(|c: char| c.is_whitespace() || c.is_control()).map(visible);
        for word in words.filter(|word| !word.is_empty()) {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(&word);
        }
        let mut capped = String::new();
        for c in name.chars().take(limits::NAME_CHARS) {
            if capped.len() + c.len_utf8() > limits::NAME {
                break;
            }
            capped.push(c);
        }
        let capped = capped.trim_end().to_owned();
        if capped.is_empty() { Err(NameError) } else { Ok(Self(capped)) }
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(<hidden>)")
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&raw).map_err(serde::de::Error::custom)
    }
}

/// Drops what is invisible or reorders text: zero-width and bidirectional controls, tags, fillers, private use.
/// The zero-width joiner stays between visible characters, because emoji are built with it.
fn visible(word: &str) -> String {
    let kept: String = word.chars().filter(|c| *c == '\u{200d}' || !is_hidden(*c)).collect();
    kept.trim_matches('\u{200d}').to_owned()
}

/// Invisible, or reorders text.
pub(crate) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_and_override_characters_are_dropped() {
        assert_eq!(Name::parse("  al\u{202e}ice\t\n b\u{0}ob \u{200b}").unwrap().as_str(), "alice b ob");
    }

    #[test]
    fn a_name_of_a_thousand_characters_is_cut() {
        assert_eq!(Name::parse(&"x".repeat(1000)).unwrap().as_str().len(), limits::NAME_CHARS);
        assert!(Name::parse(&"\u{1f600}".repeat(1000)).unwrap().as_str().len() <= limits::NAME);
    }

    #[test]
    fn an_invisible_name_is_refused() {
        assert_eq!(Name::parse(" \u{200b}\u{2066}\u{feff}\u{200d} \u{3164}"), Err(NameError));
    }

    #[test]
    fn joined_emoji_stay_whole() {
        assert_eq!(Name::parse("\u{1f469}\u{200d}\u{1f4bb}").unwrap().as_str(), "\u{1f469}\u{200d}\u{1f4bb}");
    }

    proptest! {
        #[test]
        fn cleaning_is_idempotent_and_capped(raw in any::<String>()) {
            if let Ok(name) = Name::parse(&raw) {
                prop_assert!(name.as_str().len() <= limits::NAME);
                prop_assert!(!name.as_str().chars().any(char::is_control));
                prop_assert_eq!(Name::parse(name.as_str()).unwrap(), name);
            }
        }
    }
}
