//! What a shell reads.

use crate::actor::Actor;
use crate::conversation::{Ask, Conversation, Plan};
use crate::search::Searchable;
use p2p_comm_model::{
    Code, DeviceKey, Invite, Name, NodePhase, NodeStatus, PeerAddress, PeerId, PeerSnapshot, PeerState,
    RequestSnapshot, limits,
};
use p2p_comm_store::Reader;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// Characters of a draft shown in the peer list.
const PREVIEW: usize = 120;

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
            do_not_disturb: self.do_not_disturb,
            reached: self.reached,
            mapping: self.mapping(),
            pinhole: self.pinhole(),
            failed_callers: self.guessers.clone(),
        }
    }

    pub(crate) fn peers(&self) -> Vec<PeerSnapshot> {
        let places: BTreeMap<_, _> = self.order.iter().copied().zip(0..).collect();
        let snapshot = |peer: p2p_comm_proto::PeerView<'_>| {
            let conversation = self.conversations.get(&peer.id);
            let choices = self.choices_about(peer.id);
            PeerSnapshot {
                id: peer.id,
                label: peer.label.to_string(),
                name: peer.name.map(ToString::to_string),
                host: peer.address.host.to_string(),
                port: peer.address.port,
                trying: peer.trying.iter().map(ToString::to_string).collect(),
                state: peer.state,
                key: peer.device.map(|device| short(&device)),
                verified: peer.verified,
                echo: peer.echo,
                gain_db: self.peer_gain(peer.id),
                muted: choices.muted,
                pinned: choices.pinned,
                draft: choices.draft.chars().take(PREVIEW).collect(),
                retention: choices.retention,
                keeps_messages: self.keeps_lines(peer.id),
                vanish: choices.vanish,
                can_vanish: self.node.can_vanish(peer.id) == Some(true),
                // Nobody is reminded of somebody whom the list does not show.
                unread: conversation.filter(|_| peer.state != PeerState::Blocked).map_or(0, Conversation::unread),
                last: conversation.and_then(Conversation::last),
                place: places.get(&peer.id).copied(),
            }
        };
        let mut peers: Vec<_> = self.node.peers(self.now(), self.wall()).map(snapshot).collect();
        peers.sort_by_key(|peer| !peer.pinned);
        peers
    }

    pub(crate) fn requests(&self) -> Vec<RequestSnapshot> {
        let snapshot = |(id, name, address, at): (_, &Name, SocketAddr, std::time::Instant)| {
            let age = i64::try_from(self.now().saturating_duration_since(at).as_millis()).unwrap_or(0);
            let (name, address) = (name.to_string(), PeerAddress::from(address).to_string());
            RequestSnapshot { id, name, address, at: self.wall().saturating_sub(age) }
        };
        self.node.requests().map(snapshot).collect()
    }

    /// Lines of a conversation, and with what to read those that are not in memory.
    pub(crate) fn plan(&self, peer: PeerId, ask: Ask) -> Option<(Plan, Option<Arc<Mutex<Reader>>>)> {
        let watermarks = self.node.delivery(peer)?;
        let plan = match self.conversations.get(&peer) {
            Some(conversation) => conversation.plan(peer, ask),
            None => Conversation::new(watermarks).plan(peer, ask),
        };
        Some((plan, self.keep.reader()))
    }

    /// Everybody on the list.
    pub(crate) fn people(&self) -> Vec<PeerId> {
        self.node.peers(self.now(), 0).filter(|peer| !peer.echo).map(|peer| peer.id).collect()
    }

    /// Whoever there is something to search with.
    pub(crate) fn peers_with_lines(&self) -> Vec<PeerId> {
        self.conversations.keys().copied().filter(|peer| self.node.delivery(*peer).is_some()).collect()
    }

    /// The next lines to search, backwards.
    pub(crate) fn searchable(&self, peer: PeerId, before: Option<u64>) -> Option<Vec<Searchable>> {
        self.node.delivery(peer)?;
        Some(self.conversations.get(&peer).map(|conversation| conversation.searchable(before)).unwrap_or_default())
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

    /// My own invite.
    pub(crate) fn invite(&self) -> Result<String, Code> {
        self.online().ok_or(Code::NotConnected)?;
        let (near, far): (Vec<_>, Vec<_>) = self.sockets().into_iter().partition(|socket| socket.ip().is_loopback());
        // On a computer without a network, or bound to loopback, others are on it, too.
        let addresses = if far.is_empty() { near } else { far };
        let name = self.name.as_deref().and_then(|name| Name::parse(name).ok());
        let invite = Invite::new(name, addresses.into_iter().take(limits::INVITED).map(PeerAddress::from));
        Ok(invite.map_err(|_| Code::NoNetwork)?.to_string())
    }

    fn addresses(&self) -> Vec<String> {
        self.sockets().into_iter().map(|socket| PeerAddress::from(socket).to_string()).collect()
    }

    /// Where others may reach us: what the router lets in first, then what peers see, then this computer's own addresses.
    fn sockets(&self) -> Vec<SocketAddr> {
        let seen = self.observed.iter().filter(|address| !address.ip().is_loopback()).copied();
        let mut addresses = Vec::new();
        for address in self.let_in().into_iter().chain(seen).chain(self.own()) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// What a peer is told to try, should we move out of its sight.
    pub(super) fn candidates(&self) -> Vec<SocketAddr> {
        self.let_in().into_iter().chain(self.own()).collect()
    }

    /// This computer's own addresses.
    fn own(&self) -> Vec<SocketAddr> {
        let Some(online) = self.online() else { return Vec::new() };
        let port = online.endpoint.local_port();
        online.endpoint.local_addresses().into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
    }
}

/// The first 8 bytes in hexadecimal.
fn short(device: &DeviceKey) -> String {
    device.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
