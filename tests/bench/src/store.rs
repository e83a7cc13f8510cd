use crate::{Figure, Result, percentile};
use p2p_comm_model::{DeviceKey, Epoch, Name, PeerAddress, PeerId, Retention, Text};
use p2p_comm_store::{Change, Inbox, KeptLine, MemoryKeychain, Origin, PeerRecord, Profile, Seal, Seed, Store, Vault};
use std::time::Instant;

const MESSAGES: u64 = 1_000_000;
const PEERS: u32 = 20;
const BATCH: u64 = 1000;
const OPENINGS: usize = 20;
const COMMITS: u64 = 1000;
const SEARCHES: u64 = 200;
/// Lines of each conversation that are read at the start.
const TAIL: usize = 50;
/// Of them, those that were not read.
const UNREAD: u64 = 20;

/// A store with a million messages of about 60 characters: how fast it is filled, opened, searched, and written to when one
/// message at a time waits for its acknowledgement.
pub(crate) fn million() -> Result<Vec<Figure>> {
    let directory = tempfile::tempdir()?;
    let vault = Vault::for_test(&directory.path().join("profile"), &MemoryKeychain::new());
    let mut store = vault.create(&Seal::Keychain)?;
    let list = (0..PEERS).map(peer).collect::<Result<Vec<_>>>()?;
    let seed = Seed([7; 32].into());
    let profile = Profile { seed, name: None, port: None, retention: Retention::Forever };
    store.write(&[Change::Profile(profile)])?;
    store.write(&list)?;
    let mut words = Words(1);
    let inserted = fill(&mut store, &mut words)?;
    let n = MESSAGES as usize;
    let read = |n| Change::Read(PeerId(n), MESSAGES / u64::from(PEERS) - UNREAD);
    store.write(&(0..PEERS).map(read).collect::<Vec<_>>())?;
    let (commit, searches) = (commit(&mut store, &mut words)?, search(&store, &mut words)?);
    drop(store);
    let mut opened = Vec::new();
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        let kept = vault.open(&Seal::Keychain)?.load(TAIL)?;
        opened.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!(kept.peers.len(), PEERS as usize);
    }
    let mut deleting = delete_half(&mut vault.open(&Seal::Keychain)?, &mut words)?;
    let pieces = deleting.len();
    Ok(vec![
        Figure { name: "store_insert_per_s", value: inserted, unit: "1/s", n },
        Figure { name: "store_open_ms", value: percentile(&mut opened, 0.5), unit: "ms", n: OPENINGS },
        Figure { name: "search_1m_p95_ms", value: searches, unit: "ms", n: SEARCHES as usize },
        Figure { name: "store_commit_p95_ms", value: commit, unit: "ms", n: COMMITS as usize },
        Figure { name: "store_commit_deleting_p95_ms", value: percentile(&mut deleting, 0.95), unit: "ms", n: pieces },
    ])
}

fn fill(store: &mut Store, words: &mut Words) -> Result<f64> {
    let mut seconds = 0.0;
    for batch in 0..MESSAGES / BATCH {
        let lines = (batch * BATCH..(batch + 1) * BATCH).map(|n| message(n, &words.text()));
        let changes = lines.collect::<Result<Vec<_>>>()?;
        let begun = Instant::now();
        store.write(&changes)?;
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok(MESSAGES as f64 / seconds)
}

/// What must be on the disk before a message is acknowledged: its line, and the place in the inbox.
fn commit(store: &mut Store, words: &mut Words) -> Result<f64> {
    let mut took = Vec::new();
    for n in MESSAGES..MESSAGES + COMMITS {
        let inbox = Inbox { device: DeviceKey([1; 32]), epoch: Epoch([1; 16]), highest: n };
        let changes = [message(n, &words.text())?, Change::Inbox(PeerId(1), inbox)];
        let begun = Instant::now();
        store.write(&changes)?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(percentile(&mut took, 0.95))
}

/// Half of the conversations are cleared: what a message takes that comes while a piece of that has just begun.
fn delete_half(store: &mut Store, words: &mut Words) -> Result<Vec<f64>> {
    let clear = |n| Change::DropLines(PeerId(n), 0..u64::MAX);
    store.write(&(0..PEERS / 2).map(clear).collect::<Vec<_>>())?;
    let mut took = Vec::new();
    loop {
        let next = MESSAGES + COMMITS + took.len() as u64;
        let begun = Instant::now();
        let more = store.sweep(0, true)?.more;
        // One that is written to a conversation that stays.
        store.write(&[message(next * u64::from(PEERS) + u64::from(PEERS) - 1, &words.text())?])?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        if !more {
            return Ok(took);
        }
    }
}

/// One word or two, frequent, rare or nowhere; every fourth time in one conversation.
fn search(store: &Store, words: &mut Words) -> Result<f64> {
    let reader = store.reader()?;
    let mut took = Vec::new();
    for n in 0..SEARCHES {
        let (first, second) = (words.word(), words.word());
        let nowhere = format!("{second}qq");
        let query: &[&str] = match n % 3 {
            0 => &[&first],
            1 => &[&first, &second],
            _ => &[&nowhere],
        };
        let peer = (n % 4 == 0).then_some(PeerId(3));
        let begun = Instant::now();
        reader.search(query, peer, 100, |text| query.iter().all(|word| text.contains(word)))?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(percentile(&mut took, 0.95))
}

fn peer(n: u32) -> Result<Change> {
    Ok(Change::Peer(PeerRecord {
        id: PeerId(n),
        label: Name::parse(&format!("peer {n}"))?,
        name: None,
        addresses: vec![PeerAddress::parse("192.0.2.1:47800").map_err(|code| code.to_string())?],
        blocked: false,
        bound: None,
        verified: false,
        muted: false,
        pinned: false,
        gain_db: 0.0,
        draft: String::new(),
        retention: None,
        vanish: None,
    }))
}

fn message(n: u64, text: &str) -> Result<Change> {
    let peer = PeerId((n % u64::from(PEERS)) as u32);
    let (seq, at) = (n / u64::from(PEERS), n as i64 * 1000);
    let origin = if n.is_multiple_of(2) { Origin::Theirs } else { Origin::Mine(n) };
    let content = Text::parse(text)?.into();
    let line = KeptLine { seq, origin, content, sent_at: at, at, expires_at: None, unsupported: false };
    Ok(Change::Line(peer, line))
}

/// Words of 2 to 4 syllables, a few of them frequent, as in a language; always the same ones.
struct Words(u64);

impl Words {
    fn text(&mut self) -> String {
        let count = 4 + self.below(12);
        let words: Vec<_> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }

    /// The smaller the rank, the more frequent (Zipf's law, roughly): of 20 000 words.
    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 24] = [
            "ba", "del", "ki", "ro", "san", "tu", "me", "lor", "ven", "ga", "pi", "sto", "ra", "ne", "chu", "wi", "fa",
            "tri", "no", "ul", "es", "int", "am", "ho",
        ];
        let mut rank = 20_000_f64.powf(self.below(1 << 20) as f64 / (1 << 20) as f64) as usize;
        let mut word = String::new();
        for _ in 0..2 {
            word += SYLLABLES[rank % SYLLABLES.len()];
            rank = rank / SYLLABLES.len() + rank * 7 % 5;
        }
        while rank > 5 {
            word += SYLLABLES[rank % SYLLABLES.len()];
            rank /= SYLLABLES.len();
        }
        word
    }

    /// The generator of Knuth's MMIX; its upper bits.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
