//! A running node: one actor owns all state, everything else are tasks that bring it news or carry out its wishes.
//!
//! May import: `proto`, `crypto`, `media`, `net`, `store`, `model`. A shell (the window, the command line, a test) calls methods of
//! [`Handle`], waits on [`ChangesReceiver`] for what changed, and reads it. The way of the data:
//!
//! ```text
//! Handle ──command──▶ actor (proto::Node, conversations) ──Changes──▶ shell
//!                       │  ▲
//!            Transmit,  │  │ Input: frames, writable, proven, closed, dial results
//!            Dial, …    ▼  │ (bounded; the actor itself never waits for an output)
//!      writers, dial tasks, readers, listen task ── net::Connection
//! ```
//!
//! A pairing runs in a task of its own and reaches the actor only once it is proven, so a flood of strangers does not
//! slow down those who talk. Run it all on one thread ([`Engine::spawn_thread`]): the hops then cost next to nothing.
#![forbid(unsafe_code)]

mod actor;
#[cfg(feature = "test-util")]
pub mod attacker;
mod attention;
mod changes;
mod conversation;
mod dial;
mod echo;
mod engine;
mod error;
mod handle;
mod kdf;
mod keep;
mod link;
mod listen;
pub mod logging;
mod pairing;
mod passphrase;
mod search;
mod voice;

#[cfg(feature = "test-util")]
pub use actor::census::{Census, ConnectionName};
pub use attention::{Attention, Occasion, Quiet, attention};
pub use changes::ChangesReceiver;
pub use echo::{accept_everyone, answer_calls, answer_everyone};
pub use engine::{Engine, Options};
pub use error::Error;
pub use handle::{Handle, Receipt};
pub use keep::ExportFormat;
pub use p2p_comm_crypto::Password;
pub use p2p_comm_media as media;
pub use p2p_comm_model::{
    AudioDevice, AudioDevices, AudioSettings, CallEnd, CallNumber, CallPhase, CallRecord, CallSnapshot, Changes, Code,
    Content, ConversationChange, Delivery, DeviceState, FailedCaller, Hearing, Host, Import, Invite, Keeping, LastLine,
    Line, Link, MicTest, Name, NodePhase, NodeStatus, Notice, Page, PeerAddress, PeerId, PeerSnapshot, PeerState, Pii,
    PortMapping, Quality, Remembered, RequestId, RequestSnapshot, Retention, SealedBy, SearchHit, SearchHits, Sender,
    Switch, Text, Transmit, VoiceStats, limits,
};
pub use p2p_comm_net::{Config as NetConfig, Windows};
#[cfg(feature = "test-util")]
pub use p2p_comm_net::{MappingState, PortMapping as RouterDouble, PortState, mem};
#[cfg(feature = "test-util")]
pub use p2p_comm_store::MemoryKeychain;
pub use p2p_comm_store::{Forgotten, Found, Vault};
pub use passphrase::suggest_password;

/// The protocol that this version speaks, as it is agreed on the wire.
pub const PROTOCOL: &str = match std::str::from_utf8(p2p_comm_net::ALPN) {
    Ok(name) => name,
    Err(_) => panic!("it is ASCII"),
};
