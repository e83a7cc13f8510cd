//! What a person keeps about others and about being disturbed, their own invite, and finding what was said.

use crate::lab::{Start, alice_and_bob, attacker, befriend, ip, pass, person, talk};
use p2p_comm_engine::attacker::{CloseCode, CloseReason};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{
    Code, Invite, NetConfig, NodePhase, Notice, Options, PeerAddress, PeerId, PeerSnapshot, PeerState, limits,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

fn at(text: &str) -> PeerAddress {
    PeerAddress::parse(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_person_chose_about_somebody_outlives_disconnect_and_removal() {
    let network = Network::new(200);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, _) = befriend(&mut alice, &mut bob).await;
    alice.handle.set_peer_muted(to_bob, true).await.unwrap();
    alice.handle.set_peer_pinned(to_bob, true).await.unwrap();
    alice.handle.set_draft(to_bob, "dear bob").await.unwrap();
    alice.handle.rename_peer(to_bob, "Bobby").await.unwrap();
    alice.handle.disconnect().await.unwrap();
    alice.handle.remove_peer(to_bob).await.unwrap();
    assert_eq!(alice.handle.draft(to_bob).await.unwrap_err().code, Code::NotFound);
    alice.handle.restore_peer(to_bob).await.unwrap();
    let PeerSnapshot { label, muted, pinned, draft, .. } = alice.peer(to_bob).await;
    assert_eq!((label.as_str(), muted, pinned, draft.as_str()), ("Bobby", true, true, "dear bob"));
    assert_eq!(alice.handle.draft(to_bob).await.unwrap(), "dear bob");
}

#[tokio::test(start_paused = true)]
async fn pinned_people_come_first_and_each_group_in_the_order_of_adding() {
    let network = Network::new(201);
    let alice = person(&network, "alice", 1).await;
    let mut added = Vec::new();
    for n in 0..5u8 {
        added.push(alice.add_at(&n.to_string(), SocketAddr::new(ip(100 + n), 47800)).await);
    }
    for pinned in [added[3], added[1]] {
        alice.handle.set_peer_pinned(pinned, true).await.unwrap();
    }
    let order = |peers: Vec<PeerSnapshot>| peers.into_iter().map(|peer| peer.label).collect::<Vec<_>>();
    assert_eq!(order(alice.handle.peers().await.unwrap()), ["1", "3", "0", "2", "4"]);
    alice.handle.set_peer_pinned(added[1], false).await.unwrap();
    assert_eq!(order(alice.handle.peers().await.unwrap()), ["3", "0", "1", "2", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_draft_is_kept_whole_and_shown_short() {
    let network = Network::new(202);
    let mut alice = person(&network, "alice", 1).await;
    let to_bob = alice.add_at("bob", SocketAddr::new(ip(2), 47800)).await;
    let long = "ü".repeat(limits::TEXT / 2);
    alice.handle.set_draft(to_bob, &long).await.unwrap();
    assert_eq!(alice.handle.set_draft(to_bob, &format!("{long}.")).await.unwrap_err().code, Code::MessageTooLong);
    assert_eq!(alice.handle.draft(to_bob).await.unwrap(), long);
    alice
        .until("the draft", async |handle| {
            handle.peers().await.unwrap().into_iter().find(|peer| peer.draft == "ü".repeat(120))
        })
        .await;
    alice.handle.set_draft(to_bob, "").await.unwrap();
    assert_eq!(alice.peer(to_bob).await.draft, "");
    assert_eq!(alice.handle.set_draft(PeerId(99), "").await.unwrap_err().code, Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn do_not_disturb_is_there_before_and_after_a_session() {
    let network = Network::new(203);
    let alice = person(&network, "alice", 1).await;
    alice.handle.disconnect().await.unwrap();
    alice.handle.set_do_not_disturb(true).await.unwrap();
    let status = alice.handle.status().await.unwrap();
    assert_eq!((status.phase, status.do_not_disturb), (NodePhase::Offline, true));
    alice.connect("other words").await.unwrap();
    assert!(alice.handle.status().await.unwrap().do_not_disturb);
    alice.handle.set_do_not_disturb(false).await.unwrap();
    assert!(!alice.handle.status().await.unwrap().do_not_disturb);
}

#[tokio::test(start_paused = true)]
async fn who_pastes_an_invite_reaches_whoever_wrote_it() {
    let network = Network::new(204);
    let (mut alice, bob) = alice_and_bob(&network).await;
    let invite = bob.handle.invite().await.unwrap();
    assert_eq!(invite, format!("p2p-comm:bob@{}", bob.socket()));
    let invite = Invite::parse(&invite).unwrap();
    let to_bob = alice.handle.add_peer(invite.name().unwrap().as_str(), invite.addresses().to_vec()).await.unwrap();
    let to_alice = bob.add(&alice).await;
    alice.until_state(to_bob, PeerState::Connected).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    bob.handle.disconnect().await.unwrap();
    assert_eq!(bob.handle.invite().await.unwrap_err().code, Code::NotConnected);
}

#[tokio::test(start_paused = true)]
async fn all_addresses_of_an_invite_are_tried_at_once_and_shown() {
    let network = Network::new(205);
    let (mut alice, bob) = alice_and_bob(&network).await;
    // Nobody is at the first two; the third name is not known here.
    let addresses = vec![at("10.0.0.77:47800"), at("10.0.0.78:1"), at("bob.invalid:9"), bob.address()];
    let to_bob = alice.handle.add_peer("bob", addresses.clone()).await.unwrap();
    let trying: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    alice
        .until("trying", async |handle| handle.peers().await.unwrap().into_iter().find(|peer| peer.trying == trying))
        .await;
    let took = alice.until_state_is(to_bob, "waiting", |state| state == PeerState::Waiting).await;
    assert!(took < Duration::from_secs(1), "nothing waits for those who do not answer: {took:?}");
    let PeerSnapshot { host, port, trying, .. } = alice.peer(to_bob).await;
    assert_eq!((host.as_str(), port, trying.len()), ("10.0.0.77", 47800, 0));
}

#[tokio::test(start_paused = true)]
async fn strangers_at_all_addresses_of_an_invite_share_three_guesses() {
    let network = Network::new(206);
    let mut alice = person(&network, "alice", 1).await;
    let mallory = attacker(&network, ip(66), "a guess");
    let guesses = Arc::new(AtomicUsize::new(0));
    let (mut addresses, mut answering) = (Vec::new(), JoinSet::new());
    for host in 70..78 {
        let (mallory, guesses) = (mallory.also_at(ip(host)).unwrap(), guesses.clone());
        addresses.push(SocketAddr::new(ip(host), mallory.port()).into());
        answering.spawn(async move {
            // Whoever has sent the element hears the confirmation, can test one password with it, and stalls.
            while let Some(call) = mallory.answer(2).await {
                let cancelled = call.closed().await == CloseReason::Peer(CloseCode::Cancelled);
                guesses.fetch_add(usize::from(!cancelled), Ordering::Relaxed);
            }
        });
    }
    let to_mallory = alice.handle.add_peer("bob", addresses).await.unwrap();
    alice.until_state(to_mallory, PeerState::Stopped { code: Code::DialingStopped }).await;
    pass(Duration::from_secs(600)).await;
    assert_eq!(guesses.load(Ordering::Relaxed), 3);
    assert_eq!(alice.notices(to_mallory).await, [Notice::DialingStopped]);
}

#[tokio::test(start_paused = true)]
async fn an_own_address_among_others_stops_nothing() {
    let network = Network::new(207);
    let mut alice = person(&network, "alice", 1).await;
    // Bob's computer has the same address in his network as alice's in hers.
    let late = SocketAddr::new(ip(3), 47800).into();
    let to_bob = alice.handle.add_peer("bob", vec![alice.address(), late]).await.unwrap();
    alice.until_state_is(to_bob, "failed", |s| matches!(s, PeerState::Failed { code: Code::NobodyAnswers, .. })).await;
    let mut bob = person(&network, "bob", 3).await;
    let to_alice = bob.add(&alice).await;
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_somebody_elsewhere_reached_is_open_for_this_session() {
    let network = Network::new(208);
    let (mut alice, bob) = alice_and_bob(&network).await;
    assert!(!alice.handle.status().await.unwrap().reached);
    bob.add(&alice).await;
    alice.until("reached", async |handle| Some(handle.status().await.unwrap()).filter(|status| status.reached)).await;
    assert!(!bob.handle.status().await.unwrap().reached, "nobody has called bob");
    alice.handle.disconnect().await.unwrap();
    alice.connect("other words").await.unwrap();
    assert!(!alice.handle.status().await.unwrap().reached);
}

#[tokio::test]
async fn who_calls_from_this_computer_does_not_show_that_the_port_is_open() {
    let config = NetConfig { bind: Some("127.0.0.1".parse().unwrap()), ..NetConfig::default() };
    let start =
        |name| Start { name, ip: "127.0.0.1".parse().unwrap(), password: "words", config, options: Options::default() };
    let (mut alice, mut bob) = (start("alice").go().await, start("bob").go().await);
    befriend(&mut alice, &mut bob).await;
    assert!(!alice.handle.status().await.unwrap().reached && !bob.handle.status().await.unwrap().reached);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_is_found_the_newest_first() {
    let network = Network::new(209);
    let clock = Arc::new(AtomicI64::new(0));
    let tick = clock.clone();
    let start = Start::new(&network, "alice", 1);
    let options = start.options.clone().with_clock(move || tick.fetch_add(1, Ordering::Relaxed));
    let alice = Start { options, ..start }.go().await;
    let to_bob = alice.add_at("bob", SocketAddr::new(ip(2), 47800)).await;
    let to_carol = alice.add_at("carol", SocketAddr::new(ip(3), 47800)).await;
    for n in 0..3000 {
        alice.handle.send_text(to_bob, &format!("Äpfel number {n}")).await.unwrap();
        alice.handle.send_text(to_carol, &format!("{n} birnen")).await.unwrap();
    }
    alice.handle.send_link(to_carol, "https://example.org/aepfel?number=2999").await.unwrap();

    let found = async |query: &str, peer| alice.handle.search(query, peer).await.map(|found| found.hits);
    let all = found("number", None).await.unwrap();
    assert!(alice.handle.search("1", None).await.unwrap().complete);
    assert_eq!((all.len(), all[0].peer, all[1].peer, all[1].seq), (limits::HITS, to_carol, to_bob, 2999));
    assert!(all.is_sorted_by(|newer, older| newer.at > older.at) && all.iter().all(|hit| hit.mine));
    let one = found("number äpfel 17", Some(to_bob)).await.unwrap();
    assert!(one.iter().all(|hit| hit.excerpt.contains("17")) && one.len() == limits::HITS);
    let old = found("birnen 1007", None).await.unwrap();
    assert_eq!((old.len(), old[0].peer, old[0].seq, old[0].excerpt.as_str()), (1, to_carol, 1007, "1007 birnen"));
    assert_eq!((old[0].from, old[0].to), (0, 4));
    assert_eq!(found("  ", None).await.unwrap(), []);
    assert_eq!(found("nowhere", Some(to_bob)).await.unwrap(), []);
    assert_eq!(found("birnen", Some(PeerId(99))).await.unwrap_err().code, Code::NotFound);
    assert_eq!(found(&"x".repeat(limits::SEARCH + 1), None).await.unwrap_err().code, Code::MessageTooLong);
    alice.handle.remove_peer(to_carol).await.unwrap();
    assert_eq!(found("birnen", None).await.unwrap(), []);
}
