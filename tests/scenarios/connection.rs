use crate::lab::{Person, alice_and_bob, befriend, pass, person, talk};
use p2p_comm_engine::mem::{Link, Network};
use p2p_comm_engine::{ConnectionName, Handle, Notice, PeerId, PeerState};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

/// Often enough for every order of two pairings that cross.
const ROUNDS: u32 = 1000;

/// Waits until both have exactly one connection with each other, the same one, another than `before`, and nobody is
/// calling. Gives its name, and how many there were at most on the way.
async fn settled(
    (alice, to_bob): (&mut Person, PeerId),
    (bob, to_alice): (&Person, PeerId),
    before: Option<ConnectionName>,
) -> (ConnectionName, usize) {
    let (bob, mut most) = (bob.handle.clone(), 0);
    alice
        .until("one connection, the same on both sides", async |handle| {
            let (a, b) = (handle.census().await.unwrap(), bob.census().await.unwrap());
            let quiet = [&a, &b].iter().all(|census| (census.strangers, census.dials, census.under_way) == (0, 0, 0));
            let (a, b) = (a.peers.get(&to_bob)?, b.peers.get(&to_alice)?);
            most = most.max(a.len()).max(b.len());
            let one = quiet && a.len() == 1 && a == b && before.as_ref() != a.first();
            one.then(|| (a[0], most))
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn when_both_dial_at_once_one_connection_remains_the_same_on_both_sides() {
    let seed = 50;
    let network = Network::new(seed);
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let (mut name, _) = settled((&mut alice, to_bob), (&bob, to_alice), None).await;
    let mut crossed = 0;
    for round in 0..ROUNDS {
        // So far apart that the pairings cross: each side begins before it can hear of the other's.
        let delay = Duration::from_millis(rng.random_range(1..250));
        let jitter = Duration::from_millis(rng.random_range(0..50));
        network.set_both(alice.ip, bob.ip, Link { delay, jitter, ..Link::default() });
        // Until the next attempt may begin at once, on both sides.
        pass(Duration::from_secs(3)).await;
        let (a, b) = tokio::join!(alice.handle.drop_connections(), bob.handle.drop_connections());
        a.and(b).unwrap();
        let (next, most) = settled((&mut alice, to_bob), (&bob, to_alice), Some(name)).await;
        name = next;
        crossed += u32::from(most > 1);
        if round % 50 == 0 {
            talk(&alice, to_bob, &bob, to_alice).await;
        }
    }
    talk(&alice, to_bob, &bob, to_alice).await;
    // No pairing failed, so nobody was blamed for a wrong password.
    assert_eq!((alice.notices(to_bob).await, bob.notices(to_alice).await), (vec![], vec![]), "seed {seed}");
    assert!(crossed > ROUNDS / 2, "seed {seed}: only {crossed} rounds had more than one connection");
}

#[tokio::test(start_paused = true)]
async fn a_slow_path_that_reorders_packets_is_not_taken_for_a_wrong_password() {
    let seed = 56;
    let network = Network::new(seed);
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut alice, bob) = alice_and_bob(&network).await;
    let to_bob = alice.add(&bob).await;
    let mut name = None;
    for _ in 0..ROUNDS / 5 {
        let next = async |handle: &Handle| {
            let census = handle.census().await.unwrap();
            census.peers.get(&to_bob).and_then(|names| names.first().copied()).filter(|next| name != Some(*next))
        };
        name = Some(alice.until("a new connection", next).await);
        let delay = Duration::from_millis(rng.random_range(300..400));
        network.set_both(alice.ip, bob.ip, Link { delay, jitter: Duration::from_millis(50), ..Link::default() });
        pass(Duration::from_secs(3)).await;
        alice.handle.drop_connections().await.unwrap();
    }
    assert_eq!(alice.notices(to_bob).await, [], "seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_noticed_in_10_seconds_and_heals_by_itself() {
    for (seed, outage) in [(51, 8), (52, 60), (53, 600)] {
        let network = Network::new(seed);
        let (mut alice, mut bob) = alice_and_bob(&network).await;
        let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
        let (name, _) = settled((&mut alice, to_bob), (&bob, to_alice), None).await;
        network.cut(alice.ip, bob.ip);
        let lost = |state| state == PeerState::Unreachable;
        let began = tokio::time::Instant::now();
        if outage > 12 {
            let noticed = alice.until_state_is(to_bob, "unreachable", lost).await;
            assert!(noticed < Duration::from_secs(12), "{noticed:?}");
            bob.until_state_is(to_alice, "unreachable", lost).await;
            assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
        }
        pass(Duration::from_secs(outage).saturating_sub(began.elapsed())).await;
        network.heal(alice.ip, bob.ip);
        let healed = tokio::time::Instant::now();
        talk(&alice, to_bob, &bob, to_alice).await;
        alice.until_state(to_bob, PeerState::Connected).await;
        bob.until_state(to_alice, PeerState::Connected).await;
        let limit = if outage > 120 { 70 } else { 15 };
        assert!(healed.elapsed() < Duration::from_secs(limit), "{:?} after {outage} s", healed.elapsed());
        if outage == 8 {
            let (same, _) = settled((&mut alice, to_bob), (&bob, to_alice), None).await;
            assert_eq!(same, name, "a short outage needs no new connection");
        }
        assert_eq!((alice.requests().await.len(), alice.notices(to_bob).await.len()), (0, 0), "after {outage} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_friend_who_vanishes_is_noticed_and_found_again_at_the_same_address() {
    let network = Network::new(54);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, _) = befriend(&mut alice, &mut bob).await;
    network.kill(bob.ip);
    let gone = alice.until_state_is(to_bob, "unreachable", |state| state == PeerState::Unreachable).await;
    assert!(gone < Duration::from_secs(12), "{gone:?}");
    let mut again = person(&network, "bob", 2).await;
    let to_alice = again.add(&alice).await;
    alice.until_state(to_bob, PeerState::Connected).await;
    again.until_state(to_alice, PeerState::Connected).await;
    assert_eq!(alice.notices(to_bob).await, [Notice::NewKey]);
    talk(&alice, to_bob, &again, to_alice).await;
}

#[tokio::test(start_paused = true)]
async fn one_who_talks_with_many_loses_only_the_one_who_is_gone() {
    let network = Network::new(55);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let mut carol = person(&network, "carol", 3).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let (to_carol, from_carol) = befriend(&mut alice, &mut carol).await;
    network.kill(bob.ip);
    alice.until_state(to_bob, PeerState::Unreachable).await;
    assert_eq!(alice.peer(to_carol).await.state, PeerState::Connected);
    talk(&alice, to_carol, &carol, from_carol).await;
    assert_eq!(bob.heard(to_alice).await, Vec::<String>::new());
}
