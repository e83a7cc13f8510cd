//! libopus: decoding, deep packet loss concealment and Deep Redundancy (draft-ietf-mlcodec-opus-dred).

use super::Malformed;
use crate::CodecError;
use crate::RATE;
use opusic_sys as sys;
use std::ffi::c_int;
use std::ptr::NonNull;

/// From 5 on, what is lost is concealed by a neural network.
const COMPLEXITY: c_int = 5;
/// How much of the past is read out of a frame at most, samples. Below one second: libopus has a bug report about
/// reading all of a second at once (xiph/opus 405).
const MAX_PAST: usize = RATE as usize * 9 / 10;

/// A decoder: mono, 48 kHz. Allocates only when it is made.
pub(super) struct Decoder {
    state: State<sys::OpusDecoder>,
    past_decoder: State<sys::OpusDREDDecoder>,
    past: State<sys::OpusDRED>,
    /// Which frame `past` was read from, and how far back it reaches, samples.
    read: Option<(i64, usize)>,
}

impl Decoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut error = sys::OPUS_OK;
        // SAFETY (all three): `error` outlives the call; the result is null or memory that is ours alone and that the
        // function given beside it frees.
        let state = unsafe { sys::opus_decoder_create(RATE as i32, 1, &mut error) };
        let state = State::new(state, sys::opus_decoder_destroy).ok_or(CodecError::Opus(error))?;
        // SAFETY: as above.
        let past_decoder = unsafe { sys::opus_dred_decoder_create(&mut error) };
        let past_decoder = State::new(past_decoder, sys::opus_dred_decoder_destroy).ok_or(CodecError::Opus(error))?;
        // SAFETY: as above.
        let past = unsafe { sys::opus_dred_alloc(&mut error) };
        let past = State::new(past, sys::opus_dred_free).ok_or(CodecError::Opus(error))?;
        // SAFETY: the state is valid, and this request takes one `opus_int32` by value.
        match unsafe { sys::opus_decoder_ctl(state.pointer(), sys::OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY) } {
            sys::OPUS_OK => Ok(Self { state, past_decoder, past, read: None }),
            code => Err(CodecError::Opus(code)),
        }
    }

    /// Decodes a frame that must be as long as `out`, and mono.
    pub(super) fn decode(&mut self, frame: &[u8], out: &mut [f32]) -> Result<(), Malformed> {
        let len = i32::try_from(frame.len()).map_err(|_| Malformed)?;
        let samples = c_int::try_from(out.len()).map_err(|_| Malformed)?;
        if frame.is_empty() {
            return Err(Malformed);
        }
        // SAFETY: `frame` is not empty, `len` is its length, and libopus reads no more of it.
        let (said, channels) = unsafe {
            let said = sys::opus_packet_get_nb_samples(frame.as_ptr(), len, RATE as i32);
            (said, sys::opus_packet_get_nb_channels(frame.as_ptr()))
        };
        if said != samples || channels != 1 {
            return Err(Malformed);
        }
        // SAFETY: the state is valid until `drop`; `frame` has `len` bytes and `out` room for `samples` mono samples, more
        // than which libopus never writes; both outlive the call.
        let made =
            unsafe { sys::opus_decode_float(self.state.pointer(), frame.as_ptr(), len, out.as_mut_ptr(), samples, 0) };
        if made == samples { Ok(()) } else { Err(Malformed) }
    }

    /// Continues what was heard. `out` is a multiple of 2.5 ms long, else it becomes silence.
    pub(super) fn conceal(&mut self, out: &mut [f32]) {
        let samples = c_int::try_from(out.len()).unwrap_or(0);
        // SAFETY: the state is valid until `drop`; a null frame of length 0 asks for concealment (opus.h); `out` has room
        // for `samples` mono samples.
        let made =
            unsafe { sys::opus_decode_float(self.state.pointer(), std::ptr::null(), 0, out.as_mut_ptr(), samples, 0) };
        if made != samples {
            out.fill(0.0);
        }
    }

    /// Fills `out` from what `frame`, which begins `back` samples after the first sample of `out`, says about the past.
    pub(super) fn restore(&mut self, key: i64, frame: &[u8], back: usize, out: &mut [f32]) -> bool {
        let reach = match self.read {
            Some((read, reach)) if read == key => reach,
            _ => self.read_past(key, frame),
        };
        if back > reach || back > MAX_PAST {
            return false;
        }
        let (Ok(back), Ok(samples)) = (i32::try_from(back), i32::try_from(out.len())) else { return false };
        // SAFETY: both states are valid until `drop`; `past` was filled by `opus_dred_parse` without error, since it reaches
        // back; `out` has room for `samples` mono samples.
        let made = unsafe {
            let past = self.past.pointer();
            sys::opus_decoder_dred_decode_float(self.state.pointer(), past, back, out.as_mut_ptr(), samples)
        };
        made == samples
    }

    /// Forgets the sound before.
    pub(super) fn reset(&mut self) {
        self.read = None;
        // SAFETY: the state is valid until `drop`, and this request takes no argument.
        unsafe { sys::opus_decoder_ctl(self.state.pointer(), sys::OPUS_RESET_STATE) };
    }

    fn read_past(&mut self, key: i64, frame: &[u8]) -> usize {
        let len = i32::try_from(frame.len()).unwrap_or(0);
        let (most, mut end) = (MAX_PAST as i32, 0);
        // SAFETY: both states are valid until `drop`; `len` is the length of `frame`; `end` outlives the call.
        let reach = unsafe {
            let (decoder, past) = (self.past_decoder.pointer(), self.past.pointer());
            sys::opus_dred_parse(decoder, past, frame.as_ptr(), len, most, RATE as i32, &mut end, 0)
        };
        // Negative: an error. Zero: it says nothing.
        let reach = usize::try_from(reach).unwrap_or(0);
        self.read = Some((key, reach));
        reach
    }
}

/// Memory of libopus, freed with its own function.
struct State<T> {
    pointer: NonNull<T>,
    free: unsafe extern "C" fn(*mut T),
}

impl<T> State<T> {
    fn new(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        Some(Self { pointer: NonNull::new(pointer)?, free })
    }

    fn pointer(&self) -> *mut T {
        self.pointer.as_ptr()
    }
}

// SAFETY: the memory is owned, libopus touches it only in calls that get its pointer, and it is bound to no thread.
unsafe impl<T> Send for State<T> {}

impl<T> Drop for State<T> {
    fn drop(&mut self) {
        // SAFETY: `free` belongs to the function that made `pointer`; it is called once and nothing uses it after.
        unsafe { (self.free)(self.pointer.as_ptr()) };
    }
}
