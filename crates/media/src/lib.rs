//! Voice: devices, echo cancelling, codec, repair and the jitter buffer. No network.
//!
//! May import: `model`, and alone in this workspace `cpal`, `pulseaudio`, `opusic-sys`, `sonora`, `rubato` and `rtrb`.
mod block;
mod packet;

pub use block::{BLOCK, Block, RATE};
pub use packet::{Codec, Copies, Flags, MAX_COPIES, MAX_OFFSET, MAX_PACKET, Packet, PacketError, Report, Sound};
