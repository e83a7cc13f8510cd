use crate::lab::{Start, alice, bob, free_port, ready};
use std::time::{Duration, Instant};

#[test]
fn a_text_is_delivered_and_printed_as_json() {
    let (mut bob, port) = bob("--accept-anyone");
    let listening = bob.event("listening", |_| true);
    assert_eq!(listening["port"], port);
    assert_eq!(listening["addresses"][0], format!("127.0.0.1:{port}"));

    let end = alice("send", port).arg("hello").arg("bob").go().end();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    assert_eq!(end.stdout.last().unwrap(), "delivered 1 of 1");

    let message = bob.event("message", |_| true);
    assert_eq!((&message["kind"], &message["text"]), (&"text".into(), &"hello bob".into()));
    assert_eq!(message["name"], "alice");
    assert!(message["sentAt"].as_i64().unwrap() > 1_600_000_000_000);
    assert!(message["at"].as_u64().unwrap() > listening["at"].as_u64().unwrap());
    let peer = message["peer"].clone();
    bob.event("peer", |event| event["id"] == peer && event["state"] == "unreachable");
}

#[test]
fn a_link_is_delivered_in_its_normal_form() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let end = alice("link", port).arg("b\u{fc}cher.example/a b").go().end();
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let message = bob.event("message", |_| true);
    assert_eq!((&message["kind"], &message["url"]), (&"link".into(), &"https://xn--bcher-kva.example/a%20b".into()));
}

#[test]
fn lines_of_standard_input_are_messages_and_blank_ones_are_left_out() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let mut alice = alice("send", port).arg("-").go();
    alice.say("one\r\n\n  \ntwo");
    alice.end_input();
    assert_eq!(alice.end().stdout.last().unwrap(), "delivered 2 of 2");
    bob.event("message", |message| message["text"] == "one");
    bob.event("message", |message| message["text"] == "two");
}

#[test]
fn what_came_before_a_line_that_cannot_be_sent_still_arrives() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let mut alice = alice("send", port).arg("-").go();
    alice.say(&format!("one\n{}\nthree\n", "x".repeat(64 * 1024 + 1)));
    alice.end_input();
    let end = alice.end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: messageTooLong: line 2 of standard input: "), "{}", end.stderr);
    bob.event("message", |message| message["text"] == "one");
}

#[test]
fn a_wrong_password_is_named_and_ends_the_run_before_the_time() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let began = Instant::now();
    let alice = alice("send --json --timeout 60", port).arg("hi").env("P2P_COMM_PASSWORD", "another").go();
    let end = alice.end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: dialingStopped: "), "{}", end.stderr);
    assert!(end.stderr.contains("(wrongPassword: "), "{}", end.stderr);
    assert_eq!(end.events("error")[0]["code"], "dialingStopped");
    assert!(began.elapsed() < Duration::from_secs(20));
    bob.event("failedCall", |call| call["address"] == "127.0.0.1" && call["count"] == 3);
}

#[test]
fn where_nobody_answers_the_time_runs_out_with_that_reason() {
    let end = alice("send --timeout 2", free_port()).arg("hi").go().end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: nobodyAnswers: "), "{}", end.stderr);
    assert!(end.stderr.ends_with("; 1 message was not acknowledged\n"), "{}", end.stderr);
}

#[test]
fn without_consent_the_time_runs_out_with_that_reason() {
    let (mut bob, port) = bob("");
    ready(&mut bob);
    let end = alice("send --timeout 3", port).arg("hi").go().end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: waitingForConsent: "), "{}", end.stderr);
    let request = bob.event("request", |_| true);
    assert!(request["address"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[test]
fn ones_own_address_is_refused_at_once() {
    let port = free_port();
    let own = format!("send --name alice --peer 127.0.0.1:{port} --bind 127.0.0.1 --port {port} hi");
    let end = Start::new(&own).go().end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("error: ownAddress: "), "{}", end.stderr);
}

#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn an_interrupted_run_says_what_was_not_acknowledged() {
    let mut alice = alice("send --json", free_port()).arg("hi").go();
    // By the time the first attempt has failed, the message is accepted.
    alice.event("peer", |peer| peer["state"] == "failed");
    alice.terminate();
    let end = alice.end();
    assert_eq!(end.code, Some(1));
    assert_eq!(end.stderr, "error: interrupted: ended by a signal; 1 message was not acknowledged\n");
}

#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn echo_sends_back_what_it_gets() {
    let port = free_port();
    let mut echo = Start::new(&format!("echo --name echo --bind 127.0.0.1 --port {port} --json")).go();
    ready(&mut echo);
    let mut alice = alice("chat", port).go();
    alice.say("hello\n/link example.org\n");
    alice.until("the text", |line| line == "echo: hello");
    alice.until("the link", |line| line == "echo: link https://example.org/");
    alice.end_input();
    assert_eq!(alice.end().code, Some(0));
    echo.terminate();
    assert_eq!(echo.end().code, Some(0));
}

#[test]
fn an_invite_reaches_whoever_wrote_it_whatever_became_of_it_on_the_way() {
    let (mut bob, port) = bob("--accept-anyone");
    let listening = bob.event("listening", |_| true);
    assert_eq!(listening["invite"], format!("p2p-comm:bob@127.0.0.1:{port}"));
    let own = free_port();
    let words = format!("send --name alice --bind 127.0.0.1 --port {own} --json");
    let pasted = format!("\u{ab}P2P-Comm:bob@127.0.0.1:{},\r\n 127.0.0.1:{port}\u{200b}\u{bb}", free_port());
    let end = Start::new(&words).arg("--peer").arg(&pasted).arg("hi").go().end();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    assert_eq!(end.events("peer")[0]["label"], "bob");
    bob.event("message", |message| message["text"] == "hi");
}

#[test]
fn a_person_reads_the_invite_on_a_line_of_its_own() {
    let port = free_port();
    let mut bob = Start::new(&format!("listen --name b\u{f6}b --bind 127.0.0.1 --port {port}")).go();
    bob.until("the invite", |line| line == format!("Your invite: p2p-comm:b\u{f6}b@127.0.0.1:{port}"));
}
