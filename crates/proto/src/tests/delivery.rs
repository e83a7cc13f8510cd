use super::world::World;
use crate::{Event, Input, Stream};
use bytes::Bytes;
use p2p_comm_model::PeerState;
use rand::RngExt as _;
use std::time::Duration;

const MOMENT: Duration = Duration::from_secs(5);

fn both(seed: u64) -> (World, p2p_comm_model::PeerId, p2p_comm_model::PeerId) {
    let mut world = World::new(seed, 2);
    let (bob, alice) = (world.add(0, 1), world.add(1, 0));
    (world, bob, alice)
}

#[test]
fn a_message_is_queued_then_sent_then_delivered() {
    let (mut world, bob, _) = both(1);
    let counter = world.send(0, bob, "hello");
    assert_eq!(world.nodes[0].delivery(bob).unwrap().sent, counter - 1);
    world.run(MOMENT);
    let watermarks = world.nodes[0].delivery(bob).unwrap();
    assert_eq!((watermarks.sent, watermarks.acked), (counter, counter));
    assert_eq!(world.received(1), ["hello"]);
}

#[test]
fn when_both_dial_at_once_exactly_one_connection_remains_the_same_on_both_sides() {
    for seed in 0..300 {
        let (mut world, bob, alice) = both(seed);
        world.run(MOMENT);
        assert_eq!(
            (world.state(0, bob), world.state(1, alice)),
            (PeerState::Connected, PeerState::Connected),
            "seed {seed}"
        );
        assert_eq!(world.conns.len(), 2, "seed {seed}: one connection, two ends");
    }
}

#[test]
fn whatever_breaks_each_message_comes_once_and_in_order() {
    for seed in 0..200 {
        let (mut world, bob, alice) = both(seed);
        let (mut from_alice, mut from_bob) = (0, 0);
        for _ in 0..40 {
            match world.rng.random_range(0..6) {
                0 => world.cut_all(0, true),
                1 => world.cut_all(1, true),
                2 | 3 => {
                    from_alice += 1;
                    world.send(0, bob, &from_alice.to_string());
                }
                _ => {
                    from_bob += 1;
                    world.send(1, alice, &from_bob.to_string());
                }
            }
            let pause = Duration::from_millis(world.rng.random_range(0..400));
            world.run(pause);
        }
        world.run(Duration::from_secs(30));
        let upto = |n: i32| (1..=n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(world.received(1), upto(from_alice), "seed {seed}");
        assert_eq!(world.received(0), upto(from_bob), "seed {seed}");
        assert!(world.nodes[0].delivery(bob).unwrap().acked == from_alice as u64, "seed {seed}");
    }
}

#[test]
fn a_crash_at_any_moment_delivers_once_or_leaves_it_undelivered() {
    for seed in 0..200 {
        let (mut world, bob, _) = both(seed);
        world.run(Duration::from_millis(seed * 2));
        for n in 0..10 {
            world.send(0, bob, &n.to_string());
        }
        let moment = Duration::from_millis(world.rng.random_range(0..300));
        world.run(moment);
        let before = world.received(1);
        let acked = world.nodes[0].delivery(bob).unwrap().acked;
        assert!(acked <= before.len() as u64, "seed {seed}: acknowledged before it was there");
        world.restart(1);
        world.add(1, 0);
        world.run(Duration::from_secs(30));
        let after = world.received(1);
        let expected: Vec<_> = (0..10).map(|n: usize| n.to_string()).collect();
        assert_eq!(after, expected[expected.len() - after.len()..], "seed {seed}: in order, none missing");
        assert!(before.len() + after.len() >= 10, "seed {seed}: nothing is lost");
        assert_eq!(world.nodes[0].delivery(bob).unwrap().acked, 10, "seed {seed}");
    }
}

#[test]
fn a_peer_that_falls_silent_is_unreachable_after_ten_seconds_and_dialled_again() {
    let (mut world, bob, _) = both(3);
    world.run(MOMENT);
    world.kill(1);
    world.up[1] = false;
    let dials = world.dials;
    world.run(Duration::from_secs(6));
    assert_eq!(world.state(0, bob), PeerState::Connected);
    world.run(Duration::from_secs(8));
    assert_eq!(world.state(0, bob), PeerState::Unreachable);
    assert!(world.dials > dials);
    world.up[1] = true;
    world.connect(1);
    world.add(1, 0);
    world.run(Duration::from_secs(20));
    assert_eq!(world.state(0, bob), PeerState::Connected);
}

#[test]
fn a_quiet_but_living_connection_stays_connected() {
    let (mut world, bob, alice) = both(4);
    world.run(Duration::from_secs(3600));
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Connected, PeerState::Connected));
    assert!(world.dials <= 2, "{} dials", world.dials);
}

#[test]
fn somebody_who_never_answers_is_dialled_for_ever_ever_more_slowly() {
    let (mut world, _, _) = both(5);
    world.restart(1);
    world.up[1] = false;
    world.cut_all(0, true);
    world.run(Duration::from_secs(120));
    let eager = world.dials;
    world.run(Duration::from_secs(3600));
    let slow = world.dials - eager;
    assert!((15..=40).contains(&eager), "{eager} in the first two minutes");
    assert!((40..=90).contains(&slow), "{slow} in an hour");
}

#[test]
fn a_message_replayed_on_the_stream_ends_the_connection_and_is_not_shown_twice() {
    let (mut world, bob, _) = both(6);
    world.run(MOMENT);
    world.send(0, bob, "once");
    world.run(MOMENT);
    let conn = *world.conns.iter().find(|(_, (node, _))| *node == 1).unwrap().0;
    for garbage in [b"gAAAAA".as_slice(), b"\xff\xff", b"{}"] {
        let frames = vec![Bytes::copy_from_slice(garbage)];
        world.nodes[1].handle(world.now, Input::Frames { conn, stream: Stream::Chat, frames });
    }
    world.drain(1);
    assert!(!world.conns.contains_key(&conn));
    world.run(MOMENT);
    assert_eq!(world.received(1), ["once"]);
    assert_eq!(world.state(0, bob), PeerState::Connected, "a new connection took its place");
}

#[test]
fn disconnect_says_goodbye_and_keeps_what_waits() {
    let (mut world, bob, alice) = both(7);
    world.run(MOMENT);
    world.nodes[0].disconnect(world.now);
    world.drain(0);
    world.send(0, bob, "written while offline");
    world.run(Duration::from_secs(1));
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Offline, PeerState::Unreachable));
    world.connect(0);
    world.run(Duration::from_secs(20));
    assert_eq!(world.received(1), ["written while offline"]);
    assert!(world.events[1].iter().any(|event| matches!(event, Event::Notice { .. })), "alice is back with a new key");
}

#[test]
fn messages_carry_how_long_they_stay() {
    use p2p_comm_model::Content;
    let (mut world, bob, _) = both(8);
    world.run(MOMENT);
    assert_eq!(world.nodes[0].can_vanish(bob), Some(true));
    let after = Some(300);
    world.nodes[0].send(world.now, bob, 0, Content::Vanishing { after }, None).unwrap();
    world.nodes[0].send(world.now, bob, 0, super::world::text("soon gone"), after).unwrap();
    world.drain(0);
    world.run(MOMENT);
    let came: Vec<_> = world.events[1]
        .iter()
        .filter_map(|event| match event {
            Event::Received { content, life, .. } => Some((content.clone(), *life)),
            _ => None,
        })
        .collect();
    assert_eq!(came, [(Content::Vanishing { after }, after), (super::world::text("soon gone"), after)]);
}
