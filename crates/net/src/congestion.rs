//! Congestion control in which a call is never held up.
//!
//! Outside a call it is QUIC's default, CUBIC (RFC 9438). In a call the window has room for everything that voice sends
//! during an outage of 35 s: with CUBIC's own window a connection needs 1 to 3 s to speak again after an outage of 2
//! to 8 s. Voice controls its own rate above this crate; what else is sent in the meantime stays within CUBIC's window
//! by the send window of the streams ([`crate::Connection::balance`]).

use quinn::congestion::{Controller, ControllerFactory, CubicConfig};
use quinn_proto::RttEstimator;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// 35 s of voice at 350 kbit/s, bytes.
const VOICE_WINDOW: u64 = 1536 * 1024;

/// What a connection and its controller tell each other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// There is a call.
    pub(crate) call: AtomicBool,
    /// CUBIC's window, bytes.
    pub(crate) window: AtomicU64,
}

/// Makes a [`VoiceFirst`] for each connection and each of its paths.
#[derive(Debug, Default)]
pub(crate) struct VoiceFirstConfig {
    cubic: Arc<CubicConfig>,
}

pub(crate) struct VoiceFirst {
    cubic: Box<dyn Controller>,
    shared: Arc<Shared>,
}

impl VoiceFirst {
    /// What is shared with the controller of the path that the connection uses now; a new path gets a new one.
    pub(crate) fn shared(connection: &quinn::Connection) -> Arc<Shared> {
        let controller = connection.congestion_state().into_any().downcast::<Self>();
        controller.map(|controller| controller.shared).unwrap_or_default()
    }

    fn publish(&self) {
        self.shared.window.store(self.cubic.window(), Ordering::Relaxed);
    }
}

impl ControllerFactory for VoiceFirstConfig {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        let controller = VoiceFirst { cubic: self.cubic.clone().build(now, mtu), shared: Arc::default() };
        controller.publish();
        Box::new(controller)
    }
}

impl Controller for VoiceFirst {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.cubic.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        self.cubic.on_ack(now, sent, bytes, app_limited, rtt);
        self.publish();
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest: Option<u64>) {
        self.cubic.on_end_acks(now, in_flight, app_limited, largest);
        self.publish();
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, persistent: bool, lost_bytes: u64) {
        self.cubic.on_congestion_event(now, sent, persistent, lost_bytes);
        self.publish();
    }

    fn on_mtu_update(&mut self, mtu: u16) {
        self.cubic.on_mtu_update(mtu);
        self.publish();
    }

    fn window(&self) -> u64 {
        let window = self.cubic.window();
        if self.shared.call.load(Ordering::Relaxed) { window.max(VOICE_WINDOW) } else { window }
    }

    /// The copy stays tied to the same connection.
    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self { cubic: self.cubic.clone_box(), shared: self.shared.clone() })
    }

    fn initial_window(&self) -> u64 {
        self.cubic.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
