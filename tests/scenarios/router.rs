//! What becomes of what a router says.

use crate::lab::{DEADLINE, Person, Start, befriend, person};
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{MappingState, NodeStatus, Options, PortMapping, PortState, RouterDouble};
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio::time::timeout;

/// Where the router of alice says that it listens: an address for examples (RFC 5737).
const OUTSIDE: &str = "203.0.113.1:47800";

/// The router in which alice's engine believes.
#[derive(Clone, Default)]
struct Router {
    asked: Arc<AtomicUsize>,
    said: Arc<Mutex<watch::Sender<MappingState>>>,
}

impl Router {
    fn options(&self, network: &Network, ip: IpAddr) -> Options {
        let router = self.clone();
        Options::in_memory(network, ip).with_router(move |_| {
            router.asked.fetch_add(1, Ordering::Relaxed);
            let (sender, receiver) = watch::channel(MappingState::default());
            *router.said.lock().unwrap() = sender;
            RouterDouble::told(receiver)
        })
    }

    fn says(&self, port: PortState) {
        self.said.lock().unwrap().send_replace(MappingState { port, pinhole: None });
    }

    /// How often it was asked.
    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits until nobody wants it open any more.
    async fn is_taken_back(&self) {
        let sender = self.said.lock().unwrap().clone();
        timeout(DEADLINE, sender.closed()).await.expect("the mapping is taken back");
    }
}

/// Alice at this address, behind a router.
async fn alice(network: &Network, ip: IpAddr) -> (Person, Router) {
    let router = Router::default();
    let options = router.options(network, ip);
    let alice = Start { ip, options, ..Start::new(network, "alice", 1) }.go().await;
    (alice, router)
}

async fn until(alice: &mut Person, mapping: PortMapping) -> NodeStatus {
    let what = format!("{mapping:?}");
    alice.until(&what, async |handle| Some(handle.status().await.unwrap()).filter(|now| now.mapping == mapping)).await
}

fn open(address: &str) -> PortState {
    PortState::Open(address.parse::<SocketAddrV4>().unwrap())
}

fn told_open(address: &str) -> PortMapping {
    PortMapping::Open { address: address.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn no_router_is_asked_unless_that_is_wished() {
    let network = Network::new(300);
    let (alice, router) = alice(&network, [10, 0, 0, 1].into()).await;
    assert_eq!((router.asked(), alice.handle.status().await.unwrap().mapping), (0, PortMapping::Off));
}

#[tokio::test(start_paused = true)]
async fn what_the_router_lets_in_is_the_first_address_and_in_the_invite() {
    let network = Network::new(301);
    let (mut alice, router) = alice(&network, [10, 0, 0, 1].into()).await;
    alice.handle.set_port_mapping(true).await.unwrap();
    until(&mut alice, PortMapping::Asking).await;
    router.says(open(OUTSIDE));
    let status = until(&mut alice, told_open(OUTSIDE)).await;
    assert_eq!(status.addresses, [OUTSIDE, "10.0.0.1:47800"]);
    assert_eq!(alice.handle.invite().await.unwrap(), format!("p2p-comm:alice@{OUTSIDE},10.0.0.1:47800"));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_the_internet_cannot_reach_is_given_to_nobody() {
    let network = Network::new(302);
    let (mut alice, router) = alice(&network, [10, 0, 0, 1].into()).await;
    alice.handle.set_port_mapping(true).await.unwrap();
    for outside in ["192.168.1.7", "100.72.14.9"] {
        router.says(open(&format!("{outside}:47800")));
        let status = until(&mut alice, PortMapping::BehindNat { address: Some(outside.to_owned()) }).await;
        assert_eq!(status.addresses, ["10.0.0.1:47800"]);
    }
}

#[tokio::test(start_paused = true)]
async fn peers_that_see_us_elsewhere_show_that_another_router_stands_before_ours() {
    let network = Network::new(303);
    // Bob sees alice at the address that the provider gave her, or at another one.
    let seen = SocketAddr::from(([203, 0, 113, 1], 47_800));
    let (mut alice, router) = alice(&network, seen.ip()).await;
    let mut bob = person(&network, "bob", 2).await;
    alice.handle.set_port_mapping(true).await.unwrap();
    router.says(open("198.51.100.4:47800"));
    until(&mut alice, told_open("198.51.100.4:47800")).await;
    befriend(&mut alice, &mut bob).await;
    let status = until(&mut alice, PortMapping::BehindNat { address: Some("198.51.100.4".to_owned()) }).await;
    assert!(!status.addresses.contains(&"198.51.100.4:47800".to_owned()));
    router.says(open(OUTSIDE));
    until(&mut alice, told_open(OUTSIDE)).await;
}

#[tokio::test(start_paused = true)]
async fn peers_of_the_same_network_say_nothing_about_the_router() {
    let network = Network::new(304);
    let (mut alice, router) = alice(&network, [10, 0, 0, 1].into()).await;
    let mut bob = person(&network, "bob", 2).await;
    befriend(&mut alice, &mut bob).await;
    alice.handle.set_port_mapping(true).await.unwrap();
    router.says(open(OUTSIDE));
    until(&mut alice, told_open(OUTSIDE)).await;
}

#[tokio::test(start_paused = true)]
async fn disconnect_takes_the_mapping_back_and_connect_asks_again() {
    let network = Network::new(305);
    let (mut alice, router) = alice(&network, [10, 0, 0, 1].into()).await;
    alice.handle.set_port_mapping(true).await.unwrap();
    until(&mut alice, PortMapping::Asking).await;
    alice.handle.disconnect().await.unwrap();
    router.is_taken_back().await;
    assert_eq!(alice.handle.status().await.unwrap().mapping, PortMapping::Off);
    alice.connect("other words").await.unwrap();
    until(&mut alice, PortMapping::Asking).await;
    assert_eq!(router.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_no_longer_wishes_it_has_it_taken_back_at_once() {
    let network = Network::new(306);
    let (mut alice, router) = alice(&network, [10, 0, 0, 1].into()).await;
    alice.handle.set_port_mapping(true).await.unwrap();
    router.says(open(OUTSIDE));
    until(&mut alice, told_open(OUTSIDE)).await;
    alice.handle.set_port_mapping(false).await.unwrap();
    router.is_taken_back().await;
    let status = until(&mut alice, PortMapping::Off).await;
    assert_eq!(status.addresses, ["10.0.0.1:47800"]);
}
