//! Somebody on the in-memory network who speaks the protocol by hand, as far and as badly as a test wants. Only with
//! the feature `test-util`.
//!
//! An [`Attacker`] dials or answers and goes a number of frames into the pairing, which gives a [`Call`]: stall, say
//! nonsense or hang up. One that knows the password gets through, and [`Call::rogue`] then gives a [`Rogue`], which
//! says whatever the test wants under the right keys.

use crate::kdf::Kdf;
use crate::pairing;
use bytes::{Bytes, BytesMut};
use p2p_comm_crypto::{Chat, Control, DeviceSecret, Opener, Password, Salt, Sealer, Voice};
use p2p_comm_model::Epoch;
use p2p_comm_net::mem::Network;
use p2p_comm_net::{Config, Connection, Endpoint, FrameReceiver, FrameSender, frame};
use p2p_comm_proto::wire::{self, Hello, KeyLife, StreamKind};
use p2p_comm_proto::{Handshake, HandshakeOutput, Paired};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub use p2p_comm_net::{CloseCode, CloseReason, FrameError};
pub use p2p_comm_proto::Stream;

/// Whoever has not answered by then does not answer.
const REACHING: Duration = Duration::from_secs(5);

/// A host with a password, right or wrong.
pub struct Attacker {
    network: Network,
    endpoint: Endpoint,
    kdf: Arc<Kdf>,
    salt: Salt,
}

/// A connection in the middle of its pairing.
pub struct Call {
    connection: Connection,
    stream: Option<(FrameSender, FrameReceiver)>,
    paired: Option<Paired>,
}

/// A proven connection without manners.
pub struct Rogue {
    connection: Connection,
    device: DeviceSecret,
    epoch: Epoch,
    paired: Paired,
    control: Out<Control>,
    chat: Out<Chat>,
    heard: mpsc::UnboundedReceiver<Heard>,
    _reader: JoinSet<()>,
}

/// One frame of the other side.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The stream it came on.
    pub stream: Stream,
    /// As it was on the wire.
    pub token: Bytes,
    /// What was inside.
    pub json: String,
}

struct Out<P> {
    sealer: Sealer<P>,
    sender: Option<FrameSender>,
    n: u64,
}

impl Attacker {
    /// Takes a socket on the host `ip`.
    pub fn new(network: &Network, ip: IpAddr, password: &str) -> Option<Self> {
        let kdf = Arc::new(Kdf::new(Password::parse(password).ok()?));
        Self::on(network, ip, kdf)
    }

    /// The same person on another host; keys that were derived once are not derived again.
    pub fn also_at(&self, ip: IpAddr) -> Option<Self> {
        Self::on(&self.network, ip, self.kdf.clone())
    }

    /// The port of the socket.
    pub fn port(&self) -> u16 {
        self.endpoint.local_port()
    }

    /// Calls, and goes on until it has sent `frames` frames of the pairing and heard what follows: 0 is TLS alone, 1
    /// the header, 2 the element, 3 the confirmation. `None` if nobody takes the call.
    pub async fn dial(&self, to: SocketAddr, frames: usize) -> Option<Call> {
        let connection = timeout(REACHING, self.endpoint.connect(to)).await.ok()?.ok()?;
        let (binding, exporter) = (pairing::certificates(&connection), connection.exporter());
        let handshake = Handshake::dial(Instant::now().into_std(), binding, exporter, rand::random());
        Some(Call::drive(connection, handshake, &self.kdf, frames).await)
    }

    /// Takes the next call, and goes on until it has sent `frames` frames of the pairing and heard what follows: 0 is
    /// TLS alone, 1 the salt, 2 the element, 3 the confirmation. `None` if the call breaks off at once.
    pub async fn answer(&self, frames: usize) -> Option<Call> {
        let connection = self.endpoint.accept().await?.accept().await.ok()?;
        let key = self.kdf.key(self.salt).await?;
        let (binding, exporter) = (pairing::certificates(&connection), connection.exporter());
        let now = Instant::now().into_std();
        let handshake = Handshake::listen(now, binding, exporter, rand::random(), self.salt, key);
        Some(Call::drive(connection, handshake, &self.kdf, frames).await)
    }

    fn on(network: &Network, ip: IpAddr, kdf: Arc<Kdf>) -> Option<Self> {
        let endpoint = network.endpoint(ip, Config::default()).ok()?;
        Some(Self { network: network.clone(), endpoint, kdf, salt: Salt(rand::random()) })
    }
}

impl Call {
    async fn drive(connection: Connection, mut handshake: Handshake, kdf: &Kdf, frames: usize) -> Self {
        let mut call = Self { connection, stream: None, paired: None };
        let mut sent = 0;
        loop {
            while let Some(output) = handshake.poll_output() {
                match output {
                    HandshakeOutput::Send(_) | HandshakeOutput::Derive(_) if sent == frames => return call,
                    HandshakeOutput::Send(body) => {
                        sent += 1;
                        if !call.say(&body).await {
                            return call;
                        }
                    }
                    HandshakeOutput::Derive(salt) => match kdf.key(salt).await {
                        Some(key) => handshake.derived(&key),
                        None => return call,
                    },
                    HandshakeOutput::Paired(paired) => {
                        call.paired = Some(paired);
                        return call;
                    }
                    HandshakeOutput::Failed(_) => return call,
                }
            }
            match call.hear().await {
                Some(body) => handshake.frame(&body),
                None => return call,
            }
        }
    }

    /// Whether both sides proved the password.
    pub fn is_paired(&self) -> bool {
        self.paired.is_some()
    }

    /// Sends one frame on the pairing's stream. Says whether the connection took it.
    pub async fn say(&mut self, body: &[u8]) -> bool {
        self.bytes(&framed(body)).await
    }

    /// Sends bytes as they are on the pairing's stream. Says whether the connection took them.
    pub async fn bytes(&mut self, bytes: &[u8]) -> bool {
        if self.stream.is_none() {
            self.stream = self.connection.open_pairing().await.ok();
        }
        match &mut self.stream {
            Some((sender, _)) => sender.write(Bytes::copy_from_slice(bytes)).await.is_ok(),
            None => false,
        }
    }

    /// Waits for the next frame of the pairing, for ever; `None` when the stream has ended.
    pub async fn hear(&mut self) -> Option<Bytes> {
        if self.stream.is_none() {
            self.stream = self.connection.accept_pairing().await.ok();
        }
        self.stream.as_mut()?.1.read().await.ok().flatten()
    }

    /// Waits for the end of the connection.
    pub async fn closed(&self) -> CloseReason {
        self.connection.closed().await
    }

    /// Hangs up politely.
    pub fn hang_up(self) {
        self.connection.close(CloseCode::Bye);
    }

    /// Goes on with the keys of a pairing that came to its end; has not said who it is yet.
    pub fn rogue(self) -> Option<Rogue> {
        let Self { connection, paired, .. } = self;
        let paired = paired?;
        connection.proven();
        let (says, heard) = mpsc::unbounded_channel();
        let mut reader = JoinSet::new();
        let openers = || (Opener::new(&paired.secrets.control.theirs), Opener::new(&paired.secrets.chat.theirs));
        reader.spawn(listen(connection.clone(), says.clone(), openers()));
        reader.spawn(listen(connection.clone(), says, openers()));
        Some(Rogue {
            connection,
            device: DeviceSecret::from_seed(&rand::random()),
            epoch: Epoch(rand::random()),
            control: Out { sealer: Sealer::new(&paired.secrets.control.ours), sender: None, n: 0 },
            chat: Out { sealer: Sealer::new(&paired.secrets.chat.ours), sender: None, n: 0 },
            paired,
            heard,
            _reader: reader,
        })
    }
}

impl Rogue {
    /// Says who it is, as the protocol wants it.
    pub async fn hello(&mut self) -> bool {
        let signature = self.device.sign(self.paired.role, self.paired.secrets.transcript());
        let hello = Hello { v: 1, key: KeyLife::Session, device: self.device.public(), signature };
        let json = wire::Control::Hello(hello).to_json(self.control.n);
        self.control.n += 1;
        let token = self.control.sealer.seal(&json);
        self.put(Stream::Control, token.as_bytes()).await
    }

    /// Gives a name, which may be anything. `name` is the inside of a JSON string.
    pub async fn profile(&mut self, name: &str) -> bool {
        self.say(Stream::Control, &format!(r#""kind":"profile","name":"{name}""#)).await
    }

    /// Sends a chat message of any kind; `members` come after those that each message has.
    pub async fn chat(&mut self, counter: u64, members: &str) -> bool {
        let epoch = self.epoch();
        self.say(Stream::Chat, &format!(r#""conv":"direct","epoch":"{epoch}","counter":{counter},"at":0,{members}"#))
            .await
    }

    /// Sends the members of a JSON object, numbered and sealed as the stream wants it.
    pub async fn say(&mut self, stream: Stream, members: &str) -> bool {
        let token = self.token(stream, members);
        self.put(stream, token.as_bytes()).await
    }

    /// Seals the members of a JSON object and gives them the stream's next number.
    pub fn token(&mut self, stream: Stream, members: &str) -> String {
        match stream {
            Stream::Control => self.control.token(members),
            Stream::Chat => self.chat.token(members),
        }
    }

    /// Sends one frame as it is. Opens the stream if it is the first.
    pub async fn put(&mut self, stream: Stream, body: &[u8]) -> bool {
        self.bytes(stream, &framed(body)).await
    }

    /// Sends bytes as they are. Opens the stream if they are the first.
    pub async fn bytes(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let (sender, kind) = match stream {
            Stream::Control => (&mut self.control.sender, StreamKind::Control),
            Stream::Chat => (&mut self.chat.sender, StreamKind::Chat),
        };
        if sender.is_none() {
            *sender = open(&self.connection, &kind.header()).await;
        }
        match sender {
            Some(sender) => sender.write(Bytes::copy_from_slice(bytes)).await.is_ok(),
            None => false,
        }
    }

    /// Opens one more stream with any first frame, and waits until the other side gives it up or the connection ends.
    pub async fn stream(&self, first: &[u8]) -> Option<FrameError> {
        open(&self.connection, first).await?.stopped().await.err()
    }

    /// The next thing that the other side says; `None` when the connection has ended.
    pub async fn hear(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Waits for a message of this kind. `None` when the connection has ended.
    pub async fn hear_kind(&mut self, kind: &str) -> Option<Heard> {
        let member = format!(r#""kind":"{kind}""#);
        loop {
            let heard = self.hear().await?;
            if heard.json.contains(&member) {
                return Some(heard);
            }
        }
    }

    /// Sends a datagram as it is. Says whether the connection took it.
    pub fn datagram(&self, bytes: &[u8]) -> bool {
        self.connection.send_datagram(Bytes::copy_from_slice(bytes)).is_ok()
    }

    /// The next datagram of the other side, as it was on the wire.
    pub async fn hear_datagram(&self) -> Option<Bytes> {
        self.connection.read_datagram().await.ok()
    }

    /// Seals a voice packet as it should be.
    pub fn voice(&self, packet: &[u8]) -> String {
        Sealer::<Voice>::new(&self.paired.secrets.voice.ours).seal(packet)
    }

    /// The words that the other side sees of this connection.
    pub fn phrase(&self) -> &str {
        self.paired.secrets.phrase.as_str()
    }

    /// Our epoch as it is in JSON.
    pub fn epoch(&self) -> String {
        let parsed = wire::Control::Ack { conv: wire::Conversation::Direct, epoch: self.epoch, counter: 0 }.to_json(0);
        let json = String::from_utf8(parsed).unwrap_or_default();
        json.split(r#""epoch":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }

    /// How the connection ended, or `None` while it lives.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.connection.close_reason()
    }

    /// Waits for the end of the connection.
    pub async fn closed(&self) -> CloseReason {
        self.connection.closed().await
    }
}

impl<P: p2p_comm_crypto::Purpose> Out<P> {
    fn token(&mut self, members: &str) -> String {
        let json = format!(r#"{{"n":{},{members}}}"#, self.n);
        self.n += 1;
        self.sealer.seal(json.as_bytes())
    }
}

async fn open(connection: &Connection, first: &[u8]) -> Option<FrameSender> {
    let mut sender = timeout(REACHING, connection.open_uni(0)).await.ok()?.ok()?;
    sender.write(framed(first)).await.ok()?;
    Some(sender)
}

/// Reads one stream of the other side to its end.
async fn listen(
    connection: Connection,
    says: mpsc::UnboundedSender<Heard>,
    (control, chat): (Opener<Control>, Opener<Chat>),
) {
    let Ok(mut receiver) = connection.accept_uni().await else { return };
    let Ok(Some(first)) = receiver.read().await else { return };
    let stream = if StreamKind::parse(&first) == Ok(StreamKind::Control) { Stream::Control } else { Stream::Chat };
    while let Ok(Some(token)) = receiver.read().await {
        let opened = match stream {
            Stream::Control => control.open(&token),
            Stream::Chat => chat.open(&token),
        };
        let json = opened.ok().and_then(|json| String::from_utf8(json).ok()).unwrap_or_default();
        let _ = says.send(Heard { stream, token, json });
    }
}

fn framed(body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    if frame::encode(&mut bytes, body).is_err() {
        // Empty or too long: the test wants to see what happens.
        bytes.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(body);
    }
    bytes.freeze()
}
