//! A `.wav` file as microphone.
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, Thread};

use hound::{SampleFormat, WavReader};

use super::{Joined, Pace};
use crate::device::line::Line;
use crate::device::{Capture, DeviceError, Input, microphone};

/// Rates that are played, samples a second.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Opens the file and plays it in real time from now on; after its end there is silence.
pub(super) fn open(path: &Path, waker: Thread) -> Result<Input, DeviceError> {
    let reader = reader(path)?;
    let rate = reader.spec().sample_rate;
    let (capture, input) = microphone(rate, waker);
    let line = capture.line();
    let name = path.display().to_string();
    line.name(&name, &name);
    let source = Source::new(reader);
    let started = thread::Builder::new().name("wav microphone".into()).spawn(move || run(source, capture, &line, rate));
    let thread = started.map_err(|error| DeviceError::Other(error.to_string()))?;
    Ok(input.with(Joined(Some(thread))))
}

/// Whether the file can be played.
pub(in crate::device) fn check(path: &Path) -> Result<(), DeviceError> {
    reader(path).map(drop)
}

fn reader(path: &Path) -> Result<WavReader<BufReader<File>>, DeviceError> {
    let reader = WavReader::open(path).map_err(|error| explain(path, &error))?;
    let rate = reader.spec().sample_rate;
    if !RATES.contains(&rate) {
        let words = format!("{}: {rate} samples a second are out of range", path.display());
        return Err(DeviceError::Other(words));
    }
    Ok(reader)
}

fn run(mut source: Source, mut capture: Capture, line: &Arc<Line>, rate: u32) {
    let mut block = vec![0.0; rate as usize / 100 + 1];
    let mut pace = Pace::new();
    while !line.closed() {
        // Read ahead of the tick, so that a slow disk does not disturb the beat.
        let block = &mut block[..pace.coming(rate)];
        source.read(block);
        pace.next();
        capture.push(block.iter().copied());
        capture.done();
    }
}

/// Mono samples of a file, silence after its end or where it is cut off.
struct Source {
    reader: WavReader<BufReader<File>>,
    channels: usize,
    /// What turns a sample of the file into ±1; none: it is one of floating point.
    scale: Option<f32>,
}

impl Source {
    fn new(reader: WavReader<BufReader<File>>) -> Self {
        let spec = reader.spec();
        let scale = match spec.sample_format {
            SampleFormat::Float => None,
            SampleFormat::Int => Some(1.0 / (1_u64 << (spec.bits_per_sample.max(1) - 1)) as f32),
        };
        Self { reader, channels: usize::from(spec.channels).max(1), scale }
    }

    fn read(&mut self, block: &mut [f32]) {
        for sample in block {
            *sample = self.frame().unwrap_or(0.0);
        }
    }

    /// The mean of all channels.
    fn frame(&mut self) -> Option<f32> {
        let mut sum = 0.0;
        for _ in 0..self.channels {
            sum += match self.scale {
                None => self.reader.samples::<f32>().next()?.ok()?,
                Some(scale) => self.reader.samples::<i32>().next()?.ok()? as f32 * scale,
            };
        }
        let mean = sum / self.channels as f32;
        // A file of floating point may hold anything.
        Some(if mean.is_finite() { mean.clamp(-1.0, 1.0) } else { 0.0 })
    }
}

fn explain(path: &Path, error: &hound::Error) -> DeviceError {
    let path = path.display();
    match error {
        hound::Error::IoError(error) if error.kind() == io::ErrorKind::NotFound => DeviceError::Missing,
        hound::Error::IoError(error) if error.kind() == io::ErrorKind::PermissionDenied => DeviceError::Refused,
        // The library's own word for an early end is of the kind "other".
        hound::Error::IoError(error)
            if !matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::Other) =>
        {
            DeviceError::Other(format!("{path}: {error}"))
        }
        hound::Error::Unsupported => DeviceError::Other(format!("{path}: a kind of .wav file that is not played")),
        _ => DeviceError::Other(format!("{path}: not a .wav file, or cut off within its header")),
    }
}
