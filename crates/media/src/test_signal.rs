//! What tests speak: a voice, and a minimal encoder for it.

use opusic_sys as sys;
use std::f32::consts::TAU;
use std::ptr::NonNull;

/// A sample of a voice that speaks for 800 ms of every second, at `rate` Hz.
pub(crate) fn voice(at: usize, rate: u32) -> f32 {
    let t = at as f64 / f64::from(rate);
    let part = t.fract();
    // Soft edges, so that a click in a test is a click.
    let loudness = (part / 0.05).min((0.8 - part) / 0.05).clamp(0.0, 1.0) as f32;
    let tone = |n: u32| ((t * 140.0 * f64::from(n)).fract() as f32 * TAU).sin() / n as f32;
    loudness * 0.15 * (1..12).map(tone).sum::<f32>()
}

/// Encodes [`voice`], frame by frame.
pub(crate) struct Encoder {
    state: NonNull<sys::OpusEncoder>,
    samples: usize,
    at: usize,
}

impl Encoder {
    /// Frames of `ms` milliseconds.
    pub(crate) fn new(ms: usize, bitrate: i32) -> Self {
        let mut error = 0;
        // SAFETY: `error` outlives the call; the request takes an `opus_int32` by value.
        let state = unsafe {
            let state = sys::opus_encoder_create(48_000, 1, sys::OPUS_APPLICATION_VOIP, &mut error);
            sys::opus_encoder_ctl(state, sys::OPUS_SET_BITRATE_REQUEST, bitrate);
            sys::opus_encoder_ctl(state, sys::OPUS_SET_COMPLEXITY_REQUEST, 5);
            state
        };
        Self { state: NonNull::new(state).unwrap(), samples: ms * 48, at: 0 }
    }

    /// Describes so many milliseconds of the past in every frame.
    pub(crate) fn describe_past(&mut self, ms: i32) {
        // SAFETY: the requests take an `opus_int32` by value.
        unsafe {
            sys::opus_encoder_ctl(self.state.as_ptr(), sys::OPUS_SET_PACKET_LOSS_PERC_REQUEST, 20);
            sys::opus_encoder_ctl(self.state.as_ptr(), sys::OPUS_SET_DRED_DURATION_REQUEST, ms / 10);
        }
    }

    pub(crate) fn next(&mut self) -> Vec<u8> {
        let sound: Vec<f32> = (self.at..self.at + self.samples).map(|at| voice(at, 48_000)).collect();
        self.at += self.samples;
        self.encode(&sound)
    }

    pub(crate) fn encode(&mut self, sound: &[f32]) -> Vec<u8> {
        let mut out = vec![0; 700];
        let (samples, room) = (sound.len() as i32, out.len() as i32);
        // SAFETY: `sound` holds `samples` samples, `out` has `room` bytes.
        let len =
            unsafe { sys::opus_encode_float(self.state.as_ptr(), sound.as_ptr(), samples, out.as_mut_ptr(), room) };
        out.truncate(usize::try_from(len).unwrap());
        out
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_encoder_create`, not used after.
        unsafe { sys::opus_encoder_destroy(self.state.as_ptr()) };
    }
}
