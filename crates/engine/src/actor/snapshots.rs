//! What a shell reads.

use crate::actor::Actor;
use crate::conversation::Conversation;
use p2p_comm_model::{
    DeviceKey, NodePhase, NodeStatus, Page, PeerAddress, PeerId, PeerSnapshot, PeerState, RequestSnapshot, limits,
};
use std::net::SocketAddr;
use tokio::sync::watch;

impl Actor {
    pub(crate) fn status(&self) -> NodeStatus {
        let (now, wall) = (self.now(), self.wall());
        let people = || self.node.peers(now, wall).filter(|peer| !peer.echo && peer.state != PeerState::Blocked);
        let online = people().filter(|peer| peer.state == PeerState::Connected).count();
        let port = self.online().map(|online| online.endpoint.local_port());
        NodeStatus {
            phase: self.phase,
            name: self.name.clone().filter(|_| self.phase != NodePhase::Offline),
            port,
            addresses: self.addresses(),
            peers_online: u32::try_from(online).unwrap_or(u32::MAX),
            peers_total: u32::try_from(people().count()).unwrap_or(u32::MAX),
            requests_allowed: self.node.requests_allowed(),
            echo: self.echo.is_some(),
            failed_callers: self.guessers.clone(),
        }
    }

    pub(crate) fn peers(&self) -> Vec<PeerSnapshot> {
        let snapshot = |peer: p2p_comm_proto::PeerView<'_>| {
            let conversation = self.conversations.get(&peer.id);
            PeerSnapshot {
                id: peer.id,
                label: peer.label.to_string(),
                name: peer.name.map(ToString::to_string),
                host: peer.address.host.to_string(),
                port: peer.address.port,
                state: peer.state,
                key: peer.device.map(|device| short(&device)),
                echo: peer.echo,
                gain_db: self.peer_gain(peer.id),
                unread: conversation.map_or(0, Conversation::unread),
                last: conversation.and_then(Conversation::last),
            }
        };
        self.node.peers(self.now(), self.wall()).map(snapshot).collect()
    }

    pub(crate) fn requests(&self) -> Vec<RequestSnapshot> {
        let snapshot = |(id, name, address, at): (_, &p2p_comm_model::Name, SocketAddr, std::time::Instant)| {
            let age = i64::try_from(self.now().saturating_duration_since(at).as_millis()).unwrap_or(0);
            let (name, address) = (name.to_string(), PeerAddress::from(address).to_string());
            RequestSnapshot { id, name, address, at: self.wall().saturating_sub(age) }
        };
        self.node.requests().map(snapshot).collect()
    }

    /// Up to [`limits::PAGE`] lines that end just before `before`.
    pub(crate) fn page(&self, peer: PeerId, before: Option<u64>) -> Option<Page> {
        self.read(peer, |conversation| conversation.page(before, limits::PAGE))
    }

    /// Up to [`limits::PAGE`] lines from `from` on.
    pub(crate) fn page_from(&self, peer: PeerId, from: u64) -> Option<Page> {
        self.read(peer, |conversation| conversation.page_from(from, limits::PAGE))
    }

    fn read(&self, peer: PeerId, page: impl FnOnce(&Conversation) -> Page) -> Option<Page> {
        let watermarks = self.node.delivery(peer)?;
        Some(match self.conversations.get(&peer) {
            Some(conversation) => page(conversation),
            None => page(&Conversation::new(watermarks)),
        })
    }

    pub(crate) fn mark_read(&mut self, peer: PeerId) -> Option<()> {
        self.node.delivery(peer)?;
        if self.conversations.get_mut(&peer).is_some_and(Conversation::mark_read) {
            self.converse(peer, |_| ());
        }
        Some(())
    }

    pub(crate) fn acked(&mut self, peer: PeerId) -> Option<watch::Receiver<u64>> {
        self.converse(peer, |conversation| conversation.acked())
    }

    /// Where others may reach us: what peers see first, then this computer's own addresses.
    fn addresses(&self) -> Vec<String> {
        let Some(online) = self.online() else { return Vec::new() };
        let port = online.endpoint.local_port();
        let own = online.endpoint.local_addresses().into_iter().map(|ip| SocketAddr::new(ip, port));
        let mut addresses: Vec<SocketAddr> = self.observed.iter().filter(|a| !a.ip().is_loopback()).copied().collect();
        for address in own {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses.into_iter().map(|address| PeerAddress::from(address).to_string()).collect()
    }
}

/// The first 8 bytes in hexadecimal.
fn short(device: &DeviceKey) -> String {
    device.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
