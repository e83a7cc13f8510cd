//! The floor: 100 bytes and their echo on one long-lived QUIC stream, with nothing of ours.

use crate::Result;
use quinn::{ClientConfig, Endpoint, RecvStream, SendStream, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As much as a short message.
const BYTES: usize = 100;

pub(crate) struct Echo {
    send: SendStream,
    receive: RecvStream,
    _endpoint: Endpoint,
}

impl Echo {
    /// The echoing side gets a thread and a runtime of its own, as bob does.
    pub(crate) async fn start() -> Result<Self> {
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".into()])?;
        let der = certificate.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
        let config = ServerConfig::with_single_cert(vec![der.clone()], key.into())?;
        let (address, started) = tokio::sync::oneshot::channel();
        let runtime = crate::people::runtime()?;
        std::thread::spawn(move || runtime.block_on(serve(config, address)));
        let mut roots = RootCertStore::empty();
        roots.add(der)?;
        let mut endpoint = Endpoint::client(([127, 0, 0, 1], 0).into())?;
        endpoint.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(roots))?);
        let connection = endpoint.connect(started.await?, "localhost")?.await?;
        let (send, receive) = connection.open_bi().await?;
        Ok(Self { send, receive, _endpoint: endpoint })
    }

    pub(crate) async fn round_trip(&mut self) -> Result<Duration> {
        let began = Instant::now();
        let mut bytes = [7; BYTES];
        self.send.write_all(&bytes).await?;
        self.receive.read_exact(&mut bytes).await?;
        Ok(began.elapsed())
    }
}

async fn serve(config: ServerConfig, address: tokio::sync::oneshot::Sender<SocketAddr>) -> Option<()> {
    let endpoint = Endpoint::server(config, ([127, 0, 0, 1], 0).into()).ok()?;
    address.send(endpoint.local_addr().ok()?).ok()?;
    let connection = endpoint.accept().await?.await.ok()?;
    let (mut send, mut receive) = connection.accept_bi().await.ok()?;
    let mut bytes = [0; BYTES];
    while receive.read_exact(&mut bytes).await.is_ok() {
        send.write_all(&bytes).await.ok()?;
    }
    Some(())
}
