//! Two voice threads in a call, one of them on a sound server whose devices come and go.
#![cfg(target_os = "linux")]
mod sound_server;

use p2p_comm_media::device::{self, SoundSystem};
use p2p_comm_media::{Voice, VoiceStatus, packets};
use p2p_comm_model::{AudioSettings, CallId, CallPhase, DeviceState, Hearing, Notice, VoiceStats};
use sound_server::SoundServer;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CALL: CallId = CallId([7; 8]);
const LONG: Duration = Duration::from_secs(15);

/// Bob is on the sound server; alice is an echo, so bob hears himself a second later.
struct Call {
    bob: Voice,
    _alice: Voice,
    _network: Network,
}

/// Carries packets between the two.
struct Network(Arc<AtomicBool>);

impl Drop for Network {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Call {
    fn start(server: &SoundServer, settings: &AudioSettings) -> Self {
        let voice = |sound: Arc<dyn SoundSystem>| Voice::start(sound, settings, 0.0, || true).unwrap();
        let (alice, bob) = (voice(device::echo()), voice(device::server(server.socket())));
        let ((alices, mut to_alice), (bobs, mut to_bob)) = (packets(|| ()), packets(|| ()));
        alice.connect(CALL, alices);
        bob.connect(CALL, bobs);
        let over = Arc::new(AtomicBool::new(false));
        let ended = over.clone();
        thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                while let Some(packet) = to_alice.take() {
                    to_bob.give(Instant::now(), packet.bytes());
                }
                while let Some(packet) = to_bob.take() {
                    to_alice.give(Instant::now(), packet.bytes());
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        alice.phase(CallPhase::Active);
        bob.phase(CallPhase::Active);
        Self { bob, _alice: alice, _network: Network(over) }
    }

    /// Waits; says how long it took.
    fn until(&self, what: &str, check: impl Fn(&VoiceStatus, &VoiceStats) -> bool) -> Duration {
        let start = Instant::now();
        while !check(&self.bob.status(), &self.bob.stats()) {
            assert!(start.elapsed() < LONG, "never {what}: {:?} {:?}", self.bob.status(), self.bob.stats());
            thread::sleep(Duration::from_millis(10));
        }
        start.elapsed()
    }
}

fn open_as(state: &DeviceState, name: &str) -> bool {
    matches!(state, DeviceState::Open { name: found } if found.contains(name))
}

/// One is open, and not this one. Which one the server takes is its own choice.
fn another(state: &DeviceState, name: &str) -> bool {
    matches!(state, DeviceState::Open { .. }) && !open_as(state, name)
}

#[test]
fn a_call_outlives_the_speaker_and_the_microphone_it_began_with() {
    let Some(server) = SoundServer::start() else { return };
    let [speaker, mouth, _, _] = ["speaker", "mouth", "headset", "throat"].map(|name| server.add_sink(name));
    server.add_source("desk", "mouth");
    server.add_source("boom", "throat");
    server.set_default_sink("speaker");
    server.set_default_source("desk");
    let call = Call::start(&server, &AudioSettings::unprocessed());
    call.until("heard", |status, _| status.hearing == Hearing::Heard);
    assert!(open_as(&call.bob.status().speaker, "speaker"));
    call.bob.notices();

    server.remove_sink(speaker);
    let took = call.until("another speaker", |status, _| another(&status.speaker, "speaker"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    // The microphone of a sink goes with it.
    server.remove_sink(mouth);
    let took = call.until("another microphone", |status, _| another(&status.microphone, "desk"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    let notices = call.bob.notices();
    assert!(notices.iter().any(|n| matches!(n, Notice::SpeakerMoved | Notice::SpeakerLost)), "{notices:?}");
    assert!(notices.iter().any(|n| matches!(n, Notice::MicrophoneMoved | Notice::MicrophoneLost)), "{notices:?}");
    call.until("heard again", |status, _| status.hearing != Hearing::NotArriving);
}

#[test]
fn without_any_microphone_the_call_goes_on_and_takes_one_that_is_plugged_in() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let call = Call::start(&server, &AudioSettings::unprocessed());
    call.until("no microphone", |status, _| status.hearing == Hearing::NoMicrophone);
    assert_eq!(call.bob.status().microphone, DeviceState::Missing);
    server.add_sink("mouth");
    server.add_source("desk", "mouth");
    call.until("a microphone", |status, _| open_as(&status.microphone, "desk"));
}

#[test]
fn the_chosen_speaker_that_is_not_there_is_replaced_with_a_word_and_taken_when_it_comes() {
    let Some(server) = SoundServer::start() else { return };
    server.add_sink("speaker");
    let settings = AudioSettings { output: Some("headset".to_owned()), ..AudioSettings::unprocessed() };
    let call = Call::start(&server, &settings);
    call.until("the default", |status, _| open_as(&status.speaker, "speaker"));
    assert!(call.bob.notices().contains(&Notice::SpeakerReplaced));
    server.add_sink("headset");
    call.until("the chosen one", |status, _| open_as(&status.speaker, "headset"));
}

#[test]
fn unplugging_the_chosen_speaker_is_one_line_that_says_what_is_used_instead() {
    let Some(server) = SoundServer::start() else { return };
    let [_, headset] = ["speaker", "headset"].map(|name| server.add_sink(name));
    server.set_default_sink("speaker");
    let settings = AudioSettings { output: Some("headset".to_owned()), ..AudioSettings::unprocessed() };
    let call = Call::start(&server, &settings);
    call.until("the chosen one", |status, _| open_as(&status.speaker, "headset"));
    call.bob.notices();
    server.remove_sink(headset);
    call.until("the default", |status, _| open_as(&status.speaker, "speaker"));
    assert_eq!(call.bob.notices(), [Notice::SpeakerReplaced]);
}
