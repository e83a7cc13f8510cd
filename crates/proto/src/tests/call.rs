use super::world::World;
use crate::{Event, Identity, wire::KeyLife};
use p2p_comm_crypto::DeviceSecret;
use p2p_comm_model::{CallEnd, CallNumber, CallPhase, Code, PeerId, PeerState};
use rand::RngExt as _;
use std::time::Duration;

pub(super) const MOMENT: Duration = Duration::from_secs(5);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const ACTIVE: (Option<CallPhase>, Option<CallPhase>) = (Some(CallPhase::Active), Some(CallPhase::Active));

/// An end as the event says it: whether we called, how it ended, and how long it was, s.
pub(super) type End = (bool, CallEnd, Option<u32>);

impl World {
    pub(super) fn act<T>(&mut self, node: usize, act: impl FnOnce(&mut crate::Node, std::time::Instant) -> T) -> T {
        let done = act(&mut self.nodes[node], self.now);
        self.drain(node);
        done
    }

    pub(super) fn call(&mut self, node: usize, peer: PeerId) -> CallNumber {
        self.act(node, |alice, now| alice.start_call(now, peer)).unwrap()
    }

    pub(super) fn accept(&mut self, node: usize) {
        let number = self.view(node).unwrap().number;
        self.act(node, |bob, now| bob.accept_call(now, number)).unwrap();
    }

    pub(super) fn hang_up(&mut self, node: usize) {
        let number = self.view(node).unwrap().number;
        self.act(node, |bob, now| bob.end_call(now, number)).unwrap();
    }

    pub(super) fn ends(&self, node: usize) -> Vec<End> {
        let end = |event: &Event| match event {
            Event::CallEnded { outgoing, end, seconds, .. } => Some((*outgoing, *end, *seconds)),
            _ => None,
        };
        self.events[node].iter().filter_map(end).collect()
    }
}

/// Alice and bob, connected.
pub(super) fn both(seed: u64) -> (World, PeerId, PeerId) {
    let mut world = World::new(seed, 2);
    let (bob, alice) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Connected, PeerState::Connected));
    (world, bob, alice)
}

/// Alice has called bob, he has accepted, and they talk.
pub(super) fn talking(seed: u64) -> (World, PeerId, PeerId) {
    let (mut world, bob, alice) = both(seed);
    world.call(0, bob);
    world.run(SECOND);
    world.accept(1);
    world.talk(SECOND);
    assert_eq!(world.phases(), ACTIVE);
    (world, bob, alice)
}

/// Both are in one call, and their voice goes over the two ends of one connection that works.
pub(super) fn assert_one_call(world: &World, context: &dyn std::fmt::Debug) {
    assert!(world.is_one_call(), "{context:?}: {:?} and {:?}", world.view(0), world.view(1));
}

#[test]
fn it_rings_for_the_caller_only_after_the_other_app_has_said_so() {
    let (mut world, bob, _) = both(1);
    world.call(0, bob);
    assert_eq!(world.phases(), (Some(CallPhase::Searching), None));
    while world.phase(1).is_none() {
        world.run(Duration::from_millis(1));
    }
    assert_eq!(world.phases(), (Some(CallPhase::Searching), Some(CallPhase::Incoming)));
    assert!(world.events[1].contains(&Event::Call));
    world.run(Duration::from_millis(100));
    assert_eq!(world.phase(0), Some(CallPhase::Ringing));
    assert!(world.view(0).unwrap().conn.is_none(), "no voice before it is accepted");
}

#[test]
fn an_accepted_call_is_one_call_on_one_connection_until_somebody_hangs_up() {
    for hangs_up in 0..2 {
        let (mut world, ..) = talking(2);
        assert_one_call(&world, &hangs_up);
        assert_eq!((world.view(0).unwrap().outgoing, world.view(1).unwrap().outgoing), (true, false));
        world.talk(Duration::from_secs(60));
        assert_eq!(world.phases(), ACTIVE);
        world.hang_up(hangs_up);
        world.run(SECOND);
        assert_eq!(world.phases(), (None, None));
        let seconds = world.ends(0)[0].2;
        assert!(matches!(seconds, Some(60..=62)), "{seconds:?}");
        assert_eq!(world.ends(0), [(true, CallEnd::HungUp, seconds)]);
        assert_eq!(world.ends(1), [(false, CallEnd::HungUp, world.ends(1)[0].2)]);
    }
}

#[test]
fn the_keys_of_the_voice_fit_those_of_the_other_end() {
    let (world, ..) = talking(3);
    let keys = |node: usize| world.nodes[node].voice_keys(world.view(node).unwrap().conn.unwrap()).unwrap();
    let ((seal, open), (seal_b, open_b)) = (keys(0), keys(1));
    assert_eq!(open_b.open(seal.seal(b"hello bob").as_bytes()).unwrap(), b"hello bob");
    assert_eq!(open.open(seal_b.seal(b"hello alice").as_bytes()).unwrap(), b"hello alice");
    assert!(open.open(seal.seal(b"an echo").as_bytes()).is_err());
}

#[test]
fn one_who_does_not_want_to_talk_rejects_and_one_who_cannot_wait_cancels() {
    let (mut world, bob, _) = both(4);
    world.call(0, bob);
    world.run(SECOND);
    let number = world.view(1).unwrap().number;
    world.act(1, |bob, now| bob.reject_call(now, number)).unwrap();
    world.run(SECOND);
    assert_eq!(world.phases(), (None, None));
    world.call(0, bob);
    world.run(SECOND);
    world.hang_up(0);
    world.run(SECOND);
    assert_eq!(world.phases(), (None, None));
    assert_eq!(world.ends(0), [(true, CallEnd::Rejected, None), (true, CallEnd::Cancelled, None)]);
    assert_eq!(world.ends(1), [(false, CallEnd::Rejected, None), (false, CallEnd::Cancelled, None)]);
}

#[test]
fn after_45_s_of_ringing_nobody_has_answered() {
    let (mut world, bob, _) = both(5);
    world.call(0, bob);
    world.run(Duration::from_secs(44));
    assert_eq!(world.phases(), (Some(CallPhase::Ringing), Some(CallPhase::Incoming)));
    world.run(Duration::from_secs(2));
    assert_eq!(world.phases(), (None, None));
    assert_eq!(world.ends(0), [(true, CallEnd::NoAnswer, None)]);
    assert_eq!(world.ends(1), [(false, CallEnd::NoAnswer, None)]);
}

#[test]
fn somebody_who_is_not_there_is_searched_for_45_s() {
    let mut world = World::new(6, 2);
    world.up[1] = false;
    let bob = world.add(0, 1);
    world.run(Duration::from_secs(600));
    let dials = world.dials;
    world.call(0, bob);
    world.run(Duration::from_secs(44));
    assert_eq!(world.phase(0), Some(CallPhase::Searching));
    assert!((6..=12).contains(&(world.dials - dials)), "{} dials of 5 s, 2 s apart", world.dials - dials);
    world.run(Duration::from_secs(2));
    assert_eq!(world.ends(0), [(true, CallEnd::Unreachable, None)]);
}

#[test]
fn somebody_who_appears_while_we_search_is_called_and_whoever_gave_up_rings_nobody() {
    for gives_up in [false, true] {
        let mut world = World::new(7, 2);
        world.up[1] = false;
        let bob = world.add(0, 1);
        world.run(Duration::from_secs(300));
        world.call(0, bob);
        world.run(Duration::from_secs(20));
        if gives_up {
            world.hang_up(0);
        }
        world.up[1] = true;
        world.add(1, 0);
        world.run(Duration::from_secs(8));
        assert_eq!(world.state(0, bob), PeerState::Connected);
        let expected = (!gives_up).then_some(CallPhase::Ringing);
        assert_eq!(world.phase(0), expected);
        assert_eq!(world.phase(1).is_some(), !gives_up);
    }
}

#[test]
fn a_call_to_somebody_whose_connection_is_dead_without_our_knowing_finds_a_new_one() {
    for seed in 0..20 {
        let (mut world, bob, _) = both(100 + seed);
        world.break_silently();
        world.call(0, bob);
        world.run(Duration::from_secs(6));
        assert_eq!(world.phases(), (Some(CallPhase::Ringing), Some(CallPhase::Incoming)), "seed {seed}");
    }
}

#[test]
fn a_second_caller_gets_busy_and_leaves_a_line() {
    for accepted in [false, true] {
        let mut world = World::new(8, 3);
        let (bob, _, carol) = (world.add(0, 1), world.add(1, 0), world.add(2, 0));
        world.add(0, 2);
        world.run(MOMENT);
        world.call(0, bob);
        world.run(SECOND);
        if accepted {
            world.accept(1);
            world.talk(SECOND);
        }
        world.call(2, carol);
        world.talk(SECOND);
        assert_eq!(world.ends(2), [(true, CallEnd::Busy, None)]);
        assert_eq!(world.ends(0), [(false, CallEnd::Busy, None)]);
        assert!(world.view(0).is_some() && world.view(1).is_some(), "the first call goes on");
        let mut numbers = world.events[0].iter().filter_map(|event| match event {
            Event::CallEnded { number, .. } => Some(*number),
            _ => None,
        });
        assert_ne!(numbers.next_back(), world.view(0).map(|view| view.number));
    }
}

#[test]
fn there_is_one_call_at_a_time_and_commands_meet_no_other_one() {
    let (mut world, bob, alice) = both(9);
    let now = world.now;
    assert_eq!(world.nodes[0].start_call(now, PeerId(99)), Err(Code::NotFound));
    assert_eq!(world.nodes[0].end_call(now, CallNumber(1)), Err(Code::NoCall));
    let number = world.call(0, bob);
    assert_eq!(world.nodes[0].start_call(now, bob), Err(Code::InCall));
    assert_eq!(world.nodes[0].accept_call(now, number), Err(Code::NoCall), "it is ours");
    assert_eq!(world.nodes[0].reject_call(now, number), Err(Code::NoCall));
    world.run(SECOND);
    let now = world.now;
    let number = world.view(1).unwrap().number;
    assert_eq!(world.nodes[1].accept_call(now, CallNumber(number.0 + 1)), Err(Code::NoCall));
    assert_eq!(world.act(1, |bob, now| bob.start_call(now, alice)), Ok(number), "calling whoever calls is accepting");
    assert_eq!(world.nodes[1].accept_call(now, number), Ok(()), "twice is once");
    assert_eq!(world.nodes[1].reject_call(now, number), Err(Code::NoCall));
    world.talk(SECOND);
    assert_eq!(world.phases(), ACTIVE);
    world.act(0, |alice, now| alice.disconnect(now));
    assert_eq!(world.nodes[0].start_call(world.now, bob), Err(Code::NotConnected));
}

#[test]
fn two_who_call_each_other_at_once_get_one_call_without_being_asked() {
    for seed in 0..200 {
        let (mut world, bob, alice) = both(1000 + seed);
        world.call(0, bob);
        let pause = Duration::from_millis(world.rng.random_range(0..150));
        world.run(pause);
        world.call(1, alice);
        world.talk(Duration::from_millis(2500));
        assert_eq!(world.phases(), ACTIVE, "seed {seed}");
        assert_one_call(&world, &seed);
        assert_eq!((world.ends(0), world.ends(1)), (vec![], vec![]), "seed {seed}: no line of a missed call");
        world.hang_up(seed as usize % 2);
        world.run(SECOND);
        assert_eq!((world.ends(0).len(), world.ends(1).len()), (1, 1), "seed {seed}");
    }
}

#[test]
fn two_who_add_and_call_each_other_at_once_get_one_call_on_the_connection_that_stays() {
    for seed in 0..100 {
        let mut world = World::new(2000 + seed, 2);
        let (bob, alice) = (world.add(0, 1), world.add(1, 0));
        world.call(0, bob);
        world.call(1, alice);
        world.talk(MOMENT);
        assert_eq!(world.phases(), ACTIVE, "seed {seed}");
        assert_one_call(&world, &seed);
        assert_eq!(world.conns.len(), 2, "seed {seed}: one connection, two ends");
    }
}

#[test]
fn disconnecting_removing_and_blocking_end_the_call_on_both_sides() {
    for act in 0..3 {
        for accepted in [false, true] {
            for who in 0..2 {
                let (mut world, bob, alice) = both(10);
                world.call(0, bob);
                world.run(SECOND);
                if accepted {
                    world.accept(1);
                    world.talk(SECOND);
                }
                let peer = [bob, alice][who];
                world.act(who, |node, now| match act {
                    0 => node.disconnect(now),
                    1 => node.remove_peer(now, peer).unwrap(),
                    _ => node.block_peer(now, peer).unwrap(),
                });
                let context = (act, accepted, who);
                assert!(world.view(who).is_none(), "{context:?}");
                assert_eq!(world.ends(who).last().unwrap().1, CallEnd::Stopped, "{context:?}");
                world.talk(SECOND);
                if accepted || who == 0 {
                    let end = if accepted { CallEnd::HungUp } else { CallEnd::Cancelled };
                    assert_eq!(world.ends(1 - who).last().unwrap().1, end, "{context:?}");
                } else {
                    // To the caller whoever removes or blocks them looks like somebody who is not there.
                    assert_eq!(world.phase(0), Some(CallPhase::Searching), "{context:?}");
                    world.run(Duration::from_secs(45));
                    assert_eq!(world.ends(0).last().unwrap().1, CallEnd::NoAnswer, "{context:?}");
                }
            }
        }
    }
}

#[test]
fn a_program_that_died_and_came_back_with_its_key_does_not_know_the_call_and_ends_it() {
    for accepted in [false, true] {
        for who in 0..2 {
            let mut world = World::new(11, 2);
            let (bob, alice) = (world.add(0, 1), world.add(1, 0));
            world.reconnect_kept(who);
            world.run(MOMENT);
            world.call(0, bob);
            world.run(SECOND);
            if accepted {
                world.accept(1);
                world.talk(SECOND);
            }
            world.kill(who);
            world.reconnect_kept(who);
            world.add(who, 1 - who);
            let (peer, other) = ([alice, bob][who], 1 - who);
            world.talk(Duration::from_secs(8));
            assert_eq!(world.state(other, peer), PeerState::Connected);
            match (accepted, who) {
                (true, _) => assert_eq!(world.ends(other).last().unwrap().1, CallEnd::Lost),
                (false, 0) => assert_eq!(world.ends(1), [(false, CallEnd::Cancelled, None)]),
                // Alice still calls, so it rings in the new program as well.
                (false, _) => {
                    assert_eq!(world.phases(), (Some(CallPhase::Ringing), Some(CallPhase::Incoming)));
                    world.accept(1);
                    world.talk(SECOND);
                    assert_eq!(world.phases(), ACTIVE);
                }
            }
        }
    }
}

#[test]
fn a_program_that_died_and_came_back_with_a_new_key_ends_the_call_as_well() {
    for who in 0..2 {
        let (mut world, ..) = talking(12);
        world.restart(who);
        world.add(who, 1 - who);
        // The old connection counts for 10 s before another key may take its place.
        world.talk(Duration::from_secs(15));
        assert_eq!(world.phases(), (None, None));
        assert_eq!(world.ends(1 - who)[0].1, CallEnd::Lost);
    }
}

impl World {
    /// Connects with a device key that is always the same.
    fn reconnect_kept(&mut self, node: usize) {
        let identity = Identity {
            name: super::world::name(super::world::NAMES[node]),
            device: DeviceSecret::from_seed(&[5; 32]),
            life: KeyLife::Kept,
            candidates: Vec::new(),
        };
        self.act(node, |node, now| node.disconnect(now));
        self.act(node, |node, now| node.connect(now, identity));
    }

    /// From now on no packet passes over the connections that there are, and nobody is told.
    pub(super) fn break_silently(&mut self) {
        self.dead.extend(self.conns.keys());
    }
}
