//! What a thief of the files sees, without the key and with it.

use super::*;
use aes::Aes256;
use aes::cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::NoPadding};
use std::fs;
use std::path::PathBuf;

/// SQLCipher 4: pages of 4096 bytes, of which the last 80 are an initialisation vector and a MAC.
const PAGE: usize = 4096;
const RESERVED: usize = 80;
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

fn files(computer: &Computer) -> Vec<PathBuf> {
    fs::read_dir(computer.directory.path().join("profile")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn has(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Every page in the database and in the log beside it, in use or not.
fn decrypted(store: &Store, computer: &Computer) -> Vec<u8> {
    let database = fs::read(computer.file("store.db")).unwrap();
    let log = fs::read(computer.file("store.db-wal")).unwrap();
    // The first 16 bytes of the file are a salt.
    let first = (&database[16..PAGE], &database[PAGE - RESERVED..PAGE - RESERVED + 16]);
    let pages = database.chunks(PAGE).skip(1);
    let frames =
        log.get(WAL_HEADER..).unwrap_or_default().chunks(FRAME_HEADER + PAGE).map(|frame| &frame[FRAME_HEADER..]);
    let mut plain = Vec::new();
    for (page, iv) in
        [first].into_iter().chain(pages.chain(frames).map(|page| (page, &page[PAGE - RESERVED..PAGE - RESERVED + 16])))
    {
        // In a frame, too, the first page begins with the salt.
        let start = usize::from(page.len() == PAGE && page[..16] == database[..16]) * 16;
        let mut bytes = page[start..page.len() - RESERVED].to_vec();
        let key = store.key().bytes();
        let opened = cbc::Decryptor::<Aes256>::new_from_slices(key, iv).unwrap();
        opened.decrypt_padded::<NoPadding>(&mut bytes).unwrap();
        plain.extend(bytes);
    }
    plain
}

#[test]
fn without_the_key_the_files_show_neither_names_nor_texts() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    store.write(&[Change::Line(BOB, line(0, "kept needle")), Change::Line(BOB, line(1, "dropped thimble"))]).unwrap();
    store.write(&[Change::DropLines(BOB, 1..2)]).unwrap();
    store.write(&[Change::Queued(BOB, queued(1, "waiting haystack"))]).unwrap();
    let key: String = store.key().bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for path in files(&alice) {
        let bytes = fs::read(&path).unwrap();
        for word in ["needle", "thimble", "haystack", "Builder", "bob.example", "alice", "lines", "SQLite", &key] {
            assert!(!has(&bytes, word), "{word} in {path:?}");
        }
        assert!(bytes.windows(32).all(|window| window != store.key().bytes()), "the key in {path:?}");
    }
}

#[test]
fn with_the_key_nothing_is_left_of_what_was_deleted() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    let carol = PeerId(3);
    let named = PeerRecord { label: Name::parse("Caroline Carpenter").unwrap(), ..peer(carol) };
    let expiring = KeptLine { expires_at: Some(1), ..line(2, "vanished quixotic") };
    store.write(&[Change::Line(BOB, line(0, "kept needle"))]).unwrap();
    let index = index_bytes(&store);
    let long = format!("dropped thimble {}", "wxyz".repeat(3000));
    store.write(&[Change::Line(BOB, line(1, &long)), Change::Line(BOB, expiring)]).unwrap();
    store
        .write(&[
            Change::Queued(BOB, queued(1, "delivered zeppelin")),
            Change::Peer(named),
            Change::Line(carol, line(0, "removed jukebox")),
        ])
        .unwrap();
    let before = decrypted(&store, &alice);
    let deleted = ["thimble", "wxyzwxyz", "quixotic", "zeppelin", "jukebox", "Caroline"];
    for word in deleted.iter().chain(&["needle"]) {
        assert!(has(&before, word), "the test itself: {word} is found while it is kept");
    }
    store.write(&[Change::DropLines(BOB, 1..2), Change::Removed(carol), Change::Acked(BOB, 1)]).unwrap();
    sweep(&mut store, 2);
    let after = decrypted(&store, &alice);
    assert!(has(&after, "needle") && has(&after, "Builder"));
    for word in deleted {
        assert!(!has(&after, word), "{word} is left");
    }
    // Terms are stored as differences, so none is found by its letters: but the index has room for one line only.
    assert!(index_bytes(&store) <= index + 64, "{} bytes of the index instead of {index}", index_bytes(&store));
}

/// Of all pages of the index that have terms (FTS5 keeps its own bookkeeping under the ids 1 and 10).
fn index_bytes(store: &Store) -> i64 {
    let sql = "SELECT coalesce(sum(length(block)), 0) FROM words_0_data WHERE id > 10";
    store.connection().query_row(sql, (), |row| row.get(0)).unwrap()
}

#[test]
fn a_reader_that_looks_while_something_is_deleted_delays_that_and_does_not_prevent_it() {
    let alice = Computer::new();
    let mut store = alice.with_bob();
    store.write(&[Change::Line(BOB, line(0, "dropped thimble"))]).unwrap();
    let reader = store.reader().unwrap();
    let mut lines = reader.lines(BOB, 0);
    lines.next().unwrap().unwrap();
    store.write(&[Change::DropLines(BOB, 0..9)]).unwrap();
    sweep(&mut store, 0);
    assert!(!has(&decrypted(&store, &alice), "thimble"));
}
