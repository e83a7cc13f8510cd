use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An entry of the peer list, numbered in the order of adding. Local to this process, never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(transparent)]
pub struct PeerId(pub u32);

/// A request of somebody who is not on the peer list. Local to this process, never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(transparent)]
pub struct RequestId(pub u32);

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let [a, b, c, d, ..] = self.0;
                write!(f, "{}({a:02x}{b:02x}{c:02x}{d:02x}…)", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&BASE64_STANDARD.encode(self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                let bytes = BASE64_STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
                Ok(Self(bytes.try_into().map_err(|_| serde::de::Error::custom(concat!("not ", $len, " bytes")))?))
            }
        }
    };
}

bytes_id! {
    /// The Ed25519 public key of one device: who somebody is. In JSON: Base64 with padding (RFC 4648, section 4).
    DeviceKey, 32
}

bytes_id! {
    /// Random per Connect; keeps the message counters of two runs of one device apart. In JSON as [`DeviceKey`].
    Epoch, 16
}

/// Names one message for ever: who sent it, in which run, and its number towards this one receiver (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The sender's device.
    pub device: DeviceKey,
    /// The sender's run.
    pub epoch: Epoch,
    /// Consecutive per receiver, from 1.
    pub counter: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_key_survives_json_and_shows_only_its_start_in_logs() {
        let key = DeviceKey([7; 32]);
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<DeviceKey>(&json).unwrap(), key);
        assert_eq!(format!("{key:?}"), "DeviceKey(07070707…)");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert!(serde_json::from_str::<DeviceKey>("\"AAAA\"").is_err());
        assert!(serde_json::from_str::<Epoch>("\"not base64!\"").is_err());
    }
}
