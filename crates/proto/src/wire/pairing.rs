use super::{WireError, base64_bytes, parse, to_json};
use p2p_comm_crypto::{ELEMENT_LEN, MAC_LEN, SALT_LEN, Salt};
use serde::{Deserialize, Serialize};

/// Frame 2: the listener's salts, one in version 1, each with what holds the listener to its element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salts {
    salts: Vec<SaltEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SaltEntry {
    #[serde(with = "base64_bytes")]
    salt: [u8; SALT_LEN],
    #[serde(with = "base64_bytes")]
    commit: [u8; 32],
}

impl Salts {
    /// The list that this version sends. `commit` is [`p2p_comm_crypto::commitment`] of frame 4.
    pub fn one(salt: Salt, commit: [u8; 32]) -> Self {
        Self { salts: vec![SaltEntry { salt: salt.0, commit }] }
    }

    /// The salt that this version uses, and its commitment.
    pub fn first(&self) -> Option<(Salt, [u8; 32])> {
        self.salts.first().map(|entry| (Salt(entry.salt), entry.commit))
    }
}

/// Frame 3: the dialer's group element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementX {
    /// Side byte and compressed point.
    #[serde(with = "base64_bytes")]
    pub x: [u8; ELEMENT_LEN],
}

/// Frame 4: the listener's group element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementY {
    /// Side byte and compressed point.
    #[serde(with = "base64_bytes")]
    pub y: [u8; ELEMENT_LEN],
}

/// Frames 5 and 6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// HMAC-SHA256 over the transcript.
    #[serde(with = "base64_bytes")]
    pub confirm: [u8; MAC_LEN],
}

macro_rules! frames {
    ($($name:ident)*) => {$(
        impl $name {
            /// Reads the body of a frame.
            pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
                parse(frame)
            }

            /// The body of a frame.
            pub fn to_frame(&self) -> Vec<u8> {
                to_json(self)
            }
        }
    )*};
}

frames!(Salts ElementX ElementY Confirm);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_are_the_ones_of_the_document() {
        let salts = Salts::one(Salt([0; 16]), [0; 32]).to_frame();
        let commit = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let frame = format!(r#"{{"salts":[{{"salt":"AAAAAAAAAAAAAAAAAAAAAA==","commit":"{commit}"}}]}}"#);
        assert_eq!(salts, frame.as_bytes());
        assert_eq!(Salts::parse(&salts).unwrap().first(), Some((Salt([0; 16]), [0; 32])));
    }

    #[test]
    fn a_value_of_another_length_is_refused() {
        assert!(ElementX::parse(br#"{"x":"AAAA"}"#).is_err());
        assert!(Salts::parse(br#"{"salts":[{"salt":"AA==","commit":"AA=="}]}"#).is_err());
        assert!(Salts::parse(br#"{"salts":[{"salt":"AAAAAAAAAAAAAAAAAAAAAA=="}]}"#).is_err());
        assert_eq!(Salts::parse(br#"{"salts":[]}"#).unwrap().first(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Salts::parse(&frame), ElementX::parse(&frame), ElementY::parse(&frame), Confirm::parse(&frame));
        }
    }
}
