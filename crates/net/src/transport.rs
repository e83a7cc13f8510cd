use crate::Windows;
use crate::congestion::VoiceFirstConfig;
use crate::tls::Tls;
use p2p_comm_model::limits;
use quinn::crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, IdleTimeout, NoneTokenStore, ServerConfig, TransportConfig, ValidationTokenConfig, VarInt};
use std::sync::Arc;
use std::time::Duration;

/// Silence after which a connection is lost, in milliseconds. Presence notices much earlier, by other means.
const IDLE_TIMEOUT: u32 = 45_000;
/// Shorter than the time for which NATs keep a UDP mapping, at the worst 30 s (RFC 4787, section 4.3, asks for 120).
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// The guess at the round trip before one is measured. RFC 9002, section 6.2.2, says 333 ms, which makes the first
/// retransmission of a lost handshake packet wait for a second; 200 ms covers most paths. With 100 ms the needless
/// retransmissions on paths of 600 to 800 ms that reorder packets made 4 of 100 pairings miss their deadline.
const INITIAL_RTT: Duration = Duration::from_millis(200);

/// How incoming connections are handled.
pub(crate) fn server_config(tls: &Tls, windows: Windows) -> Result<ServerConfig, NoInitialCipherSuite> {
    let crypto = QuicServerConfig::try_from(tls.server.clone())?;
    let mut no_tokens = ValidationTokenConfig::default();
    no_tokens.sent(0);
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config
        .transport_config(Arc::new(unproven(windows)))
        .validation_token_config(no_tokens)
        .max_incoming(limits::INCOMING)
        .incoming_buffer_size(limits::INCOMING_BUFFER)
        .incoming_buffer_size_total(limits::INCOMING_BUFFERS);
    Ok(config)
}

/// How outgoing connections are made.
pub(crate) fn client_config(tls: &Tls, windows: Windows) -> Result<ClientConfig, NoInitialCipherSuite> {
    let crypto = QuicClientConfig::try_from(tls.client.clone())?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(unproven(windows))).token_store(Arc::new(NoneTokenStore));
    Ok(config)
}

/// Both sides start every connection with the little room that an unproven peer has.
///
/// Datagrams must be announced here, since QUIC cannot allow them later. Unread ones fill their buffer and then push
/// each other out.
fn unproven(windows: Windows) -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .receive_window(VarInt::from_u32(limits::UNPROVEN_WINDOW))
        .stream_receive_window(VarInt::from_u32(windows.stream()))
        .send_window(windows.send())
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_TIMEOUT))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .initial_rtt(INITIAL_RTT)
        .congestion_controller_factory(Arc::new(VoiceFirstConfig::default()))
        .datagram_receive_buffer_size(Some(limits::DATAGRAMS_IN))
        .datagram_send_buffer_size(limits::DATAGRAMS_OUT)
        // The spin bit shows the round trip time to everybody on the path (RFC 9312, section 3.8).
        .allow_spin(false);
    config
}
