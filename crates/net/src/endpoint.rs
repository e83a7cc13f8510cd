pub(crate) mod addresses;
mod incoming;
pub(crate) mod socket;

pub use incoming::Incoming;

use crate::tls::{NAME, Tls};
use crate::transport::{client_config, server_config};
use crate::{BindError, CloseCode, Config, ConnectError, Connection, Windows};
use p2p_comm_model::Pii;
use quinn::{AsyncUdpSocket, EndpointConfig, Runtime as _, TokioRuntime};
use socket::Family;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// One UDP socket that makes and takes connections, under a certificate of its own that is thrown away with it.
///
/// A cheap handle: clones are the same endpoint. Lives on the tokio runtime it was made in, until it is
/// [closed](Self::close), or all its handles and connections are dropped.
#[derive(Clone)]
pub struct Endpoint {
    quinn: quinn::Endpoint,
    local: SocketAddr,
    family: Family,
    certificate_hash: [u8; 32],
    windows: Windows,
}

impl Endpoint {
    /// Takes a socket as `config` says. Must be called inside a tokio runtime with I/O and time enabled.
    ///
    /// The port is not shared: while another program has it, even on one address only, it counts as in use.
    pub fn bind(config: Config) -> Result<Self, BindError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(BindError::Other(io::Error::other("no async runtime")));
        }
        let (socket, family) = socket::bind(config.bind, config.port)?;
        let socket = TokioRuntime.wrap_udp_socket(socket)?;
        let endpoint = Self::on(socket, family, config.windows, None)?;
        tracing::info!(port = endpoint.local_port(), ?family, "listening");
        Ok(endpoint)
    }

    /// On a socket that exists. `seed` makes the transport's own randomness (not that of TLS) repeatable.
    pub(crate) fn on(
        socket: Arc<dyn AsyncUdpSocket>,
        family: Family,
        windows: Windows,
        seed: Option<[u8; 32]>,
    ) -> Result<Self, BindError> {
        let other = |error| BindError::Other(io::Error::other(error));
        let tls = Tls::new().map_err(|error| other(Box::<dyn std::error::Error + Send + Sync>::from(error)))?;
        let server = server_config(&tls, windows).map_err(|error| other(error.into()))?;
        let client = client_config(&tls, windows).map_err(|error| other(error.into()))?;
        let local = socket.local_addr()?;
        let mut settings = EndpointConfig::default();
        settings.rng_seed(seed);
        let mut quinn =
            quinn::Endpoint::new_with_abstract_socket(settings, Some(server), socket, Arc::new(TokioRuntime))?;
        quinn.set_default_client_config(client);
        Ok(Self { quinn, local, family, certificate_hash: tls.certificate_hash, windows })
    }

    /// The next attempt to connect to us, or `None` once the endpoint is closed.
    pub async fn accept(&self) -> Option<Incoming> {
        Some(Incoming::new(self.quinn.accept().await?, self.clone()))
    }

    /// Connects and completes the TLS handshake, which proves nothing about who answers.
    ///
    /// Sets no deadline but the transport's idle timeout of 45 s; dropping the future gives up.
    pub async fn connect(&self, remote: SocketAddr) -> Result<Connection, ConnectError> {
        let remote = canonical(remote);
        if !self.family.reaches(remote.ip()) {
            return Err(ConnectError::Unreachable);
        }
        tracing::debug!(remote = format_args!("{:#}", Pii(remote)), "connecting");
        Connection::new(self.quinn.connect(remote, NAME)?, self).await
    }

    /// The UDP port, for [`local_addresses`](Self::local_addresses).
    pub fn local_port(&self) -> u16 {
        self.local.port()
    }

    /// Addresses of this computer that others could use, best guess first, loopback last. Asks the system for its
    /// routes at each call and sends nothing.
    pub fn local_addresses(&self) -> Vec<IpAddr> {
        addresses::local(self.local.ip().to_canonical(), self.family)
    }

    /// The one address that it is bound to; `None` if it listens on all.
    pub(crate) fn bound(&self) -> Option<IpAddr> {
        Some(self.local.ip().to_canonical()).filter(|ip| !ip.is_unspecified())
    }

    /// The addresses that it speaks to.
    pub(crate) fn family(&self) -> Family {
        self.family
    }

    /// SHA-256 of this endpoint's certificate in DER form.
    pub fn certificate_hash(&self) -> [u8; 32] {
        self.certificate_hash
    }

    /// Closes all connections with `code` and takes no more. To let the peers hear of it, await
    /// [`wait_idle`](Self::wait_idle) before the runtime ends.
    pub fn close(&self, code: CloseCode) {
        self.quinn.close(code.var(), &[]);
    }

    /// Completes when all connections are gone and their goodbyes had time to be repeated (three times the probe
    /// timeout: RFC 9000, section 10.2).
    pub async fn wait_idle(&self) {
        self.quinn.wait_idle().await;
    }

    pub(crate) fn windows(&self) -> Windows {
        self.windows
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("port", &self.local_port()).finish_non_exhaustive()
    }
}

/// With an IPv4-mapped IPv6 address as the IPv4 address that it means; scope ids are kept.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}
