//! Nodes that are remembered: what is kept of them survives, and nothing is promised that is not kept.

use super::world::{World, address, name};
use crate::wire::KeyLife;
use crate::{Event, Input, Kept, KeptPeer, Outgoing, Received, Silenced};
use p2p_comm_model::{Code, Content, Notice, PeerId, PeerState};
use rand::RngExt as _;
use std::collections::BTreeMap;
use std::time::Duration;

const MOMENT: Duration = Duration::from_secs(5);
/// Long enough for a connection that nobody closed to be given up and made anew.
const LONG: Duration = Duration::from_secs(60);

/// The store of one node, as an engine would write it.
#[derive(Clone, Default)]
struct Disk {
    peers: BTreeMap<PeerId, (KeptPeer, Vec<Outgoing>)>,
    /// What came in, in order.
    lines: Vec<String>,
    /// What was queued, in order.
    queued: Vec<String>,
    silenced: Silenced,
}

/// A node, its disk, and what is not written yet.
struct Person {
    node: usize,
    seed: [u8; 32],
    life: KeyLife,
    disk: Disk,
    /// What the disk will be after the next commit, and what is to be said then.
    next: Disk,
    says: Vec<Kept>,
    seen: usize,
}

fn words(content: &Content) -> String {
    match content {
        Content::Text { text } => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

impl Person {
    fn new(world: &mut World, node: usize, life: KeyLife) -> Self {
        let (seed, disk) = (world.rng.random(), Disk::default());
        let mut this = Self { node, seed, life, next: disk.clone(), disk, says: Vec::new(), seen: 0 };
        this.crash(world);
        this
    }

    /// Takes what the node said since the last look.
    fn look(&mut self, world: &World) {
        let node = &world.nodes[self.node];
        for event in &world.events[self.node][self.seen..] {
            match event {
                Event::Entry { peer } => match node.peer_to_keep(*peer) {
                    Some(kept) => {
                        let waiting = self.next.peers.remove(peer).map(|(_, waiting)| waiting);
                        self.next.peers.insert(*peer, (kept, waiting.unwrap_or_default()));
                    }
                    None => drop(self.next.peers.remove(peer)),
                },
                Event::Received { peer, content, message, .. } => {
                    self.next.lines.push(words(content));
                    self.next.peers.get_mut(peer).unwrap().0.received = Some(*message);
                    self.says.push(Kept::Received { peer: *peer, message: *message });
                }
                Event::Delivery { peer } => {
                    let Some(watermarks) = node.delivery(*peer) else { continue };
                    let (kept, waiting) = self.next.peers.get_mut(peer).unwrap();
                    kept.acked = watermarks.acked;
                    waiting.retain(|message| message.counter > kept.acked);
                    self.says.push(Kept::Acked { peer: *peer, counter: kept.acked });
                }
                Event::Silenced => self.next.silenced = node.silenced().clone(),
                _ => {}
            }
        }
        self.seen = world.events[self.node].len();
    }

    fn send(&mut self, world: &mut World, peer: PeerId, words: &str) {
        let counter = world.send(self.node, peer, words);
        self.look(world);
        self.next.queued.push(words.to_owned());
        let (kept, waiting) = self.next.peers.get_mut(&peer).unwrap();
        kept.newest = counter;
        waiting.extend(world.nodes[self.node].waiting(peer).next_back().cloned());
        self.says.push(Kept::Queued { peer, counter });
    }

    /// Everything that waits is one transaction.
    fn commit(&mut self, world: &mut World) {
        self.look(world);
        self.disk = self.next.clone();
        for kept in std::mem::take(&mut self.says) {
            world.nodes[self.node].handle(world.now, Input::Kept(kept));
        }
        world.drain(self.node);
    }

    /// The program dies and starts again from its disk.
    fn crash(&mut self, world: &mut World) {
        world.kill(self.node);
        self.start(world);
    }

    fn start(&mut self, world: &mut World) {
        self.next = self.disk.clone();
        (self.says, self.seen) = (Vec::new(), 0);
        let node = &mut world.nodes[self.node];
        node.set_keeping(world.now, true);
        node.adopt_silenced(self.disk.silenced.clone());
        for (kept, waiting) in self.disk.peers.values() {
            node.adopt_peer(kept.clone(), waiting.clone()).unwrap();
        }
        if self.life == KeyLife::Session {
            self.seed = world.rng.random();
        }
        world.connect_as(self.node, &self.seed, self.life);
    }

    fn add(&mut self, world: &mut World, other: usize) -> PeerId {
        let peer = world.add(self.node, other);
        self.commit(world);
        peer
    }
}

/// Alice and bob, both remembered, connected.
fn both(seed: u64, life: KeyLife) -> (World, Person, Person, PeerId, PeerId) {
    let mut world = World::new(seed, 2);
    let (mut alice, mut bob) = (Person::new(&mut world, 0, life), Person::new(&mut world, 1, life));
    let (to_bob, to_alice) = (alice.add(&mut world, 1), bob.add(&mut world, 0));
    world.run(MOMENT);
    alice.commit(&mut world);
    bob.commit(&mut world);
    (world, alice, bob, to_bob, to_alice)
}

#[test]
fn a_message_leaves_only_once_it_is_kept() {
    let (mut world, mut alice, mut bob, to_bob, _) = both(1, KeyLife::Kept);
    alice.send(&mut world, to_bob, "hi");
    world.run(MOMENT);
    assert_eq!(world.nodes[0].delivery(to_bob).unwrap().sent, 0);
    assert_eq!(world.received(1).len(), 0);
    alice.commit(&mut world);
    world.run(MOMENT);
    bob.look(&world);
    assert_eq!(bob.next.lines, ["hi"]);
}

#[test]
fn a_message_is_acknowledged_only_once_it_is_kept() {
    let (mut world, mut alice, mut bob, to_bob, _) = both(2, KeyLife::Kept);
    alice.send(&mut world, to_bob, "hi");
    alice.commit(&mut world);
    world.run(LONG);
    world.cut_all(0, true);
    world.run(LONG);
    assert_eq!(world.nodes[0].delivery(to_bob).unwrap().acked, 0, "also when it comes again");
    assert_eq!(world.received(1), ["hi"]);
    bob.commit(&mut world);
    world.run(MOMENT);
    assert_eq!(world.nodes[0].delivery(to_bob).unwrap().acked, 1);
}

#[test]
fn whatever_crashes_everything_kept_comes_exactly_once_and_in_order() {
    for seed in 0..300 {
        let life = if seed % 3 == 0 { KeyLife::Session } else { KeyLife::Kept };
        let (mut world, mut alice, mut bob, to_bob, to_alice) = both(seed, life);
        let mut n = 0;
        for _ in 0..80 {
            let who = if world.rng.random() { (&mut alice, to_bob) } else { (&mut bob, to_alice) };
            match world.rng.random_range(0..16) {
                0 => who.0.crash(&mut world),
                1 => world.cut_all(who.0.node, true),
                2 => world.cut_all(who.0.node, false),
                3..8 => who.0.commit(&mut world),
                _ => {
                    n += 1;
                    who.0.send(&mut world, who.1, &n.to_string());
                }
            }
            let pause = Duration::from_millis(world.rng.random_range(0..300));
            world.run(pause);
            // What one side counts as delivered, the other has on its disk.
            for (from, peer, to) in [(&alice, to_bob, &bob), (&bob, to_alice, &alice)] {
                let waiting: Vec<_> = world.nodes[from.node].waiting(peer).map(|sent| words(&sent.content)).collect();
                for delivered in from.disk.queued.iter().filter(|sent| !waiting.contains(sent)) {
                    assert!(to.disk.lines.contains(delivered), "seed {seed}: {delivered} is nowhere");
                }
            }
        }
        for _ in 0..40 {
            alice.commit(&mut world);
            bob.commit(&mut world);
            world.run(Duration::from_secs(3));
        }
        assert_eq!(bob.disk.lines, alice.disk.queued, "seed {seed}");
        assert_eq!(alice.disk.lines, bob.disk.queued, "seed {seed}");
        for person in [&alice, &bob] {
            let waits = person.disk.peers.values().any(|(_, waiting)| !waiting.is_empty());
            assert!(!waits, "seed {seed}: everything is acknowledged");
        }
    }
}

#[test]
fn after_a_store_was_put_back_from_a_copy_nothing_is_lost_and_only_what_waited_then_may_come_twice() {
    for seed in 0..100 {
        let (mut world, mut alice, mut bob, to_bob, _) = both(seed, KeyLife::Kept);
        let mut n = 0;
        let mut copy = alice.disk.clone();
        for step in 0..60 {
            match world.rng.random_range(0..8) {
                0 => alice.crash(&mut world),
                1 => {
                    let told = world.rng.random();
                    world.cut_all(0, told);
                }
                2 | 3 => alice.commit(&mut world),
                4 => bob.commit(&mut world),
                _ => {
                    n += 1;
                    alice.send(&mut world, to_bob, &n.to_string());
                }
            }
            let pause = Duration::from_millis(world.rng.random_range(0..300));
            world.run(pause);
            match step {
                20 => copy = alice.disk.clone(),
                40 => {
                    alice.disk = copy.clone();
                    alice.crash(&mut world);
                }
                _ => {}
            }
        }
        for _ in 0..40 {
            alice.commit(&mut world);
            bob.commit(&mut world);
            world.run(Duration::from_secs(3));
        }
        let (got, waited) = (&bob.disk.lines, &copy.peers[&to_bob].1);
        let new: Vec<_> = alice.disk.queued[copy.queued.len()..].to_vec();
        let of_new: Vec<_> = got.iter().filter(|line| new.contains(line)).cloned().collect();
        assert_eq!(of_new, new, "seed {seed}");
        for line in &alice.disk.queued {
            assert!(got.contains(line), "seed {seed}: {line} is lost");
        }
        for line in got {
            let twice = got.iter().filter(|other| *other == line).count() > 1;
            assert!(
                !twice || waited.iter().any(|sent| words(&sent.content) == *line),
                "seed {seed}: {line} came twice"
            );
        }
        assert!(alice.disk.peers.values().all(|(_, waiting)| waiting.is_empty()), "seed {seed}: acknowledged");
    }
}

#[test]
fn a_kept_key_is_recognised_after_a_restart_whoever_calls() {
    let (mut world, mut alice, bob, to_bob, to_alice) = both(3, KeyLife::Kept);
    world.up[1] = false;
    alice.crash(&mut world);
    world.run(LONG);
    assert_eq!(world.state(0, to_bob), PeerState::Connected, "bob called");
    assert_eq!(world.state(1, to_alice), PeerState::Connected);
    let notices = |events: &[Event]| events.iter().filter(|event| matches!(event, Event::Notice { .. })).count();
    assert_eq!(notices(&world.events[0]) + notices(&world.events[bob.node]), 0, "nobody has anything to say about it");
}

#[test]
fn a_session_key_that_comes_back_needs_our_own_call() {
    let (mut world, mut alice, bob, to_bob, to_alice) = both(4, KeyLife::Session);
    // Alice comes back with another key and calls; bob cannot reach her, and her word alone proves nothing.
    world.up[0] = false;
    alice.crash(&mut world);
    world.run(Duration::from_secs(20));
    assert_ne!(world.state(1, to_alice), PeerState::Connected);
    assert_eq!(world.nodes[1].requests().count(), 1);
    world.up[0] = true;
    world.run(LONG);
    assert_eq!((world.state(0, to_bob), world.state(1, to_alice)), (PeerState::Connected, PeerState::Connected));
    let again = |event: &Event| matches!(event, Event::Notice { notice: Notice::NewKey, .. });
    assert!(world.events[bob.node].iter().any(again));
}

#[test]
fn another_device_where_a_kept_one_was_stays_out_after_a_restart() {
    let (mut world, mut alice, mut bob, to_bob, _) = both(5, KeyLife::Kept);
    world.kill(1);
    alice.crash(&mut world);
    bob.seed = [9; 32];
    bob.start(&mut world);
    world.run(LONG);
    assert_eq!(world.state(0, to_bob), PeerState::Stopped { code: Code::KeyChanged });
    alice.send(&mut world, to_bob, "for the old key");
    alice.commit(&mut world);
    world.run(MOMENT);
    assert_eq!(world.received(1).len(), 0);
}

#[test]
fn who_was_blocked_or_removed_stays_so_after_a_restart() {
    for remove in [false, true] {
        let (mut world, mut alice, _, to_bob, to_alice) = both(6, KeyLife::Kept);
        match remove {
            false => world.nodes[0].block_peer(world.now, to_bob).unwrap(),
            true => world.nodes[0].remove_peer(world.now, to_bob).unwrap(),
        }
        world.drain(0);
        alice.commit(&mut world);
        alice.crash(&mut world);
        world.run(LONG);
        assert_eq!(world.nodes[0].requests().count(), 0, "removed: {remove}");
        assert_eq!(world.state(1, to_alice), PeerState::Waiting, "removed: {remove}: to bob it looks like waiting");
        match remove {
            false => assert_eq!(world.state(0, to_bob), PeerState::Blocked),
            true => assert!(world.nodes[0].delivery(to_bob).is_none()),
        }
    }
}

#[test]
fn new_entries_are_numbered_after_those_of_before() {
    let (mut world, mut alice, _, to_bob, _) = both(7, KeyLife::Kept);
    alice.crash(&mut world);
    let carol = world.nodes[0].add_peer(world.now, name("carol"), vec![address(7)]).unwrap();
    assert!(carol > to_bob);
    assert_eq!(world.nodes[0].peers(world.now, 0).next().unwrap().id, to_bob);
}

#[test]
fn what_is_adopted_collides_with_nobody() {
    let (mut world, alice, _, to_bob, _) = both(8, KeyLife::Kept);
    let (kept, _) = alice.disk.peers[&to_bob].clone();
    let refused = |world: &mut World, kept: &KeptPeer| world.nodes[0].adopt_peer(kept.clone(), Vec::new()).unwrap_err();
    assert_eq!(refused(&mut world, &kept), Code::AlreadyConnected);
    world.nodes[0].disconnect(world.now);
    world.drain(0);
    let other = KeptPeer { id: PeerId(70), binding: None, ..kept.clone() };
    assert_eq!(refused(&mut world, &kept), Code::DuplicatePeer, "number");
    let other = KeptPeer { addresses: vec![address(9)], binding: kept.binding, ..other };
    assert_eq!(refused(&mut world, &other), Code::DuplicatePeer, "device");
    let other = KeptPeer { binding: None, ..other };
    let other = KeptPeer { addresses: kept.addresses, ..other };
    assert!(world.nodes[0].adopt_peer(other, Vec::new()).is_ok(), "two may have one address");
    let carol = world.nodes[0].add_peer(world.now, name("carol"), vec![address(9)]).unwrap();
    assert_eq!(carol, PeerId(71), "no number is given twice");
}

#[test]
fn once_nothing_is_kept_any_more_what_waited_for_the_store_goes() {
    let (mut world, mut alice, _, to_bob, to_alice) = both(9, KeyLife::Kept);
    alice.send(&mut world, to_bob, "hi");
    world.send(1, to_alice, "hello");
    world.nodes[1].set_keeping(world.now, false);
    world.drain(1);
    world.run(MOMENT);
    assert_eq!((world.received(0), world.received(1).len()), (vec!["hello".to_owned()], 0));
    world.nodes[0].set_keeping(world.now, false);
    world.drain(0);
    world.run(MOMENT);
    assert_eq!(world.received(1), ["hi"]);
    assert_eq!(world.nodes[0].delivery(to_bob).unwrap().acked, 1);
    assert_eq!(world.nodes[1].delivery(to_alice).unwrap().acked, 1);
}

#[test]
fn what_was_sent_before_remembering_began_is_not_held_up() {
    let mut world = World::new(10, 2);
    let (bob, _) = (world.add(0, 1), world.add(1, 0));
    world.run(MOMENT);
    world.send(0, bob, "before");
    world.nodes[0].set_keeping(world.now, true);
    world.send(0, bob, "after");
    world.run(MOMENT);
    assert_eq!(world.received(1), ["before"]);
    assert_eq!(world.nodes[0].waiting(bob).map(|message| message.counter).collect::<Vec<_>>(), [2]);
    world.nodes[0].handle(world.now, Input::Kept(Kept::Queued { peer: bob, counter: 2 }));
    world.drain(0);
    world.run(MOMENT);
    assert_eq!(world.received(1), ["before", "after"]);
}

#[test]
fn a_store_that_claims_too_much_lets_nothing_through() {
    let (mut world, _, _, to_bob, _) = both(11, KeyLife::Kept);
    for kept in [
        Kept::Queued { peer: to_bob, counter: u64::MAX },
        Kept::Received { peer: to_bob, message: Received { epoch: p2p_comm_model::Epoch([7; 16]), counter: 9 } },
        Kept::Queued { peer: PeerId(99), counter: 1 },
    ] {
        world.nodes[0].handle(world.now, Input::Kept(kept));
    }
    world.send(0, to_bob, "new");
    world.run(MOMENT);
    assert_eq!(world.received(1).len(), 0);
}
