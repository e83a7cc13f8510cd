use crate::wire::ChatMessage;
use crate::wire::{Control, Conversation, Hello, KeyLife, Profile, Signal, StreamKind, WireError, put_frame};
use bytes::BytesMut;
use p2p_comm_crypto::{
    Chat, Control as ControlPurpose, Directed, Opener, Phrase, Role, Sealer, Secrets, TranscriptHash, Voice,
};
use p2p_comm_model::{DeviceKey, Epoch, PeerId};
use std::net::SocketAddr;
use std::time::Instant;

/// Unsupported messages reported at once; more are reported by silence.
const UNSUPPORTED: usize = 64;
/// Calls of which something is due at once; an honest peer has one, and what is left out is asked for again.
const CALLS: usize = 16;
/// The feature that a side lists if it can take calls.
pub(crate) const CALL: &str = "call";
/// The feature that a side lists if it lets messages disappear.
pub(crate) const VANISH: &str = "vanish";

/// Why we close a connection (`docs/protocol.md`, "Close codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Disconnect, or nothing more to say.
    Bye,
    /// Another connection between the same two devices stays.
    Replaced,
    /// The other side broke the protocol.
    ProtocolError,
    /// Too many proven strangers.
    Busy,
    /// Both ends are this node.
    OwnAddress,
}

/// One proven connection: its keys, its counters, and what is due on its control stream. What is due is state, not a
/// queue, so a slow reader costs nothing.
pub(crate) struct Session {
    role: Role,
    transcript: TranscriptHash,
    control: Channel<ControlPurpose>,
    chat: Channel<Chat>,
    voice: Directed<Voice>,
    /// What the two people can compare.
    pub(crate) phrase: Phrase,
    due: Due,
    /// Place in the order in which connections were confirmed.
    pub(crate) order: u64,
    pub(crate) remote: SocketAddr,
    /// The entry whose address we dialled for it.
    pub(crate) dialed_for: Option<PeerId>,
    /// Who it is, once `hello` was verified.
    pub(crate) peer: Option<(DeviceKey, KeyLife)>,
    /// The entry that it belongs to; none for strangers.
    pub(crate) entry: Option<PeerId>,
    /// Their profile: they have added us.
    pub(crate) profile: Option<Profile>,
    pub(crate) profile_sent: bool,
    pub(crate) last_heard: Instant,
    /// Nothing heard for too long.
    pub(crate) stale: bool,
    /// The control stream can take bytes.
    pub(crate) control_writable: bool,
    /// The chat stream can take bytes.
    pub(crate) chat_writable: bool,
}

struct Channel<P> {
    sealer: Sealer<P>,
    opener: Opener<P>,
    /// Number of our next token; `None` before the stream's header.
    out: Option<u64>,
    /// Number that their next token must have.
    next_in: u64,
}

/// What the control stream has to say next.
#[derive(Default)]
struct Due {
    hello: Option<Hello>,
    profile: Option<Profile>,
    ping: bool,
    pong: bool,
    ack: Option<(Epoch, u64)>,
    unsupported: Vec<(Epoch, u64)>,
    calls: Vec<Signal>,
}

impl Session {
    pub(crate) fn new(
        now: Instant,
        role: Role,
        secrets: Secrets,
        order: u64,
        remote: SocketAddr,
        dialed_for: Option<PeerId>,
    ) -> Self {
        let transcript = *secrets.transcript();
        let Secrets { control, chat, voice, phrase, .. } = secrets;
        Self {
            role,
            transcript,
            control: Channel::new(Sealer::new(&control.ours), Opener::new(&control.theirs)),
            chat: Channel::new(Sealer::new(&chat.ours), Opener::new(&chat.theirs)),
            voice,
            phrase,
            due: Due::default(),
            order,
            remote,
            dialed_for,
            peer: None,
            entry: None,
            profile: None,
            profile_sent: false,
            last_heard: now,
            stale: false,
            control_writable: false,
            chat_writable: false,
        }
    }

    pub(crate) fn device(&self) -> Option<DeviceKey> {
        self.peer.map(|(device, _)| device)
    }

    /// Both sides have added each other, the stream has room, and the other side is heard: what is handed to a
    /// connection that fell silent would only look as if it were sent.
    pub(crate) fn can_chat(&self) -> bool {
        self.entry.is_some() && self.profile.is_some() && self.chat_writable && !self.stale
    }

    /// Both sides have added each other, and the other side can take calls.
    pub(crate) fn can_call(&self) -> bool {
        self.entry.is_some() && self.profile_sent && self.lists(CALL) == Some(true)
    }

    /// Whether the other side lists this feature, once it has said so.
    pub(crate) fn lists(&self, feature: &str) -> Option<bool> {
        self.profile.as_ref().map(|profile| profile.features.iter().any(|listed| listed == feature))
    }

    /// What seals and opens the voice datagrams of this connection.
    pub(crate) fn voice(&self) -> (Sealer<Voice>, Opener<Voice>) {
        (Sealer::new(&self.voice.ours), Opener::new(&self.voice.theirs))
    }

    pub(crate) fn say_hello(&mut self, device: &p2p_comm_crypto::DeviceSecret, life: KeyLife) {
        let signature = device.sign(self.role, &self.transcript);
        self.due.hello = Some(Hello { v: 1, key: life, device: device.public(), signature });
    }

    pub(crate) fn say_profile(&mut self, profile: Profile) {
        if !self.profile_sent {
            self.due.profile = Some(profile);
            self.profile_sent = true;
        }
    }

    pub(crate) fn say_ping(&mut self) {
        self.due.ping = true;
    }

    pub(crate) fn say_pong(&mut self) {
        self.due.pong = true;
    }

    pub(crate) fn say_ack(&mut self, epoch: Epoch, counter: u64) {
        self.due.ack = Some((epoch, counter));
    }

    pub(crate) fn say_unsupported(&mut self, epoch: Epoch, counter: u64) {
        if self.due.unsupported.len() < UNSUPPORTED {
            self.due.unsupported.push((epoch, counter));
        }
    }

    /// The newest word about each call counts.
    pub(crate) fn say_call(&mut self, signal: Signal) {
        let calls = &mut self.due.calls;
        if let Some(due) = calls.iter_mut().find(|due| due.call == signal.call) {
            *due = signal;
        } else if calls.len() < CALLS {
            calls.push(signal);
        }
    }

    /// Whether this device signed this pairing.
    pub(crate) fn verify(&self, hello: &Hello) -> bool {
        self.transcript.verify_device(&hello.device, self.role.other(), &hello.signature).is_ok()
    }

    /// Opens a frame of their control stream.
    pub(crate) fn open_control(&mut self, frame: &[u8]) -> Result<Control, WireError> {
        let json = self.control.opener.open(frame).map_err(|_| WireError::Sealed)?;
        let (n, message) = Control::parse(&json)?;
        self.control.expect(n)?;
        Ok(message)
    }

    /// Opens a frame of their chat stream.
    pub(crate) fn open_chat(&mut self, frame: &[u8]) -> Result<ChatMessage, WireError> {
        let json = self.chat.opener.open(frame).map_err(|_| WireError::Sealed)?;
        let message = ChatMessage::parse(&json)?;
        self.chat.expect(message.n)?;
        Ok(message)
    }

    /// Everything that is due on the control stream, as bytes ready to write; empty if nothing is.
    pub(crate) fn control_bytes(&mut self) -> BytesMut {
        let mut bytes = BytesMut::new();
        let due = std::mem::take(&mut self.due);
        let conv = Conversation::Direct;
        let messages = (due.hello.map(Control::Hello).into_iter())
            .chain(due.profile.map(Control::Profile))
            .chain(due.calls.into_iter().map(Control::Call))
            .chain(due.ack.map(|(epoch, counter)| Control::Ack { conv, epoch, counter }))
            .chain(due.unsupported.into_iter().map(|(epoch, counter)| Control::Unsupported { conv, epoch, counter }))
            .chain(due.pong.then_some(Control::Pong))
            .chain(due.ping.then_some(Control::Ping));
        for message in messages {
            self.control.put(&mut bytes, StreamKind::Control, |n| message.to_json(n));
        }
        bytes
    }

    /// Adds one message to the bytes for the chat stream.
    pub(crate) fn put_chat(&mut self, bytes: &mut BytesMut, json: impl FnOnce(u64) -> Vec<u8>) {
        self.chat.put(bytes, StreamKind::Chat, json);
    }
}

impl<P: p2p_comm_crypto::Purpose> Channel<P> {
    fn new(sealer: Sealer<P>, opener: Opener<P>) -> Self {
        Self { sealer, opener, out: None, next_in: 0 }
    }

    fn expect(&mut self, n: u64) -> Result<(), WireError> {
        if n != self.next_in {
            return Err(WireError::OutOfOrder);
        }
        self.next_in = n.saturating_add(1);
        Ok(())
    }

    fn put(&mut self, bytes: &mut BytesMut, kind: StreamKind, json: impl FnOnce(u64) -> Vec<u8>) {
        let n = self.out.unwrap_or_else(|| {
            put_frame(bytes, &kind.header());
            0
        });
        put_frame(bytes, self.sealer.seal(&json(n)).as_bytes());
        self.out = Some(n.saturating_add(1));
    }
}
