//! Entries with several addresses, as an invite gives them.

use super::call::MOMENT;
use super::world::{World, address, name};
use crate::node::DialPhase;
use crate::{Event, Input};
use p2p_comm_model::{Code, PeerAddress, PeerId, PeerState, limits};
use std::net::IpAddr;
use std::time::Duration;

fn at(text: &str) -> PeerAddress {
    PeerAddress::parse(text).unwrap()
}

impl World {
    fn add_at(&mut self, node: usize, label: &str, addresses: &[PeerAddress]) -> Result<PeerId, Code> {
        let added = self.nodes[node].add_peer(self.now, name(label), addresses.to_vec());
        self.drain(node);
        added
    }

    fn trying(&self, node: usize) -> Vec<String> {
        let peers = self.nodes[node].peers(self.now, 0);
        peers.flat_map(|peer| peer.trying).map(|address| address.to_string()).collect()
    }
}

#[test]
fn an_entry_binds_to_whoever_proves_the_password_at_any_of_its_addresses() {
    let mut world = World::new(1, 2);
    let bob = world.add_at(0, "bob", &[at("192.0.2.1:9"), at("bob.example:47800"), address(1)]).unwrap();
    assert_eq!(world.nodes[0].peers(world.now, 0).next().unwrap().address, &at("192.0.2.1:9"));
    world.run(Duration::ZERO);
    assert_eq!(world.trying(0), ["192.0.2.1:9", "bob.example:47800", "10.0.0.2:47800"]);
    world.add(1, 0);
    world.run(MOMENT);
    assert_eq!(world.state(0, bob), PeerState::Connected);
    assert!(world.trying(0).is_empty());
}

#[test]
fn the_furthest_address_tells_how_far_an_attempt_is() {
    let mut world = World::new(2, 2);
    world.up[1] = false;
    let bob = world.add_at(0, "bob", &[address(1), at("bob.example:47800")]).unwrap();
    world.run(Duration::ZERO);
    let attempt = world.newest.unwrap();
    let mut tell = |input| {
        world.nodes[0].handle(world.now, input);
        world.drain(0);
        world.state(0, bob)
    };
    let resolved = |address, ip: &str| Input::Resolved { attempt, address, ips: vec![ip.parse().unwrap()] };
    assert_eq!(tell(resolved(address(1), "10.0.0.2")), PeerState::Reaching);
    assert_eq!(tell(Input::DialPhase { attempt, phase: DialPhase::Proving }), PeerState::Proving);
    assert_eq!(tell(resolved(at("bob.example:47800"), "192.0.2.7")), PeerState::Proving);
    let known: Vec<IpAddr> = world.nodes[0].listed_addresses().collect();
    assert_eq!(known, ["10.0.0.2", "192.0.2.7"].map(|ip| ip.parse::<IpAddr>().unwrap()));
}

#[test]
fn an_address_belongs_to_one_entry_only() {
    let mut world = World::new(3, 3);
    world.add_at(0, "bob", &[address(1), at("192.168.1.2:47800")]).unwrap();
    let carol = world.add_at(0, "carol", &[at("192.168.1.2:47800"), address(2), address(2)]).unwrap();
    let peers: Vec<_> = world.nodes[0].peers(world.now, 0).map(|peer| peer.address.clone()).collect();
    assert_eq!(peers, [address(1), address(2)]);
    assert_eq!(world.add_at(0, "bob again", &[at("192.168.1.2:47800"), address(1)]), Err(Code::DuplicatePeer));

    // What another entry has by now does not come back.
    world.nodes[0].remove_peer(world.now, carol).unwrap();
    world.add_at(0, "dave", &[address(2)]).unwrap();
    assert_eq!(world.nodes[0].restore_peer(world.now, carol), Err(Code::DuplicatePeer));
}

#[test]
fn an_entry_has_one_to_eight_addresses() {
    let mut world = World::new(4, 1);
    let many: Vec<_> = (1..=limits::INVITED + 1).map(|n| at(&format!("192.0.2.{n}:1"))).collect();
    assert_eq!(world.add_at(0, "bob", &[]), Err(Code::InvalidInvite));
    assert_eq!(world.add_at(0, "bob", &many), Err(Code::InvalidInvite));
    assert!(world.add_at(0, "bob", &many[1..]).is_ok());
}

#[test]
fn where_somebody_else_on_the_list_answers_only_the_other_addresses_are_tried() {
    let mut world = World::new(5, 3);
    // Alice knows bob by a name that leads to 10.0.0.2; where carol wrote her invite, that is carol's own computer.
    let bob = world.add_at(0, "bob", &[at("bob.example:47800")]).unwrap();
    world.add(1, 0);
    world.prove(0, 1, Some(bob));
    world.run(MOMENT);
    world.add(2, 0);
    world.up[2] = false;
    let carol = world.add_at(0, "carol", &[address(1), address(2)]).unwrap();
    world.run(MOMENT);
    assert_eq!(world.state(0, bob), PeerState::Connected);
    assert!(matches!(world.state(0, carol), PeerState::Reaching | PeerState::Resolving | PeerState::Failed { .. }));
    world.up[2] = true;
    world.run(MOMENT * 2);
    assert_eq!(world.state(0, carol), PeerState::Connected);
    world.send(0, carol, "for carol");
    world.run(MOMENT);
    assert_eq!((world.received(1).len(), world.received(2).len()), (0, 1));
}

#[test]
fn an_entry_whose_addresses_all_lead_to_somebody_on_the_list_is_a_duplicate() {
    let mut world = World::new(6, 2);
    let bob = world.add_at(0, "bob", &[at("bob.example:47800")]).unwrap();
    world.add(1, 0);
    world.prove(0, 1, Some(bob));
    world.run(MOMENT);
    let again = world.add_at(0, "bob too", &[address(1)]).unwrap();
    world.run(MOMENT);
    assert_eq!(world.state(0, again), PeerState::Stopped { code: Code::DuplicatePeer });
    assert_eq!(world.state(0, bob), PeerState::Connected);
    // The person may say that it is not so any more.
    world.nodes[0].retry_peer(world.now, again).unwrap();
    world.drain(0);
    world.run(Duration::ZERO);
    assert_eq!(world.trying(0), ["10.0.0.2:47800"]);
}

#[test]
fn who_calls_from_any_address_of_an_entry_is_looked_for_there() {
    let mut world = World::new(7, 2);
    let bob = world.add_at(0, "bob", &[at("192.0.2.1:9"), address(1)]).unwrap();
    world.up[1] = false;
    world.run(Duration::from_secs(600));
    world.up[1] = true;
    world.add(1, 0);
    world.run(Duration::from_secs(3));
    assert_eq!(world.state(0, bob), PeerState::Connected);
    assert!(!world.events[0].contains(&Event::Requests), "no request of somebody who is on the list");
}

#[test]
fn a_removed_peer_asks_from_none_of_its_addresses() {
    for silenced in [true, false] {
        let mut world = World::new(8, 2);
        world.up[1] = false;
        let addresses = [at("192.0.2.1:9"), address(1)];
        let removed = world.add_at(0, "bob", &addresses[..1 + usize::from(silenced)]).unwrap();
        world.nodes[0].remove_peer(world.now, removed).unwrap();
        world.drain(0);
        world.add(1, 0);
        world.run(MOMENT * 2);
        assert_eq!(world.nodes[0].requests().count(), usize::from(!silenced));
    }
}

#[test]
fn a_peer_is_renamed_here_and_nowhere_else() {
    let mut world = World::new(9, 2);
    let bob = world.add_at(0, "bob", &[address(1)]).unwrap();
    let alice = world.add(1, 0);
    world.run(MOMENT);
    world.nodes[0].rename_peer(bob, name("Bobby")).unwrap();
    world.drain(0);
    world.run(MOMENT);
    let label = |world: &World, node: usize| {
        let peer = world.nodes[node].peers(world.now, 0).next().map(|peer| (peer.label.clone(), peer.name.cloned()));
        peer.unwrap()
    };
    assert_eq!(label(&world, 0), (name("Bobby"), Some(name("bob"))));
    assert_eq!(label(&world, 1), (name("alice"), Some(name("alice"))));
    assert_eq!(world.state(1, alice), PeerState::Connected);
    assert_eq!(world.nodes[0].rename_peer(PeerId(99), name("x")), Err(Code::NotFound));
}
