//! A `.wav` file as speaker.
use std::fs;
use std::io::{BufWriter, Seek, Write};
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavSpec, WavWriter};

use super::{Joined, Pace};
use crate::device::{DeviceError, Output, Playback, State, speaker};
use crate::{BLOCK, RATE};

/// How often what was written is made to stay, whatever happens to the program.
const FLUSH_EVERY: u32 = 20;
/// A pause between two openings is written as silence up to this length.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// What the sizes in the header can tell: 12 hours.
const MAX_BLOCKS: u32 = (u32::MAX - 1024) / (2 * BLOCK as u32);
/// How long the voice thread may take to make what is due.
const PATIENCE: Duration = Duration::from_millis(7);

/// The speaker's file.
#[derive(Default)]
pub(super) enum File<W: Write + Seek = BufWriter<fs::File>> {
    /// It was never opened.
    #[default]
    New,
    /// A speaker writes it.
    InUse,
    /// The speaker was closed; the next one goes on.
    Waiting(Timeline<W>),
    /// It could not be made, or takes no more, and why. There will be no other speaker.
    Failed(String),
}

/// Sound that is added to in step with time.
pub(super) struct Timeline<W: Write + Seek = BufWriter<fs::File>> {
    writer: WavWriter<W>,
    /// The end of what is written.
    until: Instant,
    blocks: u32,
    /// Why nothing more is written.
    full: Option<String>,
}

/// Opens the speaker: the first time the file is made anew, later its timeline goes on.
pub(super) fn open(path: &Path, shared: &Arc<Mutex<File>>, waker: Thread) -> Result<Output, DeviceError> {
    let name = path.display().to_string();
    let timeline = {
        let mut file = lock(shared);
        match mem::replace(&mut *file, File::InUse) {
            File::InUse => return Err(DeviceError::Busy),
            File::Waiting(timeline) => timeline,
            File::New => Timeline::create(path).map_err(|error| file.fail(format!("{name}: {error}")))?,
            File::Failed(words) => return Err(file.fail(words)),
        }
    };
    let (playback, output) = speaker(RATE, waker);
    playback.line().name(&name, &name);
    let shared = shared.clone();
    let started = thread::Builder::new().name("wav speaker".into()).spawn(move || timeline.serve(playback, &shared));
    let thread = started.map_err(|error| DeviceError::Other(error.to_string()))?;
    Ok(output.with(Joined(Some(thread))))
}

impl Timeline {
    fn create(path: &Path) -> hound::Result<Self> {
        Self::new(BufWriter::new(fs::File::create(path)?))
    }
}

impl<W: Write + Seek> Timeline<W> {
    fn new(writer: W) -> hound::Result<Self> {
        let spec = WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = WavWriter::new(writer, spec)?;
        writer.flush()?;
        Ok(Self { writer, until: Instant::now(), blocks: 0, full: None })
    }

    /// Plays in real time until the other end is dropped. A file that takes no more is a speaker that is lost: what it is
    /// given is heard by nobody, and the other side must not be told otherwise.
    fn serve(mut self, playback: Playback, shared: &Mutex<File<W>>) {
        let line = playback.line();
        self.run(playback);
        match self.full.clone() {
            Some(words) => {
                lock(shared).fail(words.clone());
                line.end(State::Lost, words);
            }
            None => *lock(shared) = File::Waiting(self),
        }
    }

    fn run(&mut self, mut playback: Playback) {
        let line = playback.line();
        let mut pace = Pace::new();
        self.pause(Instant::now().saturating_duration_since(self.until));
        let mut block = [0.0; BLOCK];
        while !line.closed() && self.full.is_none() {
            let due = pace.next();
            playback.wait(BLOCK, due + PATIENCE);
            playback.fill(&mut block);
            playback.done(BLOCK);
            self.add(&block);
        }
        self.until = Instant::now();
        self.keep(|writer| writer.flush());
    }

    /// Silence for the time in which no speaker was open.
    fn pause(&mut self, pause: Duration) {
        for _ in 0..pause.min(MAX_PAUSE).as_millis() / 10 {
            self.add(&[0.0; BLOCK]);
        }
    }

    fn add(&mut self, block: &[f32; BLOCK]) {
        self.blocks += 1;
        let flush = self.blocks.is_multiple_of(FLUSH_EVERY);
        if self.blocks > MAX_BLOCKS {
            self.full.get_or_insert_with(|| "the .wav file has reached its greatest length".into());
        }
        self.keep(|writer| {
            let mut samples = writer.get_i16_writer(BLOCK as u32);
            for sample in block {
                samples.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16);
            }
            samples.flush()?;
            if flush { writer.flush() } else { Ok(()) }
        });
    }

    /// Writes, unless writing has failed before.
    fn keep(&mut self, write: impl FnOnce(&mut WavWriter<W>) -> hound::Result<()>) {
        if self.full.is_none() {
            self.full = write(&mut self.writer).err().map(|error| format!("the speaker's file takes no more: {error}"));
        }
    }
}

impl<W: Write + Seek> File<W> {
    fn fail(&mut self, words: String) -> DeviceError {
        *self = Self::Failed(words.clone());
        DeviceError::Other(words)
    }
}

/// Why nobody will hear what is played, in words.
pub(super) fn trouble(file: &Mutex<File>) -> Option<String> {
    match &*lock(file) {
        File::Failed(words) => Some(words.clone()),
        File::New | File::InUse | File::Waiting(_) => None,
    }
}

/// Whether the file can be written. Leaves what is in it.
pub(in crate::device) fn check(path: &Path) -> Result<(), DeviceError> {
    let opened = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path);
    opened.map(drop).map_err(|error| DeviceError::Other(format!("{}: {error}", path.display())))
}

fn lock<W: Write + Seek>(file: &Mutex<File<W>>) -> MutexGuard<'_, File<W>> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Cursor, SeekFrom};

    /// A disk with room for so many bytes.
    struct Disk(Cursor<Vec<u8>>, usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.position() as usize + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Disk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn a_full_disk_loses_the_speaker_for_good_and_says_why() {
        let timeline = Timeline::new(Disk(Cursor::default(), 5_000)).unwrap();
        let (playback, mut output) = speaker(RATE, thread::current());
        let file = Arc::new(Mutex::new(File::InUse));
        let shared = file.clone();
        let written = thread::spawn(move || timeline.serve(playback, &shared));
        let deadline = Instant::now() + Duration::from_secs(5);
        while output.state() == State::Running && Instant::now() < deadline {
            output.play(&[0.5; BLOCK]);
            thread::park_timeout(Duration::from_millis(10));
        }
        assert_eq!(output.state(), State::Lost);
        assert!(output.trouble().unwrap().contains("takes no more"), "{:?}", output.trouble());
        assert!(matches!(&*lock(&file), File::Failed(words) if output.trouble().as_ref() == Some(words)));
        written.join().unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_made_keeps_its_reason() {
        let dir = tempfile::tempdir().unwrap();
        let (path, file) = (dir.path().join("no/speaker.wav"), Arc::default());
        for _ in 0..2 {
            let Err(DeviceError::Other(words)) = open(&path, &file, thread::current()) else { panic!("it was made") };
            assert!(words.contains("no/speaker.wav") && words.contains("No such file"), "{words}");
            assert_eq!(trouble(&file), Some(words));
        }
        assert!(matches!(check(&path), Err(DeviceError::Other(words)) if words.contains("No such file")));
    }

    #[test]
    fn a_disk_that_is_full_from_the_start_is_an_error() {
        assert!(Timeline::new(Disk(Cursor::default(), 20)).is_err());
    }

    #[test]
    fn the_file_is_whole_up_to_the_last_flush_while_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speaker.wav");
        let mut timeline = Timeline::create(&path).unwrap();
        for _ in 0..FLUSH_EVERY + 3 {
            timeline.add(&[0.25; BLOCK]);
        }
        // As a killed program leaves it: not finalised.
        mem::forget(timeline);
        let reader = hound::WavReader::open(&path).unwrap();
        assert_eq!(reader.spec().sample_rate, RATE);
        assert_eq!(reader.duration(), FLUSH_EVERY * BLOCK as u32);
        assert!(reader.into_samples::<i16>().all(|sample| sample.unwrap() == 8192));
    }

    #[test]
    fn the_time_between_two_openings_is_silence() {
        let mut timeline = Timeline::new(Cursor::new(Vec::new())).unwrap();
        timeline.pause(Duration::from_millis(250));
        assert_eq!(timeline.writer.duration(), 12_000);
    }
}
