//! Calls between whole engines over real UDP on this computer, in real time, with `.wav` files as sound cards.

use crate::lab::{PASSWORD, Person, Start, attacker, befriend, ip, person};
use crate::logs::Log;
use p2p_comm_engine::attacker::Stream;
use p2p_comm_engine::media;
use p2p_comm_engine::media::device::{DeviceError, Input, Output, SoundSystem, Watch};
use p2p_comm_engine::{
    AudioDevices, AudioSettings, CallEnd, CallNumber, CallPhase, CallRecord, Code, Content, DeviceState, Hearing,
    NetConfig, Options, PeerId, Quality, Sender, Switch,
};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::Thread;
use std::time::Duration;
use tempfile::TempDir;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const RATE: u32 = 48_000;
/// Amplitude of the tones: -20 dBFS peak.
const LOUD: f32 = 0.1;

/// Somebody whose microphone hums one tone and whose speaker is a file.
struct Caller {
    person: Person,
    speaker: PathBuf,
    _files: TempDir,
}

/// A mistake of the program, met by its voice thread.
struct Mistake;

impl SoundSystem for Mistake {
    fn devices(&self) -> AudioDevices {
        AudioDevices::default()
    }

    fn open_input(&self, _: Option<&str>, _: Thread) -> Result<Input, DeviceError> {
        Err(DeviceError::Missing)
    }

    fn open_output(&self, _: Option<&str>, _: Thread) -> Result<Output, DeviceError> {
        Err(DeviceError::Missing)
    }

    fn watch(&self) -> Watch {
        panic!("a mistake")
    }
}

async fn caller(name: &'static str, pitch: Option<f32>, settings: AudioSettings) -> Caller {
    let files = TempDir::new().unwrap();
    let (microphone, speaker) = (files.path().join("mic.wav"), files.path().join("speaker.wav"));
    if let Some(pitch) = pitch {
        hum(&microphone, pitch);
    }
    let sound = media::device::files(Some(microphone), Some(speaker.clone()));
    caller_with(name, sound, settings, speaker, files).await
}

async fn caller_with(
    name: &'static str,
    sound: Arc<dyn SoundSystem>,
    settings: AudioSettings,
    speaker: PathBuf,
    files: TempDir,
) -> Caller {
    let config = NetConfig { bind: Some(LOOPBACK), ..NetConfig::default() };
    let options = Options::default().with_sound(sound);
    let person = Start { name, ip: LOOPBACK, password: "four random words here", config, options }.go().await;
    person.handle.set_audio_settings(settings).await.unwrap();
    Caller { person, speaker, _files: files }
}

fn plain() -> AudioSettings {
    AudioSettings::unprocessed()
}

/// 60 s of a tone.
fn hum(path: &Path, pitch: f32) {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..60 * RATE {
        let sample = (std::f32::consts::TAU * pitch * n as f32 / RATE as f32).sin() * LOUD;
        wav.write_sample((sample * 32767.0) as i16).unwrap();
    }
    wav.finalize().unwrap();
}

/// What a speaker's file holds, ±1.
fn heard(path: &Path) -> Vec<f32> {
    let mut wav = hound::WavReader::open(path).unwrap();
    wav.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32768.0).collect()
}

/// Amplitude of one pitch in each 100 ms.
fn amplitudes(samples: &[f32], pitch: f32) -> Vec<f32> {
    let amplitude = |span: &[f32]| {
        let (mut sine, mut cosine) = (0.0, 0.0);
        for (n, sample) in span.iter().enumerate() {
            let angle = std::f32::consts::TAU * pitch * n as f32 / RATE as f32;
            sine += sample * angle.sin();
            cosine += sample * angle.cos();
        }
        2.0 * sine.hypot(cosine) / span.len() as f32
    };
    samples.chunks_exact(RATE as usize / 10).map(amplitude).collect()
}

impl Caller {
    async fn until_phase(&mut self, phase: CallPhase) -> CallNumber {
        self.person
            .until(&format!("{phase:?}"), async |handle| {
                handle.current_call().await.unwrap().filter(|call| call.phase == phase).map(|call| call.number)
            })
            .await
    }

    async fn until_hearing(&mut self, hearing: Hearing) {
        self.person
            .until(&format!("{hearing:?}"), async |handle| {
                handle.current_call().await.unwrap().filter(|call| call.hearing == hearing).map(|_| ())
            })
            .await;
    }

    /// The call comes in, and rings through a speaker or is silent.
    async fn until_rings(&mut self, rings: bool) {
        self.person
            .until(if rings { "a ring" } else { "silence" }, async |handle| {
                let call = handle.current_call().await.unwrap()?;
                let open = matches!(call.speaker, DeviceState::Open { .. });
                (call.phase == CallPhase::Incoming && open == rings && call.silent != rings).then_some(())
            })
            .await;
    }

    async fn until_over(&mut self) {
        self.person.until("no call", async |handle| handle.current_call().await.unwrap().is_none().then_some(())).await;
    }

    async fn records(&self, peer: PeerId) -> Vec<(Sender, CallRecord)> {
        let record = |line: p2p_comm_engine::Line| match line.content {
            Content::Call { call } => Some((line.sender, call)),
            _ => None,
        };
        self.person.lines(peer).await.into_iter().filter_map(record).collect()
    }
}

async fn two(settings: AudioSettings) -> (Caller, Caller, PeerId, PeerId) {
    let mut alice = caller("alice", Some(440.0), settings.clone()).await;
    let mut bob = caller("bob", Some(700.0), settings).await;
    let (to_bob, to_alice) = befriend(&mut alice.person, &mut bob.person).await;
    (alice, bob, to_bob, to_alice)
}

/// Alice calls, bob accepts, and both have proof that they are heard.
async fn talk(alice: &mut Caller, bob: &mut Caller, to_bob: PeerId) -> (CallNumber, CallNumber) {
    let ours = alice.person.handle.start_call(to_bob).await.unwrap();
    let theirs = bob.until_phase(CallPhase::Incoming).await;
    alice.until_phase(CallPhase::Ringing).await;
    bob.person.handle.accept_call(theirs).await.unwrap();
    alice.until_hearing(Hearing::Heard).await;
    bob.until_hearing(Hearing::Heard).await;
    (ours, theirs)
}

async fn seconds(span: u64) {
    tokio::time::sleep(Duration::from_secs(span)).await;
}

/// Tenths of a second at the beginning in which the program's own sounds are heard, and the buffers settle.
const SETTLING: usize = 15;

/// The pitch is there at the right level for at least `tenths`, without a gap or a click in between.
fn assert_clean(samples: &[f32], pitch: f32, tenths: usize) {
    let samples = &samples[(SETTLING * RATE as usize / 10).min(samples.len())..];
    let levels = amplitudes(samples, pitch);
    let good = |level: &f32| (LOUD * 0.7..LOUD * 1.3).contains(level);
    let first = levels.windows(5).position(|five| five.iter().all(good)).expect("heard");
    let last = levels.windows(5).rposition(|five| five.iter().all(good)).unwrap() + 4;
    assert!(last - first >= tenths, "{first} to {last}: {levels:?}");
    let whole = &levels[first..=last];
    let bad = whole.iter().filter(|level| !good(level)).count();
    assert!(bad * 50 <= whole.len(), "{bad} of {}: {whole:?}", whole.len());
    let span = RATE as usize / 10;
    // The steepest part of a sine, and room for the codec.
    let steepest = LOUD * std::f32::consts::TAU * pitch / RATE as f32 * 3.0;
    let inside = &samples[first * span..last * span];
    let jump = inside.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(jump <= steepest, "a click of {jump}, a sine has {steepest}");
}

#[tokio::test]
async fn each_hears_the_other_at_the_right_level_and_without_a_click() {
    let (mut alice, mut bob, to_bob, to_alice) = two(plain()).await;
    let (call, _) = talk(&mut alice, &mut bob, to_bob).await;
    seconds(4).await;
    let stats = alice.person.handle.voice_stats().await.unwrap().unwrap();
    assert_eq!((stats.codec.as_str(), stats.malformed), ("opus", 0));
    assert!(stats.rtt_ms.is_some() && stats.mouth_to_ear_ms.is_some(), "{stats:?}");
    alice.person.handle.end_call(call).await.unwrap();
    bob.until_over().await;
    alice.until_over().await;
    seconds(2).await;
    assert_clean(&heard(&bob.speaker), 440.0, 20);
    assert_clean(&heard(&alice.speaker), 700.0, 20);
    let [(sender, record)] = alice.records(to_bob).await[..] else { panic!() };
    assert_eq!((sender, record.end), (Sender::Me, CallEnd::HungUp));
    assert!(record.seconds >= Some(4), "{record:?}");
    assert_eq!(bob.records(to_alice).await[0].0, Sender::Them);
}

#[tokio::test]
async fn uncompressed_sound_is_used_when_both_choose_it() {
    let settings = AudioSettings { quality: Quality::Uncompressed, ..plain() };
    let (mut alice, mut bob, to_bob, _) = two(settings).await;
    let (call, _) = talk(&mut alice, &mut bob, to_bob).await;
    alice
        .person
        .until("pcm", async |handle| handle.current_call().await.unwrap().filter(|call| call.uncompressed).map(|_| ()))
        .await;
    seconds(4).await;
    alice.person.handle.end_call(call).await.unwrap();
    bob.until_over().await;
    seconds(2).await;
    assert_clean(&heard(&bob.speaker), 440.0, 20);
}

#[tokio::test]
async fn a_muted_microphone_is_silent_and_both_know() {
    let (mut alice, mut bob, to_bob, _) = two(plain()).await;
    talk(&mut alice, &mut bob, to_bob).await;
    alice.person.handle.set_muted(true).await.unwrap();
    alice.until_hearing(Hearing::Muted).await;
    bob.person
        .until("alice is muted", async |handle| {
            handle.current_call().await.unwrap().filter(|call| call.peer_muted).map(|_| ())
        })
        .await;
    seconds(2).await;
    let samples = heard(&bob.speaker);
    let last = amplitudes(&samples[samples.len() - RATE as usize / 2..], 440.0);
    assert!(last.iter().all(|level| *level < LOUD / 100.0), "{last:?}");
    alice.person.handle.set_muted(false).await.unwrap();
    alice.until_hearing(Hearing::Heard).await;
}

#[tokio::test]
async fn without_a_microphone_one_listens() {
    let mut alice = caller("alice", None, plain()).await;
    let mut bob = caller("bob", Some(700.0), plain()).await;
    let (to_bob, _) = befriend(&mut alice.person, &mut bob.person).await;
    alice.person.handle.start_call(to_bob).await.unwrap();
    let theirs = bob.until_phase(CallPhase::Incoming).await;
    bob.person.handle.accept_call(theirs).await.unwrap();
    alice.until_hearing(Hearing::NoMicrophone).await;
    bob.until_hearing(Hearing::Heard).await;
    let call = alice.person.handle.current_call().await.unwrap().unwrap();
    assert!(!matches!(call.microphone, DeviceState::Open { .. } | DeviceState::Closed), "{call:?}");
    seconds(4).await;
    assert_clean(&heard(&alice.speaker), 700.0, 15);
}

#[tokio::test]
async fn a_third_person_finds_bob_busy_and_leaves_a_missed_call() {
    let (mut alice, mut bob, to_bob, to_alice) = two(plain()).await;
    let mut carol = caller("carol", Some(900.0), plain()).await;
    let (carol_to_bob, bob_to_carol) = befriend(&mut carol.person, &mut bob.person).await;
    talk(&mut alice, &mut bob, to_bob).await;
    carol.person.handle.start_call(carol_to_bob).await.unwrap();
    carol.until_over().await;
    assert_eq!(carol.records(carol_to_bob).await[0].1.end, CallEnd::Busy);
    let missed = bob.records(bob_to_carol).await;
    assert_eq!((missed[0].0, missed[0].1.seconds), (Sender::Them, None));
    assert_eq!(bob.person.peer(bob_to_carol).await.unread, 1);
    assert!(bob.records(to_alice).await.is_empty());
    assert_eq!(bob.person.handle.start_call(bob_to_carol).await.unwrap_err().code, Code::InCall);
}

#[tokio::test]
async fn a_rejected_call_opens_no_microphone() {
    let (mut alice, mut bob, to_bob, _) = two(plain()).await;
    alice.person.handle.start_call(to_bob).await.unwrap();
    let theirs = bob.until_phase(CallPhase::Incoming).await;
    let call = bob.person.handle.current_call().await.unwrap().unwrap();
    assert_eq!(call.microphone, DeviceState::Closed);
    bob.person.handle.reject_call(theirs).await.unwrap();
    alice.until_over().await;
    assert_eq!(alice.records(to_bob).await[0].1, CallRecord { end: CallEnd::Rejected, seconds: None });
    assert_eq!(bob.person.handle.accept_call(theirs).await.unwrap_err().code, Code::NoCall);
}

#[tokio::test]
async fn a_call_that_must_not_disturb_opens_no_speaker_until_it_may_ring() {
    let (mut alice, mut bob, to_bob, to_alice) = two(plain()).await;
    bob.person.handle.set_do_not_disturb(true).await.unwrap();
    let call = alice.person.handle.start_call(to_bob).await.unwrap();
    bob.until_phase(CallPhase::Incoming).await;
    assert!(bob.person.handle.current_call().await.unwrap().unwrap().silent);
    alice.until_phase(CallPhase::Ringing).await;
    // Time in which it could ring.
    seconds(1).await;
    alice.person.handle.end_call(call).await.unwrap();
    bob.until_over().await;
    assert_eq!(bob.person.peer(to_alice).await.unread, 1, "it was missed all the same");
    assert!(!bob.speaker.exists(), "something was played");

    alice.person.handle.start_call(to_bob).await.unwrap();
    let theirs = bob.until_phase(CallPhase::Incoming).await;
    bob.person.handle.set_do_not_disturb(false).await.unwrap();
    bob.until_rings(true).await;
    bob.person.handle.set_peer_muted(to_alice, true).await.unwrap();
    bob.until_rings(false).await;
    bob.person.handle.set_peer_muted(to_alice, false).await.unwrap();
    bob.until_rings(true).await;
    bob.person.handle.set_peer_muted(to_alice, true).await.unwrap();
    bob.person.handle.accept_call(theirs).await.unwrap();
    alice.until_hearing(Hearing::Heard).await;
    bob.until_hearing(Hearing::Heard).await;
    assert!(!bob.person.handle.current_call().await.unwrap().unwrap().silent);
}

#[tokio::test]
async fn voice_that_does_not_open_is_counted_and_harms_no_call() {
    let network = p2p_comm_engine::mem::Network::new(2);
    let mut alice = person(&network, "alice", 1).await;
    let bob = attacker(&network, ip(2), PASSWORD);
    let mut bob = bob.dial(alice.socket(), 3).await.unwrap().rogue().unwrap();
    assert!(bob.hello().await);
    bob.say(Stream::Control, r#""kind":"profile","name":"bob","features":["call"]"#).await;
    let request = alice.until_requests(1).await[0].id;
    alice.handle.accept_request(request).await.unwrap();
    bob.hear_kind("profile").await.unwrap();
    let call = r#""kind":"call","conv":"direct","call":"AQIDBAUGBwg=""#;
    bob.say(Stream::Control, &format!(r#"{call},"state":"offer""#)).await;
    let number = alice.until("a call", async |handle| handle.current_call().await.unwrap()).await.number;
    alice.handle.accept_call(number).await.unwrap();

    let theirs = bob.hear_datagram().await.unwrap();
    let sealed = bob.voice(b"no packet at all");
    let (other_key, own) = (bob.token(Stream::Chat, r#""kind":"text""#), sealed.as_bytes());
    let mut changed = own.to_vec();
    changed[40] ^= 1;
    let unopened: [&[u8]; 6] = [b"x", &[0xff; 1000], other_key.as_bytes(), &theirs, &changed, &own[1..]];
    for datagram in unopened {
        assert!(bob.datagram(datagram));
    }
    let malformed = async |alice: &mut Person, count| {
        let stats = async |handle: &p2p_comm_engine::Handle| handle.voice_stats().await.unwrap().unwrap().malformed;
        alice.until(&format!("{count} malformed"), async |handle| (stats(handle).await == count).then_some(())).await;
    };
    malformed(&mut alice, 6).await;
    // It opens, and is no packet.
    assert!(bob.datagram(own));
    malformed(&mut alice, 7).await;
    let call = alice.handle.current_call().await.unwrap().unwrap();
    assert!(matches!(call.phase, CallPhase::Active | CallPhase::Reconnecting), "{call:?}");
    assert_eq!(bob.close_reason(), None);
}

#[tokio::test]
async fn alone_with_echo_one_hears_oneself_a_second_later() {
    let mut alice = caller("alice", Some(440.0), AudioSettings { echo: Switch::Off, ..plain() }).await;
    let echo = alice.person.handle.start_echo().await.unwrap();
    alice.person.until_state(echo, p2p_comm_engine::PeerState::Connected).await;
    let call = alice.person.handle.start_call(echo).await.unwrap();
    alice.until_hearing(Hearing::Heard).await;
    seconds(8).await;
    alice.person.handle.end_call(call).await.unwrap();
    seconds(2).await;
    assert_clean(&heard(&alice.speaker)[2 * RATE as usize..], 440.0, 15);
}

#[tokio::test]
async fn a_call_goes_on_after_six_seconds_without_a_network() {
    let network = p2p_comm_engine::mem::Network::new(1);
    let mut people = Vec::new();
    for (name, host) in [("alice", 1), ("bob", 2)] {
        let start = Start::new(&network, name, host);
        let options = start.options.clone().with_sound(media::device::echo());
        let person = Start { options, ..start }.go().await;
        person.handle.set_audio_settings(plain()).await.unwrap();
        people.push(Caller { person, speaker: PathBuf::new(), _files: TempDir::new().unwrap() });
    }
    let [mut alice, mut bob] = <[Caller; 2]>::try_from(people).ok().unwrap();
    let (to_bob, _) = befriend(&mut alice.person, &mut bob.person).await;
    talk(&mut alice, &mut bob, to_bob).await;
    network.cut(alice.person.ip, bob.person.ip);
    alice.until_phase(CallPhase::Reconnecting).await;
    bob.until_phase(CallPhase::Reconnecting).await;
    seconds(4).await;
    network.heal(alice.person.ip, bob.person.ip);
    let healed = std::time::Instant::now();
    alice.until_phase(CallPhase::Active).await;
    alice.until_hearing(Hearing::Heard).await;
    bob.until_hearing(Hearing::Heard).await;
    assert!(healed.elapsed() < Duration::from_secs(5), "{:?}", healed.elapsed());
    assert!(alice.records(to_bob).await.is_empty());
}

#[tokio::test]
async fn a_voice_thread_that_breaks_down_ends_its_call_and_is_in_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let files = TempDir::new().unwrap();
    let mut alice = caller_with("alice", Arc::new(Mistake), plain(), files.path().join("none.wav"), files).await;
    let mut bob = caller("bob", Some(700.0), plain()).await;
    let (to_bob, to_alice) = befriend(&mut alice.person, &mut bob.person).await;
    bob.person.handle.start_call(to_alice).await.unwrap();
    bob.until_over().await;
    alice.until_over().await;
    assert_eq!(alice.records(to_bob).await.len(), 1);
    assert!(log.text().contains("the voice thread broke down"), "{}", log.text());
}
