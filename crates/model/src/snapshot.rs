use crate::{CallRecord, Code, Line, PeerId, PortMapping, RequestId, Retention};
use serde::Serialize;

/// Where this node is between Disconnect and Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum NodePhase {
    /// No socket, no keys.
    Offline,
    /// Deriving keys and opening the socket.
    Connecting,
    /// Listening and dialling.
    Online,
}

/// What the status bar shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Where this node is.
    pub phase: NodePhase,
    /// My display name, while not offline.
    pub name: Option<String>,
    /// The UDP port, while online.
    pub port: Option<u16>,
    /// `address:port` under which others may reach this computer, the likeliest first.
    pub addresses: Vec<String>,
    /// Peers with a live connection that added each other.
    pub peers_online: u32,
    /// Entries of the peer list, Echo and blocked ones left out.
    pub peers_total: u32,
    /// Whether requests of people who are not on the list are shown.
    pub requests_allowed: bool,
    /// Whether the built-in Echo peer runs.
    pub echo: bool,
    /// Nothing rings, pops up or notifies.
    pub do_not_disturb: bool,
    /// Somebody at another computer has reached our port in this session, so neither a firewall nor a router of ours
    /// keeps everybody out.
    pub reached: bool,
    /// Whether the router lets others in over IPv4.
    pub mapping: PortMapping,
    /// `address:port` that the router lets through over IPv6, because we asked for it.
    pub pinhole: Option<String>,
    /// Who called in this session without proving the password, the newest first.
    pub failed_callers: Vec<FailedCaller>,
}

/// What is kept on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Remembered {
    /// Whether anything is.
    pub state: Keeping,
    /// My display name, as kept; only while open.
    pub name: Option<String>,
    /// The UDP port, as kept; only while open.
    pub port: Option<u16>,
    /// How long messages are kept, for conversations that say nothing themselves.
    pub retention: Retention,
    /// The kept device key is used only from the next Connect on.
    pub key_waits: bool,
}

/// What came of a file into a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Lines that were added.
    pub lines: u64,
    /// Lines that were not, because the conversation does not keep any so long.
    pub too_old: u64,
    /// They are kept on this computer; otherwise they are in memory alone.
    pub kept: bool,
    /// With whom the conversation of the file was, as they were called there; empty: it does not say.
    pub from: String,
}

/// Whether anything is kept on this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Keeping {
    /// There is no place for it.
    Unavailable,
    /// Nothing is.
    Off,
    /// Something is, and closed.
    Locked {
        /// What opens it.
        by: SealedBy,
    },
    /// Everything is kept, as chosen.
    Open {
        /// What opens it.
        by: SealedBy,
    },
    /// What is kept cannot be used, or nothing more can be kept.
    Failed {
        /// Why.
        code: Code,
        /// It is open and was being written: what is new waits in memory, our messages unsent, theirs unacknowledged, and is
        /// tried again every few seconds.
        open: bool,
    },
}

/// What keeps the key of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum SealedBy {
    /// The keychain of the system.
    Keychain,
    /// A passphrase.
    Passphrase,
}

/// Somebody who called and did not prove the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct FailedCaller {
    /// IP address they called from.
    pub address: String,
    /// How often.
    pub count: u32,
    /// When last, our clock, milliseconds since 1970 (UTC).
    pub at: i64,
}

/// How it stands with one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum PeerState {
    /// Not being dialled: the node is offline.
    Offline,
    /// Looking up the host name.
    Resolving,
    /// Waiting for an answer at the address (5 s).
    Reaching,
    /// Proving the password to each other.
    Proving,
    /// Paired; the other side has not added us yet.
    Waiting,
    /// Added by both, alive.
    Connected,
    /// Was connected; nothing heard for 10 s or the connection broke.
    Unreachable,
    /// The last attempt failed; the next one comes by itself.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// Why.
        code: Code,
        /// When the next attempt starts, milliseconds since 1970 (UTC).
        retry_at: i64,
    },
    /// No attempt is made until the person acts.
    Stopped {
        /// Why.
        code: Code,
    },
    /// Blocked by the person.
    Blocked,
}

/// The newest line of a conversation, for the peer list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct LastLine {
    /// At most 120 characters of it; empty for a call.
    pub text: String,
    /// The call, if it is one.
    pub call: Option<CallRecord>,
    /// Whether it is ours.
    pub mine: bool,
    /// Our clock, milliseconds since 1970 (UTC).
    pub at: i64,
}

/// One entry of the peer list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct PeerSnapshot {
    /// The entry.
    pub id: PeerId,
    /// What I call them.
    pub label: String,
    /// What they call themselves, once they told us.
    pub name: Option<String>,
    /// Host name or IP address, as added; of several the first.
    pub host: String,
    /// UDP port of it.
    pub port: u16,
    /// `host:port` of everything that the attempt under way tries; empty while there is none.
    pub trying: Vec<String>,
    /// How it stands.
    pub state: PeerState,
    /// The first 8 bytes of the bound device key in hexadecimal: colours the avatar.
    pub key: Option<String>,
    /// The words were compared with the person who has that key.
    pub verified: bool,
    /// Whether this is the built-in Echo peer.
    pub echo: bool,
    /// How much louder they are played here, dB (-40 to 20).
    pub gain_db: f32,
    /// They do not ring, pop up or notify; what they write counts as unread all the same.
    pub muted: bool,
    /// They stand before those who are not pinned.
    pub pinned: bool,
    /// At most 120 characters of what is written to them and not sent; empty if nothing is.
    pub draft: String,
    /// How long the lines of this conversation are kept on this computer; none: as for all.
    pub retention: Option<Retention>,
    /// Whether they are kept at all.
    pub keeps_messages: bool,
    /// Messages of this conversation disappear on both sides so long after they came, s; none: they stay.
    pub vanish: Option<u32>,
    /// Their app is there and lets messages disappear.
    pub can_vanish: bool,
    /// Lines that came in since the conversation was last read; 0 while they are blocked.
    pub unread: u32,
    /// The newest line.
    pub last: Option<LastLine>,
    /// Place among those with whom something was said, the last first (0); none: nothing was.
    pub place: Option<u32>,
}

/// Somebody who knows the password and asks to talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct RequestSnapshot {
    /// The request.
    pub id: RequestId,
    /// The cleaned name that they gave. Anybody may choose any name.
    pub name: String,
    /// `address:port` they come from.
    pub address: String,
    /// When it came, milliseconds since 1970 (UTC).
    pub at: i64,
}

/// A run of consecutive lines of one conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Grows with every change of the conversation.
    pub revision: u64,
    /// Sequence number of the oldest line still kept.
    pub first: u64,
    /// Sequence number that the next new line will get.
    pub end: u64,
    /// Lines before this one have been read.
    pub read: u64,
    /// The lines asked for, oldest first.
    pub lines: Vec<Line>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SearchHits {
    /// The newest first, at most [`crate::limits::HITS`].
    pub hits: Vec<SearchHit>,
    /// Whether everything was searched that may be among them. If not, older lines may have the words, too.
    pub complete: bool,
}

/// A line that has every word of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// With whom.
    pub peer: PeerId,
    /// Its place in the conversation.
    pub seq: u64,
    /// Whether it is ours.
    pub mine: bool,
    /// Our clock when it was written here or came in, milliseconds since 1970 (UTC).
    pub at: i64,
    /// At most 160 characters of it around the first match; every break is a blank.
    pub excerpt: String,
    /// Where the match begins in the excerpt, in UTF-16 code units.
    pub from: u32,
    /// Where it ends, likewise.
    pub to: u32,
}

/// A conversation whose lines changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ConversationChange {
    /// With whom.
    pub peer: PeerId,
    /// Its revision now.
    pub revision: u64,
}

/// What changed since the last time; the rest is read on demand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// The status bar.
    pub status: bool,
    /// The peer list.
    pub peers: bool,
    /// The requests.
    pub requests: bool,
    /// The call: it began, ended or its state changed. Its meters are not in it.
    pub call: bool,
    /// The sound devices of this computer, or the sound settings.
    pub devices: bool,
    /// Conversations.
    pub conversations: Vec<ConversationChange>,
}
