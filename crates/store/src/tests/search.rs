use super::*;
use crate::Hits;

/// As the engine looks: every word, any case.
fn search(store: &Store, query: &str, peer: Option<PeerId>, limit: usize) -> Hits {
    let words: Vec<&str> = query.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let matches = |text: &str| lower.iter().all(|word| text.to_lowercase().contains(word));
    store.reader().unwrap().search(&words, peer, limit, matches).unwrap()
}

fn found(hits: &Hits) -> Vec<u64> {
    hits.lines.iter().map(|hit| hit.line.seq).collect()
}

fn with_lines(says: &[&str]) -> (Computer, Store) {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let lines: Vec<_> = says.iter().zip(0..).map(|(says, seq)| Change::Line(BOB, line(seq, says))).collect();
    store.write(&lines).unwrap();
    (alice, store)
}

#[test]
fn every_word_must_occur_as_a_substring_in_any_case_newest_first() {
    let (_alice, store) = with_lines(&["Zwei Äpfel, drei Birnen", "birne", "ÄPFELBAUM und Birnen", "nichts"]);
    assert_eq!(found(&search(&store, "äpfel birnen", None, 9)), [2, 0]);
    assert_eq!(found(&search(&store, "IRNE", None, 9)), [2, 1, 0]);
    assert_eq!(found(&search(&store, "äpfel birne", None, 1)), [2]);
    assert!(found(&search(&store, "äpfelx", None, 9)).is_empty());
    assert!(found(&search(&store, "", None, 9)).is_empty());
}

#[test]
fn trigrams_that_lie_apart_are_no_match() {
    let (_alice, store) = with_lines(&["abcx bcd"]);
    assert!(found(&search(&store, "abcd", None, 9)).is_empty());
}

#[test]
fn short_words_are_found_alone_and_beside_long_ones() {
    let (_alice, store) = with_lines(&["ab", "xaby long", "long", "ÄB"]);
    assert_eq!(found(&search(&store, "ab", None, 9)), [1, 0]);
    assert_eq!(found(&search(&store, "ab LONG", None, 9)), [1]);
    assert_eq!(found(&search(&store, "äb", Some(BOB), 9)), [3]);
    assert!(search(&store, "ab", None, 9).complete);
}

#[test]
fn quotes_operators_and_zeros_in_a_query_are_plain_text() {
    let (_alice, store) = with_lines(&["say \"hello\" NOT now", "a\0bcdef", "x OR y*"]);
    assert_eq!(found(&search(&store, "\"hello\"", None, 9)), [0]);
    assert_eq!(found(&search(&store, "NOT", None, 9)), [0]);
    assert_eq!(found(&search(&store, "a\0bc", None, 9)), [1]);
    assert_eq!(found(&search(&store, "y*", None, 9)), [2]);
}

#[test]
fn only_the_conversation_that_is_asked_for_is_searched() {
    let (_alice, mut store) = with_lines(&["hello bob"]);
    let carol = PeerId(4_000_000_000);
    store.write(&[Change::Peer(peer(carol)), Change::Line(carol, line(5, "hello carol"))]).unwrap();
    assert_eq!(found(&search(&store, "hello", None, 9)), [5, 0]);
    assert_eq!(found(&search(&store, "hello", Some(carol), 9)), [5]);
    assert_eq!(found(&search(&store, "he", Some(carol), 9)), [5]);
}

#[test]
fn a_line_that_was_deleted_or_replaced_is_not_found() {
    let (_alice, mut store) = with_lines(&["one needle", "two needle", "three needle"]);
    store.write(&[Change::DropLines(BOB, 0..1), Change::Line(BOB, line(1, "haystack"))]).unwrap();
    assert_eq!(found(&search(&store, "needle", None, 9)), [2]);
    assert_eq!(found(&search(&store, "haystack", None, 9)), [1]);
}

#[test]
fn an_index_of_another_folding_is_made_anew() {
    let (alice, store) = with_lines(&["one needle", "two"]);
    store
        .connection()
        .execute_batch("UPDATE folding SET unicode = '1.0.0'; INSERT INTO words_0 (words_0) VALUES ('delete-all')")
        .unwrap();
    assert!(found(&search(&store, "needle", None, 9)).is_empty());
    drop(store);
    assert_eq!(found(&search(&alice.open(), "needle", None, 9)), [0]);
}

#[test]
fn after_many_lines_were_deleted_at_once_the_others_are_found() {
    let says: Vec<String> = (0..1500).map(|n| format!("needle {n}")).collect();
    let (_alice, mut store) = with_lines(&says.iter().map(String::as_str).collect::<Vec<_>>());
    store.write(&[Change::DropLines(BOB, 3..1500)]).unwrap();
    assert_eq!(found(&search(&store, "needle", None, 9)), [2, 1, 0]);
    assert!(found(&search(&store, "needle 1499", None, 9)).is_empty());
    store.write(&[Change::DropLines(BOB, 0..2)]).unwrap();
    assert_eq!(found(&search(&store, "needle", Some(BOB), 9)), [2]);
}
