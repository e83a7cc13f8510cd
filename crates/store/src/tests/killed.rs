//! A program that is killed at any moment: what it has said to be written is there, once.

use super::*;
use rand::{RngExt as _, SeedableRng as _};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// In ordinary runs; the long one takes some minutes.
const KILLS: u32 = 50;
const MANY_KILLS: u32 = 1000;

#[test]
fn what_was_reported_as_written_outlives_a_kill_at_any_moment() {
    kill(KILLS);
}

#[test]
#[ignore = "minutes long"]
fn what_was_reported_as_written_outlives_a_thousand_kills() {
    kill(MANY_KILLS);
}

fn kill(times: u32) {
    let alice = tempfile::tempdir().unwrap();
    let directory = alice.path().join("profile");
    let vault = Vault::for_test(&directory, &MemoryKeychain::new());
    let mut store = vault.create(&passphrase("alice")).unwrap();
    store.write(&[Change::Profile(profile()), Change::Peer(bob())]).unwrap();
    drop(store);
    let seed: u64 = rand::rng().random();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut reported = 0;
    for round in 0..times {
        let mut child = writer(&directory);
        let mut said =
            BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|line| number(&line));
        // It opened the store and went on from where the last one was killed: nothing more than one batch ahead of its word.
        let opened = said.next().unwrap_or_else(|| panic!("round {round}, seed {seed}: it does not open"));
        assert!((reported..=reported + 1).contains(&opened), "round {round}, seed {seed}: {opened} after {reported}");
        reported = opened;
        for _ in 0..random.random_range(0..20) {
            reported = said.next().unwrap();
        }
        // Anywhere in a transaction, not only after its word.
        let until = Instant::now() + Duration::from_micros(random.random_range(0..3000));
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        reported = said.last().unwrap_or(reported);
    }
    let store = vault.open(&passphrase("alice")).unwrap();
    assert!(reported > 0);
    check(&store, reported..=reported + 1, seed);
}

/// One batch of the writer: a line, the place in the inbox that acknowledges it, an answer that waits, an older one that does not.
fn batch(n: u64) -> [Change; 4] {
    let line = KeptLine { origin: Origin::Theirs, ..line(n, &format!("message {n}")) };
    let acked = Change::Acked(BOB, n.saturating_sub(3));
    [Change::Line(BOB, line), Change::Inbox(BOB, inbox(n)), Change::Queued(BOB, queued(n, "answer")), acked]
}

/// Gives the number of the last whole batch.
fn check(store: &Store, expected: std::ops::RangeInclusive<u64>, seed: u64) -> u64 {
    let kept = store.load(0).unwrap().peers.remove(0);
    let newest = kept.inboxes.first().map_or(0, |inbox| inbox.highest);
    assert!(expected.contains(&newest), "seed {seed}: {newest} instead of {expected:?}");
    let lines: Vec<_> = store.reader().unwrap().lines(BOB, 0).map(Result::unwrap).collect();
    let says: Vec<_> = (1..=newest).map(|n| format!("message {n}")).collect();
    assert_eq!(texts(&lines), says, "seed {seed}");
    let counters: Vec<_> = kept.queue.iter().map(|queued| queued.counter).collect();
    assert_eq!(counters, (newest.saturating_sub(3) + 1..=newest).collect::<Vec<_>>(), "seed {seed}");
    let health: String = store.connection().query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(health, "ok", "seed {seed}");
    newest
}

fn number(line: &str) -> Option<u64> {
    line.strip_prefix("written ")?.parse().ok()
}

fn writer(directory: &std::path::Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["tests::killed::writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"]);
    child.env("P2P_COMM_KILLED", directory).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
#[ignore = "a part of another test"]
#[expect(clippy::print_stdout, reason = "the test that started it reads this")]
fn writes_until_it_is_killed() {
    let directory = std::env::var_os("P2P_COMM_KILLED").unwrap();
    let vault = Vault::for_test(directory.as_ref(), &MemoryKeychain::new());
    let mut store = vault.open(&passphrase("alice")).unwrap();
    let mut newest = check(&store, 0..=u64::MAX, 0);
    // The harness has begun a line.
    println!("\nwritten {newest}");
    // Bounded, should nobody kill it.
    for _ in 0..100_000 {
        newest += 1;
        store.write(&batch(newest)).unwrap();
        println!("written {newest}");
    }
}
