//! PCP for IPv6 (RFC 6887): nothing is translated there, but the firewall of the router lets in what comes to our own address.
//!
//! In our own words, since a router answers only what is sent from the address that it is about (section 8.2), and `crab_nat`
//! sends from whichever the system takes: to a router with a link-local address another one.

use super::keep::LIFETIME;
use bytes::{Buf as _, BufMut as _};
use p2p_comm_model::limits;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// How long for an answer, and how often: the router is one hop away.
const PATIENCE: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];
const VERSION: u8 = 2;
const MAP: u8 = 1;
/// Of an opcode in an answer.
const ANSWER: u8 = 0x80;
/// The protocol's number (IANA).
const UDP: u8 = 17;
/// Bytes of a request for a mapping and of its answer, options left out (sections 7.1, 7.2 and 11.1).
const SIZE: usize = 60;

/// A hole in the router's IPv6 firewall.
pub(super) struct Pinhole {
    own: SocketAddrV6,
    gateway: SocketAddrV6,
    /// The router takes back only what is named by it (section 11.2).
    nonce: [u8; 12],
    /// Seconds.
    lifetime: u32,
}

/// What a router said.
struct Answer {
    /// Seconds; 0 if it refused, or took the hole back.
    lifetime: u32,
    /// Where it lets others in.
    outside: SocketAddrV6,
}

impl Pinhole {
    /// Lets in what comes to `own`; `gateway` is where the router takes questions. None if it does not.
    pub(super) async fn open(own: SocketAddrV6, gateway: SocketAddrV6) -> Option<Self> {
        let mut pinhole = Self { own, gateway, nonce: rand::random(), lifetime: 0 };
        pinhole.keep().await.then_some(pinhole)
    }

    /// Keeps it open. Says whether there still is one.
    pub(super) async fn keep(&mut self) -> bool {
        let answer = self.ask(LIFETIME).await;
        self.lifetime = answer.as_ref().map_or(0, |answer| answer.lifetime);
        let here = answer.is_some_and(|answer| answer.outside == self.own);
        if !here && self.lifetime > 0 {
            // It translates after all, and friends know our own address.
            self.ask(0).await;
        }
        here && self.lifetime > 0
    }

    pub(super) async fn close(self) {
        self.ask(0).await;
    }

    /// For how long the router keeps it.
    pub(super) fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime.into())
    }

    async fn ask(&self, lifetime: u32) -> Option<Answer> {
        let socket = UdpSocket::bind(SocketAddr::new((*self.own.ip()).into(), 0)).await.ok()?;
        socket.connect(self.gateway).await.ok()?;
        for patience in PATIENCE {
            socket.send(&self.request(lifetime)).await.ok()?;
            if let Ok(answer) = timeout(patience, self.answer(&socket)).await {
                return answer;
            }
        }
        None
    }

    fn request(&self, lifetime: u32) -> Vec<u8> {
        let mut request = Vec::with_capacity(SIZE);
        request.put_slice(&[VERSION, MAP, 0, 0]);
        request.put_u32(lifetime);
        request.put_u128((*self.own.ip()).into());
        request.put_slice(&self.nonce);
        request.put_slice(&[UDP, 0, 0, 0]);
        request.put_u16(self.own.port());
        // What is wished for outside: our own port, or nothing if it is to end (section 15).
        request.put_u16(if lifetime == 0 { 0 } else { self.own.port() });
        request.put_u128(Ipv6Addr::UNSPECIFIED.into());
        request
    }

    /// The first answer to this. None if nobody takes questions there.
    async fn answer(&self, socket: &UdpSocket) -> Option<Answer> {
        let mut answer = vec![0; limits::ROUTER_ANSWER];
        loop {
            let length = socket.recv(&mut answer).await.ok()?;
            if let Some(answer) = answer.get(..length).and_then(|answer| self.understand(answer)) {
                return Some(answer);
            }
        }
    }

    /// None if it answers something else.
    fn understand(&self, mut answer: &[u8]) -> Option<Answer> {
        if answer.len() < SIZE {
            return None;
        }
        let start = [answer.get_u8(), answer.get_u8()];
        answer.advance(1);
        let result = answer.get_u8();
        let granted = answer.get_u32();
        // The router's clock, and nothing.
        answer.advance(16);
        let mut nonce = [0; 12];
        answer.copy_to_slice(&mut nonce);
        let protocol = answer.get_u8();
        answer.advance(3);
        let (inside, outside) = (answer.get_u16(), answer.get_u16());
        let outside = SocketAddrV6::new(answer.get_u128().into(), outside, 0, 0);
        let ours = start == [VERSION, MAP | ANSWER] && nonce == self.nonce;
        // Of a refusal the lifetime says for how long it holds.
        let lifetime = if result == 0 { granted } else { 0 };
        (ours && protocol == UDP && inside == self.own.port()).then_some(Answer { lifetime, outside })
    }
}
