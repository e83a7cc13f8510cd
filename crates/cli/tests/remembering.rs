//! What is kept outlives the process, however it ends.

use crate::lab::{End, Run, Start, free_port, ready};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const SECRET: &str = "only mine";
/// Kills of `npm test`; many more with `P2P_COMM_KILLS`.
const KILLS: u64 = 30;

/// One person's place: the same at each start.
struct Place {
    name: &'static str,
    port: u16,
    directory: TempDir,
}

impl Place {
    fn new(name: &'static str) -> Self {
        Self { name, port: free_port(), directory: TempDir::new().unwrap() }
    }

    fn kept(&self) -> std::path::PathBuf {
        self.directory.path().join("kept")
    }

    fn start(&self, command: &str) -> Start {
        let words = format!("{command} --name {} --bind 127.0.0.1 --port {} --json --remember", self.name, self.port);
        let start = Start::new(&words).arg("--keep-messages").arg("forever");
        start.arg("--data-dir").arg(self.kept().to_str().unwrap()).env("P2P_COMM_PASSPHRASE", SECRET)
    }

    fn listen(&self) -> Run {
        self.start("listen --accept-anyone").go()
    }

    fn send(&self, to: &Self) -> Run {
        self.start(&format!("send --timeout 60 --peer 127.0.0.1:{} -", to.port)).go()
    }

    /// What is kept of the conversation with somebody.
    fn export(&self, with: &Self, json: bool) -> End {
        let words = format!("export --peer 127.0.0.1:{}{}", with.port, if json { " --json" } else { "" });
        let start = Start::new(&words).arg("--data-dir").arg(self.kept().to_str().unwrap());
        start.env("P2P_COMM_PASSPHRASE", SECRET).go().end()
    }

    /// The texts that are kept, ours or theirs.
    fn texts(&self, with: &Self, from: &str) -> Vec<String> {
        let end = self.export(with, true);
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
        let file: serde_json::Value = serde_json::from_str(&end.stdout.join("\n")).unwrap();
        let lines = file["lines"].as_array().unwrap().iter().filter(|line| line["from"] == from);
        lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// Small, seeded, and good enough to choose moments.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[test]
fn the_shared_password_is_no_passphrase() {
    let alice = Place::new("alice");
    let end = alice.start("listen").env("P2P_COMM_PASSWORD", SECRET).go().end();
    assert_ne!(end.code, Some(0));
    assert!(end.stderr.contains("must not be the shared password"), "{}", end.stderr);
    assert!(!alice.kept().join("store.db").exists());
}

#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn a_person_who_is_remembered_is_recognised_and_the_conversation_is_there() {
    let (alice, bob) = (Place::new("alice"), Place::new("bob"));
    let mut listening = bob.listen();
    ready(&mut listening);
    for words in ["first\n", "second\n"] {
        let mut sending = alice.send(&bob);
        sending.say(words);
        sending.end_input();
        let end = sending.end();
        assert_eq!(end.code, Some(0), "{}", end.stderr);
        assert_eq!(end.events("notice"), Vec::<serde_json::Value>::new());
    }
    listening.event("message", |message| message["text"] == "second");
    listening.terminate();
    let end = listening.end();
    assert_eq!(end.events("notice"), Vec::<serde_json::Value>::new(), "alice is no new device");
    assert_eq!(bob.texts(&alice, "them"), ["first", "second"]);
    assert_eq!(alice.texts(&bob, "me"), ["first", "second"]);
    assert!(alice.export(&bob, false).stdout.contains(&"second".to_owned()));
}

#[test]
fn another_passphrase_opens_nothing_and_forgetting_removes_all() {
    let (alice, bob) = (Place::new("alice"), Place::new("bob"));
    let mut sending = alice.send(&bob);
    sending.event("remembered", |event| event["state"]["kind"] == "open");
    drop(sending);
    let end =
        alice.start(&format!("send --peer 127.0.0.1:{} hi", bob.port)).env("P2P_COMM_PASSPHRASE", "a guess").go().end();
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.starts_with("error: wrongPassphrase: "), "{}", end.stderr);
    let words = format!("export --peer 127.0.0.1:{}", bob.port);
    let export = Start::new(&words).arg("--data-dir").arg(alice.kept().to_str().unwrap());
    let end = export.env("P2P_COMM_PASSPHRASE", "a guess").go().end();
    assert_eq!((end.code, end.stdout.len()), (Some(1), 0), "{}", end.stderr);
    assert!(end.stderr.starts_with("error: wrongPassphrase: "), "{}", end.stderr);
    let forget = Start::new("forget").arg("--data-dir").arg(alice.kept().to_str().unwrap()).go().end();
    assert_eq!(forget.code, Some(0), "{}", forget.stderr);
    assert!(forget.stdout.len() > 1, "{:?}", forget.stdout);
    assert!(!alice.kept().exists());
}

#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn at_the_end_the_store_is_closed() {
    let alice = Place::new("alice");
    for _ in 0..12 {
        let mut listening = alice.listen();
        ready(&mut listening);
        listening.terminate();
        assert_eq!(listening.end().code, Some(0), "no signal ended it");
        let log = alice.kept().join("store.db-wal");
        let left = std::fs::metadata(log).map_or(0, |log| log.len());
        assert_eq!(left, 0, "the store was closed before the end");
    }
}

#[test]
fn to_remember_needs_a_place() {
    let end = Start::new("send --name alice --peer 127.0.0.1:9 --remember hi").go().end();
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("--data-dir"), "{}", end.stderr);
}

/// Alice writes, bob listens, and either is killed at a random moment, again and again. Of what was kept, nothing may be lost
/// and nothing doubled.
#[test]
#[cfg_attr(windows, ignore = "nothing asks a program there to end")]
fn whoever_is_killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled() {
    let kills = std::env::var("P2P_COMM_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let seed = 7;
    let mut dice = Dice(seed);
    let (alice, bob) = (Place::new("alice"), Place::new("bob"));
    let mut listening = bob.listen();
    ready(&mut listening);
    let mut sending = alice.send(&bob);
    sending.event("remembered", |_| true);
    let (mut n, mut delivered) = (0u64, BTreeSet::new());
    // What this run of alice's program was given, in order: its counts of deliveries are about these.
    let mut given: Vec<u64> = Vec::new();
    for _ in 0..kills {
        for _ in 0..dice.below(30) {
            sending.say(&format!("{n}\n"));
            given.push(n);
            n += 1;
        }
        // The moments that matter lie between two writes to the disk, some milliseconds apart.
        std::thread::sleep(Duration::from_millis(dice.below(250)));
        if dice.below(2) == 0 {
            delivered.extend(of(&mut sending, &given));
            drop(sending);
            given.clear();
            sending = alice.send(&bob);
            sending.event("remembered", |_| true);
        } else {
            drop(listening);
            listening = bob.listen();
        }
    }
    sending.say(&format!("{n}\n"));
    given.push(n);
    sending.end_input();
    let end = sending.end_within(Duration::from_secs(120));
    assert_eq!(end.code, Some(0), "seed {seed}: {}", end.stderr);
    delivered.extend(given);
    listening.terminate();
    assert_eq!(listening.end().code, Some(0), "seed {seed}");

    let (sent, came) = (alice.texts(&bob, "me"), bob.texts(&alice, "them"));
    assert_eq!(came, sent, "seed {seed}: everything that alice kept came, once and in order");
    let numbers: Vec<u64> = came.iter().map(|text| text.parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "seed {seed}: {numbers:?}");
    let numbers: BTreeSet<_> = numbers.into_iter().collect();
    assert!(delivered.is_subset(&numbers), "seed {seed}: {:?} was acknowledged", delivered.difference(&numbers));
    assert!(!directory_has(&bob.kept(), "alice"), "no name lies on the disk in the clear");
}

/// The numbers that this run of alice's program counted as delivered so far.
fn of(sending: &mut Run, given: &[u64]) -> Vec<u64> {
    let mut counts = sending.rest().iter().filter_map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        event["delivered"].as_u64().filter(|_| event["event"] == "delivery")
    });
    let delivered = counts.next_back().unwrap_or(0) as usize;
    given[..delivered].to_vec()
}

fn directory_has(directory: &Path, words: &str) -> bool {
    let files = std::fs::read_dir(directory).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
}
