//! The protocol as state machines: what to send, what it means, whom to trust, when to try again.
//!
//! No I/O, no clock and no randomness of its own: time and seeds are arguments, and key derivation is an output. May
//! import: `crypto`, `model`. Data passes through it as in the table.
//!
//! | machine | takes | gives |
//! |---|---|---|
//! | [`Handshake`], one per unproven connection | frames, derived keys, time | frames, `Derive`, secrets or a failure |
//! | [`Node`], one per Connect | commands, proven connections, frames, dial results, time | [`Output`] |
//! | [`Gate`], one per Connect | sources, time | who may pair now |
//!
//! Each `handle` must be followed by draining `poll_output` to `None`; then `poll_timeout` says when to call again.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "a test has to begin at some time"))]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod call;
mod calls;
mod chat;
mod gate;
mod handshake;
mod node;
mod session;
mod timer;
pub mod wire;

pub use chat::Outgoing;
pub use gate::{Admission, Ending, Gate};
pub use handshake::{Certificates, Failure, Handshake, HandshakeOutput, Paired};
pub use node::{
    Attempt, Binding, CallView, ConnId, DialFailure, DialPhase, Event, Identity, Input, Kept, KeptPeer, Node, Output,
    PeerView, Proven, Received, Silenced, Stream, Watermarks,
};
pub use session::Close;

#[cfg(test)]
mod tests;
