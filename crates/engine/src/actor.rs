use crate::changes::ChangesSender;
use crate::conversation::Conversation;
use crate::echo::EchoNode;
use crate::engine::Options;
use crate::keep::record::queued;
use crate::keep::{Keep, Written};
use crate::link::Link;
use call::Audio;
use online::{Closing, Online, Ready};
use p2p_comm_model::{CallRecord, Code, Content, FailedCaller, NodePhase, PeerId};
use p2p_comm_net::{Connection, MappingState};
use p2p_comm_proto::{ConnId, Event, Input, Node, Output, Paired, Proven};
use p2p_comm_store::Seed;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

mod call;
#[cfg(feature = "test-util")]
pub(crate) mod census;
mod choices;
mod online;
mod router;
mod snapshots;

/// News that wait for the actor at most; whoever brings more waits.
const NEWS: usize = 1024;
/// News handled before the commands of the person get their turn.
const AT_ONCE: usize = 64;
/// Addresses under which peers see us.
const OBSERVED: usize = 4;
/// How long the last transaction may take, when everything ends.
const LAST_WRITE: Duration = Duration::from_secs(5);
/// Failed callers remembered.
const GUESSERS: usize = 8;

pub(crate) use choices::Choices;

/// Something a shell wants done.
pub(crate) type Command = Box<dyn FnOnce(&mut Actor) + Send>;

/// The one owner of all state. Never waits for an output.
pub(crate) struct Actor {
    pub(crate) node: Node,
    pub(crate) changes: ChangesSender,
    pub(crate) echo: Option<EchoNode>,
    pub(crate) options: Options,
    pub(crate) conversations: BTreeMap<PeerId, Conversation>,
    pub(crate) choices: BTreeMap<PeerId, Choices>,
    /// With whom something was said, the last first. Some of them may be gone.
    pub(crate) order: Vec<PeerId>,
    do_not_disturb: bool,
    /// Another program fills the screen, and nothing may disturb then.
    full_screen: bool,
    /// The router is asked to let others in.
    map_port: bool,
    pub(crate) phase: NodePhase,
    pub(crate) name: Option<String>,
    online: Option<Online>,
    /// The socket of the session before, while it says goodbye, and its port.
    closing: Option<Closing>,
    links: BTreeMap<ConnId, Link>,
    dials: BTreeMap<PeerId, Dialing>,
    observed: Vec<SocketAddr>,
    /// Who called with a different password in this session, the newest first.
    guessers: Vec<FailedCaller>,
    /// Somebody at another computer has reached our port in this session.
    reached: bool,
    next_conn: u64,
    /// Counts Connects; news of an earlier one is dropped.
    session: u64,
    news: mpsc::Receiver<(u64, News)>,
    sender: mpsc::Sender<(u64, News)>,
    /// The peer list changed since the gate was told.
    list_changed: bool,
    audio: Audio,
    pub(crate) keep: Keep,
    /// Of the device key of this session, if it was said to be kept.
    pub(crate) kept_key: Option<Seed>,
    /// Nobody's messages are read: the disk is behind.
    pub(crate) hold: watch::Sender<bool>,
}

/// A dial task under way.
struct Dialing {
    cancel: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What tasks bring.
pub(crate) enum News {
    Input(Input),
    Proof(Proof),
    /// Somebody there called and did not prove the password.
    Guessed(IpAddr),
    /// Somebody at another computer has reached our port.
    Reached,
    /// The router answered, or its time ran out.
    Router(MappingState),
    /// What [`p2p_comm_media::Voice::status`] says changed.
    VoiceChanged,
    Ready(Ready, oneshot::Sender<Result<(), crate::Error>>),
    /// A transaction of the store is over.
    Written(Box<Written>),
}

/// A connection that was proven, on its way to the actor.
pub(crate) struct Proof {
    pub(crate) connection: Connection,
    pub(crate) paired: Paired,
    /// Where the other side proved to be.
    pub(crate) remote: SocketAddr,
    pub(crate) dialed_for: Option<PeerId>,
}

/// How the tasks of one session reach the actor. Waits while the actor is behind.
#[derive(Clone)]
pub(crate) struct Mailbox {
    session: u64,
    sender: mpsc::Sender<(u64, News)>,
}

impl Mailbox {
    pub(crate) async fn input(&self, input: Input) {
        let _ = self.sender.send((self.session, News::Input(input))).await;
    }

    /// The same for tasks that must not wait: says whether there was room.
    pub(crate) fn try_input(&self, input: Input) -> bool {
        self.sender.try_send((self.session, News::Input(input))).is_ok()
    }

    /// Something about the voice of the running call changed. Says whether there was room to tell it.
    pub(crate) fn voice_changed(&self) -> bool {
        self.sender.try_send((self.session, News::VoiceChanged)).is_ok()
    }

    pub(crate) async fn guessed(&self, from: IpAddr) {
        let _ = self.sender.send((self.session, News::Guessed(from))).await;
    }

    pub(crate) async fn reached(&self) {
        let _ = self.sender.send((self.session, News::Reached)).await;
    }

    /// For threads that may block.
    pub(crate) fn news_blocking(&self, news: News) {
        let _ = self.sender.blocking_send((self.session, news));
    }

    pub(crate) async fn router(&self, state: MappingState) {
        let _ = self.sender.send((self.session, News::Router(state))).await;
    }

    pub(crate) async fn proven(&self, proof: Proof) {
        let _ = self.sender.send((self.session, News::Proof(proof))).await;
    }
}

impl Actor {
    pub(crate) fn new(options: Options) -> Self {
        let (sender, news) = mpsc::channel(NEWS);
        Self {
            node: Node::new(rand::random()),
            changes: ChangesSender::default(),
            echo: None,
            keep: Keep::new(options.vault.clone()),
            kept_key: None,
            hold: watch::Sender::new(false),
            options,
            conversations: BTreeMap::new(),
            choices: BTreeMap::new(),
            order: Vec::new(),
            do_not_disturb: false,
            full_screen: false,
            map_port: false,
            phase: NodePhase::Offline,
            name: None,
            online: None,
            closing: None,
            links: BTreeMap::new(),
            dials: BTreeMap::new(),
            observed: Vec::new(),
            guessers: Vec::new(),
            reached: false,
            next_conn: 0,
            session: 0,
            news,
            sender,
            list_changed: false,
            audio: Audio::default(),
        }
    }

    /// Runs until every [`crate::Handle`] is gone, then says goodbye.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let timer = tokio::time::sleep(Duration::ZERO);
        let keeping = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer, keeping);
        loop {
            let keep_at = self.keep.deadline();
            if let Some(at) = keep_at.filter(|at| *at != keeping.deadline()) {
                keeping.as_mut().reset(at);
            }
            let deadline = self.node.poll_timeout().map(Instant::from_std);
            if let Some(deadline) = deadline.filter(|deadline| *deadline != timer.deadline()) {
                timer.as_mut().reset(deadline);
            }
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => {
                        command(&mut self);
                        self.drain();
                    }
                    None => break,
                },
                Some(news) = self.news.recv() => {
                    self.take(news);
                    for _ in 0..AT_ONCE {
                        let Ok(news) = self.news.try_recv() else { break };
                        self.take(news);
                    }
                }
                () = &mut timer, if deadline.is_some() => {
                    self.node.handle(self.now(), Input::Timeout);
                    self.drain();
                }
                () = &mut keeping, if keep_at.is_some() => {
                    self.keep_due();
                    self.drain();
                }
            }
        }
        let closing = self.disconnect();
        self.finish().await;
        closing.done().await;
    }

    /// Keeps what is not kept yet, as far as the disk takes it.
    async fn finish(&mut self) {
        let last = Instant::now() + LAST_WRITE;
        while self.flush() {
            let Ok(Some((_, news))) = tokio::time::timeout_at(last, self.news.recv()).await else { return };
            if let News::Written(written) = news {
                self.written(*written);
            }
        }
    }

    pub(crate) fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    /// The person's clock, ms since 1970.
    pub(crate) fn wall(&self) -> i64 {
        (self.options.wall)()
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        Mailbox { session: self.session, sender: self.sender.clone() }
    }

    fn take(&mut self, (session, news): (u64, News)) {
        let current = session == self.session;
        match news {
            News::Input(input) if current => {
                if let Input::Closed { conn, .. } = &input {
                    self.links.remove(conn);
                }
                self.node.handle(self.now(), input);
            }
            News::Proof(proof) if current && self.online.is_some() => self.proven(proof),
            News::Ready(ready, reply) if current => self.ready(ready, reply),
            News::Written(written) => self.written(*written),
            News::Guessed(from) if current => self.guessed(from),
            News::Reached if current => {
                self.reached = true;
                self.changes.status();
            }
            News::Router(state) if current => self.router_answered(state),
            News::VoiceChanged if current => self.voice_changed(),
            News::Input(_)
            | News::Proof(_)
            | News::Ready(..)
            | News::Guessed(_)
            | News::Reached
            | News::Router(_)
            | News::VoiceChanged => {}
        }
        self.drain();
    }

    fn proven(&mut self, proof: Proof) {
        let Proof { connection, paired: Paired { role, secrets }, remote, dialed_for } = proof;
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        self.links.insert(conn, Link::start(connection, conn, &self.mailbox(), &self.hold));
        self.node.handle(self.now(), Input::Proven(Proven { conn, role, secrets, remote, dialed_for }));
    }

    fn guessed(&mut self, from: IpAddr) {
        let address = from.to_string();
        let before = self.guessers.iter().position(|caller| caller.address == address);
        let count = before.map_or(0, |at| self.guessers.remove(at).count);
        self.guessers.insert(0, FailedCaller { address, count: count.saturating_add(1), at: self.wall() });
        self.guessers.truncate(GUESSERS);
        self.changes.status();
    }

    /// Carries out what the node wants.
    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::Transmit { conn, stream, bytes } => {
                    if let Some(link) = self.links.get(&conn) {
                        link.transmit(stream, bytes);
                    }
                }
                Output::Close { conn, reason } => {
                    if let Some(link) = self.links.remove(&conn) {
                        link.close(reason);
                    }
                }
                Output::Dial { attempt, addresses, candidates, guesses } => {
                    self.dial(attempt, addresses, candidates, guesses);
                }
                Output::CancelDial { peer } => {
                    if let Some(dialing) = self.dials.get(&peer) {
                        dialing.cancel.send_replace(true);
                    }
                }
                Output::Event(event) => self.event(event),
            }
        }
        if std::mem::take(&mut self.list_changed) {
            self.tell_gate();
        }
        self.write();
    }

    fn event(&mut self, event: Event) {
        let wall = self.wall();
        self.keep_event(&event);
        match event {
            Event::Entry { .. } | Event::Silenced => {}
            Event::Peers => {
                self.list_changed = true;
                self.changes.peers();
                self.check_vanishing();
            }
            Event::Requests => self.changes.requests(),
            Event::Received { peer, content, sent_at, life, .. } => {
                let life = match content {
                    Content::Vanishing { after } => {
                        let _ = self.choose(peer, |choices| choices.vanish = after);
                        None
                    }
                    _ => life,
                };
                self.converse(peer, |conversation| conversation.received(sent_at, wall, content, life));
            }
            Event::Notice { peer, notice } => {
                self.converse(peer, |conversation| conversation.notice(wall, notice));
            }
            Event::Delivery { peer } => {
                let Some(watermarks) = self.node.delivery(peer) else { return };
                let news = self.converse(peer, |conversation| {
                    let before = *conversation.acked().borrow();
                    conversation.delivery(wall, watermarks);
                    watermarks.acked > before
                });
                if news == Some(true) {
                    self.keep_acked(peer, watermarks.acked);
                }
            }
            Event::Unsupported { peer, counter } => {
                self.converse(peer, |conversation| conversation.unsupported(counter));
            }
            Event::Call => self.call_changed(),
            Event::CallEnded { peer, number, outgoing, end, seconds } => {
                self.call_ended(number, end);
                self.converse(peer, |conversation| conversation.call(wall, outgoing, CallRecord { end, seconds }));
            }
            Event::Observed(address) => {
                self.observed.retain(|known| *known != address);
                self.observed.insert(0, address);
                self.observed.truncate(OBSERVED);
                self.changes.status();
            }
        }
    }

    /// Changes a conversation and tells the shells.
    pub(crate) fn converse<T>(&mut self, peer: PeerId, change: impl FnOnce(&mut Conversation) -> T) -> Option<T> {
        let watermarks = self.node.delivery(peer)?;
        let keeps = self.keeps_lines(peer);
        let conversation = self.conversations.entry(peer).or_insert_with(|| Conversation::new(watermarks));
        if keeps && !conversation.is_kept() {
            conversation.keep(true);
        }
        let end = conversation.end();
        let result = change(conversation);
        let said = conversation.end() > end;
        self.changes.conversation(peer, conversation.revision());
        self.keep_lines(peer);
        if said {
            self.bring_first(peer);
        }
        Some(result)
    }

    /// Queues a message, with the time to live that was agreed, and adds its line. Gives its counter.
    pub(crate) fn send(&mut self, peer: PeerId, content: Content) -> Result<u64, Code> {
        let (now, wall) = (self.now(), self.wall());
        let life = match content {
            Content::Vanishing { .. } => None,
            _ => self.choices_about(peer).vanish,
        };
        let counter = self.node.send(now, peer, wall, content.clone(), life)?;
        let queued = self.node.waiting(peer).next_back().map(queued);
        if let Some(queued) = queued {
            self.keep_queued(peer, queued);
        }
        self.converse(peer, |conversation| conversation.sent(counter, wall, content, life)).ok_or(Code::NotFound)?;
        Ok(counter)
    }

    /// Drops conversations, and what was chosen about somebody, that nothing can bring back.
    pub(crate) fn forget_removed(&mut self) {
        self.conversations.retain(|peer, _| self.node.keeps(*peer));
        self.choices.retain(|peer, _| self.node.keeps(*peer));
        self.purge();
    }
}
