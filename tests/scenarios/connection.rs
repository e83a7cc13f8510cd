use crate::lab::{Person, alice_and_bob, befriend, ip, pass, person, talk, within};
use p2p_comm_engine::mem::{Link, Network};
use p2p_comm_engine::{PeerId, PeerState};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

/// Often enough for every order of two pairings that cross.
const ROUNDS: u32 = 1000;

/// Waits until both have exactly one connection with each other, the same one, and nobody is calling.
async fn settled(alice: &mut Person, to_bob: PeerId, bob: &Person, to_alice: PeerId) {
    let other = bob.handle.clone();
    alice
        .until("one connection, the same on both sides", async |handle| {
            let (a, b) = (handle.census().await.unwrap(), other.census().await.unwrap());
            let quiet = [&a, &b].iter().all(|census| (census.strangers, census.dials, census.under_way) == (0, 0, 0));
            let (a, b) = (a.peers.get(&to_bob)?, b.peers.get(&to_alice)?);
            (quiet && a.len() == 1 && a == b).then_some(())
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn when_both_dial_at_once_one_connection_remains_the_same_on_both_sides() {
    let network = Network::new(50);
    let mut rng = StdRng::seed_from_u64(50);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let mut crossed = 0;
    for round in 0..ROUNDS {
        // Far enough apart that the pairings cross: each begins before it hears of the other.
        let delay = Duration::from_millis(rng.random_range(1..400));
        let jitter = Duration::from_millis(rng.random_range(0..50));
        network.set_both(alice.ip, bob.ip, Link { delay, jitter, ..Link::default() });
        // The pause that is due between two attempts would let one side go first.
        pass(Duration::from_secs(3)).await;
        let before = alice.handle.census().await.unwrap().peers;
        let (a, b) = tokio::join!(alice.handle.drop_connections(), bob.handle.drop_connections());
        a.unwrap();
        b.unwrap();
        let (mut most, other) = (0, bob.handle.clone());
        within("both are connected", async {
            loop {
                let (a, b) = (alice.handle.census().await.unwrap(), other.census().await.unwrap());
                let (a, b) = (a.peers.get(&to_bob).cloned().unwrap_or_default(), b.peers.get(&to_alice).cloned().unwrap_or_default());
                most = most.max(a.len()).max(b.len());
                if !a.is_empty() && a.iter().all(|name| !before[&to_bob].contains(name)) && !b.is_empty() {
                    return;
                }
                alice.changes.next().await;
            }
        })
        .await;
        settled(&mut alice, to_bob, &bob, to_alice).await;
        crossed += u32::from(most > 1);
        if round % 50 == 0 {
            talk(&alice, to_bob, &bob, to_alice).await;
        }
    }
    talk(&alice, to_bob, &bob, to_alice).await;
    assert_eq!(alice.notices(to_bob).await, []);
    eprintln!("crossed {crossed}");
}
