//! Messages that are kept for a limited time: what goes, and what clocks and absence cannot make go.

use crate::keep::{options, quit, remembered};
use crate::lab::{Person, befriend, pass, person};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Delivery, PeerId, Retention};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

const DAY: i64 = 24 * 3600 * 1000;
const NOW: i64 = 1_800_000_000_000;
/// A clock that was set is believed after some minutes.
const LATER: Duration = Duration::from_secs(15 * 60);

/// A clock that runs as time passes, and can be set.
#[derive(Clone)]
struct Clock {
    began: Instant,
    offset: Arc<AtomicI64>,
}

impl Clock {
    fn at(now: i64) -> Self {
        Self { began: Instant::now(), offset: Arc::new(AtomicI64::new(now)) }
    }

    fn now(&self) -> i64 {
        self.offset.load(Ordering::Relaxed) + i64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn set_forward(&self, by: i64) {
        self.offset.fetch_add(by, Ordering::Relaxed);
    }
}

/// Alice, who is remembered and keeps messages for a day, and bob.
async fn alice_for_a_day(seed: u64, clock: &Clock, directory: &TempDir) -> (Network, Person, Person, PeerId, PeerId) {
    let (network, of_alice) = (Network::new(seed), clock.clone());
    let options = options(&network, 1, directory).with_clock(move || of_alice.now());
    let mut alice = remembered("alice", 1, options, &network).await;
    let mut bob = person(&network, "bob", 2).await;
    alice.handle.set_retention(None, Some(Retention::Day)).await.unwrap();
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    (network, alice, bob, to_bob, to_alice)
}

async fn says(from: &Person, to: PeerId, text: &str) {
    from.handle.send_text(to, text).await.unwrap().delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lines_that_were_kept_long_enough_go() {
    let (clock, directory) = (Clock::at(NOW), TempDir::new().unwrap());
    let (_network, alice, bob, to_bob, to_alice) = alice_for_a_day(305, &clock, &directory).await;
    says(&alice, to_bob, "yesterday").await;
    says(&bob, to_alice, "yes, yesterday").await;
    alice.handle.mark_read(to_bob).await.unwrap();
    clock.set_forward(DAY - 3_600_000);
    says(&alice, to_bob, "today").await;
    alice.handle.mark_read(to_bob).await.unwrap();
    pass(LATER).await;
    assert_eq!(alice.said(to_bob, Delivery::Queued).await, ["yesterday", "today"]);
    clock.set_forward(3_600_000);
    pass(LATER).await;
    assert_eq!(alice.said(to_bob, Delivery::Queued).await, ["today"]);
    assert_eq!(alice.heard(to_bob).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_read_or_not_delivered_is_there_after_two_days_away() {
    let (clock, directory) = (Clock::at(NOW), TempDir::new().unwrap());
    let (network, mut alice, bob, to_bob, to_alice) = alice_for_a_day(311, &clock, &directory).await;
    says(&bob, to_alice, "read this").await;
    network.cut(alice.ip, bob.ip);
    alice.handle.send_text(to_bob, "waits for bob").await.unwrap();
    clock.set_forward(2 * DAY);
    pass(LATER).await;
    assert_eq!(alice.heard(to_bob).await, ["read this"]);
    assert_eq!(alice.said(to_bob, Delivery::Queued).await, ["waits for bob"]);
    network.heal(alice.ip, bob.ip);
    alice
        .until("delivered", async |handle| {
            let page = handle.page(to_bob, None).await.unwrap();
            page.lines.iter().any(|line| line.delivery == Some(Delivery::Delivered)).then_some(())
        })
        .await;
    alice.handle.mark_read(to_bob).await.unwrap();
    pass(LATER).await;
    assert_eq!(alice.lines(to_bob).await, [], "now their time counts");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_for_a_minute_deletes_nothing() {
    let (clock, directory) = (Clock::at(NOW), TempDir::new().unwrap());
    let (_network, alice, _bob, to_bob, _) = alice_for_a_day(312, &clock, &directory).await;
    says(&alice, to_bob, "just now").await;
    alice.handle.mark_read(to_bob).await.unwrap();
    pass(LATER).await;
    clock.set_forward(365 * DAY);
    pass(Duration::from_secs(90)).await;
    clock.set_forward(-365 * DAY);
    pass(LATER).await;
    assert_eq!(alice.said(to_bob, Delivery::Queued).await, ["just now"]);
}

#[tokio::test(start_paused = true)]
async fn what_came_in_while_the_clock_said_1970_is_not_deleted_unread() {
    let (clock, directory) = (Clock::at(0), TempDir::new().unwrap());
    let (network, alice, bob, to_bob, to_alice) = alice_for_a_day(313, &clock, &directory).await;
    says(&bob, to_alice, "good morning").await;
    clock.set_forward(NOW);
    pass(LATER).await;
    assert_eq!(alice.heard(to_bob).await, ["good morning"]);
    quit(alice).await;
    let options = options(&network, 1, &directory).with_clock(move || clock.now());
    let alice = remembered("alice", 1, options, &network).await;
    assert_eq!(alice.heard(to_bob).await, ["good morning"]);
}
