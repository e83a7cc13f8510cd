use crate::lab::{PASSWORD, alice_and_bob, attacker, befriend, far, ip, pass, person, talk};
use p2p_comm_engine::attacker::{Attacker, Rogue};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, Delivery, PeerState, limits};
use std::net::SocketAddr;
use std::time::Duration;

/// Long enough for whatever would happen without anybody's doing.
const A_WHILE: Duration = Duration::from_secs(180);

/// Somebody who asks to talk under any name.
async fn ask(from: &Attacker, to: SocketAddr, name: &str) -> Rogue {
    let mut rogue = from.dial(to, 3).await.unwrap().rogue().unwrap();
    assert!(rogue.hello().await && rogue.profile(name).await);
    rogue
}

#[tokio::test(start_paused = true)]
async fn a_request_shows_a_clean_short_name_and_the_address() {
    let network = Network::new(70);
    let mut alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), PASSWORD);
    let long = "x".repeat(1000);
    let cases = [
        (long.as_str(), "x".repeat(limits::NAME_CHARS)),
        (r"al\u202eice\u0000\t\n\u200b  of \u2066Kent\u2069", "alice of Kent".to_owned()),
        (r"\u202eecila", "ecila".to_owned()),
    ];
    for (source, (given, shown)) in cases.into_iter().enumerate() {
        let from = mallory.also_at(far(source as u8)).unwrap();
        let _rogue = ask(&from, alice.socket(), given).await;
        let requests = alice.until_requests(1).await;
        assert_eq!(requests[0].name, shown);
        assert_eq!(requests[0].address, SocketAddr::new(far(source as u8), from.port()).to_string());
        alice.handle.ignore_request(requests[0].id).await.unwrap();
    }
    // A name without one visible character is against the protocol.
    let from = mallory.also_at(far(9)).unwrap();
    let rogue = ask(&from, alice.socket(), r"\u202e \u200b").await;
    rogue.closed().await;
    assert_eq!(alice.requests().await, []);
}

#[tokio::test(start_paused = true)]
async fn at_most_20_requests_wait_one_for_each_source() {
    let network = Network::new(71);
    let mut alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), PASSWORD);
    let mut rogues = Vec::new();
    for n in 0..25 {
        rogues.push(ask(&mallory.also_at(far(n)).unwrap(), alice.socket(), &format!("number {n}")).await);
    }
    let requests = alice.until_requests(limits::REQUESTS).await;
    assert_eq!(requests[19].name, "number 19");
    // The same source under another name takes its own place, no other's.
    rogues.push(ask(&mallory.also_at(far(3)).unwrap(), alice.socket(), "number three").await);
    let taken = async |handle: &p2p_comm_engine::Handle| {
        let names: Vec<_> = handle.requests().await.unwrap().into_iter().map(|request| request.name).collect();
        (names.contains(&"number three".to_owned()) && !names.contains(&"number 3".to_owned())).then_some(names.len())
    };
    assert_eq!(alice.until("number three", taken).await, limits::REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_switched_off_are_not_shown_and_come_back() {
    let network = Network::new(72);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    alice.handle.allow_requests(false).await.unwrap();
    let to_alice = bob.add(&alice).await;
    bob.until_state(to_alice, PeerState::Waiting).await;
    pass(A_WHILE).await;
    assert_eq!(alice.requests().await, []);
    assert!(!alice.handle.status().await.unwrap().requests_allowed);
    alice.handle.allow_requests(true).await.unwrap();
    assert_eq!(alice.until_requests(1).await[0].name, "bob");
    alice.handle.allow_requests(false).await.unwrap();
    assert_eq!(alice.requests().await, []);
    assert_eq!(bob.peer(to_alice).await.state, PeerState::Waiting);
}

#[tokio::test(start_paused = true)]
async fn an_accepted_request_opens_the_conversation() {
    let network = Network::new(73);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let to_alice = bob.add(&alice).await;
    bob.handle.send_text(to_alice, "may I?").await.unwrap();
    let requests = alice.until_requests(1).await;
    bob.until_state(to_alice, PeerState::Waiting).await;
    assert_eq!(bob.said(to_alice, Delivery::Sent).await, Vec::<String>::new());
    let to_bob = alice.handle.accept_request(requests[0].id).await.unwrap();
    alice.until_heard(to_bob, &["may I?"]).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    assert_eq!(alice.requests().await, []);
    assert_eq!(alice.handle.accept_request(requests[0].id).await.map_err(|e| e.code), Err(Code::NotFound));
}

#[tokio::test(start_paused = true)]
async fn an_ignored_one_sees_waiting_and_asks_in_vain_also_with_a_new_key() {
    let network = Network::new(74);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let to_alice = bob.add(&alice).await;
    let requests = alice.until_requests(1).await;
    alice.handle.ignore_request(requests[0].id).await.unwrap();
    bob.handle.disconnect().await.unwrap();
    bob.connect(PASSWORD).await.unwrap();
    bob.until_state(to_alice, PeerState::Waiting).await;
    pass(A_WHILE).await;
    assert_eq!(alice.requests().await, []);
    assert_eq!(bob.peer(to_alice).await.state, PeerState::Waiting);
    // Until alice adds bob herself.
    let (_, back) = (alice.add(&bob).await, to_alice);
    bob.until_state(back, PeerState::Connected).await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_one_sees_waiting_and_undo_brings_everything_back() {
    let network = Network::new(75);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    alice.handle.remove_peer(to_bob).await.unwrap();
    bob.until_state(to_alice, PeerState::Waiting).await;
    let late = bob.handle.send_text(to_alice, "hello?").await.unwrap();
    pass(A_WHILE).await;
    assert_eq!(bob.peer(to_alice).await.state, PeerState::Waiting);
    assert_eq!((alice.handle.peers().await.unwrap(), alice.requests().await), (vec![], vec![]));
    assert_eq!(bob.said(to_alice, Delivery::Delivered).await, ["I am"]);

    alice.handle.restore_peer(to_bob).await.unwrap();
    late.delivered().await.unwrap();
    alice.until_heard(to_bob, &["I am", "hello?"]).await;
    assert_eq!(alice.said(to_bob, Delivery::Delivered).await, ["are you there?"]);
}

#[tokio::test(start_paused = true)]
async fn a_blocked_one_sees_waiting_until_the_block_is_taken_back() {
    let network = Network::new(76);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    alice.handle.block_peer(to_bob).await.unwrap();
    bob.until_state(to_alice, PeerState::Waiting).await;
    // A new key from the same place is no way around it.
    bob.handle.disconnect().await.unwrap();
    bob.connect(PASSWORD).await.unwrap();
    bob.until_state(to_alice, PeerState::Waiting).await;
    pass(A_WHILE).await;
    assert_eq!((alice.peer(to_bob).await.state, alice.requests().await), (PeerState::Blocked, vec![]));
    alice.handle.unblock_peer(to_bob).await.unwrap();
    alice.until_state(to_bob, PeerState::Connected).await;
    talk(&alice, to_bob, &bob, to_alice).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_blocked_one_wrote_counts_as_unread_no_more_until_the_block_is_taken_back() {
    let network = Network::new(78);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    bob.handle.send_text(to_alice, "hello").await.unwrap().delivered().await.unwrap();
    assert_eq!(alice.peer(to_bob).await.unread, 1);
    alice.handle.block_peer(to_bob).await.unwrap();
    assert_eq!(alice.peer(to_bob).await.unread, 0);
    alice.handle.unblock_peer(to_bob).await.unwrap();
    assert_eq!(alice.peer(to_bob).await.unread, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_learns_no_name() {
    let network = Network::new(77);
    let alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), PASSWORD);
    let mut rogue = ask(&mallory, alice.socket(), "bob").await;
    pass(Duration::from_secs(4)).await;
    rogue.say(p2p_comm_engine::attacker::Stream::Control, r#""kind":"ping""#).await;
    loop {
        let heard = rogue.hear().await.unwrap();
        assert!(!heard.json.contains("profile") && !heard.json.contains("alice"), "{}", heard.json);
        if heard.json.contains("pong") {
            return;
        }
    }
}
