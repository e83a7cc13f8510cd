//! Plain values that every other crate shares: ids, addresses, messages, peer states, error codes and the
//! one table of limits. No I/O, no clock, no randomness.
//!
//! May import: nothing of this workspace. Data passes through it only as values; each type is parsed once
//! (`Name`, `PeerAddress`, `Invite`, `Link`) and is valid from then on.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

mod address;
mod call;
mod code;
mod ids;
mod invite;
pub mod limits;
mod link;
mod mapping;
mod message;
mod name;
mod pii;
mod retention;
mod snapshot;

pub use address::{Host, PeerAddress, canonical, is_public};
pub use call::{
    AudioDevice, AudioDevices, AudioSettings, CallEnd, CallId, CallNumber, CallPhase, CallRecord, CallSnapshot,
    DeviceState, Hearing, MicTest, Quality, Switch, Transmit, VoiceStats,
};
pub use code::Code;
pub use ids::{DeviceKey, Epoch, MessageId, PeerId, RequestId};
pub use invite::Invite;
pub use link::{Link, LinkError};
pub use mapping::PortMapping;
pub use message::{Content, Delivery, Line, Notice, Sender, Text, TextError};
pub use name::{Name, NameError};
pub use pii::Pii;
pub use retention::Retention;
pub use snapshot::{
    Changes, ConversationChange, FailedCaller, Import, Keeping, LastLine, NodePhase, NodeStatus, Page, PeerSnapshot,
    PeerState, Remembered, RequestSnapshot, SealedBy, SearchHit, SearchHits,
};
