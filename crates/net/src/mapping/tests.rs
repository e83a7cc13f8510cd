mod gateway;

use super::route::{leads_to, ours};
use super::{PortMapping, PortState, Timing, Turn};
use crate::endpoint::socket::Family;
use crate::{Config, Endpoint};
use gateway::{Behaviour, Gateway, Igd, Pmp};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
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

fn start(gateway: &Gateway, timing: Timing) -> PortMapping {
    PortMapping::start_at(PORT, gateway.route(), timing, &Turn::default())
}

/// Waits until the mapping is in a state that `wanted` says yes to.
async fn until(mapping: &PortMapping, wanted: impl Fn(PortState) -> bool) -> PortState {
    let mut state = mapping.state();
    let found = timeout(DEADLINE, state.wait_for(|state| wanted(state.port))).await;
    found.expect("the state is reached in time").unwrap().port
}

/// What the router answered, or that it did not.
async fn answer(gateway: &Gateway) -> (PortMapping, PortState) {
    let mapping = start(gateway, ONCE);
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
        let mapping = start(&gateway, often);
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
    let mapping = start(&gateway, often);
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
    let mapping = PortMapping::start_at(PORT, route, ONCE, &Turn::default());
    assert_eq!(until(&mapping, |state| state != PortState::Asking).await, PortState::NoRouter);
    assert!(mallory.held().borrow().is_empty());
}

#[tokio::test]
async fn a_hole_in_the_firewall_for_ipv6_comes_and_goes_beside_the_mapping() {
    let gateway = gateway(22, |router| (router.pcp, router.igd) = (Pmp::Grants, Igd::Grants)).await;
    let alice = "2001:db8::a".parse().unwrap();
    let route = super::Route { own_v6: Some(alice), ..gateway.route() };
    let mapping = PortMapping::start_at(PORT, route, ONCE, &Turn::default());
    let mut state = mapping.state();
    let state = timeout(DEADLINE, state.wait_for(|state| state.pinhole.is_some())).await.unwrap().unwrap().pinhole;
    assert_eq!(state.map(|hole| (*hole.ip(), hole.port())), Some((alice, PORT)));
    assert_eq!(gateway.holes().values().collect::<Vec<_>>(), [&alice]);
    is_taken_back(&gateway, mapping).await;
    assert!(gateway.holes().is_empty());
}

/// The hole in the firewall for IPv6 there is once the router was asked.
async fn pinhole(mapping: &PortMapping) -> Option<(Ipv6Addr, u16)> {
    let mut state = mapping.state();
    // Told after what comes of the port.
    let told = state.wait_for(|state| state.pinhole.is_some());
    let told = timeout(Duration::from_secs(10), told).await.ok()?.unwrap().pinhole;
    told.map(|hole| (*hole.ip(), hole.port()))
}

#[tokio::test]
async fn pcp_opens_the_firewall_for_ipv6_and_closes_it_at_the_end() {
    let gateway = gateway(32, |router| router.pcp_v6 = Pmp::Grants).await;
    // Nothing to test with where this computer has no IPv6.
    let Some(route) = gateway.route_v6() else { return };
    let mapping = PortMapping::start_at(PORT, route, ONCE, &Turn::default());
    assert_eq!(pinhole(&mapping).await, Some((Ipv6Addr::LOCALHOST, PORT)));
    assert_eq!(gateway.holes()[&PORT], Ipv6Addr::LOCALHOST);
    is_taken_back(&gateway, mapping).await;
    assert!(gateway.holes().is_empty());
}

#[tokio::test]
async fn upnp_opens_the_firewall_for_ipv6_where_pcp_does_not() {
    for (last, pcp_v6) in [(33, Pmp::Refuses), (34, Pmp::Garbage), (35, Pmp::Enclosed)] {
        let gateway = gateway(last, |router| (router.pcp_v6, router.igd) = (pcp_v6, Igd::Grants)).await;
        let Some(route) = gateway.route_v6() else { return };
        let mapping = PortMapping::start_at(PORT, route, ONCE, &Turn::default());
        assert_eq!(pinhole(&mapping).await, Some((Ipv6Addr::LOCALHOST, PORT)));
        assert!(!gateway.holes().contains_key(&PORT), "what PCP gave and nobody can use is given back");
        is_taken_back(&gateway, mapping).await;
    }
}

#[tokio::test]
async fn a_computer_with_a_public_address_asks_nobody() {
    let gateway = gateway(23, |router| router.pcp = Pmp::Grants).await;
    let route = super::Route { own: Ipv4Addr::new(198, 51, 100, 1), ..gateway.route() };
    let mapping = PortMapping::start_at(PORT, route, ONCE, &Turn::default());
    assert_eq!(until(&mapping, |state| state != PortState::Asking).await, PortState::Needless);
    assert_eq!(gateway.asked(), 0);
}

#[tokio::test]
async fn an_endpoint_on_loopback_has_no_router() {
    let ip = Some(Ipv4Addr::LOCALHOST.into());
    let endpoint =
        (0..100).find_map(|n| Endpoint::bind(Config { bind: ip, port: 52_000 + n, ..Config::default() }).ok());
    assert!(PortMapping::start(&endpoint.unwrap(), &Turn::default()).is_none());
}

#[tokio::test]
async fn what_is_taken_back_late_is_not_what_was_asked_for_anew() {
    let slow = |router: &mut Behaviour| (router.igd, router.reluctance) = (Igd::Grants, Duration::from_millis(500));
    let gateway = gateway(27, slow).await;
    let (turn, mut taken_back) = (Turn::default(), gateway.taken_back());
    let first = PortMapping::start_at(PORT, gateway.route(), ONCE, &turn);
    until(&first, |state| state == open(PORT)).await;
    drop(first);
    timeout(DEADLINE, taken_back.wait_for(|now| now.begun == 1)).await.unwrap().unwrap();
    let second = PortMapping::start_at(PORT, gateway.route(), ONCE, &turn);
    until(&second, |state| state == open(PORT)).await;
    let asked = timeout(DEADLINE, taken_back.wait_for(|now| now.done == 1)).await.unwrap().unwrap().asked;
    assert_eq!(asked, 0, "the later one asked while the former was being taken back");
    assert!(gateway.held().borrow().contains_key(&PORT), "the former took back what the later one was given");
    is_taken_back(&gateway, second).await;
}

#[tokio::test]
async fn one_who_no_longer_wants_a_mapping_does_not_wait_for_the_turn() {
    let gateway = gateway(28, |router| router.pcp = Pmp::Grants).await;
    let turn = Turn::default();
    let first = PortMapping::start_at(PORT, gateway.route(), ONCE, &turn);
    until(&first, |state| state == open(PORT)).await;
    let second = PortMapping::start_at(PORT, gateway.route(), ONCE, &turn);
    timeout(DEADLINE, second.close()).await.unwrap();
    is_taken_back(&gateway, first).await;
}

#[tokio::test]
async fn a_mapping_that_ended_while_the_computer_slept_is_no_longer_called_open_and_asked_for_at_once() {
    let gateway = gateway(29, |router| router.pcp = Pmp::Grants).await;
    let slept = Arc::new(AtomicU64::new(0));
    let wall = {
        let slept = slept.clone();
        Arc::new(move || SystemTime::now() + Duration::from_secs(slept.load(Ordering::Relaxed)))
    };
    let (route, often) = (gateway.route(), Timing { look: Duration::from_millis(20), ..ONCE });
    let find = Arc::new(move || Some(route.clone()));
    let mapping = PortMapping::keep(PORT, find, often, Turn::default(), wall);
    until(&mapping, |state| state == open(PORT)).await;
    gateway.forget();
    // The answer comes late enough to see what is said until then.
    gateway.behave(|router| router.lost = 1);
    slept.store(2 * 60 * 60, Ordering::Relaxed);
    until(&mapping, |state| state == PortState::Asking).await;
    until(&mapping, |state| state == open(PORT)).await;
    is_taken_back(&gateway, mapping).await;
}

#[tokio::test]
async fn a_router_that_falls_silent_is_soon_asked_again() {
    let soon = Timing { least: Duration::from_millis(20), ..ONCE };
    let gateway = gateway(30, |router| (router.pcp, router.lifetime) = (Pmp::Grants, 1)).await;
    let mapping = start(&gateway, soon);
    until(&mapping, |state| state == open(PORT)).await;
    gateway.behave(|router| router.pcp = Pmp::Unknown);
    until(&mapping, |state| state == PortState::NoRouter).await;
    gateway.behave(|router| router.pcp = Pmp::Grants);
    until(&mapping, |state| state == open(PORT)).await;
}

#[tokio::test]
async fn who_hears_ipv6_alone_asks_for_the_hole_alone() {
    let gateway = gateway(31, |router| (router.pcp, router.igd) = (Pmp::Grants, Igd::Grants)).await;
    let alice = "2001:db8::a".parse().unwrap();
    let route = super::Route { hears_v4: false, own_v6: Some(alice), ..gateway.route() };
    let mapping = PortMapping::start_at(PORT, route, ONCE, &Turn::default());
    let mut state = mapping.state();
    let state = *timeout(DEADLINE, state.wait_for(|state| state.pinhole.is_some())).await.unwrap().unwrap();
    assert_eq!(state.port, PortState::Unheard);
    assert_eq!(gateway.holes().values().collect::<Vec<_>>(), [&alice]);
    assert_eq!((gateway.asked(), gateway.held().borrow().len()), (0, 0), "a port was asked for over IPv4");
}

#[test]
fn a_router_is_asked_for_what_the_socket_hears() {
    let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
    let lan = [ip("192.168.1.7"), ip("2001:db8::7")];
    assert_eq!(ours(None, Family::Dual, lan), lan);
    assert_eq!(ours(None, Family::V4, lan), [lan[0], None]);
    assert_eq!(ours(ip("192.168.1.2"), Family::V4, lan), [ip("192.168.1.2"), None]);
    assert_eq!(ours(ip("2001:db8::2"), Family::V6, lan), [lan[0], ip("2001:db8::2")]);
    for here in ["127.0.0.1", "::1", "fe80::1", "fd00::1"] {
        assert!(!leads_to(ip(here)), "{here}");
    }
    for out in [None, ip("192.168.1.2"), ip("2001:db8::2")] {
        assert!(leads_to(out), "{out:?}");
    }
}
