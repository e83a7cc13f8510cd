use super::*;
use std::ffi::c_uchar;

const PLAIN: Settings = Settings { bitrate: 32_000, loss_percent: 0, dtx: false, dred_ms: 0 };

/// A voiced sound: harmonics of 140 Hz.
fn voice(at: usize) -> f32 {
    let t = at as f32 / RATE as f32;
    (1..12).map(|n| (std::f32::consts::TAU * 140.0 * n as f32 * t).sin() / n as f32).sum::<f32>() * 0.1
}

fn frames(samples: usize, count: usize, settings: Settings) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(settings).unwrap();
    (0..count)
        .map(|n| {
            let frame: Vec<f32> = (0..samples).map(|i| voice(n * samples + i)).collect();
            let mut out = [0; 759];
            let len = encoder.encode(&frame, &mut out).unwrap().len;
            out[..len].to_vec()
        })
        .collect()
}

/// Samples of the past that a frame describes.
fn past(frame: &[u8]) -> i32 {
    let (mut error, mut end) = (0, 0);
    // SAFETY: decoder and state are made, used and freed here; the pointer and the length are those of one slice.
    unsafe {
        let decoder = opus::opus_dred_decoder_create(&mut error);
        let state = opus::opus_dred_alloc(&mut error);
        let len = frame.len() as i32;
        let samples = opus::opus_dred_parse(decoder, state, frame.as_ptr(), len, 48_000, RATE as i32, &mut end, 1);
        opus::opus_dred_free(state);
        opus::opus_dred_decoder_destroy(decoder);
        samples
    }
}

#[test]
fn every_packet_time_gives_a_frame_that_says_its_length() {
    for samples in [480, 960, 1920, 2880] {
        for frame in frames(samples, 20, PLAIN) {
            // SAFETY: the pointer and the length are those of one slice.
            let said = unsafe {
                opus::opus_packet_get_nb_samples(frame.as_ptr() as *const c_uchar, frame.len() as i32, RATE as i32)
            };
            assert_eq!(said as usize, samples);
        }
    }
}

#[test]
fn the_bitrate_is_kept() {
    for bitrate in [16_000, 32_000, 64_000] {
        let sent: usize = frames(960, 200, Settings { bitrate, ..PLAIN }).iter().map(Vec::len).sum();
        let rate = sent as f32 * 8.0 / 4.0;
        assert!((rate / bitrate as f32 - 1.0).abs() < 0.25, "{rate} of {bitrate}");
    }
}

#[test]
fn a_frame_of_another_length_is_refused() {
    let mut encoder = Encoder::new(PLAIN).unwrap();
    assert_eq!(encoder.encode(&[0.0; 481], &mut [0; 100]), Err(CodecError::Opus(opus::OPUS_BAD_ARG)));
    assert!(encoder.encode(&[0.0; 480], &mut []).is_err());
}

#[test]
fn a_frame_fits_into_the_room_there_is() {
    let mut encoder = Encoder::new(Settings { bitrate: 64_000, ..PLAIN }).unwrap();
    for n in 0..50 {
        let frame: Vec<f32> = (0..2880).map(|i| voice(n * 2880 + i)).collect();
        let mut out = [0; 60];
        assert!(encoder.encode(&frame, &mut out).unwrap().len <= 60);
    }
}

#[test]
fn silence_is_told_with_dtx_and_not_without() {
    for dtx in [true, false] {
        let mut encoder = Encoder::new(Settings { bitrate: 24_000, dtx, ..PLAIN }).unwrap();
        let mut out = [0; 759];
        let silent = (0..100).filter(|_| encoder.encode(&[0.0; 960], &mut out).unwrap().silent).count();
        assert_eq!(silent > 80, dtx, "{silent} silent");
    }
}

#[test]
fn redundancy_makes_frames_describe_the_past() {
    let dred = Settings { loss_percent: 20, dred_ms: 200, ..PLAIN };
    for (settings, described) in [(PLAIN, false), (dred, true)] {
        let samples: Vec<i32> = frames(960, 100, settings).iter().map(|frame| past(frame)).collect();
        let samples = samples[50..].iter().copied().min().unwrap();
        assert_eq!(samples >= 4800, described, "{samples} samples");
    }
}
