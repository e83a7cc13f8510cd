use crate::lab::{PASSWORD, Start, free_port, ready};

const ALICE: &str = "alice-of-the-logs";
const BOB: &str = "bob-of-the-logs";
const TEXT: &str = "the quick brown text";
const URL: &str = "https://secret.example/link";

/// Everything is logged, by every library.
fn traced(words: &str) -> Start {
    Start::new(words).env("RUST_LOG", "trace").env("NO_COLOR", "1")
}

#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn no_level_of_the_log_shows_secrets_and_only_the_lowest_two_name_people() {
    let port = free_port();
    let mut bob = traced(&format!("echo --name {BOB} --bind 127.0.0.1 --port {port} --json")).go();
    ready(&mut bob);
    let own = free_port();
    let alice = format!("chat --name {ALICE} --peer 127.0.0.1:{port} --bind 127.0.0.1 --port {own} --json");
    let mut alice = traced(&alice).go();
    alice.say(&format!("{TEXT}\n/link {URL}\n"));
    alice.event("message", |message| message["text"] == TEXT);
    alice.event("message", |message| message["url"] == URL);
    // A pairing that fails, and one that nobody answers, are logged in other places.
    let stranger = format!("send --name {ALICE} --peer 127.0.0.1:{port} --bind 127.0.0.1 --timeout 10 hi");
    let wrong = "not the password at all";
    let stranger = traced(&stranger).env("P2P_COMM_PASSWORD", wrong).go().end();
    assert_eq!(stranger.code, Some(1));
    alice.end_input();
    let alice = alice.end();
    assert_eq!(alice.code, Some(0));
    bob.terminate();
    let bob = bob.end();

    for (who, log) in [("alice", &alice.stderr), ("bob", &bob.stderr), ("stranger", &stranger.stderr)] {
        assert!(log.contains("INFO"), "{who} logged nothing: {log}");
        for secret in [PASSWORD, wrong, TEXT, URL, "secret.example"] {
            assert!(!log.contains(secret), "{who} logged {secret:?}");
        }
        for line in log.lines() {
            assert!(!has_key_bytes(line), "{who} logged what looks like a key: {line}");
        }
        // The reason of a failure is no log line.
        let lines = log.lines().filter(|line| !line.starts_with("error: "));
        for line in lines.filter(|line| !line.contains("DEBUG") && !line.contains("TRACE")) {
            for person in [ALICE, BOB, "127.0.0.1"] {
                assert!(!line.contains(person), "{who} logged {person:?} above debug: {line}");
            }
        }
    }
}

/// 16 bytes or more in hexadecimal, Base64 or as a list of numbers.
fn has_key_bytes(line: &str) -> bool {
    let longest = |belongs: &dyn Fn(char) -> bool| line.split(|c| !belongs(c)).map(str::len).max().unwrap_or(0);
    let hex = longest(&|c| c.is_ascii_hexdigit());
    let base64 = line.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_=".contains(c)));
    let is_token = |word: &str| {
        let has = |belongs: fn(&char) -> bool| word.chars().any(|c| belongs(&c));
        word.len() >= 40 && has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase)
    };
    let numbers = line.split(['[', ']']).map(|list| list.split(", ").filter(|n| n.parse::<u8>().is_ok()).count());
    hex >= 32 || base64.into_iter().any(is_token) || numbers.max().unwrap_or(0) >= 16
}

#[test]
fn the_check_for_keys_sees_them() {
    assert!(has_key_bytes("key=00112233445566778899aabbccddeeff"));
    assert!(has_key_bytes("token gAAAAABlkQ0y1cHj3v9cPq3sQeJ1mN7o2b4Xy8Zz6w5t"));
    assert!(has_key_bytes("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]"));
    assert!(!has_key_bytes("2026-01-01T00:00:00.000000Z  INFO p2p_comm_engine::actor::online: connected port=47800"));
}
