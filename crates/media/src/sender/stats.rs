use crate::Codec;
use crate::repair::Offsets;
use std::time::Duration;

/// What a sender does now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SenderStats {
    /// How sound is coded.
    pub codec: Codec,
    /// Sound in one packet, ms.
    pub packet_ms: f32,
    /// Of the codec, bit/s.
    pub bitrate: u32,
    /// Earlier frames that each packet repeats.
    pub copies: Offsets,
    /// Round trip, smoothed, as far as a report has shown it.
    pub rtt: Option<Duration>,
    /// Of our packets, lost on the way in the last seconds, percent.
    pub loss_percent: f32,
    /// Packets sent since the call began.
    pub packets: u64,
    /// Their bytes before sealing. The wire takes four thirds of it, and what sealing and the headers of each packet add.
    pub bytes: u64,
}
