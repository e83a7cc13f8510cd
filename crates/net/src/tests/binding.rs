use super::*;
use crate::BindError;
use p2p_comm_model::limits::PORTS;
use std::net::{Ipv6Addr, UdpSocket};

fn loopback(port: u16) -> Config {
    Config { bind: Some(Ipv4Addr::LOCALHOST.into()), port, ..Config::default() }
}

#[tokio::test]
async fn two_endpoints_take_two_ports_of_the_rule() {
    let alice = Endpoint::bind(loopback(0)).unwrap();
    let bob = Endpoint::bind(loopback(0)).unwrap();
    assert!(PORTS.contains(&alice.local_port()));
    assert!(PORTS.contains(&bob.local_port()));
    assert_ne!(alice.local_port(), bob.local_port());
}

#[tokio::test]
async fn a_port_that_is_asked_for_and_taken_is_an_error() {
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    assert!(matches!(Endpoint::bind(loopback(port)), Err(BindError::PortInUse)));
    let everywhere = Config { port, ..Config::default() };
    assert!(matches!(Endpoint::bind(everywhere), Err(BindError::PortInUse)));
}

#[tokio::test]
async fn the_rule_skips_taken_ports_and_ends_with_an_error() {
    let network = Network::new(1);
    let ports: Vec<_> = PORTS.map(|_| network.endpoint(ALICE, Config::default()).unwrap()).collect();
    assert!(ports.iter().map(Endpoint::local_port).eq(PORTS));
    assert!(matches!(network.endpoint(ALICE, Config::default()), Err(BindError::PortInUse)));
    assert!(network.endpoint(BOB, Config::default()).is_ok());
}

#[tokio::test]
async fn the_address_of_another_computer_is_an_error() {
    let config = Config { bind: Some(Ipv4Addr::new(192, 0, 2, 1).into()), ..Config::default() };
    assert!(matches!(Endpoint::bind(config), Err(BindError::NoSuchAddress)));
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    assert!(matches!(Endpoint::bind(loopback(0)), Err(BindError::Other(_))));
}

#[tokio::test]
async fn addresses_to_show_are_real_and_end_with_loopback() {
    let alice = Endpoint::bind(Config::default()).unwrap();
    let addresses = alice.local_addresses();
    assert!(addresses.last().unwrap().is_loopback());
    assert!(addresses.iter().all(|ip| !ip.is_unspecified() && *ip == ip.to_canonical()));
    let bob = Endpoint::bind(loopback(0)).unwrap();
    assert_eq!(bob.local_addresses(), [IpAddr::from(Ipv4Addr::LOCALHOST)]);
}

#[tokio::test]
async fn a_socket_for_all_addresses_reaches_ipv4_and_names_it_so() {
    let alice = Endpoint::bind(Config::default()).unwrap();
    let bob = Endpoint::bind(Config::default()).unwrap();
    let (alice, bob) = connect(&alice, &bob, Ipv4Addr::LOCALHOST.into()).await;
    assert_eq!(alice.remote().ip(), Ipv4Addr::LOCALHOST);
    assert_eq!(bob.remote().ip(), Ipv4Addr::LOCALHOST);
}

#[tokio::test]
async fn an_ipv4_socket_does_not_try_ipv6() {
    let alice = Endpoint::bind(loopback(0)).unwrap();
    let target = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 1);
    assert_eq!(alice.connect(target).await.unwrap_err(), crate::ConnectError::Unreachable);
}

#[tokio::test]
async fn port_0_and_the_unspecified_address_are_nobody() {
    let alice = Endpoint::bind(loopback(0)).unwrap();
    for target in ["127.0.0.1:0", "0.0.0.0:9", "[::]:9"] {
        assert_eq!(alice.connect(target.parse().unwrap()).await.unwrap_err(), crate::ConnectError::Unreachable);
    }
}
