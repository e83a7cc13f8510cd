//! Over real UDP on this computer, in real time.

use crate::lab::{Person, Start, befriend, talk};
use p2p_comm_engine::{NetConfig, Options, PeerState};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::UdpSocket;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const DATAGRAMS: usize = 2000;

async fn person(name: &'static str) -> Person {
    let config = NetConfig { bind: Some(LOOPBACK), ..NetConfig::default() };
    Start { name, ip: LOOPBACK, password: "four random words here", config, options: Options::default() }.go().await
}

#[tokio::test]
async fn somebody_alone_can_try_everything_with_echo() {
    let mut alice = person("alice").await;
    let echo = alice.handle.start_echo().await.unwrap();
    assert_eq!(alice.handle.start_echo().await.unwrap(), echo);
    alice.until_state(echo, PeerState::Connected).await;
    alice.handle.send_text(echo, "is anybody there?").await.unwrap().delivered().await.unwrap();
    alice.handle.send_link(echo, "https://example.org/path").await.unwrap();
    alice.until_heard(echo, &["is anybody there?", "https://example.org/path"]).await;
    let status = alice.handle.status().await.unwrap();
    assert_eq!((status.echo, status.peers_total), (true, 0));
    alice.handle.stop_echo().await.unwrap();
    assert_eq!(alice.handle.peers().await.unwrap(), []);
}

#[tokio::test]
async fn who_answers_over_ipv6_alone_is_reached() {
    let options = Options::default();
    let (v6, config) = (IpAddr::V6(Ipv6Addr::LOCALHOST), NetConfig::default());
    let mut alice = Start { name: "alice", ip: v6, password: "words", config, options: options.clone() }.go().await;
    let at_v6 = NetConfig { bind: Some(v6), ..config };
    let mut bob = Start { name: "bob", ip: v6, password: "words", config: at_v6, options }.go().await;
    // Over IPv4 nobody is there; both are tried at once.
    let silent = SocketAddr::new(LOOPBACK, bob.socket().port());
    let to_bob = alice.handle.add_peer("bob", vec![silent.into(), bob.address()]).await.unwrap();
    let to_alice = bob.add(&alice).await;
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;
    talk(&alice, to_bob, &bob, to_alice).await;
}

#[tokio::test]
async fn random_datagrams_do_not_disturb_a_conversation() {
    let (mut alice, mut bob) = (person("alice").await, person("bob").await);
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    let seed = 90;
    let mut rng = StdRng::seed_from_u64(seed);
    let noise = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    for n in 0..DATAGRAMS {
        let mut datagram = vec![0; rng.random_range(1..1400)];
        rng.fill(&mut datagram[..]);
        // Half of them begin like a first packet of QUIC version 1 (RFC 9000, section 17.2.2).
        if n % 2 == 0 && datagram.len() > 50 {
            datagram.resize(1200, 0);
            datagram[0] |= 0xc0;
            datagram[1..6].copy_from_slice(&[0, 0, 0, 1, 8]);
        }
        noise.send_to(&datagram, alice.socket()).await.unwrap();
        if n % 100 == 0 {
            talk(&alice, to_bob, &bob, to_alice).await;
        }
    }
    talk(&alice, to_bob, &bob, to_alice).await;
    assert_eq!(bob.heard(to_alice).await.len(), DATAGRAMS / 100 + 1, "seed {seed}");
    let census = alice.handle.census().await.unwrap();
    assert_eq!((census.strangers, census.under_way, alice.requests().await.len()), (0, 0, 0), "seed {seed}");
    assert_eq!(alice.peer(to_bob).await.state, PeerState::Connected);
}
