use crate::calls::Calls;
use crate::chat::Inbox;
use crate::session::{Close, Session};
use crate::timer::Timers;
use crate::wire::KeyLife;
use entry::Entry;
use p2p_comm_crypto::DeviceSecret;
use p2p_comm_model::{Code, DeviceKey, Name, PeerId, RequestId, limits};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use request::Request;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

pub use call::CallView;
pub use entry::{Binding, PeerView};
pub use io::{Attempt, ConnId, DialFailure, DialPhase, Event, Input, Output, Proven, Stream};
pub use keep::{Kept, KeptPeer, Received};
pub use request::Silenced;
pub use roster::Watermarks;

mod call;
mod dial;
mod entry;
mod identify;
mod io;
mod keep;
mod request;
mod roster;
mod traffic;
mod verify;

/// Everything that this node knows about other people: the peer list, requests, proven connections, what waits for
/// whom, the call there is, and when to dial again. Lives as long as the program; [`Node::connect`] and [`Node::disconnect`] bracket a
/// session.
///
/// What the person does are methods (`node/roster.rs`, `node/call.rs`); what the network does is an [`Input`].
pub struct Node {
    session: Option<Identity>,
    rng: StdRng,
    entries: BTreeMap<PeerId, Entry>,
    /// The entries removed last, for undo.
    removed: VecDeque<(PeerId, Entry)>,
    requests: BTreeMap<RequestId, Request>,
    requests_allowed: bool,
    silenced: Silenced,
    sessions: BTreeMap<ConnId, Session>,
    inboxes: BTreeMap<DeviceKey, Inbox>,
    /// Entries are kept: see `node/keep.rs`.
    keeping: bool,
    calls: Calls,
    timers: Timers<Timer>,
    outputs: VecDeque<Output>,
    next_peer: u32,
    next_request: u32,
    confirmed: u64,
}

/// Who we are from Connect to Disconnect.
pub struct Identity {
    /// Display name.
    pub name: Name,
    /// Device key.
    pub device: DeviceSecret,
    /// How long the device key lives.
    pub life: KeyLife,
    /// `address:port` under which others may reach us.
    pub candidates: Vec<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// When to dial a peer again.
    Dial(PeerId),
    /// When to ask a quiet connection for a sign of life.
    Ping(ConnId),
    /// When to ask again while something is unacknowledged.
    Probe(ConnId),
    /// When a connection must have said who it is.
    Hello(ConnId),
    /// When a quiet connection counts as unreachable.
    Silence(ConnId),
    /// When a stranger's request is shown at last.
    Request(ConnId),
    /// When the call has something to say or to end.
    Call,
}

impl Node {
    /// An offline node with an empty peer list. `seed` feeds the jitter of its timers and the epochs of its messages.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            session: None,
            rng: StdRng::from_seed(seed),
            entries: BTreeMap::new(),
            removed: VecDeque::new(),
            requests: BTreeMap::new(),
            requests_allowed: true,
            silenced: Silenced::default(),
            sessions: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            keeping: false,
            calls: Calls::default(),
            timers: Timers::new(),
            outputs: VecDeque::new(),
            next_peer: 1,
            next_request: 1,
            confirmed: 0,
        }
    }

    /// Begins a session: every peer is dialled.
    pub fn connect(&mut self, now: Instant, identity: Identity) {
        self.session = Some(identity);
        let peers: Vec<_> = self.entries.keys().copied().collect();
        for peer in peers {
            self.dial_afresh(now, peer);
        }
        self.event(Event::Peers);
    }

    /// Changes where others may reach us. Who is connected already is not told.
    pub fn set_candidates(&mut self, candidates: Vec<SocketAddr>) {
        if let Some(identity) = &mut self.session {
            identity.candidates = candidates;
        }
    }

    /// Ends the session: says goodbye to everybody. The peer list and what waits for whom stay.
    pub fn disconnect(&mut self, now: Instant) {
        self.calls.stop(now, None);
        self.call_actions(now);
        self.session = None;
        for conn in std::mem::take(&mut self.sessions).into_keys() {
            self.outputs.push_back(Output::Close { conn, reason: Close::Bye });
        }
        let peers: Vec<_> = self.entries.keys().copied().collect();
        for peer in peers {
            self.forget_connections(peer);
        }
        self.requests.clear();
        self.timers = Timers::new();
        self.event(Event::Requests);
    }

    /// The network did something, or time passed.
    pub fn handle(&mut self, now: Instant, input: Input) {
        if let Input::Kept(kept) = input {
            return self.kept(now, kept);
        }
        if self.session.is_none() {
            return;
        }
        match input {
            Input::Kept(_) => {}
            Input::Proven(proven) => self.proven(now, proven),
            Input::Frames { conn, stream, frames } => self.frames(now, conn, stream, &frames),
            Input::Writable { conn, stream } => self.writable(now, conn, stream),
            Input::Violation { conn } => self.close(now, conn, Close::ProtocolError),
            Input::Closed { conn, reason } => self.closed(now, conn, reason),
            Input::DialPhase { attempt, phase } => self.dial_phase(attempt, phase),
            Input::Resolved { attempt, address, ips } => self.dial_resolved(attempt, &address, ips),
            Input::DialFailed { attempt, failed } => self.dial_failed(now, attempt, failed),
            Input::VoiceQuiet { conn } => self.voice_quiet(now, conn),
            Input::VoiceHeard { conn } => self.voice_heard(now, conn),
            Input::Timeout => self.timeout(now),
        }
    }

    /// Open connections, and the entries that they belong to.
    pub fn connections(&self) -> impl Iterator<Item = (ConnId, Option<PeerId>)> {
        self.sessions.iter().map(|(conn, session)| (*conn, session.entry))
    }

    /// The next thing to do, until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Node::handle`] with [`Input::Timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Dial(peer) => self.dial(now, peer),
                Timer::Ping(conn) => self.ping_if_quiet(now, conn),
                Timer::Probe(conn) => self.probe(now, conn),
                Timer::Hello(conn) => self.anonymous(now, conn),
                Timer::Silence(conn) => self.silent(now, conn),
                Timer::Request(conn) => self.show_request(now, conn),
                Timer::Call => self.call_timeout(now),
            }
        }
    }

    fn proven(&mut self, now: Instant, proven: Proven) {
        let Some(identity) = &self.session else { return };
        let Proven { conn, role, secrets, remote, dialed_for } = proven;
        let anonymous = self.sessions.values().filter(|s| s.peer.is_none() && s.dialed_for.is_none()).count();
        if dialed_for.is_none() && anonymous >= limits::STRANGERS {
            return self.outputs.push_back(Output::Close { conn, reason: Close::Busy });
        }
        self.confirmed = self.confirmed.saturating_add(1);
        let mut session = Session::new(now, role, *secrets, self.confirmed, remote, dialed_for);
        session.say_hello(&identity.device, identity.life);
        self.sessions.insert(conn, session);
        self.watch(now, conn);
        if let Some(peer) = dialed_for {
            self.dial_proved(peer);
        }
        self.produce(now, conn);
    }

    /// Closes a connection from our side.
    fn close(&mut self, now: Instant, conn: ConnId, reason: Close) {
        if self.sessions.contains_key(&conn) {
            self.outputs.push_back(Output::Close { conn, reason });
            self.closed(now, conn, None);
        }
    }

    /// Forgets a connection, and redials if it was the one in use.
    fn closed(&mut self, now: Instant, conn: ConnId, reason: Option<Close>) {
        let Some(session) = self.sessions.remove(&conn) else { return };
        for timer in [Timer::Ping, Timer::Probe, Timer::Hello, Timer::Silence, Timer::Request].map(|timer| timer(conn))
        {
            self.timers.stop(timer);
        }
        if let Some(peer) = session.entry {
            self.call_closed(now, peer, conn, reason);
            self.choose_connection(now, peer);
        } else if let Some(peer) = session.dialed_for.filter(|_| session.peer.is_none()) {
            // Proven, but gone before it said who it is.
            let code = if reason == Some(Close::OwnAddress) { Code::OwnAddress } else { Code::ConnectionLost };
            self.dial_ended(now, peer, code);
        }
    }

    fn event(&mut self, event: Event) {
        let state = matches!(
            event,
            Event::Peers
                | Event::Requests
                | Event::Call
                | Event::Delivery { .. }
                | Event::Entry { .. }
                | Event::Silenced
        );
        if !state || !self.is_last(&event) {
            self.outputs.push_back(Output::Event(event));
        }
    }

    /// Whether the same event waits at the end of the queue already.
    fn is_last(&self, event: &Event) -> bool {
        matches!(self.outputs.back(), Some(Output::Event(last)) if last == event)
    }
}
