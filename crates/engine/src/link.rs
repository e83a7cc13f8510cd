//! The tasks of one proven connection: two writers, a reader for each stream, and one that waits for the end.

use crate::actor::Mailbox;
use bytes::BytesMut;
use p2p_comm_net::{CloseCode, CloseReason, Connection, FrameError, FrameReceiver, StreamCode};
use p2p_comm_proto::wire::StreamKind;
use p2p_comm_proto::{Close, ConnId, Input, Stream};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Bytes of frames handed to the actor at once.
const BATCH: usize = 64 * 1024;
const CONTROL_PRIORITY: i32 = 10;
const CHAT_PRIORITY: i32 = 0;

/// A proven connection in the hands of the actor. Dropping it ends its tasks.
pub(crate) struct Link {
    connection: Connection,
    control: mpsc::Sender<BytesMut>,
    chat: mpsc::Sender<BytesMut>,
    _tasks: JoinSet<()>,
}

impl Link {
    /// Raises the limits of the connection and starts its tasks. While `hold` is true no messages are read.
    pub(crate) fn start(connection: Connection, conn: ConnId, mailbox: &Mailbox, hold: &watch::Sender<bool>) -> Self {
        connection.proven();
        let mut tasks = JoinSet::new();
        let (control, control_bytes) = mpsc::channel(1);
        let (chat, chat_bytes) = mpsc::channel(1);
        let writers = [(Stream::Control, CONTROL_PRIORITY, control_bytes), (Stream::Chat, CHAT_PRIORITY, chat_bytes)];
        for (stream, priority, bytes) in writers {
            tasks.spawn(write(connection.clone(), conn, stream, priority, bytes, mailbox.clone()));
        }
        tasks.spawn(read_all(connection.clone(), conn, mailbox.clone(), hold.subscribe()));
        tasks.spawn(wait(connection.clone(), conn, mailbox.clone()));
        Self { connection, control, chat, _tasks: tasks }
    }

    /// Hands bytes to a writer. There is always room: the node sends only after [`Input::Writable`].
    pub(crate) fn transmit(&self, stream: Stream, bytes: BytesMut) {
        let writer = match stream {
            Stream::Control => &self.control,
            Stream::Chat => &self.chat,
        };
        if writer.try_send(bytes).is_err() {
            tracing::debug!(?stream, "dropped bytes for a connection that is ending");
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn close(self, reason: Close) {
        self.connection.close(match reason {
            Close::Bye => CloseCode::Bye,
            Close::Replaced => CloseCode::Replaced,
            Close::ProtocolError => CloseCode::ProtocolError,
            Close::Busy => CloseCode::Busy,
            Close::OwnAddress => CloseCode::OwnAddress,
        });
    }
}

/// Writes what it is given, then asks for more.
async fn write(
    connection: Connection,
    conn: ConnId,
    stream: Stream,
    priority: i32,
    mut bytes: mpsc::Receiver<BytesMut>,
    mailbox: Mailbox,
) {
    let Ok(mut sender) = connection.open_uni(priority).await else { return };
    loop {
        mailbox.input(Input::Writable { conn, stream }).await;
        let Some(bytes) = bytes.recv().await else { return };
        if let Err(error) = sender.write(bytes.freeze()).await {
            tracing::debug!(?stream, %error, "writing ended");
            if let FrameError::Stopped(_) = error {
                mailbox.input(Input::Violation { conn }).await;
            }
            return;
        }
    }
}

async fn read_all(connection: Connection, conn: ConnId, mailbox: Mailbox, hold: watch::Receiver<bool>) {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let mut streams = JoinSet::new();
    while let Ok(receiver) = connection.accept_uni().await {
        while streams.try_join_next().is_some() {}
        let (seen, mailbox, hold) = (seen.clone(), mailbox.clone(), hold.clone());
        streams.spawn(async move {
            let first = |stream| seen.lock().unwrap_or_else(PoisonError::into_inner).insert(stream);
            if read(receiver, conn, &mailbox, hold, first).await.is_err() {
                mailbox.input(Input::Violation { conn }).await;
            }
        });
    }
    while streams.join_next().await.is_some() {}
}

/// The other side broke the rules of framing or of streams.
struct Violation;

async fn read(
    mut receiver: FrameReceiver,
    conn: ConnId,
    mailbox: &Mailbox,
    mut hold: watch::Receiver<bool>,
    first: impl FnOnce(Stream) -> bool,
) -> Result<(), Violation> {
    let Some(header) = next(receiver.read().await)? else { return Ok(()) };
    let stream = match StreamKind::parse(&header) {
        Ok(StreamKind::Control) => Stream::Control,
        Ok(StreamKind::Chat) => Stream::Chat,
        Ok(StreamKind::Unknown) => {
            receiver.stop(StreamCode::UnknownKind);
            return Ok(());
        }
        Ok(StreamKind::Handshake) | Err(_) => return Err(Violation),
    };
    if !first(stream) {
        return Err(Violation);
    }
    while let Some(frames) = next(receiver.read_batch(BATCH).await)? {
        mailbox.input(Input::Frames { conn, stream, frames }).await;
        // The stream's window then holds the other side up.
        if stream == Stream::Chat && hold.wait_for(|held| !held).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Streams stay open as long as their connection: an end of one alone is the other side's fault, as bad frames are.
fn next<T>(read: Result<Option<T>, FrameError>) -> Result<Option<T>, Violation> {
    match read {
        Ok(Some(frames)) => Ok(Some(frames)),
        Ok(None)
        | Err(FrameError::Empty | FrameError::TooLong { .. } | FrameError::Truncated | FrameError::Reset(_)) => {
            Err(Violation)
        }
        Err(FrameError::Stopped(_) | FrameError::Ended | FrameError::Closed(_)) => Ok(None),
    }
}

async fn wait(connection: Connection, conn: ConnId, mailbox: Mailbox) {
    let reason = connection.closed().await;
    tracing::debug!(?conn, ?reason, "connection closed");
    let reason = match reason {
        CloseReason::Peer(CloseCode::OwnAddress) => Some(Close::OwnAddress),
        CloseReason::Peer(CloseCode::Replaced) => Some(Close::Replaced),
        CloseReason::Peer(CloseCode::Busy) => Some(Close::Busy),
        CloseReason::Peer(CloseCode::ProtocolError) => Some(Close::ProtocolError),
        CloseReason::Peer(_) => Some(Close::Bye),
        CloseReason::PeerUnknown(_) | CloseReason::Local | CloseReason::Lost | CloseReason::Transport => None,
    };
    mailbox.input(Input::Closed { conn, reason }).await;
}
