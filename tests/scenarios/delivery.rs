use crate::lab::{Person, Start, alice_and_bob, befriend, ip, pass, person, talk};
use p2p_comm_engine::mem::{Link, Network};
use p2p_comm_engine::{
    Content, Delivery, Engine, Handle, NetConfig, Notice, Options, PeerId, PeerState, Receipt, Sender, Windows,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Runs the long form of what has one.
fn long() -> bool {
    std::env::var_os("P2P_COMM_LONG").is_some()
}

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
    let count = if long() { 200_000 } else { 20_000 };
    let network = Network::new(20);
    let config = NetConfig { windows: Windows::Small, ..NetConfig::default() };
    let mut alice = Start { config, ..Start::new(&network, "alice", 1) }.go().await;
    let mut bob = Start { config, ..Start::new(&network, "bob", 2) }.go().await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;

    let (a, b) = (alice.handle.clone(), bob.handle.clone());
    let (sent, answered, (), ()) = tokio::join!(
        send_numbers(a.clone(), to_bob, count),
        send_numbers(b.clone(), to_alice, count),
        count_in_order(a, to_bob, count),
        count_in_order(b, to_alice, count),
    );
    sent.delivered().await.unwrap();
    answered.delivered().await.unwrap();
}
