use super::voice::Ear;
use crate::wire::KeyLife;
use crate::{Attempt, ConnId, DialFailure, Event, Identity, Input, Node, Output, Proven};
use bytes::Bytes;
use p2p_comm_crypto::{DeviceSecret, Exchange, Key, Password, PasswordKey, Role, Salt, Secrets, Transcript, derive};
use p2p_comm_model::{Code, Content, Host, Name, PeerAddress, PeerId, PeerState, Text};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static KEY: LazyLock<Key<PasswordKey>> = LazyLock::new(|| derive(&Password::parse("shared").unwrap(), &Salt([1; 16])));

/// Nodes 0, 1, … at 10.0.0.1, 10.0.0.2, …; every connection is proven, all delays are random from the seed.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) nodes: Vec<Node>,
    pub(super) events: Vec<Vec<Event>>,
    /// Nodes that answer calls.
    pub(super) up: Vec<bool>,
    /// Open connections: both ends.
    pub(super) conns: BTreeMap<ConnId, (usize, ConnId)>,
    queue: BTreeMap<(Instant, u64), (usize, Input)>,
    pub(super) rng: StdRng,
    next: u64,
    /// When the newest frame of each direction arrives: streams keep their order.
    arrives: BTreeMap<(ConnId, crate::Stream), Instant>,
    pub(super) dials: usize,
    pub(super) cancels: usize,
    /// The newest attempt of anybody.
    pub(super) newest: Option<Attempt>,
    /// Ends of connections whose packets go nowhere, without anybody being told.
    pub(super) dead: BTreeSet<ConnId>,
    /// Until then nothing passes between anybody; streams make up for it afterwards.
    pub(super) outage: Instant,
    /// Counts what is written to control streams. With `Some(n)` the `n`th from now is lost with its connection.
    pub(super) cut_in: Option<usize>,
    pub(super) ears: Vec<Ear>,
}

pub(super) fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

pub(super) fn text(text: &str) -> Content {
    Text::parse(text).unwrap().into()
}

fn ip(node: usize) -> IpAddr {
    IpAddr::from([10, 0, 0, node as u8 + 1])
}

pub(super) fn socket(node: usize) -> SocketAddr {
    SocketAddr::new(ip(node), 47800)
}

pub(super) fn address(node: usize) -> PeerAddress {
    PeerAddress { host: Host::Ip(ip(node)), port: 47800 }
}

pub(super) const NAMES: [&str; 3] = ["alice", "bob", "carol"];

impl World {
    pub(super) fn new(seed: u64, nodes: usize) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        let now = Instant::now();
        let mut this = Self {
            now,
            nodes: (0..nodes).map(|node| Node::new([seed as u8 ^ node as u8; 32])).collect(),
            events: vec![Vec::new(); nodes],
            up: vec![true; nodes],
            conns: BTreeMap::new(),
            queue: BTreeMap::new(),
            rng,
            next: 1,
            arrives: BTreeMap::new(),
            dials: 0,
            cancels: 0,
            newest: None,
            dead: BTreeSet::new(),
            outage: now,
            cut_in: None,
            ears: vec![Ear::new(now); nodes],
        };
        for node in 0..nodes {
            this.connect(node);
        }
        this
    }

    /// Begins a session with a fresh device key.
    pub(super) fn connect(&mut self, node: usize) {
        let seed = self.rng.random();
        self.connect_as(node, &seed, KeyLife::Session);
    }

    /// Begins a session with this device key.
    pub(super) fn connect_as(&mut self, node: usize, seed: &[u8; 32], life: KeyLife) {
        let device = DeviceSecret::from_seed(seed);
        let identity = Identity { name: name(NAMES[node]), device, life, candidates: vec![socket(node)] };
        self.nodes[node].connect(self.now, identity);
        self.drain(node);
    }

    /// The program of this node dies and starts again with an empty list.
    pub(super) fn restart(&mut self, node: usize) {
        self.kill(node);
        self.connect(node);
    }

    /// The program of this node dies without a word.
    pub(super) fn kill(&mut self, node: usize) {
        self.cut_all(node, false);
        self.queue.retain(|_, (to, _)| *to != node);
        self.nodes[node] = Node::new(self.rng.random());
        self.events[node].clear();
    }

    pub(super) fn add(&mut self, node: usize, other: usize) -> PeerId {
        let peer = self.nodes[node].add_peer(self.now, name(NAMES[other]), vec![address(other)]).unwrap();
        self.drain(node);
        peer
    }

    pub(super) fn send(&mut self, node: usize, peer: PeerId, words: &str) -> u64 {
        let counter = self.nodes[node].send(self.now, peer, 0, text(words), None).unwrap();
        self.drain(node);
        counter
    }

    pub(super) fn state(&self, node: usize, peer: PeerId) -> PeerState {
        self.nodes[node].peer_state(peer, self.now, 0).unwrap()
    }

    pub(super) fn received(&self, node: usize) -> Vec<String> {
        let words = |event: &Event| match event {
            Event::Received { content: Content::Text { text }, .. } => Some(text.as_str().to_owned()),
            _ => None,
        };
        self.events[node].iter().filter_map(words).collect()
    }

    /// Breaks every connection of a node; the others hear of it only if `told`.
    pub(super) fn cut_all(&mut self, node: usize, told: bool) {
        let ends: Vec<_> = self.conns.iter().filter(|(_, (at, _))| *at == node).map(|(c, (_, o))| (*c, *o)).collect();
        for (conn, other) in ends {
            self.conns.remove(&conn);
            let Some((far, _)) = self.conns.remove(&other) else { continue };
            self.push(Duration::ZERO, node, Input::Closed { conn, reason: None });
            if told {
                self.push(Duration::ZERO, far, Input::Closed { conn: other, reason: None });
            }
        }
    }

    /// Makes a proven connection from `dialer` to `listener`, as the network would.
    pub(super) fn prove(&mut self, dialer: usize, listener: usize, dialed_for: Option<PeerId>) {
        let (a, b) = (ConnId(self.next), ConnId(self.next + 1));
        self.next += 2;
        self.conns.insert(a, (dialer, b));
        self.conns.insert(b, (listener, a));
        let (ours, theirs) = secrets(self.rng.random());
        let outage = self.outage.saturating_duration_since(self.now);
        let (da, db) = (outage + self.delay(), outage + self.delay());
        let dial = Proven { conn: a, role: Role::Dialer, secrets: ours, remote: socket(listener), dialed_for };
        let call = Proven { conn: b, role: Role::Listener, secrets: theirs, remote: socket(dialer), dialed_for: None };
        self.push(da, dialer, Input::Proven(dial));
        self.push(db, listener, Input::Proven(call));
        for (delay, node, conn) in [(da, dialer, a), (db, listener, b)] {
            for stream in [crate::Stream::Control, crate::Stream::Chat] {
                self.push(delay, node, Input::Writable { conn, stream });
            }
        }
        // Frames wait until both ends know the connection.
        let both = self.now + da.max(db);
        for stream in [crate::Stream::Control, crate::Stream::Chat] {
            self.arrives.insert((a, stream), both);
            self.arrives.insert((b, stream), both);
        }
    }

    /// Lets `duration` pass.
    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..1_000_000 {
            let message = self.queue.first_key_value().map(|((at, _), _)| *at);
            let timer = self.nodes.iter().enumerate().filter_map(|(n, node)| Some((node.poll_timeout()?, n))).min();
            let next = message.into_iter().chain(timer.map(|(at, _)| at)).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            if message.is_some_and(|at| at <= next) {
                let (_, (node, input)) = self.queue.pop_first().unwrap();
                self.nodes[node].handle(self.now, input);
                self.drain(node);
            } else if let Some((_, node)) = timer {
                self.nodes[node].handle(self.now, Input::Timeout);
                self.drain(node);
            }
        }
        panic!("the nodes do not come to rest");
    }

    pub(super) fn drain(&mut self, node: usize) {
        while let Some(output) = self.nodes[node].poll_output() {
            match output {
                Output::Event(event) => self.events[node].push(event),
                Output::Dial { attempt, addresses, .. } => self.dial(node, attempt, &addresses),
                Output::CancelDial { .. } => self.cancels += 1,
                Output::Transmit { conn, stream, bytes } => self.transmit(node, conn, stream, &bytes),
                Output::Close { conn, reason } => {
                    if let Some((_, other)) = self.conns.remove(&conn)
                        && !self.dead.contains(&conn)
                        && let Some((far, _)) = self.conns.remove(&other)
                    {
                        let delay = self.delay();
                        self.push(delay, far, Input::Closed { conn: other, reason: Some(reason) });
                    }
                }
            }
        }
    }

    fn dial(&mut self, node: usize, attempt: Attempt, addresses: &[PeerAddress]) {
        self.dials += 1;
        self.newest = Some(attempt);
        let there = |n: &usize| self.up[*n] && addresses.iter().any(|address| address.host == Host::Ip(ip(*n)));
        let target = (0..self.nodes.len()).find(there);
        let in_time = self.outage <= self.now + Duration::from_secs(5);
        match target.filter(|_| in_time) {
            Some(other) => self.prove(node, other, Some(attempt.peer)),
            None => {
                let failed = DialFailure { code: Code::NobodyAnswers, guesses: 0, elsewhere: false };
                self.push(Duration::from_secs(5), node, Input::DialFailed { attempt, failed });
            }
        }
    }

    /// The newest attempt of this node meets somebody who had a guess at the password and did not prove it.
    pub(super) fn guess(&mut self, node: usize) {
        let failed = DialFailure { code: Code::WrongPassword, guesses: 1, elsewhere: false };
        let attempt = self.newest.unwrap();
        self.nodes[node].handle(self.now, Input::DialFailed { attempt, failed });
        self.drain(node);
    }

    fn transmit(&mut self, node: usize, conn: ConnId, stream: crate::Stream, bytes: &[u8]) {
        let Some((_, other)) = self.conns.get(&conn).copied() else { return };
        let Some((far, _)) = self.conns.get(&other).copied() else { return };
        self.push(Duration::from_millis(1), node, Input::Writable { conn, stream });
        if self.dead.contains(&conn) {
            return;
        }
        if let Some(left) = self.cut_in.as_mut().filter(|_| stream == crate::Stream::Control) {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    self.cut_in = None;
                    return self.cut_all(node, true);
                }
            }
        }
        let mut frames = split(bytes);
        // The header of the stream is read by the network.
        if frames[0].starts_with(b"{\"stream\"") {
            frames.remove(0);
        }
        let delay = self.outage.saturating_duration_since(self.now) + self.delay();
        let last = self.arrives.entry((conn, stream)).or_insert(self.now);
        *last = (*last).max(self.now + delay);
        let at = last.saturating_duration_since(self.now);
        self.push(at, far, Input::Frames { conn: other, stream, frames });
    }

    pub(super) fn push(&mut self, delay: Duration, node: usize, input: Input) {
        self.next += 1;
        self.queue.insert((self.now + delay, self.next), (node, input));
    }

    fn delay(&mut self) -> Duration {
        Duration::from_micros(self.rng.random_range(100..80_000))
    }
}

pub(super) fn split(mut bytes: &[u8]) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        frames.push(Bytes::copy_from_slice(frame));
        bytes = rest;
    }
    frames
}

pub(super) fn secrets(seed: [u8; 32]) -> (Box<Secrets>, Box<Secrets>) {
    let a = Exchange::start(Role::Dialer, &KEY, seed).unwrap();
    let b = Exchange::start(Role::Listener, &KEY, seed.map(|byte| !byte)).unwrap();
    let (x, y) = (*a.element(), *b.element());
    let t = Transcript::new().finish(&seed, &[0; 32]);
    let (ka, kb) = (a.finish(&y).unwrap(), b.finish(&x).unwrap());
    let secrets = |role, key| Box::new(Secrets::new(role, t, key, &[0; 32]));
    (secrets(Role::Dialer, &ka), secrets(Role::Listener, &kb))
}

/// The inside of a chat stream's first token, with the first message of some run.
pub(super) fn first(content: Content) -> Vec<u8> {
    let epoch = p2p_comm_model::Epoch([0; 16]);
    crate::wire::ChatMessage::to_json(0, &crate::Outgoing { epoch, counter: 1, at: 0, content, life: None })
}
