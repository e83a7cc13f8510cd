mod verifier;

use crate::ALPN;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ED25519, SerialNumber, date_time_ymd};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use verifier::AnyLeaf;

/// The one name in every certificate and every Client Hello (`.invalid`: RFC 2606), so that it tells nobody apart.
pub(crate) const NAME: &str = "peer.invalid";

/// What a recording made today must withstand comes first; X25519 is for peers that know no ML-KEM.
const KEY_EXCHANGE: [&dyn SupportedKxGroup; 2] = [kx_group::X25519MLKEM768, kx_group::X25519];

/// Both TLS roles of one endpoint, under one throwaway certificate.
pub(crate) struct Tls {
    pub(crate) server: Arc<rustls::ServerConfig>,
    pub(crate) client: Arc<rustls::ClientConfig>,
    pub(crate) certificate_hash: [u8; 32],
}

/// The certificate or the TLS settings could not be made: no randomness, or a library built without what we need.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    #[error(transparent)]
    Settings(#[from] rustls::Error),
}

impl Tls {
    pub(crate) fn new() -> Result<Self, TlsError> {
        let (certificate, key) = throwaway()?;
        let certificate_hash = hash(&certificate);
        let client = client(certificate.clone(), key.clone_key())?;
        let server = server(certificate, key)?;
        Ok(Self { server: Arc::new(server), client: Arc::new(client), certificate_hash })
    }
}

/// SHA-256 of the DER form.
pub(crate) fn hash(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { kx_groups: KEY_EXCHANGE.to_vec(), ..default_provider() })
}

fn server(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<rustls::ServerConfig, rustls::Error> {
    let provider = provider();
    let verifier = AnyLeaf::new(&provider);
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

fn client(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = provider();
    let verifier = AnyLeaf::new(&provider);
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    Ok(config)
}

/// A certificate in which nothing but the key and its signature differs from anybody else's.
fn throwaway() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ED25519)?;
    let certificate = template()?.self_signed(&key)?;
    Ok((certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into())))
}

pub(crate) fn template() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([NAME.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from(1));
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    Ok(params)
}
