use crate::lab::{DEADLINE, Start, alice, bob, free_port, ready};
use std::time::Duration;

#[test]
fn two_people_talk_and_leave() {
    let (one, two) = (free_port(), free_port());
    let chat = |name: &str, own: u16, peer: u16| {
        Start::new(&format!("chat --name {name} --bind 127.0.0.1 --port {own} --peer 127.0.0.1:{peer}")).go()
    };
    let (mut alice, mut bob) = (chat("alice", one, two), chat("bob", two, one));
    alice.say("hello bob\n");
    bob.until("the first line", |line| line == "alice: hello bob");
    bob.say("/link example.org\n/what\n//etc\n");
    alice.until("the link", |line| line == "bob: link https://example.org/");
    bob.until("the mistake", |line| line.starts_with("not sent: the commands are "));
    alice.until("the slash", |line| line == "bob: /etc");
    bob.until("the acknowledgement", |line| line == "delivered 2 of 2");
    alice.say("bye");
    alice.end_input();
    assert_eq!(alice.end().code, Some(0));
    bob.until("the last line", |line| line == "alice: bye");
    bob.say("/quit\n");
    let end = bob.end();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_line_that_waits_is_sent_when_the_other_one_comes() {
    let port = free_port();
    let mut alice = alice("chat", port).go();
    alice.say("are you there?\n");
    alice.until("calling", |line| line.ends_with("calling"));
    let listen = format!("listen --name bob --bind 127.0.0.1 --port {port} --json --accept-anyone");
    let mut bob = Start::new(&listen).go();
    bob.event("message", |message| message["text"] == "are you there?");
    alice.until("delivered", |line| line == "delivered 1 of 1");
    alice.say("/quit\n");
    assert_eq!(alice.end().code, Some(0));
}

#[test]
fn leaving_with_something_undelivered_is_a_failure() {
    let mut alice = alice("chat", free_port()).go();
    alice.say("hi\n/quit\n");
    let end = alice.end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.ends_with("; 1 message was not acknowledged\n"), "{}", end.stderr);
}

#[test]
fn the_end_of_the_input_waits_only_for_the_given_time() {
    let mut alice = alice("chat --timeout 1", free_port()).go();
    alice.say("hi\n");
    alice.end_input();
    let end = alice.end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: nobodyAnswers: "), "{}", end.stderr);
}

#[test]
fn both_are_shown_the_words_to_compare() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let mut alice = alice("chat --json", port).go();
    let (hers, his) = (alice.event("phrase", |_| true), bob.event("phrase", |_| true));
    assert_eq!(hers["words"], his["words"]);
    assert_eq!((hers["name"].as_str(), his["name"].as_str()), (Some("bob"), Some("alice")));
    assert_eq!(hers["words"].as_str().unwrap().split(' ').count(), 4);
}

#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn a_listener_that_is_ended_says_goodbye() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let mut alice = alice("chat --json", port).go();
    alice.event("peer", |peer| peer["state"] == "connected");
    bob.terminate();
    assert_eq!(bob.end().code, Some(0));
    // Silence alone would be noticed after 10 s.
    let gone = |line: &str| line.contains("\"unreachable\"");
    alice.within(Duration::from_secs(5).min(DEADLINE), "the goodbye", gone);
}

#[test]
fn a_closed_output_ends_a_listener_quietly() {
    let port = free_port();
    let end = Start::new(&format!("listen --name bob --bind 127.0.0.1 --port {port}")).unheard().end();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
}
