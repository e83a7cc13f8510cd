//! The system's devices through cpal: WASAPI, Core Audio, or ALSA where no sound server runs.
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::Thread;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, DeviceId, Error, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig,
};
use p2p_comm_model::{AudioDevice, AudioDevices};

use super::line::Line;
use super::open::within_deadline;
use super::{Capture, DeviceError, Input, Output, Playback, State, microphone, speaker};
use crate::RATE;

/// Errors in a row, without a callback between them, after which a stream counts as lost. ALSA's plugin for PulseAudio
/// was seen to report the same error a thousand times after an underrun.
const MAX_ERRORS: u32 = 8;
/// Samples that are mixed up or down at once.
const CHUNK: usize = 512;

/// The devices that cpal finds.
pub(super) fn devices() -> AudioDevices {
    let host = cpal::default_host();
    let list = |devices: Result<Vec<cpal::Device>, Error>, default: Option<cpal::Device>| {
        let default = default.and_then(|device| described(&device)).map(|(id, _)| id);
        let known = devices.unwrap_or_default().into_iter().filter_map(|device| {
            let (id, name) = described(&device)?;
            Some(AudioDevice { default: Some(&id) == default.as_ref(), id, name })
        });
        known.collect()
    };
    AudioDevices {
        inputs: list(host.input_devices().map(Iterator::collect), host.default_input_device()),
        outputs: list(host.output_devices().map(Iterator::collect), host.default_output_device()),
    }
}

/// Opens a microphone.
pub(super) fn open_input(id: Option<&str>, waker: Thread) -> Result<Input, DeviceError> {
    let id = id.map(String::from);
    within_deadline("microphone", move |opened| {
        let open = || {
            let device = device(id, HostTrait::default_input_device)?;
            let (config, format) = config(device.default_input_config()?, device.supported_input_configs());
            let (capture, input) = microphone(config.sample_rate, waker);
            name(&capture.line(), &device);
            let stream = match format {
                SampleFormat::F32 => record::<f32>(&device, config, capture),
                SampleFormat::I16 => record::<i16>(&device, config, capture),
                SampleFormat::I32 => record::<i32>(&device, config, capture),
                SampleFormat::I24 => record::<cpal::I24>(&device, config, capture),
                SampleFormat::U16 => record::<u16>(&device, config, capture),
                SampleFormat::U8 => record::<u8>(&device, config, capture),
                other => return Err(unknown(other)),
            }?;
            stream.play()?;
            Ok(input.with(stream))
        };
        let _ = opened.send(open());
    })
}

/// Opens a speaker.
pub(super) fn open_output(id: Option<&str>, waker: Thread) -> Result<Output, DeviceError> {
    let id = id.map(String::from);
    within_deadline("speaker", move |opened| {
        let open = || {
            let device = device(id, HostTrait::default_output_device)?;
            let (config, format) = config(device.default_output_config()?, device.supported_output_configs());
            let (playback, output) = speaker(config.sample_rate, waker);
            name(&playback.line(), &device);
            let stream = match format {
                SampleFormat::F32 => play::<f32>(&device, config, playback),
                SampleFormat::I16 => play::<i16>(&device, config, playback),
                SampleFormat::I32 => play::<i32>(&device, config, playback),
                SampleFormat::I24 => play::<cpal::I24>(&device, config, playback),
                SampleFormat::U16 => play::<u16>(&device, config, playback),
                SampleFormat::U8 => play::<u8>(&device, config, playback),
                other => return Err(unknown(other)),
            }?;
            stream.play()?;
            Ok(output.with(stream))
        };
        let _ = opened.send(open());
    })
}

fn device(
    id: Option<String>,
    default: impl Fn(&cpal::Host) -> Option<cpal::Device>,
) -> Result<cpal::Device, DeviceError> {
    let host = cpal::default_host();
    let device = match id {
        // An id of another system is no device of this one.
        Some(id) => DeviceId::from_str(&id).ok().and_then(|id| host.device_by_id(&id)),
        None => default(&host),
    };
    device.ok_or(DeviceError::Missing)
}

/// The default format, at 48 kHz if the device can, in buffers of 10 ms if it can.
fn config(
    default: SupportedStreamConfig,
    ranges: Result<impl Iterator<Item = cpal::SupportedStreamConfigRange>, Error>,
) -> (StreamConfig, SampleFormat) {
    let ours = ranges.ok().and_then(|mut ranges| {
        ranges.find_map(|range| {
            let same = range.channels() == default.channels() && range.sample_format() == default.sample_format();
            if same { range.try_with_sample_rate(RATE) } else { None }
        })
    });
    let chosen = ours.unwrap_or(default);
    let mut config = chosen.config();
    let block = config.sample_rate / 100;
    config.buffer_size = match *chosen.buffer_size() {
        SupportedBufferSize::Range { min, max } => BufferSize::Fixed(block.clamp(min, max.max(min))),
        SupportedBufferSize::Unknown => BufferSize::Default,
    };
    (config, chosen.sample_format())
}

fn record<T>(device: &cpal::Device, config: StreamConfig, mut capture: Capture) -> Result<Stream, Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let (line, errors) = (capture.line(), Arc::<AtomicU32>::default());
    let (callback_line, good) = (line.clone(), errors.clone());
    let channels = usize::from(config.channels).max(1);
    let callback = move |samples: &[T], info: &cpal::InputCallbackInfo| {
        good.store(0, Ordering::Relaxed);
        let at = info.timestamp();
        callback_line.set_latency(at.callback.saturating_duration_since(at.capture));
        capture.push(samples.chunks_exact(channels).map(mix));
        capture.done();
    };
    let failed = move |error| failed(&line, &errors, &error, HostTrait::default_input_device);
    device.build_input_stream(config, callback, failed, None)
}

fn play<T>(device: &cpal::Device, config: StreamConfig, mut playback: Playback) -> Result<Stream, Error>
where
    T: SizedSample + FromSample<f32>,
{
    let (line, errors) = (playback.line(), Arc::<AtomicU32>::default());
    let (callback_line, good) = (line.clone(), errors.clone());
    let channels = usize::from(config.channels).max(1);
    let mut block = [0.0; CHUNK];
    let callback = move |samples: &mut [T], info: &cpal::OutputCallbackInfo| {
        good.store(0, Ordering::Relaxed);
        let at = info.timestamp();
        callback_line.set_latency(at.playback.saturating_duration_since(at.callback));
        for part in samples.chunks_mut(CHUNK * channels) {
            let block = &mut block[..part.len() / channels];
            playback.fill(block);
            for (frame, sample) in part.chunks_exact_mut(channels).zip(block) {
                frame.fill(T::from_sample(*sample));
            }
        }
        playback.done_ahead(samples.len() / channels);
    };
    let failed = move |error| failed(&line, &errors, &error, HostTrait::default_output_device);
    device.build_output_stream(config, callback, failed, None)
}

/// One sample out of those of all channels.
fn mix<T: SizedSample>(frame: &[T]) -> f32
where
    f32: FromSample<T>,
{
    frame.iter().map(|sample| f32::from_sample(*sample)).sum::<f32>() / frame.len() as f32
}

/// Overruns and underruns heal by themselves, unless they go on and on.
fn failed(line: &Arc<Line>, errors: &AtomicU32, error: &Error, default: fn(&cpal::Host) -> Option<cpal::Device>) {
    match error.kind() {
        ErrorKind::DeviceChanged => {
            let line = line.clone();
            // Asking for names takes its time, and this may be the thread of the callbacks.
            std::thread::spawn(move || {
                if let Some((id, name)) = default(&cpal::default_host()).and_then(|device| described(&device)) {
                    line.moved(&id, &name);
                }
            });
        }
        ErrorKind::RealtimeDenied => {}
        ErrorKind::Xrun | ErrorKind::BackendError if errors.fetch_add(1, Ordering::Relaxed) < MAX_ERRORS => {}
        _ => line.end(State::Lost, error.to_string()),
    }
}

fn described(device: &cpal::Device) -> Option<(String, String)> {
    Some((device.id().ok()?.to_string(), device.to_string()))
}

fn name(line: &Line, device: &cpal::Device) {
    if let Some((id, name)) = described(device) {
        line.name(&id, &name);
    }
}

fn unknown(format: SampleFormat) -> DeviceError {
    DeviceError::Other(format!("the sound device gives samples of an unknown kind: {format}"))
}

impl From<Error> for DeviceError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => Self::Missing,
            ErrorKind::PermissionDenied => Self::Refused,
            ErrorKind::DeviceBusy => Self::Busy,
            _ => Self::Other(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Arc<Line> {
        microphone(RATE, std::thread::current()).0.line()
    }

    #[test]
    fn an_underrun_heals_and_a_storm_of_errors_is_a_lost_device() {
        let (line, errors) = (line(), AtomicU32::new(0));
        let fail = |kind: ErrorKind| {
            failed(&line, &errors, &kind.into(), HostTrait::default_input_device);
            line.state()
        };
        for _ in 0..MAX_ERRORS {
            assert_eq!(fail(ErrorKind::Xrun), State::Running);
        }
        // A callback in between: it has healed.
        errors.store(0, Ordering::Relaxed);
        for _ in 0..MAX_ERRORS {
            assert_eq!(fail(ErrorKind::BackendError), State::Running);
        }
        assert_eq!(fail(ErrorKind::BackendError), State::Lost);
    }

    #[test]
    fn an_unplugged_device_is_lost_at_once() {
        let line = line();
        failed(&line, &AtomicU32::new(0), &ErrorKind::DeviceNotAvailable.into(), HostTrait::default_output_device);
        assert_eq!(line.state(), State::Lost);
        assert!(line.trouble().is_some());
    }

    #[test]
    fn all_channels_are_mixed_into_one() {
        assert_eq!(mix(&[0.5_f32, -0.25]), 0.125);
        assert!((mix(&[i16::MAX, i16::MAX]) - 1.0).abs() < 1e-4);
    }
}
