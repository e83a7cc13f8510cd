use super::{Endpoint, canonical};
use crate::{ConnectError, Connection};
use std::fmt;
use std::net::SocketAddr;

/// Somebody's first packet. Nothing was computed or answered for it yet. Dropped, it is [ignored](Self::ignore).
///
/// At most [`limits::INCOMING`](p2p_comm_model::limits::INCOMING) wait at once; the first packets of others are ignored
/// meanwhile, and come again.
pub struct Incoming {
    quinn: Option<quinn::Incoming>,
    remote: SocketAddr,
    validated: bool,
    endpoint: Endpoint,
}

impl Incoming {
    pub(super) fn new(quinn: quinn::Incoming, endpoint: Endpoint) -> Self {
        let remote = canonical(quinn.remote_address());
        let validated = quinn.remote_address_validated();
        Self { quinn: Some(quinn), remote, validated, endpoint }
    }

    /// Where it came from, in canonical form; anybody can forge it unless it is [`validated`](Self::validated).
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Whether the sender has shown, by answering a [`retry`](Self::retry), that he receives at that address.
    pub fn validated(&self) -> bool {
        self.validated
    }

    /// Drops it without an answer.
    pub fn ignore(self) {}

    /// Asks the sender to come again with a token (RFC 9000, section 8.1.2), which costs no memory here. A validated
    /// one is not asked twice, but ignored.
    pub fn retry(mut self) {
        if let Some(quinn) = self.quinn.take()
            && let Err(refused) = quinn.retry()
        {
            refused.into_incoming().ignore();
        }
    }

    /// Completes the TLS handshake, which proves nothing about who connects.
    ///
    /// Sets no deadline but the transport's idle timeout of 45 s; dropping the future gives up.
    pub async fn accept(mut self) -> Result<Connection, ConnectError> {
        let quinn = self.quinn.take().ok_or(ConnectError::Local)?;
        Connection::new(quinn.accept()?, &self.endpoint).await
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(quinn) = self.quinn.take() {
            quinn.ignore();
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("validated", &self.validated).finish_non_exhaustive()
    }
}
