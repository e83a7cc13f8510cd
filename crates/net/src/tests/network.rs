use super::*;
use crate::{CloseReason, ConnectError};
use std::net::UdpSocket;
use tokio::time::Instant;

/// Sends `count` numbered frames and reads them on the other side.
async fn carry(alice: &Connection, bob: &Connection, count: u32) -> Vec<u32> {
    let send = async {
        let mut to_bob = alice.open_uni(0).await.unwrap();
        for number in 0..count {
            to_bob.write(frames([number.to_be_bytes()])).await.unwrap();
        }
        to_bob.finish().unwrap();
        to_bob.stopped().await.unwrap();
    };
    let receive = async {
        let mut from_alice = bob.accept_uni().await.unwrap();
        let mut numbers = Vec::new();
        while let Some(batch) = from_alice.read_batch(usize::MAX).await.unwrap() {
            numbers.extend(batch.iter().map(|frame| u32::from_be_bytes(frame[..].try_into().unwrap())));
        }
        numbers
    };
    tokio::join!(send, receive).1
}

#[tokio::test(start_paused = true)]
async fn a_link_that_loses_30_of_100_packets_carries_1000_frames_in_order() {
    let jitter = Duration::from_millis(20);
    let lab = Lab::with(Windows::Normal, Link { loss: 0.3, jitter, ..Link::default() });
    let (alice, bob) = lab.proven().await;
    assert!(carry(&alice, &bob, 1000).await.into_iter().eq(0..1000));
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_time_is_that_of_the_link() {
    let link = Link { delay: Duration::from_millis(40), ..Link::default() };
    let lab = Lab::with(Windows::Normal, link);
    let (alice, _bob) = lab.connect().await;
    assert!((80..90).contains(&alice.rtt().as_millis()), "{:?}", alice.rtt());
}

#[tokio::test(start_paused = true)]
async fn a_slow_link_takes_its_time() {
    let lab = Lab::with(Windows::Normal, Link { rate: Some(1_000_000), ..Link::default() });
    let (alice, bob) = lab.proven().await;
    let mut to_bob = alice.open_uni(0).await.unwrap();
    let start = Instant::now();
    let receive = async { bob.accept_uni().await.unwrap().read().await.unwrap() };
    let (sent, _) = within(async { tokio::join!(to_bob.write(frames([vec![0; 500_000]])), receive) }).await;
    sent.unwrap();
    assert!((4000..8000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_survives_a_cut_that_is_healed_in_time() {
    let lab = Lab::new();
    let (alice, bob) = lab.proven().await;
    assert_eq!(within(carry(&alice, &bob, 1)).await, [0]);
    lab.network.cut(ALICE, BOB);
    let carried = carry(&alice, &bob, 3);
    tokio::pin!(carried);
    never(carried.as_mut()).await;
    lab.network.heal(ALICE, BOB);
    assert_eq!(within(carried).await, [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn silence_loses_the_connection_after_45_s() {
    let lab = Lab::new();
    let (alice, bob) = lab.connect().await;
    let start = Instant::now();
    lab.network.cut(ALICE, BOB);
    assert_eq!(tokio::join!(alice.closed(), bob.closed()), (CloseReason::Lost, CloseReason::Lost));
    assert!((40..=60).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn packets_stand_still_while_the_other_side_is_silent() {
    let lab = Lab::new();
    let (alice, _bob) = lab.connect().await;
    let count = async |span: Duration| {
        let before = alice.packets_received();
        let _ = tokio::time::timeout(span, alice.closed()).await;
        alice.packets_received() - before
    };
    assert!(count(Duration::from_secs(20)).await >= 3);
    lab.network.cut(ALICE, BOB);
    assert_eq!(count(Duration::from_secs(20)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_killed_host_says_nothing_and_can_start_anew() {
    let lab = Lab::new();
    let (_alice, bob) = lab.connect().await;
    lab.network.kill(ALICE);
    lab.alice.close(crate::CloseCode::Bye);
    assert_eq!(bob.closed().await, CloseReason::Lost);

    let again = lab.network.endpoint(ALICE, Config::default()).unwrap();
    assert_eq!(again.local_port(), lab.alice.local_port());
    connect(&again, &lab.bob, BOB).await;
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_is_given_up_leaves_nothing_behind() {
    let lab = Lab::new();
    let target = SocketAddr::new(BOB, lab.bob.local_port());
    never(lab.alice.connect(target)).await;
    let waiting = within(lab.bob.accept()).await.unwrap();
    let outcome = waiting.accept().await;
    assert!(matches!(outcome, Err(ConnectError::Unreachable | ConnectError::Closed(_))), "{outcome:?}");
    within(lab.alice.wait_idle()).await;
}

#[tokio::test]
async fn noise_on_the_port_disturbs_nobody() {
    let localhost = IpAddr::from(Ipv4Addr::LOCALHOST);
    let config = Config { bind: Some(localhost), ..Config::default() };
    let (alice, bob) = (Endpoint::bind(config).unwrap(), Endpoint::bind(config).unwrap());
    let stranger = UdpSocket::bind((localhost, 0)).unwrap();
    let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(1);
    for length in (0..1472).step_by(7) {
        let mut noise = vec![0; length];
        rand::Rng::fill_bytes(&mut rng, &mut noise);
        stranger.send_to(&noise, (localhost, bob.local_port())).unwrap();
    }
    connect(&alice, &bob, localhost).await;
}
