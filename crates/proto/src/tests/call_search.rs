//! Calls to people who are not connected: they are looked for first.

use super::call::{SECOND, both};
use super::world::{World, address, name};
use p2p_comm_model::{CallEnd, CallPhase, Code, PeerAddress, PeerId, PeerState};
use std::time::Duration;

const RINGING: (Option<CallPhase>, Option<CallPhase>) = (Some(CallPhase::Ringing), Some(CallPhase::Incoming));

/// Alice has added bob, who is not there.
fn alone(seed: u64) -> (World, PeerId) {
    let mut world = World::new(seed, 2);
    world.up[1] = false;
    let bob = world.add(0, 1);
    (world, bob)
}

#[test]
fn whatever_the_state_of_a_peer_a_call_searches_and_rings_once_the_peer_is_there() {
    let mut states = Vec::new();
    for after_ms in [0, 1000, 5500, 15_000, 300_000, 1_000_000] {
        let (mut world, bob) = alone(after_ms);
        world.run(Duration::from_millis(after_ms));
        states.push(world.state(0, bob));
        world.call(0, bob);
        assert_eq!(world.phases(), (Some(CallPhase::Searching), None), "{:?}", states.last());
        world.run(SECOND);
        world.up[1] = true;
        world.add(1, 0);
        world.run(SECOND * 9);
        assert_eq!(world.phases(), RINGING, "{:?}", states.last());
    }
    let seen = |is: fn(&PeerState) -> bool| states.iter().any(is);
    assert!(seen(|s| *s == PeerState::Resolving) && seen(|s| matches!(s, PeerState::Failed { .. })), "{states:?}");
}

#[test]
fn a_call_to_somebody_who_has_not_added_us_waits_for_that() {
    for adds in [true, false] {
        let mut world = World::new(20, 2);
        let bob = world.add(0, 1);
        world.run(SECOND * 5);
        assert_eq!(world.state(0, bob), PeerState::Waiting);
        world.call(0, bob);
        world.run(SECOND * 20);
        assert_eq!(world.phases(), (Some(CallPhase::Searching), None));
        if adds {
            world.add(1, 0);
            world.run(SECOND);
            assert_eq!(world.phases(), RINGING);
        } else {
            world.run(SECOND * 26);
            assert_eq!(world.ends(0), [(true, CallEnd::Unreachable, None)]);
            assert_eq!(world.nodes[1].requests().count(), 1, "the call itself shows nothing there");
        }
    }
}

#[test]
fn a_call_to_somebody_who_was_lost_finds_them_again() {
    let (mut world, bob, _) = both(21);
    world.up = vec![false; 2];
    world.cut_all(0, true);
    world.run(SECOND * 300);
    assert_eq!(world.state(0, bob), PeerState::Unreachable);
    world.call(0, bob);
    world.run(SECOND * 20);
    world.up[1] = true;
    world.run(SECOND * 9);
    assert_eq!(world.phases(), RINGING);
}

#[test]
fn where_dialling_had_stopped_a_call_begins_it_again_and_ends_when_it_stops_again() {
    let (mut world, bob) = alone(22);
    let stopped = PeerState::Stopped { code: Code::DialingStopped };
    for call in [false, true] {
        if call {
            world.call(0, bob);
        }
        for guess in 0..3 {
            assert_ne!(world.state(0, bob), stopped, "{guess}");
            assert_eq!(world.phase(0), call.then_some(CallPhase::Searching));
            world.run(SECOND * 3);
            world.guess(0);
        }
        assert_eq!(world.state(0, bob), stopped);
    }
    assert_eq!(world.ends(0), [(true, CallEnd::Unreachable, None)]);
    assert_eq!(world.phase(0), None, "nobody is searched for any more");
}

#[test]
fn a_call_to_a_duplicate_ends_as_soon_as_that_shows() {
    let (mut world, bob, _) = both(23);
    let other = PeerAddress::parse("192.0.2.9:1").unwrap();
    let again = world.nodes[0].add_peer(world.now, name("bob too"), vec![other]).unwrap();
    world.drain(0);
    world.call(0, again);
    world.prove(0, 1, Some(again));
    world.run(SECOND);
    assert_eq!(world.ends(0), [(true, CallEnd::Unreachable, None)]);
    assert_eq!(world.state(0, bob), PeerState::Connected);
    assert_eq!(world.phases(), (None, None), "bob was never called: {}", address(1));
}

#[test]
fn nobody_who_is_blocked_unknown_or_while_offline_is_called() {
    let (mut world, bob) = alone(24);
    let call = |world: &mut World, peer| world.act(0, |alice, now| alice.start_call(now, peer));
    assert_eq!(call(&mut world, PeerId(99)), Err(Code::NotFound));
    world.act(0, |alice, now| alice.block_peer(now, bob)).unwrap();
    assert_eq!(call(&mut world, bob), Err(Code::NotFound));
    world.act(0, |alice, now| alice.unblock_peer(now, bob)).unwrap();
    world.act(0, |alice, now| alice.disconnect(now));
    assert_eq!(call(&mut world, bob), Err(Code::NotConnected));
    assert_eq!(world.phase(0), None);
}
