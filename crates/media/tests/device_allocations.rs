//! Nothing on the way of sound through a device allocates: neither the callbacks nor the threads around them.
mod sound_server;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use p2p_comm_media::device::{self, Input, Output, SoundSystem};
use p2p_comm_media::{BLOCK, RATE};

#[cfg(target_os = "linux")]
use sound_server::SoundServer;

struct Counting;

/// What any thread allocated while it was counted.
static COUNT: AtomicU64 = AtomicU64::new(0);
static COUNTING: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// What this thread allocated.
    static MINE: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    let _ = MINE.try_with(|mine| mine.set(mine.get() + 1));
    if COUNTING.load(SeqCst) {
        COUNT.fetch_add(1, SeqCst);
    }
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Passes sound through for `time`, as a voice thread does.
fn run(input: &mut Input, output: &mut Output, time: Duration) {
    let start = Instant::now();
    let mut block = [0.0; BLOCK];
    while start.elapsed() < time {
        thread::park_timeout(Duration::from_millis(20));
        while input.ring.slots() >= BLOCK && input.ring.pop_entire_slice(&mut block).is_ok() {}
        while output.queued() < output.wanted() {
            output.play(&block);
        }
        while output.reference.pop().is_ok() {}
    }
}

/// Opens both directions and counts what the whole process allocates while sound passes, the requests for the delay
/// included.
fn allocations(sound: &Arc<dyn SoundSystem>, id: Option<&str>, monitor: Option<&str>) -> u64 {
    let mut output = sound.open_output(id, thread::current()).unwrap();
    let mut input = sound.open_input(monitor, thread::current()).unwrap();
    run(&mut input, &mut output, Duration::from_secs(3));
    let callbacks = (input.callbacks(), output.callbacks());
    assert!(callbacks.0 > 50 && callbacks.1 > 50, "{callbacks:?}");
    COUNT.store(0, SeqCst);
    COUNTING.store(true, SeqCst);
    run(&mut input, &mut output, Duration::from_secs(2));
    COUNTING.store(false, SeqCst);
    let passed = (input.callbacks() - callbacks.0, output.callbacks() - callbacks.1);
    assert!(passed.0 > 50 && passed.1 > 50, "{passed:?}");
    COUNT.load(SeqCst)
}

/// One test, since the whole process is counted.
#[test]
fn sound_passes_without_an_allocation() {
    // The callbacks by themselves, with more and with less than fits.
    let (mut capture, mut input) = device::microphone(RATE, thread::current());
    let (mut playback, mut output) = device::speaker(RATE, thread::current());
    let (stereo, mut block) = ([0.25_f32; 2 * BLOCK], [0.0; BLOCK]);
    let before = MINE.get();
    for round in 0..200 {
        capture.push(stereo.chunks_exact(2).map(|frame| (frame[0] + frame[1]) / 2.0));
        capture.done();
        if round % 3 != 0 {
            output.play(&stereo[..BLOCK]);
        }
        playback.fill(&mut block);
        playback.done_ahead(BLOCK);
    }
    assert_eq!(MINE.get() - before, 0, "in the callbacks");
    assert!(input.overruns() > 0 && output.underruns() > 0 && input.ring.pop().is_ok());

    // The counter counts.
    COUNTING.store(true, SeqCst);
    drop(thread::spawn(|| Box::new(1)).join());
    COUNTING.store(false, SeqCst);
    assert!(COUNT.load(SeqCst) > 0);

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("microphone.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for at in 0..2 * 44_100 * 6 {
        writer.write_sample(at % 1000).unwrap();
    }
    writer.finalize().unwrap();
    let files = device::files(Some(path), Some(dir.path().join("speaker.wav")));
    assert_eq!(allocations(&files, None, None), 0, "with files");

    #[cfg(target_os = "linux")]
    if let Some(server) = SoundServer::start() {
        server.add_sink("speaker");
        let sound = device::server(server.socket());
        assert_eq!(allocations(&sound, Some("speaker"), Some("speaker.monitor")), 0, "with a sound server");
    }
}
