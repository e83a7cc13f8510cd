use crate::args::{Own, To};
use crate::event::Event;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::output::Output;
use p2p_comm_engine::{Handle, Password, PeerId, PeerSnapshot};

/// A running engine in a session, and what it tells.
pub(crate) struct Node {
    pub(crate) handle: Handle,
    pub(crate) feed: Feed,
}

impl Node {
    /// Begins a session.
    pub(crate) async fn start(handle: &Handle, own: &Own, password: Password) -> Result<Self, Failure> {
        let feed = Feed::new(handle).await?;
        handle.connect(own.name.as_str(), password, own.network()).await?;
        Ok(Self { handle: handle.clone(), feed })
    }

    /// Prints where others can reach us.
    pub(crate) async fn announce(&self, out: &mut Output) -> Result<(), Failure> {
        let status = self.handle.status().await?;
        let invite = self.handle.invite().await?;
        let port = status.port.unwrap_or(0);
        out.put(&Event::Listening { port, addresses: &status.addresses, invite: &invite });
        out.flush().await
    }

    /// Adds the one peer of this run and begins to dial. Until it tells its name, the invite's name is its label, or else
    /// the address.
    pub(crate) async fn add(&self, to: &To) -> Result<PeerId, Failure> {
        let addresses = to.peer.addresses().to_vec();
        let name = to.peer.name().map(ToString::to_string);
        let label = name.or_else(|| addresses.first().map(ToString::to_string)).unwrap_or_default();
        // Somebody who is kept is on the list already.
        let known = |peer: &&PeerSnapshot| {
            addresses.iter().any(|address| address.host.to_string() == peer.host && address.port == peer.port)
        };
        if let Some(peer) = self.handle.peers().await?.iter().find(known) {
            return Ok(peer.id);
        }
        Ok(self.handle.add_peer(&label, addresses).await?)
    }
}
