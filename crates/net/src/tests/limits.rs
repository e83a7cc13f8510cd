use super::*;
use crate::{CloseReason, FrameError, StreamCode};
use bytes::Bytes;
use p2p_comm_model::limits;

#[tokio::test(start_paused = true)]
async fn a_second_bidirectional_stream_waits_for_ever() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    let (mut to_bob, from_bob) = alice.open_pairing().await.unwrap();
    to_bob.write(frames(["hello"])).await.unwrap();
    let (to_alice, mut from_alice) = within(bob.accept_pairing()).await.unwrap();
    assert_eq!(within(from_alice.read()).await, Ok(Some(Bytes::from_static(b"hello"))));
    never(alice.open_pairing()).await;

    // Not even in the place of the first, once that has ended on both sides.
    drop((to_bob, from_bob, to_alice, from_alice));
    never(alice.open_pairing()).await;
    bob.proven();
    never(alice.open_pairing()).await;
}

#[tokio::test(start_paused = true)]
async fn a_unidirectional_stream_waits_until_its_opener_is_proven() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    never(alice.open_uni(0)).await;
    bob.proven();
    let mut to_bob = within(alice.open_uni(0)).await.unwrap();
    to_bob.write(frames(["now"])).await.unwrap();
    let mut from_alice = within(bob.accept_uni()).await.unwrap();
    assert_eq!(within(from_alice.read()).await, Ok(Some(Bytes::from_static(b"now"))));
}

#[tokio::test(start_paused = true)]
async fn a_proven_peer_has_16_unidirectional_streams() {
    let lab = Lab::new();
    let (alice, _bob) = lab.proven().await;
    let mut streams = Vec::new();
    for _ in 0..limits::UNI_STREAMS {
        streams.push(within(alice.open_uni(0)).await.unwrap());
    }
    never(alice.open_uni(0)).await;
}

#[tokio::test(start_paused = true)]
async fn an_unproven_peer_fills_16_kib_and_no_more() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    let (mut stream, _) = alice.raw().open_bi().await.unwrap();
    let mut written = 0;
    while let Ok(count) = tokio::time::timeout(A_WHILE, stream.write(&[0; 1000])).await {
        written += count.unwrap();
    }
    assert_eq!(written, limits::UNPROVEN_WINDOW as usize);

    bob.proven();
    within(stream.write_all(&[0; 100_000])).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn datagrams_that_nobody_reads_push_each_other_out() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    for number in 0..1000u32 {
        let mut datagram = vec![0; 1000];
        datagram[..4].copy_from_slice(&number.to_be_bytes());
        within(alice.raw().send_datagram_wait(datagram.into())).await.unwrap();
    }
    // A frame behind them shows that they have arrived.
    let (mut to_bob, _from_bob) = alice.open_pairing().await.unwrap();
    to_bob.write(frames(["after"])).await.unwrap();
    let (_, mut from_alice) = within(bob.accept_pairing()).await.unwrap();
    within(from_alice.read()).await.unwrap();

    let mut kept = Vec::new();
    while let Ok(datagram) = tokio::time::timeout(Duration::from_millis(1), bob.raw().read_datagram()).await {
        kept.push(datagram.unwrap());
    }
    assert!(kept.iter().map(Bytes::len).sum::<usize>() <= limits::DATAGRAMS_IN);
    assert_eq!(kept.last().unwrap()[..4], 999u32.to_be_bytes());
}

#[tokio::test(start_paused = true)]
async fn a_frame_over_4_kib_ends_the_pairing_stream() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    let (mut to_bob, _from_bob) = alice.open_pairing().await.unwrap();
    to_bob.write(frames([vec![1; limits::UNPROVEN_FRAME], vec![2; limits::UNPROVEN_FRAME + 1]])).await.unwrap();
    let (_to_alice, mut from_alice) = within(bob.accept_pairing()).await.unwrap();
    assert_eq!(within(from_alice.read()).await.unwrap().unwrap().len(), limits::UNPROVEN_FRAME);
    let too_long = FrameError::TooLong { length: limits::UNPROVEN_FRAME + 1, cap: limits::UNPROVEN_FRAME };
    assert_eq!(within(from_alice.read()).await, Err(too_long));
    assert_eq!(within(from_alice.read()).await, Err(too_long));
}

#[tokio::test(start_paused = true)]
async fn after_the_proof_the_pairing_stream_takes_larger_frames() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    let (mut to_bob, _from_bob) = alice.open_pairing().await.unwrap();
    to_bob.write(frames(["proof".into(), "x".repeat(5000)])).await.unwrap();
    let (_to_alice, mut from_alice) = within(bob.accept_pairing()).await.unwrap();
    assert_eq!(within(from_alice.read()).await, Ok(Some(Bytes::from_static(b"proof"))));
    from_alice.proven();
    assert_eq!(within(from_alice.read()).await.unwrap().unwrap().len(), 5000);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_stream_is_given_up_and_the_connection_lives() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let mut odd = within(alice.open_uni(0)).await.unwrap();
    odd.write(frames(["what is this"])).await.unwrap();
    within(bob.accept_uni()).await.unwrap().stop(StreamCode::UnknownKind);
    assert_eq!(within(odd.stopped()).await, Err(FrameError::Stopped(0x10)));
    assert_eq!(odd.write(frames(["more"])).await, Err(FrameError::Stopped(0x10)));

    let mut good = within(alice.open_uni(0)).await.unwrap();
    good.write(frames(["hello"])).await.unwrap();
    assert_eq!(within(within(bob.accept_uni()).await.unwrap().read()).await, Ok(Some(Bytes::from_static(b"hello"))));
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_1_mib_passes_small_windows() {
    let lab = Lab::with(Windows::Small, Link::default());
    let (alice, bob) = lab.proven().await;
    let mut to_bob = within(alice.open_uni(0)).await.unwrap();
    let body = vec![7; limits::FRAME];
    let receive = async { bob.accept_uni().await.unwrap().read().await };
    let (sent, received) = within(async { tokio::join!(to_bob.write(frames([&body])), receive) }).await;
    sent.unwrap();
    assert_eq!(received.unwrap().unwrap(), body);
}

#[tokio::test(start_paused = true)]
async fn whoever_ignores_the_limits_is_cut_off() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    bob.proven();
    let mut to_bob = within(alice.open_uni(0)).await.unwrap();
    to_bob.write(Bytes::from_static(&[0, 0, 0, 0])).await.unwrap();
    let mut from_alice = within(bob.accept_uni()).await.unwrap();
    assert_eq!(within(from_alice.read()).await, Err(FrameError::Empty));
    bob.close(crate::CloseCode::ProtocolError);
    assert_eq!(within(alice.closed()).await, CloseReason::Peer(crate::CloseCode::ProtocolError));
}
