//! People who asked to be remembered: what comes back after a restart, and what does not.

use crate::lab::{Person, Start, befriend, ip, pass, person, within};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{
    Code, Content, Delivery, Engine, Handle, Keeping, MemoryKeychain, NetConfig, NodePhase, Options, Password,
    PeerSnapshot, PeerState, Retention, SealedBy, Vault, limits,
};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const PASSPHRASE: Option<&str> = Some("only mine");

fn vault(directory: &Path) -> Vault {
    Vault::for_test(directory, &MemoryKeychain::new())
}

pub(crate) fn options(network: &Network, host: u8, directory: &TempDir) -> Options {
    Options::in_memory(network, ip(host)).with_vault(vault(&directory.path().join("kept")))
}

/// Somebody who is remembered from the start, or again.
pub(crate) async fn remembered(name: &'static str, host: u8, options: Options, network: &Network) -> Person {
    let start = Start { options, ..Start::new(network, name, host) };
    start.prepared(async |handle| open(handle).await).await
}

/// Opens what is kept, or begins; the program of before may still be writing.
async fn open(handle: &Handle) {
    loop {
        let result = match handle.remembered().await.unwrap().state {
            Keeping::Locked { .. } => handle.unlock(PASSPHRASE).await,
            _ => handle.remember(PASSPHRASE).await,
        };
        match result {
            Err(error) if error.code == Code::StoreInUse => pass(Duration::from_millis(10)).await,
            result => return result.unwrap(),
        }
    }
}

/// Quits.
pub(crate) async fn quit(person: Person) {
    person.handle.disconnect().await.unwrap();
    person.handle.flush().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_is_remembered_comes_back_with_people_settings_and_messages() {
    let (network, directory) = (Network::new(300), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    alice.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    alice.handle.set_peer_muted(to_bob, true).await.unwrap();
    alice.handle.rename_peer(to_bob, "bobby").await.unwrap();
    alice.handle.send_text(to_bob, "hello").await.unwrap().delivered().await.unwrap();
    bob.handle.send_text(to_alice, "hello yourself").await.unwrap().delivered().await.unwrap();
    let before = (alice.lines(to_bob).await, alice.peer(to_bob).await.key, alice.handle.status().await.unwrap().port);
    quit(alice).await;

    let start = Start { options: options(&network, 1, &directory), ..Start::new(&network, "alice", 1) };
    let handle = Engine::spawn(start.options.clone());
    let state = handle.remembered().await.unwrap().state;
    assert_eq!(state, Keeping::Locked { by: SealedBy::Passphrase });
    within("the store is free", async {
        while handle.unlock(Some("a guess")).await.unwrap_err().code != Code::WrongPassphrase {
            pass(Duration::from_millis(10)).await;
        }
    })
    .await;
    drop(handle);
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let bobby = alice.peer(to_bob).await;
    assert_eq!((bobby.label.as_str(), bobby.name.as_deref(), bobby.muted), ("bobby", Some("bob"), true));
    assert_eq!((alice.lines(to_bob).await, bobby.key, alice.handle.status().await.unwrap().port), before);
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;
    assert_eq!((alice.notices(to_bob).await, bob.notices(to_alice).await), (vec![], vec![]), "the same key");
    alice.handle.send_text(to_bob, "again").await.unwrap().delivered().await.unwrap();
    bob.until_heard(to_alice, &["hello", "again"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_list_keeps_its_order_also_where_no_messages_are_kept() {
    let (network, directory) = (Network::new(330), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut people = Vec::new();
    for n in 2..5u8 {
        people.push(alice.add_at(&n.to_string(), SocketAddr::new(ip(n), 47800)).await);
    }
    for to in [people[2], people[0]] {
        alice.handle.send_text(to, "hello").await.unwrap();
    }
    let places = |peers: Vec<PeerSnapshot>| peers.into_iter().map(|peer| peer.place).collect::<Vec<_>>();
    let before = places(alice.handle.peers().await.unwrap());
    assert_eq!(before, [Some(0), None, Some(1)]);
    quit(alice).await;
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(places(alice.handle.peers().await.unwrap()), before);
}

#[tokio::test(start_paused = true)]
async fn what_waits_survives_a_restart_also_where_messages_are_not_kept() {
    let (network, directory) = (Network::new(301), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let to_bob = alice.add_at("bob", "10.0.0.2:47800".parse().unwrap()).await;
    alice.handle.send_text(to_bob, "early").await.unwrap();
    quit(alice).await;
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(alice.lines(to_bob).await, [], "no message is kept");
    let mut bob = person(&network, "bob", 2).await;
    let to_alice = bob.add(&alice).await;
    bob.until_heard(to_alice, &["early"]).await;
    alice.handle.send_text(to_bob, "late").await.unwrap().delivered().await.unwrap();
    bob.until_heard(to_alice, &["early", "late"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_is_turned_off_deletes_at_once() {
    let (network, directory) = (Network::new(302), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, _) = befriend(&mut alice, &mut bob).await;
    alice.handle.set_retention(Some(to_bob), Some(Retention::Week)).await.unwrap();
    alice.handle.send_text(to_bob, "for a week").await.unwrap().delivered().await.unwrap();
    alice.handle.set_retention(Some(to_bob), Some(Retention::Off)).await.unwrap();
    alice.handle.flush().await.unwrap();
    assert_eq!(alice.said(to_bob, Delivery::Delivered).await, ["for a week"], "in memory it stays");
    quit(alice).await;
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(alice.lines(to_bob).await, []);

    let forgotten = alice.handle.forget_everything().await.unwrap();
    assert!(!forgotten.is_empty());
    assert!(!directory.path().join("kept").exists(), "{forgotten:?}");
    assert_eq!(alice.handle.remembered().await.unwrap().state, Keeping::Off);
    alice.handle.send_text(to_bob, "still here").await.unwrap().delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_draft_goes_with_the_switch_also_where_there_is_no_line_yet() {
    let (network, directory) = (Network::new(314), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    alice.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let to_bob = alice.add_at("bob", "10.0.0.2:47800".parse().unwrap()).await;
    alice.handle.set_draft(to_bob, "not sent yet").await.unwrap();
    alice.handle.set_retention(None, Some(Retention::Off)).await.unwrap();
    quit(alice).await;
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(alice.handle.draft(to_bob).await.unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_memory_is_read_and_found_in_the_store() {
    let (network, directory) = (Network::new(303), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    alice.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let (to_bob, _) = befriend(&mut alice, &mut bob).await;
    let count = 3500u64;
    let mut last = None;
    for n in 0..count {
        last = Some(alice.handle.send_text(to_bob, &format!("number {n} of many")).await.unwrap());
    }
    last.unwrap().delivered().await.unwrap();
    for again in [false, true] {
        if again {
            quit(alice).await;
            alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
        }
        let lines = alice.lines(to_bob).await;
        assert!(lines.iter().map(|line| line.seq).eq(0..count), "again: {again}");
        assert!(lines.iter().all(|line| line.delivery == Some(Delivery::Delivered)));
        for before in [None, Some(3000), Some(2600), Some(2550), Some(100), Some(0)] {
            let page = alice.handle.page(to_bob, before).await.unwrap();
            let end = before.unwrap_or(count);
            let expected = end.saturating_sub(limits::PAGE as u64)..end;
            assert!(page.lines.iter().map(|line| line.seq).eq(expected), "before {before:?}, again: {again}");
            assert_eq!((page.first, page.end), (0, count));
        }
        let found = |query: &'static str| alice.handle.search(query, None);
        assert_eq!(found("number 7").await.unwrap().hits.len(), limits::HITS);
        let seqs: Vec<_> = found("1234 MANY").await.unwrap().hits.iter().map(|hit| hit.seq).collect();
        assert_eq!(seqs, [1234], "again: {again}");
        let seqs: Vec<_> = found("number 3499").await.unwrap().hits.iter().map(|hit| hit.seq).collect();
        assert_eq!(seqs, [3499], "once, though memory and store have it");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_disappear_on_both_sides_and_from_the_store() {
    let (network, directory) = (Network::new(304), TempDir::new().unwrap());
    let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
    let now = |host: u8, options: Options| {
        let clock = clock.clone();
        let _ = host;
        options.with_clock(move || clock.load(Ordering::Relaxed))
    };
    let mut alice = remembered("alice", 1, now(1, options(&network, 1, &directory)), &network).await;
    let start = Start { options: now(2, Options::in_memory(&network, ip(2))), ..Start::new(&network, "bob", 2) };
    let mut bob = start.go().await;
    alice.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    alice.handle.send_text(to_bob, "this stays").await.unwrap().delivered().await.unwrap();
    alice.handle.set_vanishing(to_bob, Some(300)).await.unwrap();
    bob.until("the timer", async |handle| {
        handle.peers().await.unwrap().iter().any(|peer| peer.vanish == Some(300)).then_some(())
    })
    .await;
    alice.handle.send_text(to_bob, "mine goes").await.unwrap().delivered().await.unwrap();
    bob.handle.send_text(to_alice, "so does mine").await.unwrap().delivered().await.unwrap();
    let texts = async |person: &Person, peer| {
        let lines = person.lines(peer).await;
        lines.iter().filter(|line| matches!(line.content, Content::Text { .. })).count()
    };
    assert_eq!((texts(&alice, to_bob).await, texts(&bob, to_alice).await), (3, 3));
    clock.fetch_add(299_000, Ordering::Relaxed);
    pass(Duration::from_secs(120)).await;
    assert_eq!((texts(&alice, to_bob).await, texts(&bob, to_alice).await), (3, 3), "not before its time");
    clock.fetch_add(2_000, Ordering::Relaxed);
    pass(Duration::from_secs(120)).await;
    assert_eq!((texts(&alice, to_bob).await, texts(&bob, to_alice).await), (1, 1));
    assert_eq!(alice.handle.search("goes", None).await.unwrap().hits, []);
    quit(alice).await;
    let alice = remembered("alice", 1, now(1, options(&network, 1, &directory)), &network).await;
    assert_eq!(alice.said(to_bob, Delivery::Queued).await, ["this stays"]);
    assert_eq!(alice.heard(to_bob).await, Vec::<String>::new());
    assert_eq!(alice.peer(to_bob).await.vanish, Some(300), "the timer is kept");
}

#[tokio::test(start_paused = true)]
async fn remembering_begins_in_a_session_and_its_key_at_the_next() {
    let (network, directory) = (Network::new(307), TempDir::new().unwrap());
    let start = Start { options: options(&network, 1, &directory), ..Start::new(&network, "alice", 1) };
    let (mut alice, mut bob) = (start.go().await, person(&network, "bob", 2).await);
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    network.cut(alice.ip, bob.ip);
    alice.handle.send_text(to_bob, "was waiting already").await.unwrap();
    alice.handle.remember(PASSPHRASE).await.unwrap();
    let remembered_now = alice.handle.remembered().await.unwrap();
    assert!(remembered_now.key_waits);
    assert_eq!(alice.handle.remember(PASSPHRASE).await.unwrap_err().code, Code::AlreadyRemembered);
    assert_eq!(alice.handle.unlock(PASSPHRASE).await.unwrap_err().code, Code::AlreadyRemembered);
    quit(alice).await;
    network.heal(ip(1), bob.ip);
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert!(!alice.handle.remembered().await.unwrap().key_waits);
    bob.until_heard(to_alice, &["was waiting already"]).await;
    assert_eq!(alice.handle.status().await.unwrap().phase, NodePhase::Online);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_another_program_has_once_is_tried_again() {
    let (network, directory) = (Network::new(319), TempDir::new().unwrap());
    let port = async |alice: &Person| {
        let status = alice.handle.status().await.unwrap();
        (status.port, alice.handle.remembered().await.unwrap().port)
    };
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(port(&alice).await, (Some(47_800), Some(47_800)));
    quit(alice).await;
    let other = network.endpoint(ip(1), NetConfig { port: 47_800, ..NetConfig::default() }).unwrap();
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(port(&alice).await, (Some(47_801), Some(47_800)), "the kept one stays kept");
    drop(other);
    alice.handle.disconnect().await.unwrap();
    alice.connect(crate::lab::PASSWORD).await.unwrap();
    assert_eq!(port(&alice).await, (Some(47_800), Some(47_800)), "and is tried again at each Connect");
    alice.handle.disconnect().await.unwrap();
    let chosen = NetConfig { port: 47_810, ..NetConfig::default() };
    alice.handle.connect("alice", Password::parse(crate::lab::PASSWORD).unwrap(), chosen).await.unwrap();
    assert_eq!(port(&alice).await, (Some(47_810), Some(47_810)), "a chosen one is kept");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_forgotten_and_remembered_in_one_session_keeps_the_key_that_friends_know() {
    let (network, directory) = (Network::new(320), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    alice.handle.forget_everything().await.unwrap();
    let (_, to_alice) = befriend(&mut alice, &mut bob).await;
    alice.handle.remember(PASSPHRASE).await.unwrap();
    assert!(!alice.handle.remembered().await.unwrap().key_waits);
    quit(alice).await;
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert!(!alice.handle.remembered().await.unwrap().key_waits);
    bob.until_state(to_alice, PeerState::Connected).await;
    assert_eq!(bob.notices(to_alice).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_somebody_removed_is_kept_when_the_removal_is_taken_back() {
    let (network, directory) = (Network::new(321), TempDir::new().unwrap());
    let start = Start { options: options(&network, 1, &directory), ..Start::new(&network, "alice", 1) };
    let alice = start.go().await;
    let to_bob = alice.add_at("bob", "10.0.0.2:47800".parse().unwrap()).await;
    alice.handle.send_text(to_bob, "waits").await.unwrap();
    alice.handle.remove_peer(to_bob).await.unwrap();
    alice.handle.remember(PASSPHRASE).await.unwrap();
    alice.handle.restore_peer(to_bob).await.unwrap();
    let mut bob = person(&network, "bob", 2).await;
    let to_alice = bob.add(&alice).await;
    bob.until_heard(to_alice, &["waits"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_entry_can_come_back_until_the_program_ends() {
    let (network, directory) = (Network::new(308), TempDir::new().unwrap());
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    alice.handle.set_retention(None, Some(Retention::Forever)).await.unwrap();
    let (to_bob, to_carol) = (
        alice.add_at("bob", "10.0.0.2:1".parse().unwrap()).await,
        alice.add_at("carol", "10.0.0.3:1".parse().unwrap()).await,
    );
    alice.handle.send_text(to_bob, "to bob").await.unwrap();
    alice.handle.send_text(to_carol, "to carol").await.unwrap();
    alice.handle.remove_peer(to_bob).await.unwrap();
    alice.handle.remove_peer(to_carol).await.unwrap();
    alice.handle.restore_peer(to_bob).await.unwrap();
    quit(alice).await;
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let labels: Vec<_> = alice.handle.peers().await.unwrap().into_iter().map(|peer| peer.label).collect();
    assert_eq!(labels, ["bob"]);
    assert_eq!(alice.said(to_bob, Delivery::Queued).await, ["to bob"]);
    assert_eq!(alice.handle.search("carol", None).await.unwrap().hits, []);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_cleared_is_gone_from_memory_and_store_and_what_waits_still_goes() {
    let (network, directory) = (Network::new(311), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    alice.handle.set_draft(to_bob, "half a thought").await.unwrap();
    for retention in [Retention::Off, Retention::Forever] {
        alice.handle.set_retention(Some(to_bob), Some(retention)).await.unwrap();
        // More than memory has beside the store.
        for n in 0..2500 {
            alice.handle.send_text(to_bob, &format!("secret {n}")).await.unwrap();
        }
        alice.handle.send_text(to_bob, "the last").await.unwrap().delivered().await.unwrap();
        alice.handle.clear_conversation(to_bob).await.unwrap();
        assert_eq!(alice.lines(to_bob).await, [], "{retention:?}");
        assert_eq!(alice.handle.search("secret", None).await.unwrap().hits, [], "{retention:?}");
    }
    assert_eq!(alice.handle.draft(to_bob).await.unwrap(), "half a thought");
    network.cut(alice.ip, bob.ip);
    alice.handle.send_text(to_bob, "waits").await.unwrap();
    alice.handle.clear_conversation(to_bob).await.unwrap();
    quit(alice).await;
    network.heal(ip(1), bob.ip);
    let alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert_eq!(alice.lines(to_bob).await, []);
    bob.until("what waited", async |handle| {
        let page = handle.page(to_alice, None).await.unwrap();
        matches!(&page.lines.last()?.content, Content::Text { text } if text.as_str() == "waits").then_some(())
    })
    .await;
}
