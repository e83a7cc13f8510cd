//! Conversations as files: out of the sealed store, and into it.

use crate::keep::{options, quit, remembered};
use crate::lab::{Person, befriend, pass, person};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, ExportFormat, Import, Options, Retention, limits};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// What was written to it.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_goes_to_a_file_and_comes_back_and_overwrites_nothing() {
    let (network, directory) = (Network::new(309), TempDir::new().unwrap());
    let (mut alice, mut bob) = (person(&network, "alice", 1).await, person(&network, "bob", 2).await);
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    for n in 0..450 {
        alice.handle.send_text(to_bob, &format!("\"{n}\"\n")).await.unwrap();
    }
    alice.handle.send_link(to_bob, "https://example.org/").await.unwrap().delivered().await.unwrap();
    bob.handle.send_text(to_alice, "well").await.unwrap().delivered().await.unwrap();
    let (json, text) = (Paper::default(), Paper::default());
    let count = alice.handle.export_conversation(to_bob, ExportFormat::Json, json.clone()).await.unwrap();
    alice.handle.export_conversation(to_bob, ExportFormat::Text, text.clone()).await.unwrap();
    assert_eq!(count, 452);
    assert!(String::from_utf8(text.0.lock().unwrap().clone()).unwrap().contains("bob:\nwell\n"));
    let json = json.0.lock().unwrap().clone();

    let carol = remembered("carol", 3, options(&network, 3, &directory), &network).await;
    carol.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let to_bob_too = carol.add_at("bob", "10.0.0.9:1".parse().unwrap()).await;
    let cut = json[..json.len() - 4].to_vec();
    let import = |file: Vec<u8>| carol.handle.import_conversation(to_bob_too, Cursor::new(file));
    assert_eq!(import(cut).await.unwrap_err().code, Code::InvalidExport);
    assert_eq!(
        import(json.clone()).await.unwrap(),
        Import { lines: count, too_old: 0, kept: true, from: "bob".into() }
    );
    assert_eq!(import(json).await.unwrap_err().code, Code::ConversationNotEmpty);
    quit(carol).await;
    let carol = remembered("carol", 3, options(&network, 3, &directory), &network).await;
    let strip = |mut lines: Vec<p2p_comm_engine::Line>| {
        lines.iter_mut().for_each(|line| line.seq = 0);
        lines
    };
    assert_eq!(strip(carol.lines(to_bob_too).await), strip(alice.lines(to_bob).await));
    assert_eq!(carol.peer(to_bob_too).await.unread, 0);
}

fn text(at: i64, text: &str) -> String {
    format!(r#"{{"from":"them","sentAt":{at},"at":{at},"text":"{text}"}}"#)
}

fn file(lines: impl IntoIterator<Item = String>) -> Vec<u8> {
    let lines = lines.into_iter().collect::<Vec<_>>().join(",");
    format!(r#"{{"format":"p2p-comm conversation","version":1,"peer":"dora","lines":[{lines}]}}"#).into_bytes()
}

async fn carol(network: &Network, directory: &TempDir) -> Person {
    let options: Options = options(network, 3, directory).with_clock(|| NOW);
    remembered("carol", 3, options, network).await
}

const NOW: i64 = 1_800_000_000_000;
const DAY: i64 = 24 * 3600 * 1000;

#[tokio::test(start_paused = true)]
async fn a_long_conversation_comes_back_where_messages_are_kept() {
    let (network, directory) = (Network::new(315), TempDir::new().unwrap());
    let mut carol = carol(&network, &directory).await;
    carol.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let to_bob = carol.add_at("bob", "10.0.0.9:1".parse().unwrap()).await;
    let count = 5500;
    let long = file((0..count).map(|n| text(n, &format!("number {n}"))));
    let mut damaged = long.clone();
    let middle = damaged.len() - 4000;
    damaged[middle] = 0xFF;
    let refused = carol.handle.import_conversation(to_bob, Cursor::new(damaged)).await.unwrap_err();
    assert_eq!((refused.code, carol.lines(to_bob).await), (Code::InvalidExport, vec![]));
    let import = carol.handle.import_conversation(to_bob, Cursor::new(long)).await.unwrap();
    assert_eq!(import, Import { lines: count as u64, too_old: 0, kept: true, from: "dora".into() });
    for again in [false, true] {
        if again {
            quit(carol).await;
            carol = self::carol(&network, &directory).await;
        }
        let lines = carol.heard(to_bob).await;
        assert!(
            lines.iter().eq((0..count).map(|n| format!("number {n}")).collect::<Vec<_>>().iter()),
            "again: {again}"
        );
        assert_eq!(carol.peer(to_bob).await.unread, 0);
        assert_eq!(carol.handle.search("number 1234", None).await.unwrap().hits.len(), 1);
    }
}

/// A file that somebody shortens after it was read once.
struct Shortened(Cursor<Vec<u8>>);

impl Read for Shortened {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Shortened {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.get_mut().truncate(100_000);
        self.0.seek(to)
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_imported_as_a_whole_leaves_nothing() {
    let (network, directory) = (Network::new(316), TempDir::new().unwrap());
    let carol = carol(&network, &directory).await;
    carol.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let to_bob = carol.add_at("bob", "10.0.0.9:1".parse().unwrap()).await;
    let long = file((0..4000).map(|n| text(n, "x")));
    let refused = carol.handle.import_conversation(to_bob, Shortened(Cursor::new(long))).await.unwrap_err();
    assert_eq!((refused.code, carol.lines(to_bob).await), (Code::InvalidExport, vec![]));
    quit(carol).await;
    let carol = self::carol(&network, &directory).await;
    assert_eq!(carol.lines(to_bob).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_memory_cannot_hold_is_too_large_where_messages_are_not_kept() {
    let (network, directory) = (Network::new(317), TempDir::new().unwrap());
    let carol = carol(&network, &directory).await;
    let to_bob = carol.add_at("bob", "10.0.0.9:1".parse().unwrap()).await;
    let import = |lines| carol.handle.import_conversation(to_bob, Cursor::new(file((0..lines).map(|n| text(n, "x")))));
    let refused = import(limits::LINES as i64 + 1).await.unwrap_err();
    assert_eq!((refused.code, carol.lines(to_bob).await), (Code::ImportTooLarge, vec![]));
    let import = import(3).await.unwrap();
    assert_eq!(import, Import { lines: 3, too_old: 0, kept: false, from: "dora".into() });
    assert_eq!(carol.heard(to_bob).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_not_too_old_for_a_conversation_comes_into_it() {
    let (network, directory) = (Network::new(318), TempDir::new().unwrap());
    let carol = carol(&network, &directory).await;
    let to_bob = carol.add_at("bob", "10.0.0.9:1".parse().unwrap()).await;
    carol.handle.set_retention(None, Some(Retention::Week)).await.unwrap();
    let two = file([text(NOW - 30 * DAY, "long ago"), text(NOW - DAY, "yesterday")]);
    let import = carol.handle.import_conversation(to_bob, Cursor::new(two)).await.unwrap();
    assert_eq!(import, Import { lines: 1, too_old: 1, kept: true, from: "dora".into() });
    pass(Duration::from_secs(15 * 60)).await;
    assert_eq!(carol.heard(to_bob).await, ["yesterday"]);
}
