use super::*;
use crate::CloseReason;
use bytes::Bytes;
use tokio::time::Instant;

/// Sound in one packet.
const PTIME: Duration = Duration::from_millis(10);

/// A voice datagram that says when it was sent, ms since `start`.
fn voice(start: Instant) -> Bytes {
    let mut datagram = vec![0; 220];
    datagram[..8].copy_from_slice(&(start.elapsed().as_millis() as u64).to_be_bytes());
    datagram.into()
}

/// Sends a datagram every 10 ms for `span`.
async fn talk(alice: &Connection, start: Instant, span: Duration) {
    let mut ticks = tokio::time::interval(PTIME);
    let end = Instant::now() + span;
    while Instant::now() < end {
        ticks.tick().await;
        alice.balance(true);
        alice.send_datagram(voice(start)).unwrap();
    }
}

/// When each datagram was sent and came, ms since `start`.
async fn listen(bob: &Connection, start: Instant, heard: &mut Vec<(u64, u64)>) -> CloseReason {
    loop {
        match bob.read_datagram().await {
            Ok(datagram) => {
                let sent = u64::from_be_bytes(datagram[..8].try_into().unwrap());
                heard.push((sent, start.elapsed().as_millis() as u64));
            }
            Err(reason) => return reason,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn voice_waits_for_nothing_at_30_percent_loss_and_300_ms() {
    let lab = Lab::with(Windows::Normal, Link { loss: 0.3, delay: Duration::from_millis(150), ..Link::default() });
    let (alice, bob) = lab.proven().await;
    let (start, mut heard) = (Instant::now(), Vec::new());
    tokio::select! {
        () = talk(&alice, start, Duration::from_secs(60)) => {}
        reason = listen(&bob, start, &mut heard) => panic!("{reason:?}"),
    }
    assert!(heard.len() > 3500, "{}", heard.len());
    let longest = heard.iter().map(|(sent, came)| came - sent).max().unwrap();
    assert!(longest <= 150 + 2, "{longest} ms");
}

#[tokio::test(start_paused = true)]
async fn voice_speaks_again_at_once_after_an_outage() {
    for outage in [2, 10, 28] {
        let lab = Lab::with(Windows::Normal, Link { delay: Duration::from_millis(30), ..Link::default() });
        let (alice, bob) = lab.proven().await;
        let (start, mut heard) = (Instant::now(), Vec::new());
        let call = async {
            talk(&alice, start, Duration::from_secs(5)).await;
            lab.network.cut(ALICE, BOB);
            talk(&alice, start, Duration::from_secs(outage)).await;
            lab.network.heal(ALICE, BOB);
            let healed = start.elapsed().as_millis() as u64;
            talk(&alice, start, Duration::from_secs(2)).await;
            healed
        };
        let healed = tokio::select! {
            healed = call => healed,
            reason = listen(&bob, start, &mut heard) => panic!("{reason:?}"),
        };
        let (_, came) = heard.iter().find(|(sent, _)| *sent >= healed).unwrap();
        assert!(came - healed <= 50, "{outage} s: {} ms", came - healed);
        let late = heard.iter().filter(|(sent, came)| came - sent > 35).count();
        assert_eq!(late, 0, "{outage} s: old voice came late");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_beside_a_call_keep_to_the_window_of_congestion_control() {
    // 1 Mbit/s with a short queue: 1.5 MiB at once would fill it for 12 s.
    let link = Link { rate: Some(1_000_000), delay: Duration::from_millis(20), ..Link::default() };
    let lab = Lab::with(Windows::Normal, link);
    let (alice, bob) = lab.proven().await;
    let (start, mut heard) = (Instant::now(), Vec::new());
    let bulk = async {
        let mut to_bob = alice.open_uni(-10).await.unwrap();
        loop {
            to_bob.write(frames([vec![0; 60_000]])).await.unwrap();
        }
    };
    let drain = async {
        let mut from_alice = bob.accept_uni().await.unwrap();
        while from_alice.read().await.is_ok() {}
    };
    tokio::select! {
        () = talk(&alice, start, Duration::from_secs(20)) => {}
        () = bulk => {}
        () = drain => panic!("the stream ended"),
        reason = listen(&bob, start, &mut heard) => panic!("{reason:?}"),
    }
    // The queue of the link holds 300 ms; voice may meet a full one but nothing more, and most of it arrives.
    assert!(heard.len() > 1700, "{}", heard.len());
    assert!(heard.iter().all(|(sent, came)| came - sent <= 20 + 300 + 20));
}

#[tokio::test(start_paused = true)]
async fn after_the_call_congestion_control_is_back() {
    let lab = Lab::new();
    let (alice, _bob) = lab.proven().await;
    let window = || alice.raw().congestion_state().window();
    let before = window();
    alice.balance(true);
    assert!(window() >= 1536 * 1024);
    alice.balance(false);
    assert_eq!(window(), before);
}
