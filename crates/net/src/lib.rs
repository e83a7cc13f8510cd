//! The network: one UDP socket, QUIC connections with throwaway certificates, and streams cut into frames.
//!
//! May import: `model`, and alone in this workspace `quinn`, `rustls`, `rcgen`, and, to talk with the router, `crab_nat`,
//! `igd-next` and `netdev`; none of their types is part of the public API. It knows nothing of passwords, messages or people: who may connect is decided above.
//!
//! **In:** socket, [`Endpoint::accept`] or [`Endpoint::connect`], [`Connection`], [`FrameReceiver`], which hands out
//! frame bodies. **Out:** [`frame::encode`] into one buffer, [`FrameSender::write`], socket. A frame crosses no task or
//! channel of this crate: a read or a write goes straight to the connection's own state.
//!
//! A connection starts out *unproven*, with little room (see [`Connection::proven`]).
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod close;
mod config;
mod congestion;
mod connection;
mod endpoint;
mod error;
pub mod frame;
mod mapping;
#[cfg(any(test, feature = "test-util"))]
pub mod mem;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub use close::{CloseCode, CloseReason, StreamCode};
pub use config::{Config, Windows};
pub use connection::{Connection, ConnectionId};
pub use endpoint::{Endpoint, Incoming};
pub use error::{BindError, ConnectError, DatagramError, FrameError};
pub use mapping::{MappingState, PortMapping, PortState, Route, Timing, Turn};
pub use stream::{FrameReceiver, FrameSender};

/// The TLS application protocol (RFC 7301): the only version switch before the password is proved.
pub const ALPN: &[u8] = b"p2p-comm/1";

/// The label under which [`Connection::exporter`] is derived.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-p2p-comm/1";

/// Log targets of the libraries below, whose lines name addresses (`quinn_udp` does so at `WARN`, when sending
/// fails). Whoever sets up logging switches them off.
pub const LOG_TARGETS_WITH_ADDRESSES: [&str; 6] =
    ["quinn", "quinn_proto", "quinn_udp", "igd_next", "hyper", "hyper_util"];
