use crate::lab::{alice, bob, ready};
use crate::relay::Relay;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const MESSAGES: usize = 1000;
/// A third of the packets is lost: every step takes its time.
const LONG: Duration = Duration::from_secs(240);

#[test]
#[allow(clippy::print_stdout, reason = "the figures are worth a look when the test runs alone")]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn a_thousand_lines_arrive_once_each_in_order_over_a_network_that_loses_30_percent() {
    let (mut bob, port) = bob("--accept-anyone");
    ready(&mut bob);
    let relay = Relay::start(port, 30, 7);
    let began = Instant::now();
    let mut alice = alice("send", relay.port).arg("--json").arg("-").go();
    let lines = (0..MESSAGES).fold(String::new(), |mut lines, n| {
        let _ = writeln!(lines, "message {n}");
        lines
    });
    alice.say(&lines);
    alice.end_input();
    let end = alice.end_within(LONG);
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let took = began.elapsed();
    let last = end.events("delivery").pop().unwrap();
    assert_eq!((last["delivered"].as_u64(), last["accepted"].as_u64()), (Some(1000), Some(1000)));

    bob.event("message", |message| message["text"] == "message 999");
    bob.terminate();
    let heard = bob.end().events("message");
    let heard: Vec<_> = heard.iter().map(|message| message["text"].as_str().unwrap()).collect();
    let expected: Vec<_> = (0..MESSAGES).map(|n| format!("message {n}")).collect();
    assert_eq!(heard, expected);
    let (passed, lost) = relay.counts();
    println!("{MESSAGES} messages in {took:?}, {passed} packets passed, {lost} lost");
    // They really came this way: nobody found a way around the relay.
    assert!(lost * 10 > passed * 3 && lost > 50, "{passed} passed, {lost} lost");
}
