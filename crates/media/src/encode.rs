//! Encoding: Opus through libopus, and uncompressed sound in chunks ([`pcm`]).

pub(crate) mod pcm;

use crate::{CodecError, RATE};
use opusic_sys as opus;
use std::ffi::c_int;
use std::ptr::NonNull;

/// Lowest rate of the codec that is used, bit/s.
pub(crate) const MIN_BITRATE: u32 = 16_000;
/// Highest rate of the codec that is used, bit/s.
pub(crate) const MAX_BITRATE: u32 = 64_000;
/// Samples of the longest frame: 60 ms.
pub(crate) const MAX_FRAME: usize = RATE as usize * 60 / 1000;
/// How hard the encoder works, 0 to 10; 9 is the library's own choice for the desktop.
const COMPLEXITY: c_int = 9;

/// What may change while encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Bit/s, [`MIN_BITRATE`] to [`MAX_BITRATE`].
    pub(crate) bitrate: u32,
    /// Loss that frames must survive without copies, percent.
    pub(crate) loss_percent: u8,
    /// Code silence as next to nothing.
    pub(crate) dtx: bool,
    /// How much of the past a frame describes by Deep Redundancy (draft-ietf-mlcodec-opus-dred), ms; 0: none.
    pub(crate) dred_ms: u16,
}

/// What came of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoded {
    /// Bytes written.
    pub(crate) len: usize,
    /// The encoder takes it for silence, and did so for the last 200 ms: it need not be sent.
    pub(crate) silent: bool,
    /// A description of silence worth sending, where `silent` says that nothing else is.
    pub(crate) comfort: bool,
}

/// An Opus encoder: mono, 48 kHz, tuned for speech. Allocates only when it is made.
pub(crate) struct Encoder {
    state: NonNull<opus::OpusEncoder>,
    settings: Settings,
}

// SAFETY: the state is memory of its own that libopus touches only in calls that get its pointer, and it is bound to no
// thread.
unsafe impl Send for Encoder {}

impl Encoder {
    pub(crate) fn new(settings: Settings) -> Result<Self, CodecError> {
        let mut error = opus::OPUS_OK;
        // SAFETY: `error` outlives the call. The result is null or a state that is ours alone.
        let state = unsafe { opus::opus_encoder_create(RATE as i32, 1, opus::OPUS_APPLICATION_VOIP, &mut error) };
        let state = NonNull::new(state).ok_or(CodecError::Opus(error))?;
        let mut encoder = Self { state, settings };
        encoder.set(opus::OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY)?;
        // Left to itself it takes sentences for music at 64 kbit/s, and back: it is heard.
        encoder.set(opus::OPUS_SET_SIGNAL_REQUEST, opus::OPUS_SIGNAL_VOICE)?;
        // Copies repair better, and in-band correction takes 20 kbit/s before anything else gets some.
        encoder.set(opus::OPUS_SET_INBAND_FEC_REQUEST, 0)?;
        encoder.set_bitrate()?;
        encoder.set_loss()?;
        encoder.set_dtx()?;
        encoder.set_dred()?;
        Ok(encoder)
    }

    /// Uses `settings` from the next frame on.
    pub(crate) fn apply(&mut self, settings: Settings) -> Result<(), CodecError> {
        let before = std::mem::replace(&mut self.settings, settings);
        if settings.bitrate != before.bitrate {
            self.set_bitrate()?;
        }
        if settings.loss_percent != before.loss_percent {
            self.set_loss()?;
        }
        if settings.dtx != before.dtx {
            self.set_dtx()?;
        }
        if settings.dred_ms != before.dred_ms {
            self.set_dred()?;
        }
        Ok(())
    }

    /// Encodes one frame of 10, 20, 40 or 60 ms into `out`, of which it uses no more than there is.
    pub(crate) fn encode(&mut self, frame: &[f32], out: &mut [u8]) -> Result<Encoded, CodecError> {
        let room = i32::try_from(out.len()).unwrap_or(i32::MAX);
        let samples = c_int::try_from(frame.len()).map_err(|_| CodecError::Opus(opus::OPUS_BAD_ARG))?;
        // SAFETY: the state is valid until `drop`; `frame` holds `samples` mono samples and `out` holds `room` bytes; both
        // outlive the call, which refuses other frame sizes before it reads.
        let len =
            unsafe { opus::opus_encode_float(self.state.as_ptr(), frame.as_ptr(), samples, out.as_mut_ptr(), room) };
        let len = usize::try_from(len).map_err(|_| CodecError::Opus(len))?;
        let silent = self.settings.dtx && self.in_dtx();
        // A frame of at most two bytes has nothing in it (RFC 6716, 2.1.9).
        Ok(Encoded { len, silent, comfort: silent && len > 2 })
    }

    /// Forgets the sound before.
    pub(crate) fn reset(&mut self) {
        // SAFETY: the state is valid until `drop`, and this request takes no argument.
        unsafe { opus::opus_encoder_ctl(self.state.as_ptr(), opus::OPUS_RESET_STATE) };
    }

    fn set_bitrate(&mut self) -> Result<(), CodecError> {
        let bitrate = self.settings.bitrate.clamp(MIN_BITRATE, MAX_BITRATE);
        self.set(opus::OPUS_SET_BITRATE_REQUEST, bitrate as c_int)
    }

    fn set_loss(&mut self) -> Result<(), CodecError> {
        self.set(opus::OPUS_SET_PACKET_LOSS_PERC_REQUEST, self.settings.loss_percent.min(100).into())
    }

    fn set_dtx(&mut self) -> Result<(), CodecError> {
        self.set(opus::OPUS_SET_DTX_REQUEST, self.settings.dtx.into())
    }

    fn set_dred(&mut self) -> Result<(), CodecError> {
        // In units of 10 ms, up to 1040 ms.
        self.set(opus::OPUS_SET_DRED_DURATION_REQUEST, (self.settings.dred_ms.min(1000) / 10).into())
    }

    fn set(&mut self, request: c_int, value: c_int) -> Result<(), CodecError> {
        // SAFETY: the state is valid until `drop`, and each request that is passed here takes one `opus_int32` by value.
        match unsafe { opus::opus_encoder_ctl(self.state.as_ptr(), request, value) } {
            opus::OPUS_OK => Ok(()),
            code => Err(CodecError::Opus(code)),
        }
    }

    fn in_dtx(&mut self) -> bool {
        let mut value: c_int = 0;
        // SAFETY: the state is valid until `drop`, and this request takes a pointer to an `opus_int32`, which outlives it.
        unsafe {
            opus::opus_encoder_ctl(self.state.as_ptr(), opus::OPUS_GET_IN_DTX_REQUEST, &mut value as *mut c_int);
        }
        value != 0
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_encoder_create`, destroyed once, and not used after.
        unsafe { opus::opus_encoder_destroy(self.state.as_ptr()) };
    }
}

#[cfg(test)]
mod tests;
