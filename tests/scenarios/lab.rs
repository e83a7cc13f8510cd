use p2p_comm_engine::attacker::Attacker;
use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{
    ChangesReceiver, Content, Delivery, Engine, Error, Handle, Line, NetConfig, Notice, Options, Password, PeerAddress,
    PeerId, PeerSnapshot, PeerState, RequestSnapshot, Sender,
};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Nothing in a scenario takes longer, in virtual time.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);
/// How often to look again at what no shell is told of.
const TICK: Duration = Duration::from_millis(100);
/// What everybody but an attacker uses.
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) fn ip(host: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, host])
}

/// Source number `n` outside of everybody's network.
pub(crate) fn far(n: u8) -> IpAddr {
    IpAddr::from([192, 0, n, 1])
}

/// Lets virtual time pass for its own sake: a budget that runs out, an outage that lasts.
pub(crate) async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// One person with a running engine.
pub(crate) struct Person {
    pub(crate) handle: Handle,
    pub(crate) changes: ChangesReceiver,
    pub(crate) ip: IpAddr,
    pub(crate) name: &'static str,
    config: NetConfig,
    port: u16,
}

/// Where and how somebody starts.
pub(crate) struct Start<'a> {
    pub(crate) name: &'static str,
    pub(crate) ip: IpAddr,
    pub(crate) password: &'a str,
    pub(crate) config: NetConfig,
    pub(crate) options: Options,
}

impl Start<'_> {
    pub(crate) fn new(network: &Network, name: &'static str, host: u8) -> Self {
        let options = Options::in_memory(network, ip(host));
        Self { name, ip: ip(host), password: PASSWORD, config: NetConfig::default(), options }
    }

    pub(crate) async fn go(self) -> Person {
        self.prepared(async |_| ()).await
    }

    /// The same, with something to be done before the session begins.
    pub(crate) async fn prepared(self, prepare: impl AsyncFnOnce(&Handle)) -> Person {
        let handle = Engine::spawn(self.options);
        prepare(&handle).await;
        let changes = handle.changes().await.unwrap();
        let mut person = Person { handle, changes, ip: self.ip, name: self.name, config: self.config, port: 0 };
        person.connect(self.password).await.unwrap();
        person.port = person.handle.status().await.unwrap().port.unwrap();
        person
    }
}

/// Alice at 10.0.0.1 and bob at 10.0.0.2, not yet acquainted.
pub(crate) async fn alice_and_bob(network: &Network) -> (Person, Person) {
    (person(network, "alice", 1).await, person(network, "bob", 2).await)
}

pub(crate) async fn person(network: &Network, name: &'static str, host: u8) -> Person {
    Start::new(network, name, host).go().await
}

/// Somebody without manners who knows `password`.
pub(crate) fn attacker(network: &Network, ip: IpAddr, password: &str) -> Attacker {
    Attacker::new(network, ip, password).unwrap()
}

/// Adds each to the other's list and waits until both are connected; gives alice's entry of bob, and bob's of alice.
pub(crate) async fn befriend(alice: &mut Person, bob: &mut Person) -> (PeerId, PeerId) {
    let (to_bob, to_alice) = (alice.add(bob).await, bob.add(alice).await);
    alice.until_state(to_bob, PeerState::Connected).await;
    bob.until_state(to_alice, PeerState::Connected).await;
    (to_bob, to_alice)
}

/// A message from each to the other arrives.
pub(crate) async fn talk(alice: &Person, to_bob: PeerId, bob: &Person, to_alice: PeerId) {
    let there = alice.handle.send_text(to_bob, "are you there?").await.unwrap();
    let here = bob.handle.send_text(to_alice, "I am").await.unwrap();
    let both = async { (there.delivered().await.unwrap(), here.delivered().await.unwrap()) };
    within("two messages delivered", both).await;
}

/// Gives a future [`DEADLINE`].
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("never: {what}"))
}

impl Person {
    pub(crate) async fn connect(&self, password: &str) -> Result<(), Error> {
        self.handle.connect(self.name, Password::parse(password).unwrap(), self.config).await
    }

    pub(crate) fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.ip, self.port)
    }

    pub(crate) fn address(&self) -> PeerAddress {
        self.socket().into()
    }

    pub(crate) async fn add(&self, other: &Self) -> PeerId {
        self.handle.add_peer(other.name, vec![other.address()]).await.unwrap()
    }

    pub(crate) async fn add_at(&self, label: &str, address: SocketAddr) -> PeerId {
        self.handle.add_peer(label, vec![address.into()]).await.unwrap()
    }

    pub(crate) async fn peer(&self, peer: PeerId) -> PeerSnapshot {
        self.handle.peers().await.unwrap().into_iter().find(|p| p.id == peer).unwrap()
    }

    pub(crate) async fn requests(&self) -> Vec<RequestSnapshot> {
        self.handle.requests().await.unwrap()
    }

    /// Waits until `check` holds; says what it saw last if it never does.
    pub(crate) async fn until<T>(&mut self, what: &str, mut check: impl AsyncFnMut(&Handle) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = check(&self.handle).await {
                    return found;
                }
                // Some things change without a word to the shells: a second look from time to time.
                let _ = timeout(TICK, self.changes.next()).await;
            }
        };
        match timeout(DEADLINE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{}: never {what}; peers: {:#?}", self.name, self.handle.peers().await.unwrap()),
        }
    }

    pub(crate) async fn until_state(&mut self, peer: PeerId, state: PeerState) {
        self.until_state_is(peer, &format!("{state:?}"), |now| now == state).await;
    }

    /// Waits for a state; says how long it took.
    pub(crate) async fn until_state_is(
        &mut self,
        peer: PeerId,
        what: &str,
        is: impl Fn(PeerState) -> bool,
    ) -> Duration {
        let began = Instant::now();
        self.until(what, async |handle| {
            let peers = handle.peers().await.unwrap();
            peers.iter().any(|p| p.id == peer && is(p.state)).then_some(())
        })
        .await;
        began.elapsed()
    }

    pub(crate) async fn until_requests(&mut self, count: usize) -> Vec<RequestSnapshot> {
        self.until(&format!("{count} requests"), async |handle| {
            Some(handle.requests().await.unwrap()).filter(|requests| requests.len() == count)
        })
        .await
    }

    /// Everything that the other side has written so far, texts and links.
    pub(crate) async fn heard(&self, peer: PeerId) -> Vec<String> {
        words(&self.lines(peer).await, Sender::Them)
    }

    /// Every line of a conversation.
    pub(crate) async fn lines(&self, peer: PeerId) -> Vec<Line> {
        lines(&self.handle, peer).await
    }

    /// Everything written to a peer that has come that far, or further.
    pub(crate) async fn said(&self, peer: PeerId, delivery: Delivery) -> Vec<String> {
        let mut lines = self.lines(peer).await;
        lines.retain(|line| line.delivery >= Some(delivery));
        words(&lines, Sender::Me)
    }

    pub(crate) async fn notices(&self, peer: PeerId) -> Vec<Notice> {
        let notice = |line: Line| match line.content {
            Content::Notice { notice } => Some(notice),
            _ => None,
        };
        self.lines(peer).await.into_iter().filter_map(notice).collect()
    }

    pub(crate) async fn until_heard(&mut self, peer: PeerId, expected: &[impl AsRef<str>]) {
        let expected: Vec<_> = expected.iter().map(|word| word.as_ref().to_owned()).collect();
        let what = format!("heard {} messages", expected.len());
        self.until(&what, async |handle| {
            let heard = words(&lines(handle, peer).await, Sender::Them);
            (heard == expected).then_some(())
        })
        .await;
    }
}

async fn lines(handle: &Handle, peer: PeerId) -> Vec<Line> {
    let (mut lines, mut next) = (Vec::new(), 0);
    loop {
        let page = handle.page_from(peer, next).await.unwrap();
        let Some(last) = page.lines.last() else { return lines };
        next = last.seq + 1;
        lines.extend(page.lines);
    }
}

fn words(lines: &[Line], sender: Sender) -> Vec<String> {
    let word = |line: &Line| match &line.content {
        Content::Text { text } => Some(text.as_str().to_owned()),
        Content::Link { url, .. } => Some(url.as_str().to_owned()),
        _ => None,
    };
    lines.iter().filter(|line| line.sender == sender).filter_map(word).collect()
}
