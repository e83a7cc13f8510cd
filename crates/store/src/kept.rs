use p2p_comm_model::{Content, DeviceKey, Epoch, Name, PeerAddress, PeerId, Retention};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// Everything that is kept, except the older lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// None until it was first written.
    pub profile: Option<Profile>,
    /// The entries, by id.
    pub peers: Vec<KeptPeer>,
    /// Settings, each a JSON text.
    pub settings: BTreeMap<String, String>,
}

/// Who I am on this computer.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Of the device key.
    pub seed: Seed,
    /// My display name.
    pub name: Option<Name>,
    /// UDP port, if one is set or was used last.
    pub port: Option<u16>,
    /// For conversations that say nothing themselves.
    pub retention: Retention,
}

/// 32 random bytes of which a device key is made (RFC 8032, section 5.1.5). Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(pub Zeroizing<[u8; 32]>);

/// An entry of the peer list, as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerRecord {
    /// The entry.
    pub id: PeerId,
    /// What I call them.
    pub label: Name,
    /// What they call themselves.
    pub name: Option<Name>,
    /// Where they are, as added.
    pub addresses: Vec<PeerAddress>,
    /// Blocked by the person.
    pub blocked: bool,
    /// The device that it is.
    pub bound: Option<Bound>,
    /// The person compared the phrase with them.
    pub verified: bool,
    /// They do not ring, pop up or notify.
    pub muted: bool,
    /// They stand before those who are not pinned.
    pub pinned: bool,
    /// How much louder they are played here, dB.
    pub gain_db: f32,
    /// What is written to them and not sent.
    pub draft: String,
    /// How long lines are kept; none: as the profile says.
    pub retention: Option<Retention>,
    /// Lifetime of messages in this conversation, seconds; none: for ever.
    pub vanish: Option<u32>,
}

/// The device that an entry is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The device.
    pub device: DeviceKey,
    /// Whether the other side keeps this key over restarts.
    pub kept: bool,
}

/// An entry with everything that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptPeer {
    /// The entry.
    pub record: PeerRecord,
    /// They have everything of ours up to this counter. The newest counter given is that of the last of `queue`, else this one.
    pub acked: u64,
    /// What waits, by counter.
    pub queue: Vec<Queued>,
    /// What their devices have sent us.
    pub inboxes: Vec<Inbox>,
    /// Which lines there are.
    pub extent: Extent,
    /// The newest lines, oldest first: as many as [`crate::Store::load`] was asked for.
    pub tail: Vec<KeptLine>,
}

/// A message of ours that is not acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// The run that it was written in.
    pub epoch: Epoch,
    /// Its number towards this peer, from 1.
    pub counter: u64,
    /// Our clock when it was written, ms since 1970 (UTC).
    pub at: i64,
    /// What it says.
    pub content: Content,
    /// How long both sides keep it once it is delivered, seconds; none: for ever.
    pub vanish: Option<u32>,
}

/// What one device has sent us: everything of this epoch up to `highest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inbox {
    /// The device.
    pub device: DeviceKey,
    /// Its run.
    pub epoch: Epoch,
    /// Highest counter.
    pub highest: u64,
}

/// One line of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptLine {
    /// Its place in the conversation, from 0, never reused. There may be gaps.
    pub seq: u64,
    /// Whose it is.
    pub origin: Origin,
    /// What it says. Of a kind that this version cannot read: `Content::Unknown`; it stays in the file as it is.
    pub content: Content,
    /// The sender's clock when it was written, ms since 1970 (UTC).
    pub sent_at: i64,
    /// Our clock when it was written here or came in, ms since 1970 (UTC).
    pub at: i64,
    /// When it is to be deleted by our clock, ms since 1970 (UTC), whatever the retention is; none: never.
    pub expires_at: Option<i64>,
    /// The peer's app has it, but cannot show it. Only of messages of ours.
    pub unsupported: bool,
}

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A message of ours, with the counter that it was sent under.
    Mine(u64),
    /// A call of ours.
    OurCall,
    /// A message or a call of theirs.
    Theirs,
    /// A notice of this program.
    App,
}

/// Which lines of a conversation there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Of the oldest line; `end` if there is none.
    pub first: u64,
    /// One more than the highest sequence number ever written, also if that line is deleted.
    pub end: u64,
    /// Lines before this one have been read.
    pub read: u64,
    /// Lines of theirs that have not been, notices and calls that nobody missed left out.
    pub unread: u32,
}

/// What [`crate::Store::sweep`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Conversations that lost lines because of their time.
    pub gone: Vec<Expired>,
    /// There may be more.
    pub more: bool,
}

/// A conversation that lost lines because their time had run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// With whom.
    pub peer: PeerId,
    /// How many lines went.
    pub lines: u64,
    /// Of the oldest line that is left, or `end`.
    pub first: u64,
    /// Whatever came in or was written at this time or earlier is too old, ms since 1970 (UTC). Before all times: they went for
    /// another reason.
    pub until: i64,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries of the peer list.
    pub peers: u64,
    /// Lines of conversations.
    pub lines: u64,
    /// Messages that wait.
    pub queued: u64,
    /// Of all files together.
    pub bytes: u64,
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(<hidden>)")
    }
}
