use crate::lab::{Start, alice_and_bob, attacker, befriend, ip, pass, person, talk, within};
use p2p_comm_engine::attacker::{CloseCode, CloseReason};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, Delivery, NetConfig, Notice, PeerAddress, PeerState};
use std::net::SocketAddr;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn two_people_add_each_other_and_talk() {
    let network = Network::new(1);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
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
    let bob = Start { password: "wrong", ..Start::new(&network, "bob", 2) }.go().await;
    let to_bob = alice.add(&bob).await;
    alice.until_state(to_bob, PeerState::Stopped { code: Code::DialingStopped }).await;
    assert_eq!(alice.notices(to_bob).await, [Notice::WrongPassword, Notice::DialingStopped]);
    assert_eq!(bob.requests().await, []);
}

#[tokio::test(start_paused = true)]
async fn who_takes_the_name_of_another_gets_nothing_of_what_is_queued_for_that_one() {
    let network = Network::new(3);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, _) = befriend(&mut alice, &mut bob).await;
    bob.handle.disconnect().await.unwrap();
    alice.until_state(to_bob, PeerState::Unreachable).await;
    alice.handle.send_text(to_bob, "for bob only").await.unwrap();

    // From another host, and from bob's own host at another port.
    for (host, port) in [(66, 0), (2, 47801)] {
        let config = NetConfig { port, ..NetConfig::default() };
        let mut mallory = Start { config, ..Start::new(&network, "bob", host) }.go().await;
        let to_alice = mallory.add(&alice).await;
        let requests = alice.until_requests(1).await;
        assert_eq!(requests[0].name, "bob");
        let as_mallory = alice.handle.accept_request(requests[0].id).await.unwrap();
        mallory.until_state(to_alice, PeerState::Connected).await;
        talk(&alice, as_mallory, &mallory, to_alice).await;
        assert_eq!(mallory.heard(to_alice).await, ["are you there?"], "from host {host}");
        assert_eq!(alice.said(to_bob, Delivery::Sent).await, Vec::<String>::new(), "from host {host}");
        alice.handle.remove_peer(as_mallory).await.unwrap();
        mallory.handle.disconnect().await.unwrap();
    }

    bob.connect(crate::lab::PASSWORD).await.unwrap();
    let to_alice = bob.handle.peers().await.unwrap()[0].id;
    bob.until_heard(to_alice, &["for bob only"]).await;
}

#[tokio::test(start_paused = true)]
async fn my_own_address_is_told_from_a_friends() {
    let network = Network::new(4);
    let mut alice = person(&network, "alice", 1).await;
    let to_alice = alice.add(&alice).await;
    alice.until_state(to_alice, PeerState::Stopped { code: Code::OwnAddress }).await;
    assert_eq!(alice.notices(to_alice).await, [Notice::OwnAddress]);
    assert_eq!(alice.requests().await, []);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_on_the_list_once() {
    let network = Network::new(5);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    for same in ["10.0.0.2", "[::ffff:10.0.0.2]"] {
        let address = PeerAddress::parse(&format!("{same}:47800")).unwrap();
        let again = alice.handle.add_peer("bobby", vec![address]).await;
        assert_eq!(again.map_err(|e| e.code), Err(Code::DuplicatePeer), "{same}");
    }
    talk(&alice, to_bob, &bob, to_alice).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_stalls_the_pairing_as_a_caller_is_cut_off_and_frees_the_place() {
    let network = Network::new(7);
    let alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "correct horse");
    for frames in 0..3 {
        let call = mallory.dial(alice.socket(), frames).await.unwrap();
        let before = alice.handle.census().await.unwrap();
        assert_eq!(before.under_way, 1, "after {frames} frames");
        let began = tokio::time::Instant::now();
        assert_eq!(call.closed().await, CloseReason::Peer(CloseCode::Timeout), "after {frames} frames");
        assert!(began.elapsed() < Duration::from_millis(10_100), "{:?} after {frames} frames", began.elapsed());
        assert_eq!(alice.handle.census().await.unwrap().under_way, 0, "after {frames} frames");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_frame_is_a_stall_too_and_nonsense_ends_the_pairing_at_once() {
    let network = Network::new(8);
    let alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "correct horse");
    let cases: [(&[u8], CloseCode); 8] = [
        (&[0, 0, 0, 20, b'{'], CloseCode::Timeout),
        (&[0, 0], CloseCode::Timeout),
        (&[0, 0, 0, 0], CloseCode::ProtocolError),
        (&[0, 0, 0x10, 1], CloseCode::ProtocolError),
        (&[0xff, 0xff, 0xff, 0xff, 1, 2, 3], CloseCode::ProtocolError),
        (b"\x00\x00\x00\x02{}", CloseCode::ProtocolError),
        (b"\x00\x00\x00\x14{\"stream\":\"control\"}", CloseCode::ProtocolError),
        (b"\x00\x00\x00\x08{\"x\":[]}", CloseCode::ProtocolError),
    ];
    for (bytes, expected) in cases {
        // Once in the place of the header, once in that of the element.
        for frames in [0, 1] {
            let mut call = mallory.dial(alice.socket(), frames).await.unwrap();
            assert!(call.bytes(bytes).await);
            assert_eq!(call.closed().await, CloseReason::Peer(expected), "{bytes:?} after {frames} frames");
        }
    }
    assert_eq!(alice.handle.census().await.unwrap().under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_stalls_the_pairing_as_the_one_called_is_given_up_and_named() {
    let network = Network::new(9);
    for frames in 0..3 {
        let alice = &mut person(&network, "alice", 10 + frames).await;
        let mallory = attacker(&network, ip(60 + frames), "correct horse");
        let to_mallory = alice.add_at("bob", SocketAddr::new(ip(60 + frames), mallory.port())).await;
        let answering = async {
            let call = mallory.answer(usize::from(frames)).await.unwrap();
            call.closed().await
        };
        let closed = within("given up", answering).await;
        assert_eq!(closed, CloseReason::Peer(CloseCode::Timeout), "after {frames} frames");
        // Once alice has shown her element, whoever is there has had a guess.
        let code = if frames == 0 { Code::Timeout } else { Code::WrongPassword };
        let failed = |state| matches!(state, PeerState::Failed { code: c, .. } if c == code);
        alice.until_state_is(to_mallory, &format!("{code:?} after {frames} frames"), failed).await;
        alice.handle.disconnect().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn disconnect_and_connect_keep_the_port_the_list_and_the_conversation() {
    let network = Network::new(10);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    let before = bob.handle.status().await.unwrap().port;

    bob.handle.disconnect().await.unwrap();
    assert_eq!(bob.peer(to_alice).await.state, PeerState::Offline);
    alice.handle.send_text(to_bob, "sleep well").await.unwrap();
    pass(Duration::from_secs(30)).await;
    bob.connect(crate::lab::PASSWORD).await.unwrap();

    assert_eq!(bob.handle.status().await.unwrap().port, before);
    bob.until_heard(to_alice, &["are you there?", "sleep well"]).await;
    assert_eq!(alice.notices(to_bob).await, [Notice::NewKey]);
    assert_eq!(bob.notices(to_alice).await, []);
    talk(&alice, to_bob, &bob, to_alice).await;
}
