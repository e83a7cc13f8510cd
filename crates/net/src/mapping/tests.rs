mod gateway;

use super::{PortMapping, PortState, Timing};
use crate::{Config, Endpoint};
use gateway::{Behaviour, Gateway, Igd, Pmp};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Alice's port.
const PORT: u16 = 47_800;
const DEADLINE: Duration = Duration::from_secs(30);
/// Nothing is asked again by itself.
const ONCE: Timing = Timing { least: DEADLINE, again: DEADLINE, look: DEADLINE };

async fn gateway(last: u8, change: impl FnOnce(&mut Behaviour)) -> Arc<Gateway> {
    let mut behaviour = Behaviour::none();
    change(&mut behaviour);
    Gateway::start(last, behaviour).await.unwrap()
}

/// Waits until the mapping is in a state that `wanted` says yes to.
async fn until(mapping: &PortMapping, wanted: impl Fn(PortState) -> bool) -> PortState {
    let mut state = mapping.state();
    let found = timeout(DEADLINE, state.wait_for(|state| wanted(state.port))).await;
    found.expect("the state is reached in time").unwrap().port
}

/// What the router answered, or that it did not.
async fn answer(gateway: &Gateway) -> (PortMapping, PortState) {
    let mapping = PortMapping::start_at(PORT, gateway.route(), ONCE);
    let state = until(&mapping, |state| state != PortState::Asking).await;
    (mapping, state)
}

fn open(port: u16) -> PortState {
    PortState::Open(SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 7), port))
}

async fn is_taken_back(gateway: &Gateway, mapping: PortMapping) {
    timeout(DEADLINE, mapping.close()).await.unwrap();
    assert!(gateway.held().borrow().is_empty(), "the router still holds a mapping");
}

#[tokio::test]
async fn pcp_opens_the_port_and_closes_it_at_the_end() {
    let gateway = gateway(1, |router| router.pcp = Pmp::Grants).await;
    let (mapping, state) = answer(&gateway).await;
    assert_eq!(state, open(PORT));
    assert_eq!(gateway.held().borrow()[&PORT].0, PORT);
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn natpmp_is_tried_where_pcp_is_not_spoken() {
    let gateway = gateway(2, |router| router.natpmp = Pmp::Grants).await;
    let (mapping, state) = answer(&gateway).await;
    assert_eq!(state, open(PORT));
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn upnp_is_tried_where_neither_is_spoken_and_shows_nothing_of_us() {
    let gateway = gateway(3, |router| router.igd = Igd::Grants).await;
    let (mapping, state) = answer(&gateway).await;
    assert_eq!(state, open(PORT));
    let (inside, lease, shown) = gateway.held().borrow()[&PORT].clone();
    assert_eq!((inside, shown.as_str()), (PORT, "UDP"));
    assert!((1..=3600).contains(&lease), "{lease} s is long for what a crash may leave behind");
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn a_dropped_mapping_is_taken_back() {
    let gateway = gateway(4, |router| router.pcp = Pmp::Grants).await;
    let mut held = gateway.held();
    drop(answer(&gateway).await);
    timeout(DEADLINE, held.wait_for(|held| held.is_empty())).await.unwrap().unwrap();
}

#[tokio::test]
async fn lost_answers_are_asked_for_again() {
    let gateway = gateway(5, |router| (router.pcp, router.lost) = (Pmp::Grants, 2)).await;
    let (mapping, state) = answer(&gateway).await;
    assert_eq!((state, gateway.asked()), (open(PORT), 3));
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn a_refusal_is_told_from_silence() {
    let refusing = gateway(6, |router| router.pcp = Pmp::Refuses).await;
    assert_eq!(answer(&refusing).await.1, PortState::Refused);
    let refusing = gateway(7, |router| router.igd = Igd::Refuses).await;
    assert_eq!(answer(&refusing).await.1, PortState::Refused);
    let silent = gateway(8, |router| (router.pcp, router.natpmp) = (Pmp::Silent, Pmp::Silent)).await;
    assert_eq!(answer(&silent).await.1, PortState::NoRouter);
}

#[tokio::test]
async fn a_router_that_refuses_behind_another_one_says_so() {
    let carriers = Ipv4Addr::new(100, 72, 14, 9);
    for (last, natpmp, igd) in [(24, Pmp::Refuses, Igd::Enclosed), (25, Pmp::Enclosed, Igd::Silent)] {
        let router = |router: &mut Behaviour| {
            (router.natpmp, router.igd, router.external) = (natpmp, igd, carriers);
        };
        let gateway = gateway(last, router).await;
        assert_eq!(answer(&gateway).await.1, PortState::Enclosed(Some(carriers)));
    }
    // Of one that has no address to tell.
    let gateway = gateway(26, |router| router.pcp = Pmp::Addressless).await;
    assert_eq!(answer(&gateway).await.1, PortState::Enclosed(None));
}

#[tokio::test]
async fn garbage_opens_nothing() {
    let mumbling = |router: &mut Behaviour| {
        (router.pcp, router.natpmp, router.igd) = (Pmp::Garbage, Pmp::Garbage, Igd::Garbage);
    };
    let gateway = gateway(9, mumbling).await;
    assert_eq!(answer(&gateway).await.1, PortState::NoRouter);
    assert!(gateway.held().borrow().is_empty());
}

#[tokio::test]
async fn a_description_without_end_is_given_up() {
    let gateway = gateway(10, |router| router.igd = Igd::Endless).await;
    assert_eq!(answer(&gateway).await.1, PortState::NoRouter);
}

#[tokio::test]
async fn an_address_that_nobody_can_have_is_a_lie_and_the_mapping_is_given_back() {
    let lie = async |last, address: [u8; 4]| {
        let lying = |router: &mut Behaviour| (router.pcp, router.external) = (Pmp::Grants, address.into());
        let gateway = gateway(last, lying).await;
        assert_eq!(answer(&gateway).await.1, PortState::Refused, "{address:?}");
        assert!(gateway.held().borrow().is_empty());
    };
    tokio::join!(lie(11, [127, 0, 0, 1]), lie(12, [0, 0, 0, 0]), lie(13, [239, 1, 2, 3]));
}

#[tokio::test]
async fn a_mapping_is_renewed_and_a_new_address_is_noticed() {
    let often = Timing { least: Duration::from_millis(20), ..ONCE };
    for (last, natpmp) in [(14, false), (15, true)] {
        let short = |router: &mut Behaviour| {
            router.lifetime = 1;
            *(if natpmp { &mut router.natpmp } else { &mut router.pcp }) = Pmp::Grants;
        };
        let gateway = gateway(last, short).await;
        let mapping = PortMapping::start_at(PORT, gateway.route(), often);
        until(&mapping, |state| state == open(PORT)).await;
        let moved = Ipv4Addr::new(198, 51, 100, 9);
        gateway.behave(|router| router.external = moved);
        until(&mapping, |state| state == PortState::Open(SocketAddrV4::new(moved, PORT))).await;
        is_taken_back(&gateway, mapping).await;
    }
}

#[tokio::test]
async fn a_router_that_stops_granting_is_asked_again_and_believed() {
    let often = Timing { least: Duration::from_millis(20), again: Duration::from_millis(20), ..ONCE };
    let gateway = gateway(16, |router| (router.pcp, router.lifetime) = (Pmp::Grants, 1)).await;
    let mapping = PortMapping::start_at(PORT, gateway.route(), often);
    until(&mapping, |state| state == open(PORT)).await;
    gateway.behave(|router| router.pcp = Pmp::Refuses);
    until(&mapping, |state| state == PortState::Refused).await;
    gateway.behave(|router| router.pcp = Pmp::Grants);
    until(&mapping, |state| state == open(PORT)).await;
}

#[tokio::test]
async fn a_port_that_somebody_else_has_becomes_another_one() {
    let gateway = gateway(17, |router| router.igd = Igd::Taken).await;
    let (mapping, state) = answer(&gateway).await;
    assert_eq!(state, open(50_001));
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn an_old_router_that_knows_no_end_is_asked_to_end_it_at_the_end() {
    let gateway = gateway(18, |router| router.igd = Igd::Permanent).await;
    let (mapping, state) = answer(&gateway).await;
    assert_eq!(state, open(PORT));
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn a_description_at_another_host_is_not_fetched() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("http://{}/root.xml", elsewhere.local_addr().unwrap());
    let sending_on = |router: &mut Behaviour| (router.igd, router.location) = (Igd::Grants, Some(location));
    let gateway = gateway(19, sending_on).await;
    assert_eq!(answer(&gateway).await.1, PortState::NoRouter);
    let called = timeout(Duration::ZERO, elsewhere.accept()).await;
    assert!(called.is_err(), "somebody fetched from where the router sent us");
}

#[tokio::test]
async fn only_the_gateway_is_listened_to() {
    let mallory = gateway(20, |router| router.igd = Igd::Grants).await;
    let gateway = gateway(21, |_| {}).await;
    let mut route = gateway.route();
    route.search.extend(mallory.route().search);
    let mapping = PortMapping::start_at(PORT, route, ONCE);
    assert_eq!(until(&mapping, |state| state != PortState::Asking).await, PortState::NoRouter);
    assert!(mallory.held().borrow().is_empty());
}

#[tokio::test]
async fn a_hole_in_the_firewall_for_ipv6_comes_and_goes_beside_the_mapping() {
    let gateway = gateway(22, |router| (router.pcp, router.igd) = (Pmp::Grants, Igd::Grants)).await;
    let alice = "2001:db8::a".parse().unwrap();
    let route = super::Route { own_v6: Some(alice), ..gateway.route() };
    let mapping = PortMapping::start_at(PORT, route, ONCE);
    let mut state = mapping.state();
    let state = timeout(DEADLINE, state.wait_for(|state| state.pinhole.is_some())).await.unwrap().unwrap().pinhole;
    assert_eq!(state.map(|hole| (*hole.ip(), hole.port())), Some((alice, PORT)));
    assert_eq!(gateway.holes().values().collect::<Vec<_>>(), [&alice]);
    is_taken_back(&gateway, mapping).await;
    assert!(gateway.holes().is_empty());
}

#[tokio::test]
async fn a_computer_with_a_public_address_asks_nobody() {
    let gateway = gateway(23, |router| router.pcp = Pmp::Grants).await;
    let route = super::Route { own: Ipv4Addr::new(198, 51, 100, 1), ..gateway.route() };
    let mapping = PortMapping::start_at(PORT, route, ONCE);
    assert_eq!(until(&mapping, |state| state != PortState::Asking).await, PortState::Needless);
    assert_eq!(gateway.asked(), 0);
}

#[tokio::test]
async fn an_endpoint_on_loopback_has_no_router() {
    let ip = Some(Ipv4Addr::LOCALHOST.into());
    let endpoint =
        (0..100).find_map(|n| Endpoint::bind(Config { bind: ip, port: 52_000 + n, ..Config::default() }).ok());
    assert!(PortMapping::start(&endpoint.unwrap()).is_none());
}
