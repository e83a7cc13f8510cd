use super::world::{World, name, socket};
use crate::Event;
use p2p_comm_model::{Code, Notice, PeerState, RequestId, limits};
use std::time::Duration;

const MOMENT: Duration = Duration::from_secs(5);

fn only_request(world: &World, node: usize) -> RequestId {
    let ids: Vec<_> = world.nodes[node].requests().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), 1, "one request");
    ids[0]
}

#[test]
fn two_who_add_each_other_are_connected() {
    let mut world = World::new(1, 2);
    let (bob, alice) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Connected, PeerState::Connected));
    assert_eq!(world.nodes[0].requests().count() + world.nodes[1].requests().count(), 0);
}

#[test]
fn one_who_was_not_added_waits_and_shows_up_as_a_request() {
    let mut world = World::new(2, 2);
    let bob = world.add(0, 1);
    world.run(MOMENT);
    assert_eq!(world.state(0, bob), PeerState::Waiting);
    let (_, shown, from, _) = world.nodes[1].requests().next().unwrap();
    assert_eq!((shown, from), (&name("alice"), socket(0)));

    let request = only_request(&world, 1);
    let alice = world.nodes[1].accept_request(world.now, request).unwrap();
    world.drain(1);
    world.run(MOMENT);
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Connected, PeerState::Connected));
    assert_eq!(world.conns.len(), 2, "one connection, two ends");
}

#[test]
fn adding_somebody_whose_request_waits_answers_it() {
    let mut world = World::new(3, 2);
    let bob = world.add(0, 1);
    world.run(MOMENT);
    only_request(&world, 1);
    let alice = world.add(1, 0);
    world.run(MOMENT);
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Connected, PeerState::Connected));
    assert_eq!(world.nodes[1].requests().count(), 0);
}

#[test]
fn a_listener_tells_a_stranger_no_name() {
    let mut world = World::new(4, 2);
    let bob = world.add(0, 1);
    world.run(MOMENT);
    let view = world.nodes[0].peers(world.now, 0).find(|view| view.id == bob).unwrap();
    assert_eq!(view.name, None);
}

#[test]
fn ignored_blocked_and_removed_people_see_waiting_and_ask_no_more() {
    for act in 0..3 {
        let mut world = World::new(5 + act, 2);
        let bob = world.add(0, 1);
        world.run(MOMENT);
        let request = only_request(&world, 1);
        match act {
            0 => world.nodes[1].ignore_request(world.now, request).unwrap(),
            1 => world.nodes[1].block_request(world.now, request).unwrap(),
            _ => {
                let alice = world.nodes[1].accept_request(world.now, request).unwrap();
                world.drain(1);
                world.run(MOMENT);
                assert_eq!(world.state(0, bob), PeerState::Connected);
                world.nodes[1].remove_peer(world.now, alice).unwrap();
            }
        }
        world.drain(1);
        world.run(MOMENT);
        world.cut_all(0, true);
        world.run(MOMENT);
        assert_eq!(world.state(0, bob), PeerState::Waiting, "act {act}");
        assert_eq!(world.nodes[1].requests().count(), 0, "act {act}");
    }
}

#[test]
fn a_blocked_peer_gets_nothing_and_unblocking_brings_it_back() {
    let mut world = World::new(8, 2);
    let (bob, alice) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    world.nodes[1].block_peer(world.now, alice).unwrap();
    world.drain(1);
    world.run(MOMENT);
    world.send(0, bob, "are you there?");
    world.send(1, alice, "not to be sent while blocked");
    world.run(MOMENT);
    assert_eq!((world.state(0, bob), world.state(1, alice)), (PeerState::Waiting, PeerState::Blocked));
    assert_eq!((world.received(0).len(), world.received(1).len()), (0, 0));

    world.nodes[1].unblock_peer(world.now, alice).unwrap();
    world.drain(1);
    world.run(MOMENT);
    assert_eq!(world.received(1), ["are you there?"]);
}

#[test]
fn undo_brings_a_removed_peer_back_with_what_waited() {
    let mut world = World::new(9, 2);
    let (bob, _) = (world.add(0, 1), world.add(1, 0));
    world.up[1] = false;
    world.run(MOMENT);
    world.send(0, bob, "later");
    world.nodes[0].remove_peer(world.now, bob).unwrap();
    assert_eq!(world.nodes[0].send(world.now, bob, 0, super::world::text("x"), None), Err(Code::NotFound));
    world.nodes[0].restore_peer(world.now, bob).unwrap();
    world.up[1] = true;
    world.drain(0);
    world.run(Duration::from_secs(20));
    assert_eq!(world.received(1), ["later"]);
}

#[test]
fn after_a_removal_a_new_entry_of_the_same_device_loses_nothing() {
    let mut world = World::new(10, 2);
    let (bob, _) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    world.send(0, bob, "one");
    world.run(MOMENT);
    world.nodes[0].remove_peer(world.now, bob).unwrap();
    world.drain(0);
    let bob = world.add(0, 1);
    world.send(0, bob, "two");
    world.run(MOMENT);
    assert_eq!(world.received(1), ["one", "two"]);
}

#[test]
fn somebody_who_takes_the_name_of_a_peer_gets_nothing_of_its_queue() {
    let mut world = World::new(11, 3);
    world.up[1] = false;
    let bob = world.add(0, 1);
    world.send(0, bob, "for bob alone");
    // Carol knows the password and calls herself bob.
    world.nodes[2].disconnect(world.now);
    world.drain(2);
    let identity = crate::Identity {
        name: name("bob"),
        device: p2p_comm_crypto::DeviceSecret::from_seed(&[77; 32]),
        life: crate::wire::KeyLife::Session,
        candidates: Vec::new(),
    };
    world.nodes[2].connect(world.now, identity);
    world.add(2, 0);
    world.run(MOMENT);
    assert_eq!(world.received(2), [] as [&str; 0]);
    assert_ne!(world.state(0, bob), PeerState::Connected);
    only_request(&world, 0);
    world.up[1] = true;
    world.add(1, 0);
    world.run(Duration::from_secs(20));
    assert_eq!(world.received(1), ["for bob alone"]);
}

#[test]
fn a_peer_that_comes_back_with_a_new_key_is_found_by_our_own_call_and_no_request_appears() {
    let mut world = World::new(12, 2);
    let (bob, _) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    world.restart(1);
    world.send(0, bob, "welcome back");
    world.add(1, 0);
    world.run(Duration::from_secs(30));
    assert_eq!(world.received(1), ["welcome back"]);
    assert!(world.events[0].contains(&Event::Notice { peer: bob, notice: Notice::NewKey }));
    assert_eq!(world.nodes[0].requests().count(), 0);
}

#[test]
fn a_kept_key_never_changes_without_the_person() {
    let mut world = World::new(13, 2);
    world.nodes[1].disconnect(world.now);
    let kept = |seed| crate::Identity {
        name: name("bob"),
        device: p2p_comm_crypto::DeviceSecret::from_seed(&[seed; 32]),
        life: crate::wire::KeyLife::Kept,
        candidates: Vec::new(),
    };
    world.nodes[1].connect(world.now, kept(1));
    let (bob, _) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    assert_eq!(world.state(0, bob), PeerState::Connected);
    let compared = world.nodes[0].phrase(bob).unwrap().as_str().to_owned();
    world.nodes[0].set_verified(bob, Some(&compared)).unwrap();
    let verified = |world: &World| world.nodes[0].peers(world.now, 0).any(|peer| peer.id == bob && peer.verified);
    world.restart(1);
    world.nodes[1].disconnect(world.now);
    world.nodes[1].connect(world.now, kept(2));
    world.send(0, bob, "for the first device");
    world.add(1, 0);
    world.run(Duration::from_secs(40));
    assert_eq!(world.state(0, bob), PeerState::Stopped { code: Code::KeyChanged });
    assert_eq!(world.received(1), [] as [&str; 0]);
    assert!(verified(&world), "the device that was verified is still the one");
    world.nodes[0].retry_peer(world.now, bob).unwrap();
    world.drain(0);
    world.run(MOMENT);
    assert_eq!(world.received(1), ["for the first device"]);
    assert!(!verified(&world));
    assert!(world.events[0].contains(&Event::Notice { peer: bob, notice: Notice::Unverified }));
}

#[test]
fn our_own_address_is_recognised() {
    let mut world = World::new(14, 1);
    let own = world.add(0, 0);
    world.run(MOMENT);
    assert_eq!(world.state(0, own), PeerState::Stopped { code: Code::OwnAddress });
    assert!(world.conns.is_empty());
}

#[test]
fn after_three_failed_pairings_we_stop_until_the_person_acts_or_the_peer_calls() {
    let mut world = World::new(15, 2);
    world.up[1] = false;
    let bob = world.add(0, 1);
    for guess in 1..=3 {
        world.run(Duration::from_secs(3));
        world.guess(0);
        if guess < 3 {
            assert!(matches!(world.state(0, bob), PeerState::Failed { code: Code::WrongPassword, .. }), "{guess}");
        }
    }
    assert_eq!(world.state(0, bob), PeerState::Stopped { code: Code::DialingStopped });
    let dials = world.dials;
    world.run(Duration::from_secs(600));
    assert_eq!(world.dials, dials);
    let wrong = Event::Notice { peer: bob, notice: Notice::WrongPassword };
    assert_eq!(world.events[0].iter().filter(|event| **event == wrong).count(), 1);

    world.up[1] = true;
    world.nodes[0].retry_peer(world.now, bob).unwrap();
    world.drain(0);
    world.add(1, 0);
    world.run(MOMENT);
    assert_eq!(world.state(0, bob), PeerState::Connected);
}

#[test]
fn two_entries_for_one_device_are_noticed() {
    let mut world = World::new(16, 2);
    let (bob, _) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    let again = world.nodes[0].add_peer(world.now, name("bob too"), vec!["10.0.0.9:1".parse_address()]).unwrap();
    world.drain(0);
    world.prove(0, 1, Some(again));
    world.run(MOMENT);
    assert_eq!(world.state(0, again), PeerState::Stopped { code: Code::DuplicatePeer });
    assert_eq!(world.state(0, bob), PeerState::Connected);
    assert_eq!(world.nodes[0].add_peer(world.now, name("x"), vec![super::world::address(1)]), Err(Code::DuplicatePeer));
}

#[test]
fn a_flood_of_strangers_is_bounded() {
    let mut world = World::new(17, 2);
    for seed in 0..200u8 {
        world.nodes[1].disconnect(world.now);
        world.drain(1);
        let identity = crate::Identity {
            name: name("stranger"),
            device: p2p_comm_crypto::DeviceSecret::from_seed(&[seed; 32]),
            life: crate::wire::KeyLife::Session,
            candidates: Vec::new(),
        };
        world.nodes[1].connect(world.now, identity);
        world.prove(1, 0, None);
        world.run(Duration::from_millis(200));
    }
    world.run(MOMENT);
    assert!(world.conns.len() <= 2 * limits::STRANGERS_PER_SOURCE, "{} ends", world.conns.len());
    assert!(world.nodes[0].requests().count() <= 1, "one request per source");
}

trait ParseAddress {
    fn parse_address(&self) -> p2p_comm_model::PeerAddress;
}

impl ParseAddress for str {
    fn parse_address(&self) -> p2p_comm_model::PeerAddress {
        p2p_comm_model::PeerAddress::parse(self).unwrap()
    }
}
