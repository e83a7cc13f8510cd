//! Entries, devices and queues that somebody could mix up.

use super::world::{World, address, name, secrets};
use crate::{ConnId, Event, Input, Proven, Stream};
use bytes::Bytes;
use p2p_comm_crypto::{Role, Sealer};
use p2p_comm_model::{Code, Notice, PeerAddress, PeerState, limits};
use std::time::Duration;

const MOMENT: Duration = Duration::from_secs(5);

fn both(seed: u64) -> (World, p2p_comm_model::PeerId, p2p_comm_model::PeerId) {
    let mut world = World::new(seed, 2);
    let (bob, alice) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    (world, bob, alice)
}

fn elsewhere() -> PeerAddress {
    PeerAddress::parse("10.0.0.77:47800").unwrap()
}

#[test]
fn a_path_that_falls_silent_and_comes_back_gives_no_further_guesses() {
    let (mut world, bob, _) = both(1);
    let conn = *world.conns.iter().find(|(_, (node, _))| *node == 0).unwrap().0;
    world.kill(1);
    world.up[1] = false;
    world.run(Duration::from_secs(12));
    for _ in 0..3 {
        world.run(Duration::from_secs(3));
        world.guess(0);
    }
    assert_eq!(world.state(0, bob), PeerState::Stopped { code: Code::DialingStopped });
    let dials = world.dials;
    world.nodes[0].handle(world.now, Input::Closed { conn, reason: None });
    world.drain(0);
    world.run(Duration::from_secs(600));
    assert_eq!(world.dials, dials, "stopped means stopped, whatever becomes of the old connection");
}

#[test]
fn accepting_a_request_takes_no_entry_from_somebody_else() {
    let mut world = World::new(7, 3);
    // Bob moved; carol sits at the address that alice has for him.
    let bob = world.nodes[0].add_peer(world.now, name("bob"), vec![address(2)]).unwrap();
    while world.nodes[0].poll_output().is_some() {}
    world.add(1, 0);
    world.prove(0, 1, Some(bob));
    world.run(MOMENT);
    assert_eq!(world.state(0, bob), PeerState::Connected);
    world.add(2, 0);
    world.run(Duration::from_secs(6));
    let request = world.nodes[0].requests().next().unwrap().0;
    let carol = world.nodes[0].accept_request(world.now, request).unwrap();
    world.drain(0);
    assert_ne!(carol, bob);
    world.send(0, bob, "for bob alone");
    world.run(MOMENT);
    assert_eq!((world.received(1).len(), world.received(2).len()), (1, 0));
}

#[test]
fn a_device_that_moves_to_another_entry_loses_nothing() {
    let (mut world, bob, alice) = both(6);
    for n in 0..10 {
        world.send(0, bob, &n.to_string());
    }
    world.run(MOMENT);
    world.nodes[0].remove_peer(world.now, bob).unwrap();
    world.drain(0);
    let again = world.nodes[0].add_peer(world.now, name("bob at work"), vec![elsewhere()]).unwrap();
    world.drain(0);
    world.prove(0, 1, Some(again));
    world.run(MOMENT);
    world.send(0, again, "new");
    world.run(MOMENT);
    assert_eq!(world.received(1).last().map(String::as_str), Some("new"));
    assert_eq!(world.state(1, alice), PeerState::Connected);
}

#[test]
fn what_was_received_but_not_acknowledged_is_not_shown_twice_after_a_disconnect() {
    for seed in 0..50 {
        let (mut world, bob, _) = both(800 + seed);
        world.send(0, bob, "once");
        while world.received(1).is_empty() {
            world.run(Duration::from_millis(1));
        }
        world.nodes[0].disconnect(world.now);
        world.drain(0);
        world.run(Duration::from_secs(1));
        world.connect(0);
        world.run(Duration::from_secs(30));
        assert_eq!(world.received(1), ["once"], "seed {seed}");
        assert_eq!(world.nodes[0].delivery(bob).unwrap().acked, 1, "seed {seed}");
    }
}

#[test]
fn an_undo_that_fails_can_be_repeated() {
    let mut world = World::new(4, 2);
    world.up[1] = false;
    let bob = world.add(0, 1);
    world.nodes[0].remove_peer(world.now, bob).unwrap();
    world.drain(0);
    let again = world.add(0, 1);
    assert_eq!(world.nodes[0].restore_peer(world.now, bob), Err(Code::DuplicatePeer));
    world.nodes[0].remove_peer(world.now, again).unwrap();
    assert_eq!(world.nodes[0].restore_peer(world.now, bob), Ok(()));
}

#[test]
fn an_undo_whose_device_has_another_entry_by_now_leaves_that_one_connected() {
    for seed in 0..6 {
        let (mut world, bob, _) = both(50 + seed);
        world.nodes[0].remove_peer(world.now, bob).unwrap();
        world.drain(0);
        let again = world.nodes[0].add_peer(world.now, name("bob at work"), vec![elsewhere()]).unwrap();
        world.drain(0);
        world.run(Duration::from_secs(6));
        world.prove(0, 1, Some(again));
        world.run(MOMENT);
        world.nodes[0].restore_peer(world.now, bob).unwrap();
        world.drain(0);
        world.run(Duration::from_secs(20));
        world.send(0, again, "via the new entry");
        world.run(MOMENT);
        assert_eq!(world.received(1), ["via the new entry"], "seed {seed}");
        assert_eq!(world.state(0, bob), PeerState::Stopped { code: Code::DuplicatePeer }, "seed {seed}");
    }
}

#[test]
fn our_own_address_stops_the_dialling_once_and_for_all() {
    for seed in 0..50 {
        let mut world = World::new(900 + seed, 1);
        let own = world.add(0, 0);
        world.run(Duration::from_secs(60));
        let notice = Event::Notice { peer: own, notice: Notice::OwnAddress };
        assert_eq!(world.events[0].iter().filter(|event| **event == notice).count(), 1, "seed {seed}");
        assert_eq!(world.dials, 1, "seed {seed}");
    }
}

#[test]
fn proven_connections_that_never_say_who_they_are_are_few_and_short() {
    let mut world = World::new(2, 1);
    let mut rogues = Vec::new();
    for n in 0..200u8 {
        let (ours, theirs) = secrets([n; 32]);
        let conn = ConnId(10_000 + u64::from(n));
        let remote = "10.9.9.9:1".parse().unwrap();
        let proven = Proven { conn, role: Role::Listener, secrets: theirs, remote, dialed_for: None };
        world.nodes[0].handle(world.now, Input::Proven(proven));
        world.drain(0);
        rogues.push((conn, Sealer::new(&ours.chat.ours)));
    }
    assert!(world.nodes[0].connections().count() <= limits::STRANGERS);
    for (conn, sealer) in &rogues {
        let json = super::world::first(super::world::text("x"));
        let frames = vec![Bytes::from(sealer.seal(&json).into_bytes())];
        world.nodes[0].handle(world.now, Input::Frames { conn: *conn, stream: Stream::Chat, frames });
    }
    world.drain(0);
    assert_eq!(world.nodes[0].connections().count(), 0, "nobody honest writes before hello");
}

#[test]
fn connections_replaced_under_traffic_lose_nothing() {
    use rand::RngExt as _;
    for seed in 0..100 {
        let (mut world, bob, alice) = both(5000 + seed);
        let (mut a, mut b) = (0, 0);
        for _ in 0..60 {
            match world.rng.random_range(0..7) {
                0 => world.prove(0, 1, Some(bob)),
                1 => world.prove(1, 0, Some(alice)),
                2 => world.cut_all(0, seed % 2 == 0),
                3 | 4 => {
                    a += 1;
                    world.send(0, bob, &a.to_string());
                }
                _ => {
                    b += 1;
                    world.send(1, alice, &b.to_string());
                }
            }
            let pause = Duration::from_millis(world.rng.random_range(0..200));
            world.run(pause);
        }
        world.run(Duration::from_secs(90));
        let upto = |n: i32| (1..=n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(world.received(1), upto(a), "seed {seed}");
        assert_eq!(world.received(0), upto(b), "seed {seed}");
        assert_eq!(world.conns.len(), 2, "seed {seed}: one connection, two ends");
    }
}

#[test]
fn an_old_connection_that_fell_silent_does_not_keep_us_from_dialling() {
    for seed in 0..20 {
        let (mut world, bob, alice) = both(6000 + seed);
        world.break_silently();
        world.run(Duration::from_secs(20));
        assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Connected, PeerState::Connected));
        // Each of the two may still have its end of the old one. Only one of them can dial from now on.
        let reachable = seed as usize % 2;
        world.up = vec![reachable == 0, reachable == 1];
        let alive: Vec<_> = world.conns.keys().filter(|conn| !world.dead.contains(conn)).copied().collect();
        for conn in alive {
            let (node, _) = world.conns.remove(&conn).unwrap();
            world.push(Duration::ZERO, node, Input::Closed { conn, reason: None });
        }
        world.run(MOMENT);
        assert_eq!(
            (world.state(0, bob), world.state(1, alice)),
            (PeerState::Connected, PeerState::Connected),
            "seed {seed}"
        );
    }
}
