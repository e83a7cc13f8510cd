//! The words that two people compare, and the mark that says they did.

use crate::keep::{options, quit, remembered};
use crate::lab::{PASSWORD, Person, alice_and_bob, attacker, befriend, ip, person, within};
use p2p_comm_engine::attacker::{Attacker, Rogue, Stream};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, Notice, PeerId, PeerState};
use std::net::SocketAddr;
use tempfile::TempDir;

/// The words that somebody sees, once they are there.
async fn words(person: &mut Person, peer: PeerId) -> String {
    person.until("words", async |handle| handle.phrase(peer).await.unwrap()).await
}

/// Answers a call in the place of somebody else.
async fn in_place_of(name: &str, mallory: &Attacker) -> Rogue {
    loop {
        let call = within("a call", mallory.answer(3)).await;
        let Some(mut rogue) = call.and_then(|call| call.rogue()) else { continue };
        assert!(rogue.hello().await && rogue.profile(name).await);
        return rogue;
    }
}

#[tokio::test(start_paused = true)]
async fn both_see_the_same_four_words_and_others_with_the_next_connection() {
    let network = Network::new(400);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let first = words(&mut alice, to_bob).await;
    assert_eq!(first.split(' ').count(), 4);
    assert_eq!(words(&mut bob, to_alice).await, first);
    bob.handle.disconnect().await.unwrap();
    assert_eq!(bob.handle.phrase(to_alice).await.unwrap(), None, "they belong to a connection");
    bob.connect(PASSWORD).await.unwrap();
    bob.until_state(to_alice, PeerState::Connected).await;
    let second = words(&mut bob, to_alice).await;
    assert_ne!(first, second);
    alice.until("the same", async |handle| (handle.phrase(to_bob).await.unwrap()? == second).then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn somebody_in_between_who_knows_the_password_shows_in_the_words() {
    let network = Network::new(401);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    // Each was given an address of mallory's as that of the other.
    let for_alice = attacker(&network, ip(66), PASSWORD);
    let for_bob = for_alice.also_at(ip(67)).unwrap();
    let to_bob = alice.add_at("bob", SocketAddr::new(ip(66), for_alice.port())).await;
    let to_alice = bob.add_at("alice", SocketAddr::new(ip(67), for_bob.port())).await;
    let (mut with_alice, mut with_bob) = (in_place_of("bob", &for_alice).await, in_place_of("alice", &for_bob).await);
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;

    alice.handle.send_text(to_bob, "is it you?").await.unwrap();
    let read = within("alice's text", with_alice.hear_kind("text")).await.unwrap();
    assert!(read.json.contains("is it you?"), "mallory reads along");
    with_bob.say(Stream::Chat, &passed_on(&with_bob, "is it you?")).await;
    bob.until_heard(to_alice, &["is it you?"]).await;

    let (alices, bobs) = (words(&mut alice, to_bob).await, words(&mut bob, to_alice).await);
    assert_eq!((alices.as_str(), bobs.as_str()), (with_alice.phrase(), with_bob.phrase()), "mallory sees both");
    assert_ne!(alices, bobs);
}

fn passed_on(rogue: &Rogue, text: &str) -> String {
    let epoch = rogue.epoch();
    format!(r#""kind":"text","conv":"direct","epoch":"{epoch}","counter":1,"at":0,"text":"{text}""#)
}

#[tokio::test(start_paused = true)]
async fn only_words_that_are_there_mark_somebody_and_the_mark_can_be_taken_back() {
    let network = Network::new(402);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let to_carol = alice.add_at("carol", SocketAddr::new(ip(9), 47800)).await;
    let code = |result: Result<(), p2p_comm_engine::Error>| result.unwrap_err().code;
    let some = Some("abandon ability able about".to_owned());
    assert_eq!(code(alice.handle.set_verified(to_carol, some.clone()).await), Code::WordsChanged, "no device yet");
    assert_eq!(code(alice.handle.set_verified(PeerId(99), None).await), Code::NotFound);
    let (to_bob, _) = befriend(&mut alice, &mut bob).await;
    assert_eq!(code(alice.handle.set_verified(to_bob, some).await), Code::WordsChanged, "of another connection");
    assert!(!alice.peer(to_bob).await.verified);
    let compared = words(&mut alice, to_bob).await;
    alice.handle.set_verified(to_bob, Some(compared)).await.unwrap();
    assert!(alice.peer(to_bob).await.verified);
    alice.handle.set_verified(to_bob, None).await.unwrap();
    assert!(!alice.peer(to_bob).await.verified);
}

#[tokio::test(start_paused = true)]
async fn the_mark_goes_with_a_session_key_and_both_are_said() {
    let network = Network::new(403);
    let (mut alice, mut bob) = alice_and_bob(&network).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let compared = words(&mut alice, to_bob).await;
    alice.handle.set_verified(to_bob, Some(compared)).await.unwrap();
    bob.handle.disconnect().await.unwrap();
    bob.connect(PASSWORD).await.unwrap();
    bob.until_state(to_alice, PeerState::Connected).await;
    alice.until_state(to_bob, PeerState::Connected).await;
    assert!(!alice.peer(to_bob).await.verified);
    assert_eq!(alice.notices(to_bob).await, [Notice::NewKey, Notice::Unverified]);
}

#[tokio::test(start_paused = true)]
async fn who_is_remembered_keeps_the_mark_over_a_restart() {
    let (network, directory) = (Network::new(404), TempDir::new().unwrap());
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    let mut bob = person(&network, "bob", 2).await;
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let compared = words(&mut alice, to_bob).await;
    alice.handle.set_verified(to_bob, Some(compared)).await.unwrap();
    quit(alice).await;
    let mut alice = remembered("alice", 1, options(&network, 1, &directory), &network).await;
    assert!(alice.peer(to_bob).await.verified, "before bob is there");
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;
    assert!(alice.peer(to_bob).await.verified, "the same device");
    assert_eq!(alice.notices(to_bob).await, []);
}
