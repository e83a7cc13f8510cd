//! Strangers with other ideas of TLS, on loopback.

use super::*;
use crate::tls::{NAME, Tls, provider, template};
use crate::{CloseReason, ConnectError};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{ClientConfig, ServerConfig, SignatureScheme};
use std::sync::Arc;

fn bob() -> (Endpoint, SocketAddr) {
    let localhost = IpAddr::from(Ipv4Addr::LOCALHOST);
    let bob = Endpoint::bind(Config { bind: Some(localhost), ..Config::default() }).unwrap();
    let address = SocketAddr::new(localhost, bob.local_port());
    (bob, address)
}

fn certificate(algorithm: &'static SignatureAlgorithm) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let certificate = template().unwrap().self_signed(&key).unwrap();
    (certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
}

/// Shows a chain whether or not the other side wants its kind of key.
#[derive(Debug)]
struct Stubborn(Arc<CertifiedKey>);

impl Stubborn {
    fn new(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'static>, scheme: SignatureScheme) -> Arc<Self> {
        let key = provider().key_provider.load_private_key(key.clone_key()).unwrap();
        let key = Arc::new(StubbornKey(key, scheme));
        Arc::new(Self(Arc::new(CertifiedKey::new(chain, key))))
    }
}

impl ResolvesClientCert for Stubborn {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl rustls::server::ResolvesServerCert for Stubborn {
    fn resolve(&self, _hello: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct StubbornKey(Arc<dyn SigningKey>, SignatureScheme);

impl SigningKey for StubbornKey {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.0.choose_scheme(&[self.1])
    }

    fn algorithm(&self) -> rustls::SignatureAlgorithm {
        self.0.algorithm()
    }
}

/// Shows no certificate.
#[derive(Debug)]
struct Nameless;

impl ResolvesClientCert for Nameless {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// What bob says of somebody who dials him with these settings.
async fn accepted(change: impl FnOnce(&mut ClientConfig)) -> Result<(), ConnectError> {
    let mut tls = ClientConfig::clone(&Tls::new().unwrap().client);
    change(&mut tls);
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let stranger = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let (bob, address) = bob();
    let dial = async {
        if let Ok(connection) = stranger.connect_with(config, address, NAME).unwrap().await {
            connection.closed().await;
        }
    };
    let accept = async { bob.accept().await.unwrap().accept().await.map(drop) };
    within(async { tokio::join!(dial, accept).1 }).await
}

/// What alice says of somebody who answers with these settings.
async fn dialed(change: impl FnOnce(&mut ServerConfig)) -> Result<(), ConnectError> {
    let mut tls = ServerConfig::clone(&Tls::new().unwrap().server);
    change(&mut tls);
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
    let stranger = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = stranger.local_addr().unwrap();
    let accept = async {
        if let Ok(connection) = stranger.accept().await.unwrap().await {
            connection.closed().await;
        }
    };
    let (alice, _) = bob();
    within(async { tokio::join!(accept, async { alice.connect(address).await.map(drop) }).1 }).await
}

#[tokio::test]
async fn the_settings_unchanged_are_accepted() {
    assert_eq!(accepted(|_| ()).await, Ok(()));
    assert_eq!(dialed(|_| ()).await, Ok(()));
}

#[tokio::test]
async fn another_application_protocol_is_another_protocol() {
    assert_eq!(accepted(|tls| tls.alpn_protocols = vec![b"h3".to_vec()]).await, Err(ConnectError::Protocol));
    assert_eq!(dialed(|tls| tls.alpn_protocols = vec![b"h3".to_vec()]).await, Err(ConnectError::Protocol));
}

#[tokio::test]
async fn no_application_protocol_is_another_protocol() {
    assert_eq!(accepted(|tls| tls.alpn_protocols.clear()).await, Err(ConnectError::Protocol));
    assert_eq!(dialed(|tls| tls.alpn_protocols.clear()).await, Err(ConnectError::Protocol));
}

#[tokio::test]
async fn a_dialer_without_a_certificate_is_refused() {
    assert_eq!(accepted(|tls| tls.client_auth_cert_resolver = Arc::new(Nameless)).await, Err(ConnectError::Protocol));
}

#[tokio::test]
async fn a_certificate_of_another_kind_of_key_is_refused() {
    let (leaf, key) = certificate(&PKCS_ECDSA_P256_SHA256);
    let p256 = Stubborn::new(vec![leaf], &key, SignatureScheme::ECDSA_NISTP256_SHA256);
    let client = Arc::clone(&p256);
    assert_eq!(accepted(|tls| tls.client_auth_cert_resolver = client).await, Err(ConnectError::Protocol));
    assert_eq!(dialed(|tls| tls.cert_resolver = p256).await, Err(ConnectError::Protocol));
}

#[tokio::test]
async fn a_chain_of_certificates_is_refused() {
    let (leaf, key) = certificate(&PKCS_ED25519);
    let chain = Stubborn::new(vec![leaf.clone(), leaf], &key, SignatureScheme::ED25519);
    let client = Arc::clone(&chain);
    assert_eq!(accepted(|tls| tls.client_auth_cert_resolver = client).await, Err(ConnectError::Protocol));
    assert_eq!(dialed(|tls| tls.cert_resolver = chain).await, Err(ConnectError::Protocol));
}

#[tokio::test]
async fn a_certificate_whose_key_one_does_not_hold_is_refused() {
    let (stolen, _) = certificate(&PKCS_ED25519);
    let (_, key) = certificate(&PKCS_ED25519);
    let thief = Stubborn::new(vec![stolen], &key, SignatureScheme::ED25519);
    let client = Arc::clone(&thief);
    assert_eq!(accepted(|tls| tls.client_auth_cert_resolver = client).await, Err(ConnectError::Protocol));
    assert_eq!(dialed(|tls| tls.cert_resolver = thief).await, Err(ConnectError::Protocol));
}

#[tokio::test]
async fn a_refused_dialer_sees_a_transport_error() {
    let (bob, address) = bob();
    let (leaf, key) = certificate(&PKCS_ECDSA_P256_SHA256);
    let mut tls = ClientConfig::clone(&Tls::new().unwrap().client);
    tls.client_auth_cert_resolver = Stubborn::new(vec![leaf], &key, SignatureScheme::ECDSA_NISTP256_SHA256);
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let stranger = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let dial = async { stranger.connect_with(config, address, NAME).unwrap().await.unwrap().closed().await };
    let accept = async { bob.accept().await.unwrap().accept().await.unwrap_err() };
    let (error, _) = within(async { tokio::join!(dial, accept) }).await;
    assert_eq!(CloseReason::from(&error), CloseReason::Transport);
}

/// One TLS handshake with the real settings, without QUIC, which hides these facts.
fn handshake(alice: &Tls, bob: &Tls) -> (rustls::ClientConnection, rustls::ServerConnection) {
    let mut client = rustls::ClientConnection::new(Arc::clone(&alice.client), NAME.try_into().unwrap()).unwrap();
    let mut server = rustls::ServerConnection::new(Arc::clone(&bob.server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() || server.wants_write() {
        let (mut there, mut back) = (Vec::new(), Vec::new());
        while client.wants_write() {
            client.write_tls(&mut there).unwrap();
        }
        server.read_tls(&mut there.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        while server.wants_write() {
            server.write_tls(&mut back).unwrap();
        }
        client.read_tls(&mut back.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    (client, server)
}

#[test]
fn the_key_exchange_withstands_a_quantum_computer() {
    let (client, server) = handshake(&Tls::new().unwrap(), &Tls::new().unwrap());
    for group in [client.negotiated_key_exchange_group(), server.negotiated_key_exchange_group()] {
        assert_eq!(group.unwrap().name(), rustls::NamedGroup::X25519MLKEM768);
    }
}

#[test]
fn a_second_connection_resumes_nothing_and_no_ticket_is_given() {
    let (alice, bob) = (Tls::new().unwrap(), Tls::new().unwrap());
    for _ in 0..2 {
        let (client, _server) = handshake(&alice, &bob);
        assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(client.tls13_tickets_received(), 0);
    }
}

#[test]
fn certificates_differ_in_nothing_but_key_and_signature() {
    let anonymous = |tls: &Tls| {
        let leaf = tls.client.client_auth_cert_resolver.resolve(&[], &[SignatureScheme::ED25519]).unwrap();
        let mut der = leaf.cert[0].to_vec();
        // The algorithm and the frame of a subjectPublicKeyInfo (RFC 8410, section 4).
        let spki = [0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let key = der.windows(spki.len()).position(|window| window == spki).unwrap() + spki.len();
        der[key..key + 32].fill(0);
        let signature = der.len() - 64;
        der[signature..].fill(0);
        der
    };
    let (alice, bob) = (Tls::new().unwrap(), Tls::new().unwrap());
    assert_ne!(alice.certificate_hash, bob.certificate_hash);
    assert_eq!(anonymous(&alice), anonymous(&bob));
}
