use crate::{Inbox, KeptLine, PeerRecord, Profile, Queued};
use p2p_comm_model::PeerId;
use std::ops::Range;

/// Everything that is ever written. Applied in order, all of a batch or nothing of it.
///
/// What names a peer must come after its [`Change::Peer`]; otherwise [`crate::Error::NoSuchPeer`], and the batch is not written.
#[derive(Debug, Clone)]
pub enum Change {
    /// Puts the profile in the place of what was there.
    Profile(Profile),
    /// Adds an entry, or puts it in the place of the one with its id. Leaves lines, queue, inboxes, `acked` and `read`
    /// as they are.
    Peer(PeerRecord),
    /// Deletes an entry with its lines, its queue and its inboxes. Nothing happens if there is none.
    Removed(PeerId),
    /// What a device has sent us, up to a counter.
    Inbox(PeerId, Inbox),
    /// A message of ours that waits until it is acknowledged.
    Queued(PeerId, Queued),
    /// The peer has everything of ours up to this counter: it waits no more. A lower one than before changes nothing.
    Acked(PeerId, u64),
    /// A line. In the place of an earlier one with its sequence number, if there is one.
    Line(PeerId, KeptLine),
    /// The peer's app has the message of ours with this counter, but cannot show it.
    Unsupported(PeerId, u64),
    /// When the line of the message of ours with this counter disappears, our clock.
    Expires(PeerId, u64, i64),
    /// Lines before this sequence number have been read.
    Read(PeerId, u64),
    /// Deletes lines by their sequence numbers: one (`n..n + 1`), all before one (`0..n`), or all (`0..u64::MAX`).
    DropLines(PeerId, Range<u64>),
    /// Sets a setting to a JSON text; none deletes it.
    Setting(String, Option<String>),
}
