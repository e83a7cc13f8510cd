use crate::lab::{PASSWORD, Start, alice_and_bob, attacker, befriend, far, ip, pass, person, talk, within};
use p2p_comm_engine::attacker::{Attacker, CloseCode, CloseReason};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, Notice, PeerState};
use std::net::SocketAddr;
use std::time::Duration;

/// After these many frames a caller has seen a value that depends on the password.
const ELEMENT: usize = 2;
const CONFIRMATION: usize = 3;
/// The goodbye has arrived by then.
const ARRIVES: Duration = Duration::from_millis(10);

/// Whether somebody may still begin a pairing from there; uses up no guess.
async fn is_let_in(from: &Attacker, to: SocketAddr) -> bool {
    match from.dial(to, 1).await {
        Some(call) => {
            call.hang_up();
            true
        }
        None => false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_peer_is_dialled_again_when_the_person_says_so() {
    let network = Network::new(60);
    let mut alice = person(&network, "alice", 1).await;
    let bob = Start { password: "wrong", ..Start::new(&network, "bob", 2) }.go().await;
    let to_bob = alice.add(&bob).await;
    let stopped = PeerState::Stopped { code: Code::DialingStopped };
    alice.until_state(to_bob, stopped).await;
    bob.handle.disconnect().await.unwrap();
    bob.connect(PASSWORD).await.unwrap();
    pass(Duration::from_secs(3600)).await;
    assert_eq!(alice.peer(to_bob).await.state, stopped);
    assert_eq!(bob.requests().await, []);
    alice.handle.retry_peer(to_bob).await.unwrap();
    alice.until_state(to_bob, PeerState::Waiting).await;
}

#[tokio::test(start_paused = true)]
async fn a_stopped_peer_is_dialled_again_when_it_proves_itself_by_calling() {
    let network = Network::new(61);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    bob.handle.disconnect().await.unwrap();
    bob.connect("a typing error").await.unwrap();
    alice.until_state(to_bob, PeerState::Stopped { code: Code::DialingStopped }).await;
    alice.handle.send_text(to_bob, "wrong password, bob").await.unwrap();
    bob.handle.disconnect().await.unwrap();
    // His own three guesses are forgotten with the session.
    bob.connect(PASSWORD).await.unwrap();
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_heard(to_alice, &["wrong password, bob"]).await;
    assert_eq!(alice.notices(to_bob).await, [Notice::WrongPassword, Notice::DialingStopped, Notice::NewKey]);
    assert_eq!(alice.requests().await, []);
}

#[tokio::test(start_paused = true)]
async fn five_wrong_guesses_close_the_door_to_one_source_for_ten_minutes_and_to_nobody_else() {
    let network = Network::new(62);
    let mut alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "wrong");
    for guess in 0..5 {
        let call = mallory.dial(alice.socket(), CONFIRMATION).await;
        assert_eq!(call.unwrap().closed().await, CloseReason::Peer(CloseCode::Unproven), "guess {guess}");
    }
    assert!(!is_let_in(&mallory, alice.socket()).await);
    // Not even with the right password, nor from another port.
    assert!(attacker(&network, ip(66), PASSWORD).dial(alice.socket(), CONFIRMATION).await.is_none());

    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    assert!(alice.handle.census().await.unwrap().dropped > 0);

    pass(Duration::from_secs(9 * 60)).await;
    assert!(!is_let_in(&mallory, alice.socket()).await);
    pass(Duration::from_secs(60)).await;
    assert!(is_let_in(&mallory, alice.socket()).await);
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_after_reading_the_element_has_guessed_and_before_it_has_not() {
    let network = Network::new(63);
    let alice = person(&network, "alice", 1).await;
    let honest = attacker(&network, ip(65), PASSWORD);
    for _ in 0..20 {
        assert!(is_let_in(&honest, alice.socket()).await);
        pass(ARRIVES).await;
    }
    let mallory = attacker(&network, ip(66), "wrong");
    for guess in 0..5 {
        let call = mallory.dial(alice.socket(), ELEMENT).await;
        call.unwrap_or_else(|| panic!("guess {guess}")).hang_up();
        pass(ARRIVES).await;
    }
    assert!(!is_let_in(&mallory, alice.socket()).await);
}

#[tokio::test(start_paused = true)]
async fn five_pairings_under_way_are_all_that_one_source_gets() {
    let network = Network::new(64);
    let alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "wrong");
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.push(mallory.dial(alice.socket(), 0).await.unwrap());
    }
    assert!(!is_let_in(&mallory, alice.socket()).await);
    calls.clear();
    pass(ARRIVES).await;
    assert!(is_let_in(&mallory, alice.socket()).await);
}

#[tokio::test(start_paused = true)]
async fn past_a_hundred_guesses_an_hour_strangers_are_slowed_and_a_listed_peer_is_not() {
    let network = Network::new(65);
    let mut alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "wrong");
    for source in 0..20 {
        let mallory = mallory.also_at(far(source)).unwrap();
        for guess in 0..5 {
            let call = mallory.dial(alice.socket(), ELEMENT).await;
            call.unwrap_or_else(|| panic!("guess {guess} of {source}")).hang_up();
            pass(ARRIVES).await;
        }
    }
    let strangers: Vec<_> = (100..104).map(|n| mallory.also_at(far(n)).unwrap()).collect();
    assert!(is_let_in(&strangers[0], alice.socket()).await, "one per 10 s");
    assert!(!is_let_in(&strangers[1], alice.socket()).await, "one per 10 s altogether");
    let mut bob = person(&network, "bob", 2).await;
    let began = tokio::time::Instant::now();
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    assert!(began.elapsed() < Duration::from_secs(2), "a listed peer is not slowed: {:?}", began.elapsed());
    talk(&alice, to_bob, &bob, to_alice).await;
    pass(Duration::from_secs(10)).await;
    assert!(is_let_in(&strangers[2], alice.socket()).await);

    // An honest stranger gets in with patience, although others knock, too.
    let carol = person(&network, "carol", 3).await;
    carol.add(&alice).await;
    alice.until_requests(1).await;
    pass(Duration::from_secs(3600)).await;
    for stranger in &strangers {
        assert!(is_let_in(stranger, alice.socket()).await, "an hour later");
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_32_pairings_are_under_way_and_stalled_ones_make_room() {
    let network = Network::new(66);
    let mut alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "wrong");
    let mut calls = Vec::new();
    for n in 0..24 {
        let mallory = mallory.also_at(far(n / 5)).unwrap();
        calls.push(mallory.dial(alice.socket(), usize::from(n % 2)).await.unwrap());
    }
    assert_eq!(alice.handle.census().await.unwrap().under_way, 24);
    assert!(!is_let_in(&mallory, alice.socket()).await, "the last places are for those on the list");
    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    for call in &calls {
        assert_eq!(within("the end", call.closed()).await, CloseReason::Peer(CloseCode::Timeout));
    }
    assert_eq!(alice.handle.census().await.unwrap().under_way, 0);
    assert!(is_let_in(&mallory, alice.socket()).await);
}
