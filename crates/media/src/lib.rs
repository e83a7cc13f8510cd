//! Voice: devices, echo cancelling, codec, repair and the jitter buffer. No network.
//!
//! May import: `model`, and alone in this workspace `cpal`, `pulseaudio`, `opusic-sys`, `sonora`, `rubato` and `rtrb`.
//!
//! Everything inside is mono at 48 kHz in blocks of 10 ms ([`Block`]). A [`Voice`] is one thread that owns both
//! directions; it meets the devices ([`Sound`]) and the network ([`packets`]) through rings and waits for neither.
//! [`Sender`] and [`Receiver`] know no clock and no thread: time is an argument. The way of the data is drawn in `voice.rs`,
//! the delay of each stage is in `docs/audio.md`.

mod block;
mod codec;
mod decode;
pub mod device;
mod drift;
mod echo;
mod encode;
mod fifo;
mod gate;
mod highpass;
mod jitter;
mod level;
mod noise;
mod packet;
mod packets;
mod process;
mod rate;
mod receiver;
mod repair;
mod resample;
mod sender;
mod stretch;
mod suppress;
#[cfg(test)]
mod test_signal;
mod tone;
mod voice;

pub use block::{BLOCK, Block, RATE};
pub use codec::CodecError;
use device::{DeviceError, Input, Output, SoundSystem, State, Watch};
use highpass::HighPass;
use level::{Level, Leveller, Limiter, Meter};
pub use packet::{Codec, Copies, Flags, MAX_COPIES, MAX_OFFSET, MAX_PACKET, Packet, PacketError, Report, Sound};
pub use packets::{NetworkEnd, Plain, VoiceEnd, packets};
pub use process::{Captured, Microphone};
pub use receiver::{Receiver, ReceiverStats};
pub use repair::Offsets;
pub use resample::{ResampleError, Resampler};
pub use sender::{Sender, SenderStats};
pub use voice::{Moment, Rehearsal, Voice, VoiceStatus};
