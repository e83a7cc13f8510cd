use bip39::Language;
use rand::seq::IndexedRandom as _;

const WORDS: usize = 4;

/// Four words out of 2048 (BIP-39's English list, where no two words share their first four letters): 44 bits, drawn
/// from the system's generator. Against this protocol every guess costs an attacker a live pairing.
pub fn suggest_password() -> String {
    let list = Language::English.word_list();
    let words: Vec<&str> = (0..WORDS).filter_map(|_| list.choose(&mut rand::rng()).copied()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_words_and_never_the_same_twice() {
        assert_eq!(suggest_password().split(' ').count(), WORDS);
        assert_ne!(suggest_password(), suggest_password());
    }
}
