//! What passes between the node and the network.

use crate::node::keep::{Kept, Received};
use crate::session::Close;
use bytes::{Bytes, BytesMut};
use p2p_comm_crypto::{Role, Secrets};
use p2p_comm_model::{CallEnd, CallNumber, Code, Content, Notice, PeerAddress, PeerId};
use std::net::{IpAddr, SocketAddr};

/// A connection, numbered by whoever owns the sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A stream of a proven connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Presence and acknowledgements.
    Control,
    /// Messages.
    Chat,
}

/// One attempt to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Whom.
    pub peer: PeerId,
    /// Counts the attempts for this peer.
    pub number: u32,
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialFailure {
    /// Why.
    pub code: Code,
    /// Pairings in it in which the other side could have tried a guess.
    pub guesses: u8,
    /// One of those was at a candidate: somebody else answers there.
    pub elsewhere: bool,
}

/// How far an attempt to reach somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialPhase {
    /// Looking up host names.
    Resolving,
    /// Waiting for an answer.
    Reaching,
    /// Pairing.
    Proving,
}

/// A connection on which both sides proved the password.
pub struct Proven {
    /// The connection.
    pub conn: ConnId,
    /// Our role in the pairing.
    pub role: Role,
    /// Its keys.
    pub secrets: Box<Secrets>,
    /// Where the other side is.
    pub remote: SocketAddr,
    /// The entry one of whose addresses we dialled, if we did.
    pub dialed_for: Option<PeerId>,
}

/// What the network did.
pub enum Input {
    /// A connection was proven.
    Proven(Proven),
    /// Frames of one stream, after its header, in order.
    Frames {
        /// The connection.
        conn: ConnId,
        /// The stream.
        stream: Stream,
        /// Bodies.
        frames: Vec<Bytes>,
    },
    /// The stream has taken all bytes and wants more.
    Writable {
        /// The connection.
        conn: ConnId,
        /// The stream.
        stream: Stream,
    },
    /// The other side broke the framing or the order of streams.
    Violation {
        /// The connection.
        conn: ConnId,
    },
    /// The connection is gone.
    Closed {
        /// The connection.
        conn: ConnId,
        /// What the other side gave as its reason, if it did.
        reason: Option<Close>,
    },
    /// An attempt goes on.
    DialPhase {
        /// Which.
        attempt: Attempt,
        /// How far it is with one of the addresses.
        phase: DialPhase,
    },
    /// The host of one of an attempt's addresses was looked up, and is being reached.
    Resolved {
        /// Which attempt.
        attempt: Attempt,
        /// As on the peer list.
        address: PeerAddress,
        /// What it stands for.
        ips: Vec<IpAddr>,
    },
    /// An attempt failed.
    DialFailed {
        /// Which.
        attempt: Attempt,
        /// How.
        failed: DialFailure,
    },
    /// No voice of the call came over this connection for 2 s.
    VoiceQuiet {
        /// The connection.
        conn: ConnId,
    },
    /// Voice of the call comes over this connection: the first packet of it, or the first after a quiet.
    VoiceHeard {
        /// The connection.
        conn: ConnId,
    },
    /// The store came further. Also while offline.
    Kept(Kept),
    /// Time passed.
    Timeout,
}

/// What the node wants done.
#[derive(Debug)]
pub enum Output {
    /// Reach this peer: at its addresses, and at others that it gave itself, all at the same time.
    Dial {
        /// Which attempt.
        attempt: Attempt,
        /// As on the peer list.
        addresses: Vec<PeerAddress>,
        /// What the peer gave itself.
        candidates: Vec<SocketAddr>,
        /// Pairings that may fail in it, at all addresses together.
        guesses: u8,
    },
    /// Stop an attempt, unless its pairing has begun.
    CancelDial {
        /// For whom.
        peer: PeerId,
    },
    /// Write these bytes; [`Input::Writable`] must follow.
    Transmit {
        /// The connection.
        conn: ConnId,
        /// The stream.
        stream: Stream,
        /// Whole frames.
        bytes: BytesMut,
    },
    /// Close the connection. No further input is needed for it.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why.
        reason: Close,
    },
    /// Something for the person.
    Event(Event),
}

/// What the person should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The peer list or a state in it changed.
    Peers,
    /// The requests changed.
    Requests,
    /// A message came in.
    Received {
        /// From whom.
        peer: PeerId,
        /// What it says.
        content: Content,
        /// The sender's clock, ms since 1970.
        sent_at: i64,
        /// It disappears so long after it came in, seconds.
        life: Option<u32>,
        /// Which: to be kept with the line.
        message: Received,
    },
    /// Something of this entry that is to be kept has changed, or the entry is gone ([`crate::Node::peer_to_keep`]); its
    /// messages have events of their own.
    Entry {
        /// Which.
        peer: PeerId,
    },
    /// Whom we do not want to hear of has changed ([`crate::Node::silenced`]).
    Silenced,
    /// A line for the conversation.
    Notice {
        /// With whom.
        peer: PeerId,
        /// What happened.
        notice: Notice,
    },
    /// How far our messages came has changed ([`crate::Node::delivery`]).
    Delivery {
        /// To whom.
        peer: PeerId,
    },
    /// The peer has this message of ours but cannot show it.
    Unsupported {
        /// To whom.
        peer: PeerId,
        /// Which.
        counter: u64,
    },
    /// The call began, changed its phase or ended ([`crate::Node::call`]).
    Call,
    /// A call is over. Also one that [`crate::Node::call`] never showed: it came while we were in another one.
    CallEnded {
        /// With whom.
        peer: PeerId,
        /// Which.
        number: CallNumber,
        /// Whether we called.
        outgoing: bool,
        /// How it ended.
        end: CallEnd,
        /// How long the two were connected, s; none if they never were.
        seconds: Option<u32>,
    },
    /// A peer sees us at this address.
    Observed(SocketAddr),
}
