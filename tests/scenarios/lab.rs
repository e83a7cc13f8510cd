use p2p_comm_engine::mem::Network;
use p2p_comm_engine::{
    ChangesReceiver, Content, Engine, Error, Handle, NetConfig, Options, Password, PeerAddress, PeerId, PeerSnapshot,
    PeerState, Sender, Windows,
};
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

/// Nothing in a scenario takes longer, in virtual time.
pub const DEADLINE: Duration = Duration::from_secs(120);

pub fn ip(host: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, host])
}

/// One person with a running engine.
pub struct Person {
    pub handle: Handle,
    pub changes: ChangesReceiver,
    pub ip: IpAddr,
    pub name: &'static str,
}

/// Where and how somebody starts.
pub struct Start<'a> {
    pub network: &'a Network,
    pub name: &'static str,
    pub host: u8,
    pub password: &'a str,
    pub windows: Windows,
}

impl Start<'_> {
    pub async fn go(self) -> Person {
        let handle = Engine::spawn(Options::in_memory(self.network, ip(self.host)));
        let changes = handle.changes().await.unwrap();
        let person = Person { handle, changes, ip: ip(self.host), name: self.name };
        person.connect(self.password, self.windows).await.unwrap();
        person
    }
}

/// Alice at 10.0.0.1 and bob at 10.0.0.2, not yet acquainted.
pub async fn alice_and_bob(network: &Network) -> (Person, Person) {
    (person(network, "alice", 1).await, person(network, "bob", 2).await)
}

pub async fn person(network: &Network, name: &'static str, host: u8) -> Person {
    Start { network, name, host, password: "correct horse", windows: Windows::Normal }.go().await
}

impl Person {
    pub async fn connect(&self, password: &str, windows: Windows) -> Result<(), Error> {
        let config = NetConfig { windows, ..NetConfig::default() };
        self.handle.connect(self.name, Password::parse(password).unwrap(), config).await
    }

    pub fn address(&self) -> PeerAddress {
        PeerAddress::parse(&format!("{}:47800", self.ip)).unwrap()
    }

    pub async fn add(&self, other: &Self) -> PeerId {
        self.handle.add_peer(other.name, other.address()).await.unwrap()
    }

    pub async fn peer(&self, peer: PeerId) -> PeerSnapshot {
        self.handle.peers().await.unwrap().into_iter().find(|p| p.id == peer).unwrap()
    }

    /// Waits until `check` holds; says what it saw last if it never does.
    pub async fn until<T>(&mut self, what: &str, mut check: impl AsyncFnMut(&Handle) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = check(&self.handle).await {
                    return found;
                }
                self.changes.next().await;
            }
        };
        match timeout(DEADLINE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{}: never {what}; peers: {:#?}", self.name, self.handle.peers().await.unwrap()),
        }
    }

    pub async fn until_state(&mut self, peer: PeerId, state: PeerState) {
        self.until(&format!("{state:?}"), async |handle| {
            let peers = handle.peers().await.unwrap();
            peers.iter().any(|p| p.id == peer && p.state == state).then_some(())
        })
        .await;
    }

    /// Everything that the other side has written so far, texts and links.
    pub async fn heard(&self, peer: PeerId) -> Vec<String> {
        words(&self.handle, peer).await
    }

    pub async fn until_heard(&mut self, peer: PeerId, expected: &[&str]) {
        self.until(&format!("{expected:?}"), async |handle| (words(handle, peer).await == expected).then_some(())).await;
    }
}

async fn words(handle: &Handle, peer: PeerId) -> Vec<String> {
    let (mut words, mut next) = (Vec::new(), 0);
    loop {
        let page = handle.page_from(peer, next).await.unwrap();
        let Some(last) = page.lines.last() else { return words };
        next = last.seq + 1;
        words.extend(page.lines.iter().filter(|line| line.sender == Sender::Them).filter_map(|line| match &line.content {
            Content::Text { text } => Some(text.as_str().to_owned()),
            Content::Link { url, .. } => Some(url.as_str().to_owned()),
            _ => None,
        }));
    }
}
