use super::*;
use crate::{CloseCode, CloseReason, ConnectError};

#[tokio::test]
async fn both_ends_know_the_same_secret_and_each_others_certificate() {
    let loopback = Config { bind: Some(Ipv4Addr::LOCALHOST.into()), ..Config::default() };
    let (alice, bob) = (Endpoint::bind(loopback).unwrap(), Endpoint::bind(loopback).unwrap());
    let (dialed, accepted) = connect(&alice, &bob, Ipv4Addr::LOCALHOST.into()).await;

    assert_eq!(dialed.exporter(), accepted.exporter());
    assert_eq!(dialed.peer_certificate_hash(), bob.certificate_hash());
    assert_eq!(accepted.peer_certificate_hash(), alice.certificate_hash());
    assert_eq!(dialed.local_certificate_hash(), alice.certificate_hash());
    assert_ne!(alice.certificate_hash(), bob.certificate_hash());
    assert_eq!((dialed.dialed(), accepted.dialed()), (true, false));
    assert_ne!(dialed.id(), accepted.id());
}

#[tokio::test(start_paused = true)]
async fn every_connection_has_a_secret_of_its_own() {
    let lab = Lab::new();
    let (first, _bob) = lab.connect().await;
    let (second, _bob) = lab.connect().await;
    assert_ne!(first.exporter(), second.exporter());
}

#[tokio::test(start_paused = true)]
async fn one_who_knocks_is_asked_to_come_again_and_then_comes_in() {
    let lab = Lab::new();
    let listen = async {
        let first = lab.bob.accept().await.unwrap();
        assert!(!first.validated());
        assert_eq!(first.remote().ip(), ALICE);
        first.retry();
        let second = lab.bob.accept().await.unwrap();
        assert!(second.validated());
        second.accept().await
    };
    let target = SocketAddr::new(BOB, lab.bob.local_port());
    let (dialed, accepted) = within(async { tokio::join!(lab.alice.connect(target), listen) }).await;
    assert_eq!(dialed.unwrap().exporter(), accepted.unwrap().exporter());
}

#[tokio::test(start_paused = true)]
async fn one_who_is_ignored_hears_nothing() {
    let lab = Lab::new();
    let ignore_all = async {
        while let Some(incoming) = lab.bob.accept().await {
            incoming.ignore()
        }
    };
    let target = SocketAddr::new(BOB, lab.bob.local_port());
    tokio::select! {
        result = lab.alice.connect(target) => assert_eq!(result.unwrap_err(), ConnectError::Unreachable),
        () = ignore_all => panic!("the endpoint closed"),
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_lives_nobody_answers() {
    let lab = Lab::new();
    let target = SocketAddr::new("10.0.0.3".parse().unwrap(), 47800);
    assert_eq!(lab.alice.connect(target).await.unwrap_err(), ConnectError::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn the_257th_waits_until_there_is_room_at_the_door() {
    let lab = Lab::new();
    let target = SocketAddr::new(BOB, lab.bob.local_port());
    let mut dials = tokio::task::JoinSet::new();
    for _ in 0..257 {
        let alice = lab.alice.clone();
        dials.spawn(async move { alice.connect(target).await });
    }
    let mut door = Vec::new();
    for _ in 0..256 {
        door.push(within(lab.bob.accept()).await.unwrap());
    }
    never(lab.bob.accept()).await;
    door.clear();
    within(lab.bob.accept()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_other_side_reads_why_a_connection_was_closed() {
    let lab = Lab::new();
    for code in [CloseCode::Bye, CloseCode::Replaced, CloseCode::OwnAddress] {
        let (alice, bob) = lab.connect().await;
        alice.close(code);
        assert_eq!(within(bob.closed()).await, CloseReason::Peer(code));
        assert_eq!(alice.closed().await, CloseReason::Local);
        assert_eq!(bob.close_reason(), Some(CloseReason::Peer(code)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_without_a_name_is_kept_as_a_number() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    alice.raw().close(quinn::VarInt::from_u32(99), b"whatever");
    assert_eq!(within(bob.closed()).await, CloseReason::PeerUnknown(99));
}

#[tokio::test(start_paused = true)]
async fn a_closed_endpoint_says_goodbye_and_takes_nobody() {
    let lab = Lab::new();
    let (_alice, bob) = lab.connect().await;
    lab.alice.close(CloseCode::Bye);
    assert_eq!(within(bob.closed()).await, CloseReason::Peer(CloseCode::Bye));
    assert!(lab.alice.accept().await.is_none());
    let target = SocketAddr::new(BOB, lab.bob.local_port());
    assert_eq!(lab.alice.connect(target).await.unwrap_err(), ConnectError::Local);
    within(lab.alice.wait_idle()).await;
}

#[tokio::test(start_paused = true)]
async fn dropping_every_handle_says_goodbye() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    drop(alice);
    assert_eq!(within(bob.closed()).await, CloseReason::Peer(CloseCode::Bye));
}
