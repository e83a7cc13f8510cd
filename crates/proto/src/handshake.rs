use crate::wire::{Confirm, ElementX, ElementY, Salts, StreamKind};
use p2p_comm_crypto::{Exchange, Key, PasswordKey, Role, Salt, Secrets, Transcript, commitment};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The whole pairing must be over in this time.
const DEADLINE: Duration = Duration::from_secs(10);

/// One pairing, from the opened handshake stream to the secrets or a failure (`docs/protocol.md`, section 2).
///
/// ```text
/// dialer:    Salts ──salts──▶ Key ──derived──▶ Element ──y──▶ Confirmation ──confirm──▶ Over (paired)
///            (header sent)    (Derive)         (x sent)       (confirm sent)
/// listener:  Header ──header──▶ Element ──x──▶ Confirmation ──confirm──▶ Over (paired)
///                    (salts sent)     (y sent)               (confirm sent)
/// any:       ──anything wrong, the deadline, the end of the connection──▶ Over (failed)
/// ```
pub struct Handshake {
    role: Role,
    state: State,
    transcript: Transcript,
    binding: Certificates,
    exporter: [u8; 32],
    seed: [u8; 32],
    deadline: Instant,
    /// We sent an element, which depends on the password.
    exposed: bool,
    outputs: VecDeque<HandshakeOutput>,
}

enum State {
    Salts,
    Key { commit: [u8; 32] },
    Header { salt: Salt, key: Arc<Key<PasswordKey>> },
    ListenerElement { exchange: Exchange, ours: Vec<u8> },
    DialerElement { exchange: Exchange, commit: [u8; 32] },
    Confirmation { secrets: Box<Secrets> },
    Over,
}

/// SHA-256 of the two TLS certificates, DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificates {
    /// Of this node.
    pub ours: [u8; 32],
    /// Of the other side.
    pub theirs: [u8; 32],
}

/// What a [`Handshake`] wants done.
pub enum HandshakeOutput {
    /// Send this frame body on the handshake stream.
    Send(Vec<u8>),
    /// Derive the key for this salt and call [`Handshake::derived`].
    Derive(Salt),
    /// Both sides have proved the password. Nothing follows.
    Paired(Paired),
    /// It is over. Nothing follows; close the connection.
    Failed(Failure),
}

/// The fruit of a pairing.
pub struct Paired {
    /// Our role.
    pub role: Role,
    /// The keys.
    pub secrets: Box<Secrets>,
}

/// Why a pairing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The confirmation was wrong: a different password, or somebody else.
    #[error("the password was not proved")]
    Unproven,
    /// The other side sent something that is not in the protocol.
    #[error("the other side broke the protocol")]
    Protocol,
    /// The deadline passed.
    #[error("the pairing took too long")]
    Timeout,
    /// The connection ended first.
    #[error("the connection ended during the pairing")]
    Ended,
    /// The other side is ourselves.
    #[error("this is our own address")]
    OwnAddress,
}

impl Handshake {
    /// As the one who opened the connection.
    pub fn dial(now: Instant, binding: Certificates, exporter: [u8; 32], seed: [u8; 32]) -> Self {
        let mut this = Self::new(Role::Dialer, State::Salts, now, binding, exporter, seed);
        if !matches!(this.state, State::Over) {
            this.send(StreamKind::Handshake.header());
        }
        this
    }

    /// As the one who was called, with the salt of this session and the key derived from it.
    pub fn listen(
        now: Instant,
        binding: Certificates,
        exporter: [u8; 32],
        seed: [u8; 32],
        salt: Salt,
        key: Arc<Key<PasswordKey>>,
    ) -> Self {
        Self::new(Role::Listener, State::Header { salt, key }, now, binding, exporter, seed)
    }

    fn new(role: Role, state: State, now: Instant, binding: Certificates, exporter: [u8; 32], seed: [u8; 32]) -> Self {
        let deadline = now.checked_add(DEADLINE).unwrap_or(now);
        let (transcript, outputs) = (Transcript::new(), VecDeque::new());
        let exposed = false;
        let mut this = Self { role, state, transcript, binding, exporter, seed, deadline, exposed, outputs };
        if binding.ours == binding.theirs {
            this.fail(Failure::OwnAddress);
        }
        this
    }

    /// The next thing to do, until `None`.
    pub fn poll_output(&mut self) -> Option<HandshakeOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`Handshake::timeout`].
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether this pairing counts as a guess if it ends now: we sent a value that depends on the password.
    pub fn is_guess(&self) -> bool {
        self.exposed
    }

    /// A frame of the other side.
    pub fn frame(&mut self, body: &[u8]) {
        if let Err(failure) = self.step(body) {
            self.fail(failure);
        }
    }

    /// The key that [`HandshakeOutput::Derive`] asked for.
    pub fn derived(&mut self, key: &Key<PasswordKey>) {
        let State::Key { commit } = self.state else { return };
        match Exchange::start(self.role, key, self.seed) {
            Ok(exchange) => {
                self.exposed = true;
                self.send(ElementX { x: *exchange.element() }.to_frame());
                self.state = State::DialerElement { exchange, commit };
            }
            Err(_) => self.fail(Failure::Protocol),
        }
    }

    /// Time passed.
    pub fn timeout(&mut self, now: Instant) {
        if now >= self.deadline {
            self.fail(Failure::Timeout);
        }
    }

    /// The stream or the connection ended.
    pub fn ended(&mut self) {
        self.fail(Failure::Ended);
    }

    /// The other side broke the framing.
    pub fn violation(&mut self) {
        self.fail(Failure::Protocol);
    }

    fn step(&mut self, body: &[u8]) -> Result<(), Failure> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Salts => {
                let first = Salts::parse(body).ok().and_then(|salts| salts.first());
                let (salt, commit) = first.ok_or(Failure::Protocol)?;
                self.transcript.frame(body);
                self.outputs.push_back(HandshakeOutput::Derive(salt));
                self.state = State::Key { commit };
            }
            State::Header { salt, key } => {
                if StreamKind::parse(body) != Ok(StreamKind::Handshake) {
                    return Err(Failure::Protocol);
                }
                let exchange = Exchange::start(self.role, &key, self.seed).map_err(|_| Failure::Protocol)?;
                let ours = ElementY { y: *exchange.element() }.to_frame();
                self.transcript.frame(body);
                self.send(Salts::one(salt, commitment(&ours)).to_frame());
                self.state = State::ListenerElement { exchange, ours };
            }
            State::ListenerElement { exchange, ours } => {
                let theirs = ElementX::parse(body).map_err(|_| Failure::Protocol)?.x;
                self.transcript.frame(body);
                let shared = exchange.finish(&theirs).map_err(|_| Failure::Protocol)?;
                self.exposed = true;
                self.send(ours);
                self.state = State::Confirmation { secrets: self.secrets(&shared) };
            }
            State::DialerElement { exchange, commit } => {
                if commitment(body) != commit {
                    return Err(Failure::Protocol);
                }
                let theirs = ElementY::parse(body).map_err(|_| Failure::Protocol)?.y;
                let shared = exchange.finish(&theirs).map_err(|_| Failure::Protocol)?;
                self.transcript.frame(body);
                let secrets = self.secrets(&shared);
                self.outputs.push_back(HandshakeOutput::Send(confirmation(&secrets)));
                self.state = State::Confirmation { secrets };
            }
            State::Confirmation { secrets } => {
                let theirs = Confirm::parse(body).map_err(|_| Failure::Protocol)?.confirm;
                secrets.check_confirmation(&theirs).map_err(|_| Failure::Unproven)?;
                if self.role == Role::Listener {
                    self.outputs.push_back(HandshakeOutput::Send(confirmation(&secrets)));
                }
                self.exposed = false;
                self.outputs.push_back(HandshakeOutput::Paired(Paired { role: self.role, secrets }));
            }
            // A frame before we asked for one, or after the end.
            State::Key { .. } | State::Over => return Err(Failure::Protocol),
        }
        Ok(())
    }

    /// Sends a frame that is part of the transcript.
    fn send(&mut self, body: Vec<u8>) {
        self.transcript.frame(&body);
        self.outputs.push_back(HandshakeOutput::Send(body));
    }

    fn secrets(&self, shared: &Key<p2p_comm_crypto::Shared>) -> Box<Secrets> {
        let Certificates { ours, theirs } = self.binding;
        let (dialer, listener) = match self.role {
            Role::Dialer => (ours, theirs),
            Role::Listener => (theirs, ours),
        };
        let transcript = self.transcript.clone().finish(&dialer, &listener);
        Box::new(Secrets::new(self.role, transcript, shared, &self.exporter))
    }

    fn fail(&mut self, failure: Failure) {
        let over = self.outputs.iter().any(|o| matches!(o, HandshakeOutput::Paired(_) | HandshakeOutput::Failed(_)));
        if !over {
            self.outputs.push_back(HandshakeOutput::Failed(failure));
        }
        self.state = State::Over;
    }
}

fn confirmation(secrets: &Secrets) -> Vec<u8> {
    Confirm { confirm: secrets.confirmation() }.to_frame()
}
