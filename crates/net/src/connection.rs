use crate::congestion::VoiceFirst;
use crate::endpoint::canonical;
use crate::error::fault;
use crate::tls;
use crate::{
    CloseCode, CloseReason, ConnectError, DatagramError, EXPORTER_LABEL, Endpoint, FrameError, FrameReceiver,
    FrameSender, Windows,
};
use bytes::Bytes;
use p2p_comm_model::{Pii, limits};
use quinn::{Side, VarInt};
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Names one connection for as long as this process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// A QUIC connection whose handshake is complete. A cheap handle: clones are the same connection.
///
/// When the last handle and the last of its streams are dropped, it closes with [`CloseCode::Bye`].
#[derive(Clone)]
pub struct Connection {
    quinn: quinn::Connection,
    facts: Arc<Facts>,
}

/// What the handshake settled.
struct Facts {
    id: ConnectionId,
    dialed: bool,
    local_certificate_hash: [u8; 32],
    peer_certificate_hash: [u8; 32],
    exporter: [u8; 32],
    windows: Windows,
}

impl Connection {
    /// Completes the handshake.
    pub(crate) async fn new(handshake: quinn::Connecting, endpoint: &Endpoint) -> Result<Self, ConnectError> {
        match handshake.await {
            Ok(quinn) => Self::established(quinn, endpoint),
            Err(error) => {
                tracing::debug!(fault = fault(&error).map(tracing::field::display), "no connection");
                Err(error.into())
            }
        }
    }

    fn established(quinn: quinn::Connection, endpoint: &Endpoint) -> Result<Self, ConnectError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut exporter = [0; 32];
        let exported = quinn.export_keying_material(&mut exporter, EXPORTER_LABEL, b"");
        let (Some(peer_certificate_hash), Ok(())) = (peer_certificate_hash(&quinn), exported) else {
            quinn.close(CloseCode::ProtocolError.var(), &[]);
            return Err(ConnectError::Protocol);
        };
        let facts = Arc::new(Facts {
            id: ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed)),
            dialed: quinn.side() == Side::Client,
            local_certificate_hash: endpoint.certificate_hash(),
            peer_certificate_hash,
            exporter,
            windows: endpoint.windows(),
        });
        let connection = Self { quinn, facts };
        tracing::debug!(
            id = connection.id().0,
            dialed = connection.dialed(),
            remote = format_args!("{:#}", Pii(connection.remote())),
            "connected"
        );
        Ok(connection)
    }

    /// Names this connection.
    pub fn id(&self) -> ConnectionId {
        self.facts.id
    }

    /// The other side's address in canonical form. A peer that dialed us may move to another one.
    pub fn remote(&self) -> SocketAddr {
        canonical(self.quinn.remote_address())
    }

    /// Whether this side dialed.
    pub fn dialed(&self) -> bool {
        self.facts.dialed
    }

    /// SHA-256 of our certificate in DER form.
    pub fn local_certificate_hash(&self) -> [u8; 32] {
        self.facts.local_certificate_hash
    }

    /// SHA-256 of the other side's certificate in DER form.
    pub fn peer_certificate_hash(&self) -> [u8; 32] {
        self.facts.peer_certificate_hash
    }

    /// A secret that only the two ends of this connection know (RFC 8446, section 7.5), under
    /// [`EXPORTER_LABEL`] with the empty context. Does not cover the dialer's certificate.
    pub fn exporter(&self) -> [u8; 32] {
        self.facts.exporter
    }

    /// Raises the limits, after the other side has proved the password.
    ///
    /// Before: one bidirectional stream from the other side and no unidirectional one, a receive window of
    /// [`limits::UNPROVEN_WINDOW`], datagrams not read (the newest [`limits::DATAGRAMS_IN`] bytes are kept). After: no
    /// further bidirectional stream, [`limits::UNI_STREAMS`] unidirectional ones, a window of [`limits::WINDOW`].
    /// The cap on frames of the pairing stream is raised by its own [`FrameReceiver::proven`].
    pub fn proven(&self) {
        self.quinn.set_max_concurrent_bi_streams(VarInt::from_u32(0));
        self.quinn.set_max_concurrent_uni_streams(VarInt::from_u32(limits::UNI_STREAMS));
        self.quinn.set_receive_window(VarInt::from_u32(self.facts.windows.proven()));
    }

    /// Opens the one bidirectional stream. The other side hears of it with the first frame.
    pub async fn open_pairing(&self) -> Result<(FrameSender, FrameReceiver), FrameError> {
        let (sender, receiver) = self.quinn.open_bi().await.map_err(closed)?;
        Ok((FrameSender::new(sender), FrameReceiver::new(receiver, limits::UNPROVEN_FRAME)))
    }

    /// Waits for the bidirectional stream that the other side opens, and allows no second one.
    pub async fn accept_pairing(&self) -> Result<(FrameSender, FrameReceiver), FrameError> {
        let (sender, receiver) = self.quinn.accept_bi().await.map_err(closed)?;
        self.quinn.set_max_concurrent_bi_streams(VarInt::from_u32(0));
        Ok((FrameSender::new(sender), FrameReceiver::new(receiver, limits::UNPROVEN_FRAME)))
    }

    /// Opens a stream for frames of up to [`limits::FRAME`]; waits until the other side allows one. Streams of a
    /// higher `priority` go before those of a lower one, equal ones take turns. The other side hears of it with the
    /// first frame.
    pub async fn open_uni(&self, priority: i32) -> Result<FrameSender, FrameError> {
        let sender = self.quinn.open_uni().await.map_err(closed)?;
        sender.set_priority(priority).map_err(|_| FrameError::Ended)?;
        Ok(FrameSender::new(sender))
    }

    /// Waits for the next stream that the other side opens, for frames of up to [`limits::FRAME`].
    pub async fn accept_uni(&self) -> Result<FrameReceiver, FrameError> {
        let receiver = self.quinn.accept_uni().await.map_err(closed)?;
        Ok(FrameReceiver::new(receiver, limits::FRAME))
    }

    /// Sends a datagram, which may get lost, at once: it goes before all streams. Never waits; if
    /// [`limits::DATAGRAMS_OUT`] are full, the oldest unsent ones are dropped.
    pub fn send_datagram(&self, datagram: Bytes) -> Result<(), DatagramError> {
        self.quinn.send_datagram(datagram).map_err(DatagramError::from)
    }

    /// Waits for the next datagram. Unread ones are kept up to [`limits::DATAGRAMS_IN`], the newest.
    pub async fn read_datagram(&self) -> Result<Bytes, CloseReason> {
        self.quinn.read_datagram().await.map_err(|error| CloseReason::from(&error))
    }

    /// Bytes that a datagram may have now.
    pub fn max_datagram(&self) -> Option<usize> {
        self.quinn.max_datagram_size()
    }

    /// Bytes of datagrams that wait to be sent.
    pub fn datagrams_waiting(&self) -> usize {
        limits::DATAGRAMS_OUT.saturating_sub(self.quinn.datagram_send_buffer_space())
    }

    /// Divides the connection between voice and streams; to be called about ten times a second in a call (`voice`), and
    /// once with `false` after it. In a call, voice is held up by nothing, and the streams together stay within the
    /// window that congestion control finds.
    pub fn balance(&self, voice: bool) {
        let shared = VoiceFirst::shared(&self.quinn);
        shared.call.store(voice, Ordering::Relaxed);
        let whole = self.facts.windows.send();
        let streams = if voice { shared.window.load(Ordering::Relaxed).min(whole) } else { whole };
        self.quinn.set_send_window(streams);
    }

    /// Closes at once; what is not delivered yet is lost. Only the first call counts.
    pub fn close(&self, code: CloseCode) {
        self.quinn.close(code.var(), &[]);
    }

    /// Completes when the connection has ended, for whatever reason.
    pub async fn closed(&self) -> CloseReason {
        let error = self.quinn.closed().await;
        let reason = CloseReason::from(&error);
        tracing::debug!(id = self.id().0, ?reason, fault = fault(&error).map(tracing::field::display), "closed");
        reason
    }

    /// How the connection ended, or `None` while it lives.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.quinn.close_reason().as_ref().map(CloseReason::from)
    }

    /// The current estimate of the round trip time.
    pub fn rtt(&self) -> Duration {
        self.quinn.rtt()
    }

    /// Packets received on this connection so far. While both sides live it grows at least every 5 s or so (the
    /// keep-alive and its answer), so a stand-still measures silence.
    pub fn packets_received(&self) -> u64 {
        self.quinn.stats().udp_rx.datagrams
    }

    #[cfg(test)]
    pub(crate) fn raw(&self) -> &quinn::Connection {
        &self.quinn
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("id", &self.id().0).field("dialed", &self.dialed()).finish_non_exhaustive()
    }
}

fn closed(error: quinn::ConnectionError) -> FrameError {
    FrameError::Closed(CloseReason::from(&error))
}

fn peer_certificate_hash(quinn: &quinn::Connection) -> Option<[u8; 32]> {
    let chain = quinn.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    match chain.as_slice() {
        [leaf] => Some(tls::hash(leaf)),
        _ => None,
    }
}
