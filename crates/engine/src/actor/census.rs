//! What a running engine holds, for tests that count.

use crate::actor::Actor;
use crate::{Error, Handle};
use p2p_comm_model::PeerId;
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// A secret that exactly the two ends of one connection share: names it on both sides.
pub type ConnectionName = [u8; 32];

/// Connections and pairings at this moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Open connections of each entry that has any.
    pub peers: BTreeMap<PeerId, Vec<ConnectionName>>,
    /// Open connections that belong to no entry.
    pub strangers: usize,
    /// Attempts to reach somebody that are under way.
    pub dials: usize,
    /// Pairings under way that others began.
    pub under_way: usize,
    /// Calls dropped at the gate so far.
    pub dropped: u64,
}

impl Handle {
    /// Counts what the engine holds.
    pub async fn census(&self) -> Result<Census, Error> {
        self.call(|actor| actor.census()).await
    }

    /// Breaks every connection, as if the network had.
    pub async fn drop_connections(&self) -> Result<(), Error> {
        self.call(|actor| actor.links.values().for_each(|link| link.connection().close(p2p_comm_net::CloseCode::Bye)))
            .await
    }
}

impl Actor {
    fn census(&self) -> Census {
        let mut census = Census::default();
        for (conn, peer) in self.node.connections() {
            match (peer, self.links.get(&conn)) {
                (Some(peer), Some(link)) => census.peers.entry(peer).or_default().push(link.connection().exporter()),
                _ => census.strangers += 1,
            }
        }
        census.dials = self.dials.values().filter(|dialing| !dialing.task.is_finished()).count();
        if let Some(online) = &self.online {
            let gate = online.gate.lock().unwrap_or_else(PoisonError::into_inner);
            (census.under_way, census.dropped) = (gate.under_way(), gate.dropped());
        }
        census
    }
}
