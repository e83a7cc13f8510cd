//! `.wav` files as devices.
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use p2p_comm_media::device::{self, DeviceError, Input, State};
use p2p_comm_media::{BLOCK, RATE};

fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate, bits_per_sample, sample_format }
}

fn write<S: hound::Sample + Copy>(path: &Path, spec: WavSpec, samples: &[S]) {
    let mut writer = WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
}

fn open(path: &Path) -> Result<Input, DeviceError> {
    device::files(Some(path.into()), None).open_input(None, thread::current())
}

/// What a microphone gives until it has given so much.
fn hear(input: &mut Input, samples: usize) -> Vec<f32> {
    let mut heard = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(10);
    while heard.len() < samples {
        assert!(Instant::now() < deadline, "only {} samples came", heard.len());
        while let Ok(sample) = input.ring.pop() {
            heard.push(sample);
        }
        thread::park_timeout(Duration::from_millis(20));
    }
    heard
}

#[test]
fn files_of_every_kind_are_played_at_their_level_and_then_silence() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("microphone.wav");
    let int = SampleFormat::Int;
    // Left is half, right is nothing: a quarter when mixed.
    for (spec, half) in [
        (spec(2, 44_100, 8, int), 64_i32),
        (spec(2, 8_000, 16, int), 16_384),
        (spec(2, 48_000, 24, int), 4_194_304),
        (spec(2, 96_000, 32, int), 1_073_741_824),
    ] {
        let frames = spec.sample_rate as usize / 10;
        write(&path, spec, &[half, 0].repeat(frames));
        let mut input = open(&path).unwrap();
        assert_eq!(input.rate(), spec.sample_rate);
        let heard = hear(&mut input, frames * 2);
        assert!(heard[..frames].iter().all(|sample| (sample - 0.25).abs() < 0.01), "{spec:?} {:?}", &heard[..4]);
        assert!(heard[frames..].iter().all(|sample| *sample == 0.0), "{spec:?}");
    }
    let float = spec(1, 48_000, 32, SampleFormat::Float);
    write(&path, float, &[0.5, f32::NAN, f32::INFINITY, 9.0]);
    assert_eq!(hear(&mut open(&path).unwrap(), 4)[..4], [0.5, 0.0, 0.0, 1.0]);
}

#[test]
fn a_file_is_played_in_real_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("microphone.wav");
    write(&path, spec(1, 44_100, 16, SampleFormat::Int), &vec![1000_i16; 44_100]);
    let start = Instant::now();
    let mut input = open(&path).unwrap();
    let heard = hear(&mut input, 22_050);
    let took = start.elapsed();
    assert!(heard.iter().all(|sample| *sample > 0.0));
    assert!((Duration::from_millis(490)..Duration::from_millis(900)).contains(&took), "{took:?}");
    assert_eq!((input.state(), input.overruns()), (State::Running, 0));
}

#[test]
fn what_is_no_wav_file_is_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("microphone.wav");
    assert_eq!(open(&path).err(), Some(DeviceError::Missing));
    for bytes in [&b""[..], b"RIFF", b"not a wav file at all, only some text that is long enough", &[0; 4096]] {
        std::fs::write(&path, bytes).unwrap();
        let error = open(&path).err().unwrap();
        assert!(error.to_string().contains("microphone.wav"), "{error}");
    }
    write(&path, spec(1, 1_000, 16, SampleFormat::Int), &[0_i16; 10]);
    assert!(open(&path).err().unwrap().to_string().contains("out of range"));
    assert!(open(dir.path()).is_err(), "a directory");
}

#[test]
fn a_file_that_is_cut_off_is_played_up_to_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("microphone.wav");
    write(&path, spec(2, 48_000, 16, SampleFormat::Int), &[16_384_i16; 9_600]);
    let bytes = std::fs::read(&path).unwrap();
    // In the middle of a sample, after 2400 of 4800 frames.
    std::fs::write(&path, &bytes[..44 + 2400 * 4 + 1]).unwrap();
    let heard = hear(&mut open(&path).unwrap(), 4_800);
    assert!(heard[..2_400].iter().all(|sample| *sample == 0.5));
    assert!(heard[2_400..].iter().all(|sample| *sample == 0.0));
}

#[test]
fn an_empty_recording_is_silence() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("microphone.wav");
    write::<i16>(&path, spec(1, 48_000, 16, SampleFormat::Int), &[]);
    assert!(hear(&mut open(&path).unwrap(), 960).iter().all(|sample| *sample == 0.0));
}

#[test]
fn the_speakers_file_has_a_timeline_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speaker.wav");
    let sound = device::files(None, Some(path.clone()));
    let mut output = sound.open_output(None, thread::current()).unwrap();
    assert_eq!(sound.open_output(None, thread::current()).err(), Some(DeviceError::Busy));
    let start = Instant::now();
    let mut reference = Vec::new();
    let mut sent = 0_i16;
    while start.elapsed() < Duration::from_millis(600) {
        thread::park_timeout(Duration::from_millis(20));
        // For 200 ms nothing is played.
        let pause = (200..400).contains(&start.elapsed().as_millis());
        while !pause && output.queued() < output.wanted() {
            sent += 1;
            output.play(&[f32::from(sent) / 32_767.0; BLOCK]);
        }
        while let Ok(sample) = output.reference.pop() {
            reference.push(sample);
        }
    }
    let underruns = output.underruns();
    drop(output);
    // A second opening goes on after the pause between them.
    thread::sleep(Duration::from_millis(100));
    drop(sound.open_output(None, thread::current()).unwrap());
    let took = start.elapsed();
    drop(sound);

    let reader = WavReader::open(&path).unwrap();
    assert_eq!(reader.spec(), spec(1, RATE, 16, SampleFormat::Int));
    let written: Vec<i16> = reader.into_samples().map(Result::unwrap).collect();
    let time = Duration::from_millis(written.len() as u64 / 48);
    assert!(took.abs_diff(time) < Duration::from_millis(80), "{time:?} were written in {took:?}");
    assert!(underruns >= 150 * 48, "{underruns}");
    // All that was played is there in order, and silence is only where the reference has it too.
    let blocks: Vec<i16> = written.iter().copied().filter(|sample| *sample != 0).step_by(BLOCK).collect();
    assert_eq!(blocks, (1..=blocks.len() as i16).collect::<Vec<_>>());
    assert!(sent - blocks.last().unwrap() <= 1, "{sent} blocks were played");
    let same = reference.iter().zip(&written).all(|(played, written)| (played * 32_767.0).round() as i16 == *written);
    assert!(same, "the reference is what was written");
}

#[test]
fn a_speaker_on_a_full_disk_or_in_no_directory_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = vec![dir.path().join("missing").join("speaker.wav")];
    if Path::new("/dev/full").exists() {
        paths.push("/dev/full".into());
    }
    for path in paths {
        let error = device::files(None, Some(path.clone())).open_output(None, thread::current()).err().unwrap();
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn files_name_themselves_as_the_only_devices() {
    let dir = tempfile::tempdir().unwrap();
    let (microphone, speaker) = (dir.path().join("in.wav"), dir.path().join("out.wav"));
    let sound = device::files(Some(microphone.clone()), Some(speaker));
    let devices = sound.devices();
    assert_eq!(devices.inputs.len(), 1);
    assert_eq!(devices.inputs[0].name, microphone.display().to_string());
    assert!(devices.outputs[0].default);
    assert_eq!(sound.watch().changes(), 0);
}
