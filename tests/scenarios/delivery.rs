use crate::lab::{Person, Start, alice_and_bob, befriend, ip, pass, person, talk};
use p2p_comm_engine::mem::{Link, Network};
use p2p_comm_engine::{Content, Delivery, Handle, NetConfig, Options, PeerId, PeerState, Receipt, Sender, Windows};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// More than a conversation keeps.
const MANY: u64 = 200_000;

/// Reads what the other side says while it comes in, and checks that it is 0, 1, 2, … up to `count`.
async fn count_in_order(handle: Handle, peer: PeerId, count: u64) {
    let mut changes = handle.changes().await.unwrap();
    let (mut next, mut expected) = (0, 0);
    while expected < count {
        let page = handle.page_from(peer, next).await.unwrap();
        let Some(last) = page.lines.last() else {
            changes.next().await;
            continue;
        };
        next = last.seq + 1;
        for line in page.lines.iter().filter(|line| line.sender == Sender::Them) {
            let Content::Text { text } = &line.content else { panic!("{line:?}") };
            assert_eq!(text.as_str(), expected.to_string(), "in order, each once");
            expected += 1;
        }
    }
}

/// Queues 0, 1, 2, … without waiting for anybody.
async fn send_numbers(handle: Handle, peer: PeerId, count: u64) -> Receipt {
    for n in 0..count - 1 {
        handle.send_text(peer, &n.to_string()).await.unwrap();
    }
    handle.send_text(peer, &(count - 1).to_string()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn both_sides_send_at_once_on_small_windows_and_finish() {
    let network = Network::new(20);
    let config = NetConfig { windows: Windows::Small, ..NetConfig::default() };
    let mut alice = Start { config, ..Start::new(&network, "alice", 1) }.go().await;
    let mut bob = Start { config, ..Start::new(&network, "bob", 2) }.go().await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;

    let (a, b) = (alice.handle.clone(), bob.handle.clone());
    let (sent, answered, (), ()) = tokio::join!(
        send_numbers(a.clone(), to_bob, MANY),
        send_numbers(b.clone(), to_alice, MANY),
        count_in_order(a, to_bob, MANY),
        count_in_order(b, to_alice, MANY),
    );
    sent.delivered().await.unwrap();
    answered.delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_pass_a_bad_network_each_once_and_in_order() {
    for seed in [21, 22, 23] {
        let network = Network::new(seed);
        let (mut alice, mut bob) = alice_and_bob(&network).await;
        let bad = Link { loss: 0.3, jitter: Duration::from_millis(200), ..Link::default() };
        network.set_both(alice.ip, bob.ip, bad);
        let (to_bob, to_alice) = (alice.add(&bob).await, bob.add(&alice).await);
        let words: Vec<String> = (0..1000).map(|n| format!("seed {seed} message {n}")).collect();
        let mut last = None;
        for word in &words {
            last = Some(alice.handle.send_text(to_bob, word).await.unwrap());
            bob.handle.send_text(to_alice, word).await.unwrap();
        }
        bob.until_heard(to_alice, &words).await;
        alice.until_heard(to_bob, &words).await;
        last.unwrap().delivered().await.unwrap();
        assert_eq!(alice.said(to_bob, Delivery::Delivered).await, words, "seed {seed}");
    }
}

/// Both write at random moments until `until`.
async fn chatter(seed: u64, alice: &Person, to_bob: PeerId, bob: &Person, to_alice: PeerId, until: Duration) {
    let mut rng = StdRng::seed_from_u64(seed);
    let end = tokio::time::Instant::now() + until;
    for n in 0.. {
        pass(Duration::from_millis(rng.random_range(0..60))).await;
        if tokio::time::Instant::now() >= end {
            return;
        }
        let (who, peer) = if rng.random() { (alice, to_bob) } else { (bob, to_alice) };
        who.handle.send_text(peer, &format!("{n} of {}", who.name)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_crashes_each_message_came_once_or_is_not_marked_as_delivered() {
    for seed in 100..160 {
        let network = Network::new(seed);
        let mut rng = StdRng::seed_from_u64(seed);
        let loss = [0.0, 0.2][usize::from(rng.random::<bool>())];
        let link = Link { delay: Duration::from_millis(rng.random_range(1..80)), loss, ..Link::default() };
        network.set_both(ip(1), ip(2), link);
        let (mut alice, mut bob) = alice_and_bob(&network).await;
        let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
        let crash = Duration::from_millis(rng.random_range(0..1500));
        chatter(seed, &alice, to_bob, &bob, to_alice, crash).await;

        // The engine of bob lives on without a network, so that one can ask what he had.
        network.kill(bob.ip);
        let had = bob.heard(to_alice).await;
        let told = bob.said(to_alice, Delivery::Delivered).await;
        let mut again = person(&network, "bob", 2).await;
        let later = alice.handle.send_text(to_bob, "after the crash").await.unwrap();
        let back = again.add(&alice).await;
        again.until_state(back, PeerState::Connected).await;
        later.delivered().await.unwrap();

        // Each of bob's two runs has a piece of what alice said, in order, each once; no message is missing.
        let said = alice.said(to_bob, Delivery::Delivered).await;
        assert_eq!(said, alice.said(to_bob, Delivery::Queued).await, "seed {seed}");
        assert_eq!(had, said[..had.len()], "seed {seed}");
        let heard = again.heard(back).await;
        assert!(said.ends_with(&heard), "seed {seed}: {heard:?} of {said:?}");
        assert!(
            had.len() + heard.len() >= said.len(),
            "seed {seed}: {} + {} of {}",
            had.len(),
            heard.len(),
            said.len()
        );
        // What the first run believed to be delivered, alice has; and nothing twice.
        let from_bob = alice.heard(to_bob).await;
        let tried = bob.said(to_alice, Delivery::Queued).await;
        assert_eq!(from_bob, tried[..from_bob.len()], "seed {seed}");
        assert!(told.len() <= from_bob.len(), "seed {seed}: {} told, {} came", told.len(), from_bob.len());
        assert_eq!(bob.said(to_alice, Delivery::Delivered).await, told, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_before_an_outage_and_in_it_comes_once_and_keeps_its_time() {
    for (seed, outage) in [(30, 8), (31, 60)] {
        let network = Network::new(seed);
        let clock = Arc::new(AtomicI64::new(1_000));
        let of_alice = clock.clone();
        let options = Options::in_memory(&network, ip(1)).with_clock(move || of_alice.load(Ordering::Relaxed));
        let mut alice = Start { options, ..Start::new(&network, "alice", 1) }.go().await;
        let mut bob = person(&network, "bob", 2).await;
        let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
        network.cut(alice.ip, bob.ip);
        alice.handle.send_text(to_bob, "first").await.unwrap();
        clock.store(2_000, Ordering::Relaxed);
        alice.handle.send_text(to_bob, "second").await.unwrap();
        pass(Duration::from_secs(outage)).await;
        clock.store(1_000_000, Ordering::Relaxed);
        network.heal(alice.ip, bob.ip);
        bob.until_heard(to_alice, &["first", "second"]).await;
        let times: Vec<_> = bob.lines(to_alice).await.iter().map(|line| line.sent_at).collect();
        assert_eq!(times, [1_000, 2_000], "after {outage} s");
        talk(&alice, to_bob, &bob, to_alice).await;
        assert_eq!(alice.notices(to_bob).await, [], "after {outage} s");
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_that_jump_or_disagree_break_nothing() {
    const YEAR: i64 = 365 * 24 * 3600 * 1000;
    let now = 1_800_000_000_000;
    let network = Network::new(40);
    let clocks = [Arc::new(AtomicI64::new(now)), Arc::new(AtomicI64::new(now + 61_500))];
    let start = |name, host: u8| {
        let clock = clocks[usize::from(host) - 1].clone();
        let options = Options::in_memory(&network, ip(host)).with_clock(move || clock.load(Ordering::Relaxed));
        Start { options, ..Start::new(&network, name, host) }.go()
    };
    let (mut alice, mut bob) = (start("alice", 1).await, start("bob", 2).await);
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let mut words = Vec::new();
    for (n, jump) in [0, -30 * YEAR, 60 * YEAR, -3 * YEAR, i64::MIN, i64::MAX, 61_000].into_iter().enumerate() {
        let jumped = match jump {
            i64::MIN | i64::MAX => jump,
            jump => now + jump,
        };
        clocks[n % 2].store(jumped, Ordering::Relaxed);
        words.push(format!("after jump {n}"));
        alice.handle.send_text(to_bob, &words[n]).await.unwrap();
        bob.handle.send_text(to_alice, &words[n]).await.unwrap();
        bob.until_heard(to_alice, &words).await;
        alice.until_heard(to_bob, &words).await;
        // Also what is not a message: who is there, a broken connection, a new one.
        network.cut(alice.ip, bob.ip);
        alice.until_state(to_bob, PeerState::Unreachable).await;
        network.heal(alice.ip, bob.ip);
        alice.until_state(to_bob, PeerState::Connected).await;
        bob.until_state(to_alice, PeerState::Connected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_somebody_who_comes_for_the_first_time() {
    let network = Network::new(41);
    let mut alice = person(&network, "alice", 1).await;
    let to_bob = alice.add_at("bob", "10.0.0.2:47800".parse().unwrap()).await;
    let early = alice.handle.send_text(to_bob, "early").await.unwrap();
    alice.until_state_is(to_bob, "failed", |state| matches!(state, PeerState::Failed { .. })).await;
    assert_eq!(alice.said(to_bob, Delivery::Sent).await, Vec::<String>::new());
    let mut bob = person(&network, "bob", 2).await;
    let to_alice = bob.add(&alice).await;
    early.delivered().await.unwrap();
    bob.until_heard(to_alice, &["early"]).await;
}
