use crate::args::{Own, To};
use crate::event::Event;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::output::Output;
use p2p_comm_engine::{Handle, Password, PeerId};

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
        out.put(&Event::Listening { port: status.port.unwrap_or(0), addresses: &status.addresses });
        out.flush().await
    }

    /// Adds the one peer of this run and begins to dial. The address is its label until it tells its name.
    pub(crate) async fn add(&self, to: &To) -> Result<PeerId, Failure> {
        Ok(self.handle.add_peer(&to.peer.to_string(), vec![to.peer.clone()]).await?)
    }
}
