//! A node and a peer of another make: one that lists other features, breaks rules, or says anything.

use super::world::{address, name, secrets, socket, split};
use crate::session::Session;
use crate::wire::{CallState, Control, Conversation, EndReason, KeyLife, Profile, ProfileLimits, Signal};
use crate::{Close, ConnId, Event, Identity, Input, Node, Output, Proven, Stream};
use p2p_comm_crypto::{DeviceSecret, Role};
use p2p_comm_model::{CallEnd, CallId, CallPhase, Code, PeerId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::{Duration, Instant};

const CONN: ConnId = ConnId(1);

/// Alice's node, and the other end of her connection to bob, in the test's hands.
struct Rig {
    now: Instant,
    node: Node,
    bob: PeerId,
    far: Session,
    heard: Vec<Signal>,
    events: Vec<Event>,
    closed: Option<Close>,
}

impl Rig {
    fn new(features: &[&str]) -> Self {
        let now = Instant::now();
        let mut node = Node::new([1; 32]);
        let (life, candidates) = (KeyLife::Session, Vec::new());
        let device = DeviceSecret::from_seed(&[1; 32]);
        node.connect(now, Identity { name: name("alice"), device, life, candidates });
        let bob = node.add_peer(now, name("bob"), vec![address(1)]).unwrap();
        let far = Session::new(now, Role::Listener, *secrets([9; 32]).1, 1, socket(0), None);
        let mut this = Self { now, node, bob, far, heard: Vec::new(), events: Vec::new(), closed: None };
        this.connect(9, 2);
        this.add(features);
        this
    }

    /// Alice's call proves the password to bob's device of this seed.
    fn connect(&mut self, pairing: u8, device: u8) {
        let (ours, theirs) = secrets([pairing; 32]);
        let (role, remote, dialed_for) = (Role::Dialer, socket(1), Some(self.bob));
        let proven = Proven { conn: CONN, role, secrets: ours, remote, dialed_for };
        self.node.handle(self.now, Input::Proven(proven));
        self.far = Session::new(self.now, Role::Listener, *theirs, 1, socket(0), None);
        self.far.say_hello(&DeviceSecret::from_seed(&[device; 32]), KeyLife::Session);
        self.writable();
        self.flush();
    }

    /// Bob has added alice.
    fn add(&mut self, features: &[&str]) {
        self.far.say_profile(Profile {
            name: name("bob"),
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
            limits: ProfileLimits::default(),
            observed: None,
            candidates: Vec::new(),
        });
        self.flush();
    }

    fn close(&mut self, reason: Option<Close>) {
        self.node.handle(self.now, Input::Closed { conn: CONN, reason });
        self.drain();
    }

    fn writable(&mut self) {
        for stream in [Stream::Control, Stream::Chat] {
            self.node.handle(self.now, Input::Writable { conn: CONN, stream });
        }
        self.drain();
    }

    fn drain(&mut self) {
        let mut written = false;
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::Transmit { stream: Stream::Control, bytes, .. } => {
                    written = true;
                    for frame in split(&bytes).into_iter().filter(|frame| !frame.starts_with(b"{\"stream\"")) {
                        if let Control::Call(signal) = self.far.open_control(&frame).unwrap() {
                            self.heard.push(signal);
                        }
                    }
                }
                Output::Event(event) => self.events.push(event),
                Output::Close { reason, .. } => self.closed = Some(reason),
                _ => {}
            }
        }
        if written {
            self.writable();
        }
    }

    fn flush(&mut self) {
        let bytes = self.far.control_bytes();
        let frames = split(&bytes).into_iter().filter(|frame| !frame.starts_with(b"{\"stream\"")).collect();
        self.node.handle(self.now, Input::Frames { conn: CONN, stream: Stream::Control, frames });
        self.drain();
    }

    fn say(&mut self, signal: Signal) {
        self.far.say_call(signal);
        self.flush();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.node.handle(self.now, Input::Timeout);
        self.drain();
    }

    fn ends(&self) -> Vec<CallEnd> {
        let end = |event: &Event| match event {
            Event::CallEnded { end, .. } => Some(*end),
            _ => None,
        };
        self.events.iter().filter_map(end).collect()
    }
}

#[test]
fn an_app_that_cannot_take_calls_is_not_called() {
    let mut rig = Rig::new(&["text", "link"]);
    assert_eq!(rig.node.start_call(rig.now, rig.bob), Err(Code::CallsUnsupported));
    rig.drain();
    assert!(rig.node.call().is_none() && rig.heard.is_empty());
}

#[test]
fn a_call_to_somebody_who_turns_out_to_be_unable_ends_at_once() {
    // Its profile has not come yet when the person calls.
    let mut rig = Rig::new(&["text"]);
    rig.close(None);
    rig.node.start_call(rig.now, rig.bob).unwrap();
    rig.connect(8, 2);
    assert_eq!(rig.node.call().unwrap().phase, CallPhase::Searching);
    rig.add(&["text"]);
    assert_eq!((rig.ends(), rig.node.call()), (vec![CallEnd::Unsupported], None));
    assert!(rig.heard.is_empty());
}

#[test]
fn offers_are_said_again_until_they_are_answered_and_every_offer_is_answered() {
    let mut rig = Rig::new(&["call"]);
    let number = rig.node.start_call(rig.now, rig.bob).unwrap();
    rig.drain();
    for _ in 0..3 {
        rig.pass(Duration::from_secs(2));
    }
    let id = rig.node.call().unwrap().id;
    assert_eq!(rig.heard, [Signal::new(id, CallState::Offer); 4]);
    rig.heard.clear();
    rig.node.end_call(rig.now, number).unwrap();
    rig.drain();
    assert_eq!(rig.heard, [Signal::ended(id, EndReason::Cancelled)]);
    rig.heard.clear();

    let theirs = CallId([7; 8]);
    for _ in 0..3 {
        rig.say(Signal::new(theirs, CallState::Offer));
    }
    // It rings once, is said to ring when it begins and to each offer.
    assert_eq!(rig.heard, [Signal::new(theirs, CallState::Ringing); 3]);
}

#[test]
fn who_speaks_of_a_call_that_we_do_not_know_is_told_so_once_for_each_word() {
    let mut rig = Rig::new(&["call"]);
    let id = CallId([7; 8]);
    rig.say(Signal::new(id, CallState::Active));
    rig.say(Signal::new(id, CallState::Ringing));
    assert_eq!(rig.heard, [Signal::ended(id, EndReason::Unknown); 2]);
    rig.say(Signal::ended(id, EndReason::Unknown));
    rig.say(Signal::new(CallId([8; 8]), CallState::Unknown));
    rig.say(Signal { conv: Conversation::Unknown, ..Signal::new(CallId([9; 8]), CallState::Offer) });
    assert_eq!((rig.heard.len(), rig.node.call(), rig.closed), (2, None, None));
}

impl Rig {
    /// Alice calls and bob accepts, or the other way round; gives the call's id.
    fn accepted(&mut self, outgoing: bool) -> CallId {
        if outgoing {
            self.node.start_call(self.now, self.bob).unwrap();
            let id = self.node.call().unwrap().id;
            self.say(Signal::new(id, CallState::Active));
            id
        } else {
            self.say(Signal::new(CallId([7; 8]), CallState::Offer));
            let number = self.node.call().unwrap().number;
            self.node.accept_call(self.now, number).unwrap();
            self.drain();
            CallId([7; 8])
        }
    }
}

#[test]
fn a_goodbye_ends_the_call_even_if_its_last_word_was_lost() {
    for outgoing in [false, true] {
        let mut rig = Rig::new(&["call"]);
        rig.accepted(outgoing);
        rig.close(Some(Close::Bye));
        assert_eq!(rig.ends(), [CallEnd::HungUp]);
    }
    let mut rig = Rig::new(&["call"]);
    rig.say(Signal::new(CallId([7; 8]), CallState::Offer));
    rig.close(Some(Close::Bye));
    assert_eq!(rig.ends(), [CallEnd::Cancelled]);
}

#[test]
fn another_device_does_not_take_up_the_call_of_the_one_before() {
    for outgoing in [false, true] {
        let mut rig = Rig::new(&["call"]);
        let id = rig.accepted(outgoing);
        rig.close(None);
        rig.heard.clear();
        rig.connect(8, 3);
        assert_eq!(rig.ends(), [CallEnd::Lost]);
        rig.add(&["call"]);
        assert_eq!(rig.heard, []);
        rig.say(Signal::new(id, CallState::Active));
        assert_eq!(rig.heard, [Signal::ended(id, EndReason::Lost)]);
        assert_eq!(rig.node.call(), None);
    }
}

#[test]
fn a_call_before_we_have_added_the_caller_breaks_the_protocol() {
    let now = Instant::now();
    let mut node = Node::new([1; 32]);
    let (life, candidates) = (KeyLife::Session, Vec::new());
    node.connect(now, Identity { name: name("alice"), device: DeviceSecret::from_seed(&[1; 32]), life, candidates });
    let (ours, theirs) = secrets([9; 32]);
    let (role, remote) = (Role::Listener, socket(1));
    node.handle(now, Input::Proven(Proven { conn: CONN, role, secrets: theirs, remote, dialed_for: None }));
    let mut far = Session::new(now, Role::Dialer, *ours, 1, socket(0), None);
    far.say_hello(&DeviceSecret::from_seed(&[2; 32]), KeyLife::Session);
    far.say_call(Signal::new(CallId([7; 8]), CallState::Offer));
    let frames = split(&far.control_bytes()).into_iter().skip(1).collect();
    node.handle(now, Input::Frames { conn: CONN, stream: Stream::Control, frames });
    let outputs: Vec<_> = std::iter::from_fn(|| node.poll_output()).collect();
    assert!(outputs.iter().any(|output| matches!(output, Output::Close { reason: Close::ProtocolError, .. })));
    assert!(node.call().is_none());
}

#[test]
fn a_peer_that_says_anything_at_all_opens_no_microphone_and_fills_no_memory() {
    for seed in 0..200 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut rig = Rig::new(&["call"]);
        let mut called = false;
        for _ in 0..rng.random_range(1..200) {
            let id = match rig.node.call() {
                Some(call) if rng.random() => call.id,
                _ => CallId(rng.random_range(0..40u64).to_be_bytes()),
            };
            let states =
                [CallState::Offer, CallState::Ringing, CallState::Active, CallState::Ended, CallState::Unknown];
            let state = states[rng.random_range(0..states.len())];
            match rng.random_range(0..12) {
                0 => rig.pass(Duration::from_millis(rng.random_range(0..3000))),
                1 if seed % 2 == 0 => called |= rig.node.start_call(rig.now, rig.bob).is_ok(),
                2 => rig.node.handle(rig.now, Input::VoiceHeard { conn: CONN }),
                3 => rig.node.handle(rig.now, Input::VoiceQuiet { conn: CONN }),
                _ => rig.say(Signal::new(id, state)),
            }
            rig.drain();
            let accepted = rig.node.call().and_then(|call| call.accepted).is_some();
            assert!(called || !accepted, "seed {seed}: nobody accepted");
        }
        assert_eq!(rig.closed, None, "seed {seed}");
        // The voice never comes, or the peer rings for ever: it ends.
        rig.node.handle(rig.now, Input::VoiceQuiet { conn: CONN });
        for _ in 0..60 {
            rig.pass(Duration::from_secs(1));
        }
        assert_eq!(rig.node.call(), None, "seed {seed}");
    }
}

#[test]
fn a_flood_of_offers_is_answered_busy_and_leaves_a_few_lines_a_minute() {
    let mut rig = Rig::new(&["call"]);
    for minute in 1..=3 {
        for n in 0..1000u64 {
            let id = CallId((minute * 10_000 + n).to_be_bytes());
            rig.say(Signal::new(id, CallState::Offer));
            rig.say(Signal::ended(id, EndReason::Cancelled));
        }
        assert_eq!(rig.ends().len() as u64, 6 * minute);
        rig.pass(Duration::from_secs(61));
        rig.say(Signal::ended(CallId([0; 8]), EndReason::Unknown));
    }
    let busy = rig.heard.iter().filter(|signal| signal.reason == Some(EndReason::Busy)).count();
    assert_eq!(busy, 3 * 994);
}
