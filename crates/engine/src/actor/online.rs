//! Between Connect and Disconnect.

use crate::actor::router::Router;
use crate::actor::{Actor, Dialing, News};
use crate::dial::{self, Dialer};
use crate::kdf::Kdf;
use crate::listen::{self, Listener};
use crate::{Error, engine::Options};
use p2p_comm_crypto::{DeviceSecret, Key, Password, PasswordKey, Salt};
use p2p_comm_model::{Code, Name, NodePhase, PeerAddress};
use p2p_comm_net::{BindError, CloseCode, Config, Endpoint};
use p2p_comm_proto::wire::KeyLife;
use p2p_comm_proto::{Attempt, Gate, Identity};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long a new session waits for the port of the one before.
const PORT_RETRIES: u32 = 20;
const PORT_PAUSE: Duration = Duration::from_millis(50);

/// The network of a session.
pub(crate) struct Online {
    pub(crate) endpoint: Endpoint,
    pub(crate) kdf: Arc<Kdf>,
    pub(crate) gate: Arc<Mutex<Gate>>,
    pub(super) router: Option<Router>,
    listen: JoinHandle<()>,
}

/// The socket of a session that is over, while it says goodbye.
#[derive(Clone, Default)]
pub(crate) struct Closing {
    port: u16,
    /// Gone once the goodbye is said.
    goodbye: Option<watch::Receiver<()>>,
}

impl Closing {
    /// Waits until everybody was told, or a second has passed; then the port is free.
    pub(crate) async fn done(mut self) {
        if let Some(goodbye) = &mut self.goodbye {
            while goodbye.changed().await.is_ok() {}
        }
    }
}

/// What a session starts with.
pub(crate) struct Ready {
    name: Name,
    network: Result<Network, Error>,
}

struct Network {
    endpoint: Endpoint,
    /// The person chose the port.
    chosen: bool,
    kdf: Arc<Kdf>,
    salt: Salt,
    key: Arc<Key<PasswordKey>>,
}

impl Actor {
    /// Begins a session; `reply` hears how it went.
    pub(crate) fn connect(
        &mut self,
        name: Name,
        password: Password,
        config: Config,
        reply: oneshot::Sender<Result<(), Error>>,
    ) {
        if self.phase != NodePhase::Offline {
            let _ = reply.send(Err(Code::AlreadyConnected.into()));
            return;
        }
        self.phase = NodePhase::Connecting;
        self.name = Some(name.to_string());
        self.session += 1;
        self.changes.status();
        let port = self.keep.profile().and_then(|profile| profile.port);
        let (options, before) = (self.options.clone(), Before { closing: self.closing.take(), port });
        let (session, sender) = (self.session, self.sender.clone());
        tokio::spawn(async move {
            let network = open(options, before, config, password).await;
            let _ = sender.send((session, News::Ready(Ready { name, network }, reply))).await;
        });
    }

    /// The socket is open and the key derived, or not.
    pub(crate) fn ready(&mut self, ready: Ready, reply: oneshot::Sender<Result<(), Error>>) {
        let result = match ready.network {
            Ok(network) => {
                self.go_online(ready.name, network);
                Ok(())
            }
            Err(error) => {
                self.phase = NodePhase::Offline;
                self.name = None;
                Err(error)
            }
        };
        self.changes.status();
        let _ = reply.send(result);
    }

    /// Ends the session. The peer list and the conversations stay.
    pub(crate) fn disconnect(&mut self) -> Closing {
        self.session += 1;
        self.stop_echo();
        self.node.disconnect(self.now());
        self.drain();
        for dialing in std::mem::take(&mut self.dials).into_values() {
            dialing.task.abort();
        }
        self.links.clear();
        self.observed.clear();
        self.guessers.clear();
        self.reached = false;
        self.kept_key = None;
        self.phase = NodePhase::Offline;
        self.name = None;
        if let Some(online) = self.online.take() {
            online.listen.abort();
            let endpoint = online.endpoint;
            let port = endpoint.local_port();
            endpoint.close(CloseCode::Bye);
            let (said, goodbye) = watch::channel(());
            tokio::spawn(async move {
                let goodbye = async { tokio::join!(endpoint.wait_idle(), Router::close(online.router)) };
                let _ = tokio::time::timeout(GOODBYE, goodbye).await;
                drop(endpoint);
                drop(said);
            });
            self.closing = Some(Closing { port, goodbye: Some(goodbye) });
            tracing::info!("disconnected");
        }
        self.changes.peers();
        self.closing.clone().unwrap_or_default()
    }

    pub(crate) fn online(&self) -> Option<&Online> {
        self.online.as_ref()
    }

    pub(super) fn dial(
        &mut self,
        attempt: Attempt,
        addresses: Vec<PeerAddress>,
        candidates: Vec<SocketAddr>,
        guesses: u8,
    ) {
        let Some(online) = &self.online else { return };
        let dialer = Dialer { endpoint: online.endpoint.clone(), kdf: online.kdf.clone(), mailbox: self.mailbox() };
        let (cancel, cancelled) = watch::channel(false);
        let task = tokio::spawn(dial::dial(dialer, attempt, addresses, candidates, guesses, cancelled));
        // An earlier attempt that is still proving goes on by itself.
        self.dials.insert(attempt.peer, Dialing { cancel, task });
    }

    /// Tells the gate who is on the list.
    pub(super) fn tell_gate(&mut self) {
        if let Some(online) = &self.online {
            let listed: Vec<_> = self.node.listed_addresses().collect();
            online.gate.lock().unwrap_or_else(PoisonError::into_inner).set_listed(listed);
        }
        self.dials.retain(|_, dialing| !dialing.task.is_finished());
    }

    fn go_online(&mut self, name: Name, network: Network) {
        let Network { endpoint, chosen, kdf, salt, key } = network;
        let gate = Arc::new(Mutex::new(Gate::default()));
        let listener = Listener::new(endpoint.clone(), gate.clone(), kdf.clone(), salt, key, self.mailbox());
        let port = endpoint.local_port();
        let listen = tokio::spawn(listen::listen(listener));
        self.online = Some(Online { endpoint, kdf, gate, router: None, listen });
        self.phase = NodePhase::Online;
        tracing::info!(port, "connected");
        let candidates = self.candidates();
        self.keep_profile(|profile| {
            profile.name = Some(name.clone());
            // Where another program had it just now, friends still have the one before in their lists.
            profile.port = profile.port.filter(|_| !chosen).or(Some(port));
        });
        self.kept_key = self.keep.profile().map(|profile| profile.seed.clone());
        let (device, life) = match &self.kept_key {
            Some(seed) => (DeviceSecret::from_seed(&seed.0), KeyLife::Kept),
            None => (DeviceSecret::from_seed(&rand::random()), KeyLife::Session),
        };
        self.node.connect(self.now(), Identity { name, device, life, candidates });
        self.ask_router();
    }
}

/// Where we could be found before.
struct Before {
    /// The session before, in this run.
    closing: Option<Closing>,
    /// The port that is kept.
    port: Option<u16>,
}

async fn open(options: Options, before: Before, config: Config, password: Password) -> Result<Network, Error> {
    let chosen = config.port != 0;
    let endpoint = bind(&options, before, config).await?;
    let kdf = Arc::new(Kdf::new(password));
    let salt = Salt(rand::random());
    let key = kdf.key(salt).await.ok_or_else(Error::stopped)?;
    Ok(Network { endpoint, chosen, kdf, salt, key })
}

/// Binds, if possible to the port that is kept, or to that of the session before: friends have it in their lists.
async fn bind(options: &Options, before: Before, config: Config) -> Result<Endpoint, BindError> {
    let Some(closing) = before.closing else {
        let same = before.port.filter(|_| config.port == 0).map(|port| (options.bind)(Config { port, ..config }));
        return match same {
            Some(Ok(endpoint)) => Ok(endpoint),
            Some(Err(_)) | None => (options.bind)(config),
        };
    };
    let port = closing.port;
    closing.done().await;
    let kept = before.port.filter(|kept| config.port == 0 && *kept != port);
    if let Some(Ok(endpoint)) = kept.map(|port| (options.bind)(Config { port, ..config })) {
        return Ok(endpoint);
    }
    let same = Config { port: if config.port == 0 { port } else { config.port }, ..config };
    for _ in 0..PORT_RETRIES {
        match (options.bind)(same) {
            Err(BindError::PortInUse) => tokio::time::sleep(PORT_PAUSE).await,
            bound => return bound,
        }
    }
    (options.bind)(config)
}
