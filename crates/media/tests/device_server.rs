//! Devices of a sound server: sound, names, hot-plug and trouble.
#![cfg(target_os = "linux")]
mod sound_server;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use p2p_comm_media::device::{self, DeviceError, Input, Output, SoundSystem, State};
use p2p_comm_media::{BLOCK, RATE};

use sound_server::SoundServer;

const TONE: f32 = 1000.0;
const LEVEL: f32 = 0.25;

/// A voice thread that plays a tone and keeps what it hears.
struct Voice {
    input: Option<Input>,
    output: Output,
    phase: u64,
    heard: Vec<f32>,
}

impl Voice {
    fn open(sound: &dyn SoundSystem, input: Option<&str>, output: Option<&str>) -> Self {
        let output = sound.open_output(output, thread::current()).unwrap();
        let input = input.map(|input| sound.open_input(Some(input), thread::current()).unwrap());
        Self { input, output, phase: 0, heard: Vec::new() }
    }

    fn run(&mut self, time: Duration) {
        let until = Instant::now() + time;
        self.run_until(time + Duration::from_secs(1), |_| Instant::now() >= until);
    }

    /// Runs until `done`; the time it took.
    fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < limit, "nothing came of it within {limit:?}");
            thread::park_timeout(Duration::from_millis(20));
            while self.output.queued() < self.output.wanted() {
                let block: [f32; BLOCK] = std::array::from_fn(|at| tone(self.phase + at as u64));
                self.output.play(&block);
                self.phase += BLOCK as u64;
            }
            if let Some(input) = &mut self.input {
                while let Ok(sample) = input.ring.pop() {
                    self.heard.push(sample);
                }
            }
        }
        start.elapsed()
    }
}

fn tone(at: u64) -> f32 {
    (std::f32::consts::TAU * TONE * (at % u64::from(RATE)) as f32 / RATE as f32).sin() * LEVEL
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
}

fn sound(server: &SoundServer) -> Arc<dyn SoundSystem> {
    device::server(server.socket())
}

/// Ends a program of the test when dropped.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_tone_is_heard_at_its_level_and_without_a_gap() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    // A machine that is busy elsewhere may well make a gap, but not each time, and never one that is not counted.
    for attempt in 1.. {
        let mut voice = Voice::open(&*sound(&server), Some("speaker.monitor"), Some("speaker"));
        voice.run_until(Duration::from_secs(5), |voice| {
            rms(&voice.heard[voice.heard.len().saturating_sub(BLOCK)..]) > 0.1
        });
        voice.heard.clear();
        let missed = voice.output.underruns() + voice.output.gaps();
        voice.run(Duration::from_secs(2));
        let heard = &voice.heard;
        assert!(heard.len() > 80_000, "{}", heard.len());
        // Each sample of a sine follows from the two before it.
        let next = 2.0 * (std::f32::consts::TAU * TONE / RATE as f32).cos();
        let click = heard.windows(3).map(|x| (x[2] - next * x[1] + x[0]).abs()).fold(0.0, f32::max);
        if click < 1e-3 {
            let level = rms(heard);
            assert!((level - LEVEL / 2_f32.sqrt()).abs() < 0.002, "{level}");
            return;
        }
        assert!(voice.output.underruns() + voice.output.gaps() > missed, "a click of {click} that nobody counted");
        assert!(attempt < 8, "a gap each time");
    }
}

#[test]
fn what_was_played_comes_back_as_the_reference_in_order_with_the_silence_of_underruns() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let mut output = sound(&server).open_output(Some("speaker"), thread::current()).unwrap();
    let mut reference = Vec::new();
    let mut sent = 0_u32;
    let deadline = Instant::now() + Duration::from_secs(10);
    while (sent < 100 || output.queued() > 0) && Instant::now() < deadline {
        thread::park_timeout(Duration::from_millis(20));
        while output.queued() < output.wanted() && sent < 100 {
            sent += 1;
            output.play(&[sent as f32 / 1000.0; BLOCK]);
        }
        // Late on purpose, for once.
        if sent == 50 {
            thread::sleep(Duration::from_millis(100));
        }
        while let Ok(sample) = output.reference.pop() {
            reference.push(sample);
        }
    }
    while let Ok(sample) = output.reference.pop() {
        reference.push(sample);
    }
    let first = reference.iter().position(|sample| *sample != 0.0).unwrap();
    let silence = reference[first..].iter().filter(|sample| **sample == 0.0).count() as u64;
    let given: Vec<f32> = reference.iter().copied().filter(|sample| *sample != 0.0).collect();
    let expected: Vec<f32> = (1..=100).flat_map(|sent| [sent as f32 / 1000.0; BLOCK]).collect();
    assert_eq!(given, expected);
    assert!(output.underruns() >= BLOCK as u64, "{}", output.underruns());
    assert!(silence <= output.underruns(), "{silence} {}", output.underruns());
}

#[test]
fn there_are_at_most_250_callbacks_a_second_whatever_others_ask_of_the_server() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let mut voice = Voice::open(&*sound(&server), Some("speaker.monitor"), Some("speaker"));
    for greedy in [false, true] {
        // Another program that wants its sound in crumbs.
        let _other = greedy.then(|| {
            let mut command = Command::new("parec");
            command.args(["--device=speaker.monitor", "--latency-msec=1", "--rate=48000"]).envs(server.env());
            Program(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
        });
        voice.run(Duration::from_secs(1));
        let counts = |voice: &Voice| [voice.output.callbacks(), voice.input.as_ref().unwrap().callbacks()];
        let (before, start) = (counts(&voice), Instant::now());
        voice.run(Duration::from_secs(2));
        let seconds = start.elapsed().as_secs_f64();
        for (now, before) in counts(&voice).into_iter().zip(before) {
            let rate = (now - before) as f64 / seconds;
            assert!((20.0..=250.0).contains(&rate), "{rate} callbacks a second, greedy: {greedy}");
        }
    }
}

#[test]
fn the_delay_of_both_directions_is_known_and_short() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let mut voice = Voice::open(&*sound(&server), Some("speaker.monitor"), Some("speaker"));
    voice.run_until(Duration::from_secs(5), |voice| voice.output.latency_ms() > 0.0);
    voice.run(Duration::from_secs(2));
    let latency = voice.output.latency_ms();
    assert!((5.0..60.0).contains(&latency), "{latency} ms");
    assert!(voice.input.as_ref().unwrap().latency_ms() < 60.0);
    assert!(voice.output.period() <= 2 * BLOCK, "{}", voice.output.period());
}

#[test]
fn a_device_that_is_unplugged_is_lost_within_half_a_second() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("stays");
    let module = server.add_sink("goes");
    let mut voice = Voice::open(&*sound(&server), Some("goes.monitor"), Some("goes"));
    voice.run(Duration::from_millis(300));
    assert_eq!(voice.output.state(), State::Running);
    server.remove_sink(module);
    let lost =
        |voice: &Voice| voice.output.state() == State::Lost && voice.input.as_ref().unwrap().state() == State::Lost;
    let took = voice.run_until(Duration::from_secs(5), lost);
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert!(voice.output.trouble().is_some());
    let gone = sound(&server).open_output(Some("goes"), thread::current());
    assert_eq!(gone.err(), Some(DeviceError::Missing), "another one is not opened in its place");
}

#[test]
fn the_default_is_followed_when_it_changes_and_when_it_goes() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("one");
    let two = server.add_sink("two");
    server.add_source("mic-one", "one");
    server.add_source("mic-two", "two");
    server.set_default_sink("one");
    server.set_default_source("mic-one");
    let sound = sound(&server);
    let mut voice = Voice::open(&*sound, None, None);
    voice.input = Some(sound.open_input(None, thread::current()).unwrap());
    assert_eq!((voice.output.id(), voice.output.name()), ("one".into(), "one".into()));
    assert_eq!(voice.input.as_ref().unwrap().id(), "mic-one");
    voice.run(Duration::from_millis(300));
    server.set_default_sink("two");
    server.set_default_source("mic-two");
    let took = voice.run_until(Duration::from_secs(5), |voice| {
        voice.output.id() == "two" && voice.input.as_ref().unwrap().id() == "mic-two"
    });
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!((voice.output.moves(), voice.output.name().as_str()), (1, "two"));
    let callbacks = voice.output.callbacks();
    voice.run_until(Duration::from_secs(5), |voice| voice.output.callbacks() > callbacks + 20);

    server.remove_sink(two);
    let took = voice.run_until(Duration::from_secs(5), |voice| voice.output.id() == "one");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(voice.output.state(), State::Running);
}

#[test]
fn what_the_speaker_plays_is_never_taken_for_the_default_microphone() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let sound = sound(&server);
    assert!(sound.devices().inputs.is_empty());
    assert_eq!(sound.open_input(None, thread::current()).err(), Some(DeviceError::Missing));
    // Nor when the only microphone goes in a call.
    let module = server.add_source("mic", "speaker");
    let input = sound.open_input(None, thread::current()).unwrap();
    assert_eq!(input.id(), "mic");
    server.remove_sink(module);
    let deadline = Instant::now() + Duration::from_millis(500);
    while input.state() == State::Running {
        assert!(Instant::now() < deadline, "it goes on as {}", input.id());
        thread::park_timeout(Duration::from_millis(10));
    }
}

#[test]
fn the_list_names_devices_and_the_watch_counts_its_changes() {
    let Some(server) = SoundServer::start() else { return };
    let sound = sound(&server);
    assert_eq!(sound.devices(), Default::default());
    let watch = sound.watch();
    let changed = |before: u64, what: &str| {
        let deadline = Instant::now() + Duration::from_secs(2);
        while watch.changes() == before {
            assert!(Instant::now() < deadline, "{what} was not seen");
            thread::sleep(Duration::from_millis(5));
        }
        // Let what belongs to it settle.
        thread::sleep(Duration::from_millis(200));
        watch.changes()
    };
    let first = server.add_sink("first");
    let count = changed(0, "a new device");
    server.add_sink("second");
    server.add_source("mic", "second");
    let count = changed(count, "two new devices");
    server.set_default_sink("second");
    let count = changed(count, "a new default");
    let list = sound.devices();
    let names: Vec<_> = list.outputs.iter().map(|device| (&*device.id, &*device.name, device.default)).collect();
    assert_eq!(names, [("first", "first", false), ("second", "second", true)]);
    let names: Vec<_> = list.inputs.iter().map(|device| &*device.id).collect();
    assert_eq!(names, ["mic"]);
    server.pactl(&["set-sink-volume", "second", "50%"]).unwrap();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(watch.changes(), count, "a volume is no change of the list");
    server.remove_sink(first);
    changed(count, "a device that went");
}

#[test]
fn sound_comes_back_after_the_server_or_the_voice_thread_stood_still() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let mut voice = Voice::open(&*sound(&server), Some("speaker.monitor"), Some("speaker"));
    let tone_again = |voice: &mut Voice, what: &str| {
        voice.heard.clear();
        let took = voice.run_until(Duration::from_secs(5), |voice| {
            voice.heard.len() >= 4 * BLOCK
                && voice.heard[voice.heard.len() - 4 * BLOCK..].chunks(BLOCK).all(|x| rms(x) > 0.1)
        });
        assert!(took < Duration::from_secs(1), "{what}: {took:?}");
        assert_eq!(voice.output.state(), State::Running);
        assert_eq!(voice.input.as_ref().unwrap().state(), State::Running);
    };
    voice.run(Duration::from_secs(1));
    for round in 0..3 {
        server.freeze(true);
        thread::sleep(Duration::from_millis(300));
        server.freeze(false);
        tone_again(&mut voice, &format!("server, round {round}"));
        voice.run(Duration::from_millis(300));
        thread::sleep(Duration::from_millis(300));
        tone_again(&mut voice, &format!("voice thread, round {round}"));
        voice.run(Duration::from_millis(300));
    }
    // Nothing of it stays behind as delay.
    assert!(voice.output.queued() <= 2 * BLOCK, "{}", voice.output.queued());
    assert!(voice.output.latency_ms() < 100.0, "{}", voice.output.latency_ms());
}

#[test]
fn a_server_that_does_not_answer_is_an_error_and_no_hang() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let sound = sound(&server);
    server.freeze(true);
    let start = Instant::now();
    let opened = sound.open_output(None, thread::current());
    let took = start.elapsed();
    server.freeze(false);
    assert!(matches!(opened, Err(DeviceError::Other(_))), "{:?}", opened.err());
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(sound.open_output(None, thread::current()).is_ok());
}

#[test]
fn a_device_that_vanishes_while_it_is_opened_is_an_error_or_lost() {
    let Some(server) = SoundServer::start() else { return };
    let sound = sound(&server);
    for delay in [0, 1, 2, 4, 8] {
        let module = server.add_sink("goes");
        let opening = thread::spawn({
            let sound = sound.clone();
            move || {
                thread::sleep(Duration::from_millis(delay));
                sound.open_output(Some("goes"), thread::current())
            }
        });
        server.remove_sink(module);
        match opening.join().unwrap() {
            Err(error) => assert_eq!(error, DeviceError::Missing),
            Ok(output) => {
                let deadline = Instant::now() + Duration::from_millis(500);
                while output.state() != State::Lost {
                    assert!(Instant::now() < deadline, "neither an error nor lost");
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }
}

#[test]
fn without_a_server_there_is_no_device() {
    let dir = tempfile::tempdir().unwrap();
    let sound = device::server(dir.path().join("native"));
    assert_eq!(sound.devices(), Default::default());
    assert_eq!(sound.open_input(None, thread::current()).err(), Some(DeviceError::Missing));
    assert_eq!(sound.open_output(None, thread::current()).err(), Some(DeviceError::Missing));
}
