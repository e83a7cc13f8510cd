use crate::pairing::prk_expand;
use bip39::Language;
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};

/// Words of a phrase, out of 2048 each: 44 bits.
const WORDS: u32 = 4;
const BITS: u32 = 11;

/// What two people read to each other to learn whether somebody sits between them: four words of BIP-39's English list,
/// the same on both sides of one pairing, others for every other pairing (`docs/protocol.md`, "The phrase").
///
/// Not a secret between the two, but nobody else's business: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase(String);

impl Phrase {
    pub(crate) fn new(prk: &Hkdf<Sha256>) -> Self {
        let mut bytes = [0; 8];
        if let Some((_, low)) = bytes.split_at_mut_checked(2) {
            prk_expand(prk, b"p2p-comm/1 phrase", low);
        }
        // The first 44 of the 48 bits.
        let bits = u64::from_be_bytes(bytes) >> 4;
        let list = Language::English.word_list();
        let word = |n: u32| {
            let index = bits.checked_shr(n.saturating_mul(BITS))? & 0x7ff;
            list.get(usize::try_from(index).ok()?).copied()
        };
        let words: Vec<&str> = (0..WORDS).rev().filter_map(word).collect();
        Self(words.join(" "))
    }

    /// The words, in their order, with a space between.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// By this the listener is held to its element, frame 4, before it sees the dialer's (`docs/protocol.md`, "Pairing").
/// Otherwise somebody between two people who knows the password could try elements as fast as he computes, until the
/// phrase of the one pairing is that of the other (Vaudenay, "Secure Communications over Insecure Channels Based on Short
/// Authenticated Strings", CRYPTO 2005). It says nothing about the password: an element is as likely under each.
pub fn commitment(frame: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(b"p2p-comm/1 commit").chain_update(frame).finalize().into()
}
