use super::*;
use crate::{CloseCode, CloseReason, FrameError, FrameReceiver, FrameSender, StreamCode};
use bytes::Bytes;

async fn stream(alice: &Connection, bob: &Connection) -> (FrameSender, FrameReceiver) {
    let mut to_bob = within(alice.open_uni(0)).await.unwrap();
    to_bob.write(frames(["first"])).await.unwrap();
    let mut from_alice = within(bob.accept_uni()).await.unwrap();
    within(from_alice.read()).await.unwrap();
    (to_bob, from_alice)
}

#[tokio::test(start_paused = true)]
async fn a_batch_holds_all_that_arrived_together() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    to_bob.write(frames(["a", "b", "c"])).await.unwrap();
    assert_eq!(within(from_alice.read_batch(usize::MAX)).await, Ok(Some(vec!["a".into(), "b".into(), "c".into()])));
}

#[tokio::test(start_paused = true)]
async fn a_batch_ends_where_it_is_full() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    to_bob.write(frames(["aa", "bb", "cc"])).await.unwrap();
    assert_eq!(within(from_alice.read_batch(3)).await, Ok(Some(vec!["aa".into(), "bb".into()])));
    assert_eq!(within(from_alice.read_batch(0)).await, Ok(Some(vec!["cc".into()])));
}

#[tokio::test(start_paused = true)]
async fn the_good_frames_come_before_the_error() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    let mut bytes = frames(["good"]).to_vec();
    bytes.extend([0, 0, 0, 0]);
    to_bob.write(bytes.into()).await.unwrap();
    assert_eq!(within(from_alice.read_batch(usize::MAX)).await, Ok(Some(vec!["good".into()])));
    assert_eq!(within(from_alice.read_batch(usize::MAX)).await, Err(FrameError::Empty));
}

#[tokio::test(start_paused = true)]
async fn a_finished_stream_ends_cleanly_and_its_sender_hears_of_it() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    to_bob.write(frames(["last"])).await.unwrap();
    to_bob.finish().unwrap();
    assert_eq!(within(from_alice.read()).await, Ok(Some(Bytes::from_static(b"last"))));
    assert_eq!(within(from_alice.read()).await, Ok(None));
    assert_eq!(within(from_alice.read_batch(1)).await, Ok(None));
    assert_eq!(within(to_bob.stopped()).await, Ok(()));
    assert_eq!(to_bob.write(frames(["too late"])).await, Err(FrameError::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_inside_a_frame_is_truncated() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    to_bob.write(frames(["half"]).slice(..6)).await.unwrap();
    to_bob.finish().unwrap();
    assert_eq!(within(from_alice.read()).await, Err(FrameError::Truncated));
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_an_error_for_good() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    to_bob.reset(StreamCode::UnknownKind);
    assert_eq!(within(from_alice.read()).await, Err(FrameError::Reset(0x10)));
    assert_eq!(within(from_alice.read()).await, Err(FrameError::Reset(0x10)));
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_ends_its_streams() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    alice.close(CloseCode::Replaced);
    assert_eq!(within(from_alice.read()).await, Err(FrameError::Closed(CloseReason::Peer(CloseCode::Replaced))));
    assert_eq!(to_bob.write(frames(["x"])).await, Err(FrameError::Closed(CloseReason::Local)));
    assert_eq!(within(bob.accept_uni()).await.unwrap_err(), FrameError::Closed(CloseReason::Peer(CloseCode::Replaced)));
}

#[tokio::test(start_paused = true)]
async fn a_higher_priority_overtakes_what_waits() {
    let lab = Lab::with(Windows::Normal, Link { rate: Some(1_000_000), ..Link::default() });
    let (alice, bob) = lab.proven().await;
    let (mut bulk, mut from_bulk) = stream(&alice, &bob).await;
    bulk.write(frames([vec![0; 500_000]])).await.unwrap();
    let mut control = within(alice.open_uni(10)).await.unwrap();
    control.write(frames(["ring"])).await.unwrap();
    let mut from_control = within(bob.accept_uni()).await.unwrap();
    tokio::select! {
        ring = from_control.read() => assert_eq!(ring, Ok(Some("ring".into()))),
        _ = from_bulk.read() => panic!("bulk came first"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_write_never_tears_a_frame() {
    let lab = Lab::with(Windows::Small, Link::default());
    let (alice, bob) = lab.proven().await;
    let (mut to_bob, mut from_alice) = stream(&alice, &bob).await;
    let long = vec![7; 100_000];
    never(to_bob.write(frames([&long]))).await;

    let receive = async { [from_alice.read().await, from_alice.read().await] };
    let (sent, received) = within(async { tokio::join!(to_bob.write(frames(["next"])), receive) }).await;
    sent.unwrap();
    assert_eq!(received, [Ok(Some(long.into())), Ok(Some("next".into()))]);
}
