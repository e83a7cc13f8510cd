use crate::actor::Actor;
use crate::handle::Handle;
use p2p_comm_media::device::{self, SoundSystem};
use p2p_comm_net::{BindError, Config, Endpoint, PortMapping, Turn};
use p2p_comm_store::Vault;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Commands that wait for the actor at most; a caller that brings more waits.
const COMMANDS: usize = 256;

/// Starts actors.
pub struct Engine;

/// Asks the router for an endpoint's port; none where no router may be asked.
pub(crate) type AskRouter = dyn Fn(&Endpoint) -> Option<PortMapping> + Send + Sync;

/// What an engine does not decide itself.
#[derive(Clone)]
pub struct Options {
    pub(crate) bind: Arc<dyn Fn(Config) -> Result<Endpoint, BindError> + Send + Sync>,
    /// Begins to ask the router, for an endpoint that others could reach.
    pub(crate) map: Arc<AskRouter>,
    pub(crate) wall: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub(crate) sound: Arc<dyn SoundSystem>,
    pub(crate) vault: Option<Vault>,
}

impl Options {
    /// The same with other microphones and speakers.
    #[must_use]
    pub fn with_sound(self, sound: Arc<dyn SoundSystem>) -> Self {
        Self { sound, ..self }
    }

    /// The same with a place where things can be kept, if the person asks for it: a directory of one profile alone, which
    /// need not exist.
    #[must_use]
    pub fn with_profile(self, directory: &Path) -> Self {
        self.with_vault(Vault::at(directory))
    }

    /// The same, with a vault that was prepared.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault: Some(vault), ..self }
    }

    /// Where sound comes from and goes to.
    pub fn sound(&self) -> Arc<dyn SoundSystem> {
        self.sound.clone()
    }
}

impl Engine {
    /// Starts an actor on the current tokio runtime. It ends when the last [`Handle`] is dropped.
    pub fn spawn(options: Options) -> Handle {
        let (sender, commands) = mpsc::channel(COMMANDS);
        tokio::spawn(Actor::new(options).run(commands));
        Handle::new(sender)
    }

    /// Starts an actor on a thread and a single-threaded runtime of its own, and QUIC with it: news then passes
    /// between tasks without waking another thread. The thread ends when the last [`Handle`] is dropped.
    pub fn spawn_thread(options: Options) -> std::io::Result<Handle> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, commands) = mpsc::channel(COMMANDS);
        std::thread::Builder::new()
            .name("p2p-comm-engine".to_owned())
            .spawn(move || runtime.block_on(Actor::new(options).run(commands)))?;
        Ok(Handle::new(sender))
    }
}

impl Default for Options {
    /// Real UDP, the system's clock and sound devices.
    fn default() -> Self {
        let turn = Turn::default();
        let map = Arc::new(move |endpoint: &Endpoint| PortMapping::start(endpoint, &turn));
        Self { bind: Arc::new(Endpoint::bind), map, wall: Arc::new(wall), sound: device::system(), vault: None }
    }
}

#[cfg(feature = "test-util")]
impl Options {
    /// A host on an in-memory network, without sound devices.
    pub fn in_memory(network: &p2p_comm_net::mem::Network, ip: std::net::IpAddr) -> Self {
        let network = network.clone();
        let bind = Arc::new(move |config| network.endpoint(ip, config));
        Self { bind, map: Arc::new(|_| None), wall: Arc::new(wall), sound: device::none(), vault: None }
    }

    /// Asks another router than that of this computer.
    #[must_use]
    pub fn with_router(self, map: impl Fn(u16) -> PortMapping + Send + Sync + 'static) -> Self {
        Self { map: Arc::new(move |endpoint| Some(map(endpoint.local_port()))), ..self }
    }

    /// Takes the person's clock from `wall`: ms since 1970.
    #[must_use]
    pub fn with_clock(self, wall: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { wall: Arc::new(wall), ..self }
    }
}

fn wall() -> i64 {
    let since = |earlier: SystemTime, later: SystemTime| {
        later.duration_since(earlier).map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    };
    let now = SystemTime::now();
    since(UNIX_EPOCH, now).or_else(|_| since(now, UNIX_EPOCH).map(|before| -before)).unwrap_or(0)
}
