use crate::lab::{Start, alice_and_bob, person};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{PeerState, Windows};

#[tokio::test(start_paused = true)]
async fn two_people_add_each_other_and_talk() {
    let network = Network::new(1);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = (alice.add(&bob).await, bob.add(&alice).await);
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;
    let receipt = alice.handle.send_text(to_bob, "hello bob").await.unwrap();
    bob.handle.send_link(to_alice, "example.org").await.unwrap();
    receipt.delivered().await.unwrap();
    bob.until_heard(to_alice, &["hello bob"]).await;
    alice.until_heard(to_bob, &["https://example.org/"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_named_and_stops_after_three_tries() {
    let network = Network::new(2);
    let mut alice = person(&network, "alice", 1).await;
    let start = Start { network: &network, name: "bob", host: 2, password: "wrong", windows: Windows::Normal };
    let bob = start.go().await;
    let to_bob = alice.add(&bob).await;
    let stopped = PeerState::Stopped { code: p2p_comm_engine::Code::DialingStopped };
    alice.until_state(to_bob, stopped).await;
    assert_eq!(bob.handle.requests().await.unwrap(), []);
}
