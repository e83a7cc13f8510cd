use crate::lab::{Start, attacker, befriend, ip, pass, talk, within};
use p2p_comm_engine::attacker::Stream;
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{Code, PeerState};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::Level;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::MakeWriter;

/// Our own crates; libraries log addresses, which is why the program switches them off.
const OURS: &str = " p2p_comm_";
/// Longer than any word of ours, shorter than any key in hexadecimal or Base64.
const KEY: usize = 22;

/// Everything that was logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A run with everything in it that could be logged; gives what was said on the wire.
async fn whole_run() -> Vec<String> {
    let network = Network::new(95);
    let start = |name, host| Start { password: "Sesam öffne dich", ..Start::new(&network, name, host) };
    let (mut alice, mut bob) = (start("Alicia Wunderland", 1).go().await, start("Robert Baumeister", 2).go().await);
    let (to_bob, to_alice) = befriend(&mut alice, &mut bob).await;
    talk(&alice, to_bob, &bob, to_alice).await;
    bob.handle.send_text(to_alice, "strictly confidential").await.unwrap();
    alice.handle.send_link(to_bob, "https://secret.example/path?token=hush").await.unwrap().delivered().await.unwrap();
    assert!(alice.handle.send_link(to_bob, "javascript:strictly()").await.is_err());
    assert!(alice.handle.send_text(to_bob, " ").await.is_err());

    // A wrong password, one's own address, somebody who breaks the protocol, and a request.
    let wrong = Start { password: "Simsalabim", ..Start::new(&network, "Carla Columna", 3) }.go().await;
    let to_carla = alice.add(&wrong).await;
    alice.until_state(to_carla, PeerState::Stopped { code: Code::DialingStopped }).await;
    let to_myself = alice.add(&alice).await;
    alice.until_state(to_myself, PeerState::Stopped { code: Code::OwnAddress }).await;
    let mut wire = Vec::new();
    let mallory = attacker(&network, ip(66), "Sesam öffne dich");
    let mut rogue = mallory.dial(alice.socket(), 3).await.unwrap().rogue().unwrap();
    rogue.hello().await;
    rogue.profile("Mallory Mustermann").await;
    let request = alice.until_requests(1).await[0].id;
    let to_mallory = alice.handle.accept_request(request).await.unwrap();
    alice.handle.send_text(to_mallory, "to mallory").await.unwrap();
    let heard = rogue.hear_kind("text").await.unwrap();
    wire.push(String::from_utf8(heard.token.to_vec()).unwrap());
    wire.push(rogue.epoch());
    rogue.say(Stream::Control, r#""kind":[]"#).await;
    within("closed", rogue.closed()).await;
    for _ in 0..7 {
        if let Some(call) = attacker(&network, ip(67), "Simsalabim").dial(alice.socket(), 3).await {
            within("closed", call.closed()).await;
        }
    }

    // An outage, a goodbye, a new session.
    network.cut(alice.ip, bob.ip);
    alice.until_state(to_bob, PeerState::Unreachable).await;
    pass(Duration::from_secs(60)).await;
    network.heal(alice.ip, bob.ip);
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.handle.disconnect().await.unwrap();
    bob.connect("Sesam öffne dich").await.unwrap();
    alice.until_state(to_bob, PeerState::Connected).await;
    wire.extend(alice.handle.peers().await.unwrap().into_iter().filter_map(|peer| peer.key));
    wire
}

#[tokio::test(start_paused = true)]
async fn a_whole_run_logs_no_secret_no_message_no_name_and_no_address() {
    let log = Log::default();
    // With a single one, tracing lets other threads, which have none, switch lines off for all.
    let _second = tracing::Dispatch::new(fmt().with_max_level(Level::TRACE).with_writer(io::sink).finish());
    let subscriber = fmt().with_max_level(Level::TRACE).with_ansi(false).without_time().with_writer(log.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let wire = whole_run().await;
    drop(guard);

    let all = log.text();
    let ours: Vec<_> = all.lines().filter(|line| line.contains(OURS)).collect();
    let events =
        ["connected", "pairing failed", "did not pair", "broke the protocol", "dropped a call", "disconnected"];
    for event in events {
        assert!(ours.iter().any(|line| line.contains(event)), "the run does not show what it should: {event}");
    }
    assert!(all.contains(" quinn_proto"), "libraries are in it, too");

    let said =
        ["Sesam", "ffne dich", "Simsalabim", "are you there", "I am", "strictly", "confidential", "secret.example"];
    let named = ["hush", "to mallory", "Alicia", "Robert", "Carla", "Mallory", "Wunderland"];
    for secret in said.into_iter().chain(named).chain(wire.iter().map(String::as_str)) {
        assert!(!all.contains(secret), "{secret:?} in the log: {}", line_with(&all, secret));
    }
    for line in ours {
        // The two lines that show an address do so in builds for developers only, and below `info`.
        let allowed = cfg!(debug_assertions) && line.starts_with("DEBUG p2p_comm_net::");
        assert!(allowed || !["10.0.0.", ":47800"].iter().any(|address| line.contains(address)), "an address: {line}");
        let longest = line.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=-".contains(c))).map(str::len).max();
        assert!(longest.unwrap_or(0) < KEY, "perhaps a key: {line}");
        assert!(line.matches(", ").count() < 8, "perhaps bytes: {line}");
    }
}

fn line_with<'a>(log: &'a str, needle: &str) -> &'a str {
    log.lines().find(|line| line.contains(needle)).unwrap_or_default()
}
