//! Every cap of the program in one table. Sizes are bytes (of UTF-8 where it is text), times are milliseconds.

/// A frame on a stream before the password is proved.
pub const UNPROVEN_FRAME: usize = 4 * 1024;
/// A frame on a stream afterwards.
pub const FRAME: usize = 1024 * 1024;
/// Receive window of a connection before the password is proved.
pub const UNPROVEN_WINDOW: u32 = 16 * 1024;
/// Receive window of a connection afterwards.
pub const WINDOW: u32 = 4 * 1024 * 1024;
/// Receive window of one stream; before the proof [`UNPROVEN_WINDOW`] is the tighter one.
pub const STREAM_WINDOW: u32 = 1024 * 1024;
/// Bytes written to a connection that the other side has not acknowledged.
pub const SEND_WINDOW: u64 = 4 * 1024 * 1024;
/// Unidirectional streams that a proven peer may have open at once.
pub const UNI_STREAMS: u32 = 16;
/// Connection attempts that wait for a decision.
pub const INCOMING: usize = 256;
/// Bytes kept of one such attempt beyond its first packet.
pub const INCOMING_BUFFER: u64 = 4 * 1024;
/// The same, of all such attempts.
pub const INCOMING_BUFFERS: u64 = 1024 * 1024;
/// Datagrams of one connection that were received and not read.
pub const DATAGRAMS_IN: usize = 64 * 1024;
/// Datagrams of one connection that were not sent yet.
pub const DATAGRAMS_OUT: usize = 16 * 1024;
/// A text message.
pub const TEXT: usize = 64 * 1024;
/// A link.
pub const LINK: usize = 4 * 1024;
/// A display name, after cleaning.
pub const NAME: usize = 128;
/// A display name, in characters.
pub const NAME_CHARS: usize = 64;
/// A host name (RFC 1035, section 2.3.4).
pub const HOST: usize = 253;
/// An invite, as it is pasted.
pub const INVITE: usize = 4 * 1024;
/// Addresses of one entry of the peer list, and of one invite.
pub const INVITED: usize = 8;
/// Addresses that one attempt to reach somebody tries, after names were looked up.
pub const DIALLED: usize = 16;
/// What one searches for.
pub const SEARCH: usize = 1024;
/// Lines that a search finds; older ones are left out.
pub const HITS: usize = 100;
/// A password, before normalisation.
pub const PASSWORD: usize = 1024;
/// Entries of the peer list.
pub const PEERS: usize = 512;
/// Requests that wait for an answer.
pub const REQUESTS: usize = 20;
/// Proven connections that no entry of the peer list is bound to, in all.
pub const STRANGERS: usize = 64;
/// The same, from one source (/32 or /64).
pub const STRANGERS_PER_SOURCE: usize = 8;
/// Pairings under way that others began.
pub const UNPROVEN_INCOMING: usize = 32;
/// Messages that wait for one peer: their text and [`QUEUED_OVERHEAD`] for each.
pub const QUEUE: usize = 64 * 1024 * 1024;
/// What a queued message costs beside its text.
pub const QUEUED_OVERHEAD: usize = 160;
/// Lines kept of one conversation.
pub const LINES: usize = 100_000;
/// Text kept of one conversation.
pub const LINES_BYTES: usize = 64 * 1024 * 1024;
/// The longest time after which a message disappears, seconds: four weeks.
pub const LIFE: u32 = 4 * 7 * 24 * 3600;
/// Bytes of one line of a file that a conversation is imported from, with all that JSON writes around it.
pub const IMPORT_LINE: usize = 1024 * 1024;
/// Personal settings of a shell, JSON.
pub const PERSONAL: usize = 256 * 1024;
/// Lines in one page that the user interface reads.
pub const PAGE: usize = 200;
/// Lines of the log kept in memory.
pub const LOG_LINES: usize = 2000;
/// An answer of a router that is searched for; of its other answers the library takes 1 MiB.
pub const ROUTER_ANSWER: usize = 1500;
/// Features and candidates that a peer may list.
pub const LISTED: usize = 32;
/// And one of them.
pub const LISTED_BYTES: usize = 64;

/// The first and the last port tried when none is set.
pub const PORTS: std::ops::RangeInclusive<u16> = 47800..=47831;
