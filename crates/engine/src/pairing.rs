//! Runs one pairing over a connection's handshake stream.

use crate::kdf::Kdf;
use bytes::{Bytes, BytesMut};
use p2p_comm_net::{CloseCode, CloseReason, Connection, FrameError, FrameReceiver, FrameSender, frame};
use p2p_comm_proto::{Certificates, Failure, Handshake, HandshakeOutput, Paired};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// The first frame of somebody who calls us must come in this time: until then the call costs them nothing.
const FIRST_FRAME: Duration = Duration::from_secs(5);

/// How a pairing ended.
pub(crate) struct Outcome {
    pub(crate) result: Result<Paired, Failed>,
    /// It counts as a guess.
    pub(crate) guess: bool,
}

/// Why it failed, and what the connection said when it was not us who ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) closed: Option<CloseReason>,
}

/// Runs `handshake` to its end. Closes the connection if it fails.
pub(crate) async fn run(mut handshake: Handshake, connection: &Connection, kdf: &Kdf) -> Outcome {
    let result = drive(&mut handshake, connection, kdf).await;
    if let Err(failed) = &result {
        connection.close(match failed.failure {
            Failure::Unproven => CloseCode::Unproven,
            Failure::Protocol => CloseCode::ProtocolError,
            Failure::Timeout => CloseCode::Timeout,
            Failure::Ended => CloseCode::Bye,
            Failure::OwnAddress => CloseCode::OwnAddress,
        });
    }
    Outcome { result, guess: handshake.is_guess() }
}

/// What both ends of the TLS session show.
pub(crate) fn certificates(connection: &Connection) -> Certificates {
    Certificates { ours: connection.local_certificate_hash(), theirs: connection.peer_certificate_hash() }
}

/// Holds the whole pairing to its deadline: the other side can make a write wait, too.
async fn drive(handshake: &mut Handshake, connection: &Connection, kdf: &Kdf) -> Result<Paired, Failed> {
    let deadline = Instant::from_std(handshake.deadline());
    if let Ok(result) = timeout_at(deadline, exchange(handshake, connection, kdf)).await {
        return result;
    }
    handshake.timeout(deadline.into_std());
    Err(Failed { failure: Failure::Timeout, closed: connection.close_reason() })
}

async fn exchange(handshake: &mut Handshake, connection: &Connection, kdf: &Kdf) -> Result<Paired, Failed> {
    let mut stream: Option<(FrameSender, FrameReceiver)> = None;
    loop {
        while let Some(output) = handshake.poll_output() {
            match output {
                HandshakeOutput::Send(body) => {
                    if stream.is_none() {
                        stream = connection.open_pairing().await.ok();
                    }
                    let sent = match &mut stream {
                        Some((sender, _)) => sender.write(framed(&body)).await.is_ok(),
                        None => false,
                    };
                    if !sent {
                        handshake.ended();
                    }
                }
                HandshakeOutput::Derive(salt) => match kdf.key(salt).await {
                    Some(key) => handshake.derived(&key),
                    None => handshake.ended(),
                },
                HandshakeOutput::Paired(paired) => {
                    if let Some((sender, _)) = &mut stream {
                        let _ = sender.finish();
                    }
                    return Ok(paired);
                }
                HandshakeOutput::Failed(failure) => {
                    return Err(Failed { failure, closed: connection.close_reason() });
                }
            }
        }
        let news = async {
            if stream.is_none() {
                let opened = timeout(FIRST_FRAME, connection.accept_pairing()).await;
                stream = Some(opened.map_err(|_| None)?.map_err(Some)?);
            }
            match &mut stream {
                Some((_, receiver)) => receiver.read().await.map_err(Some),
                None => Ok(None),
            }
        };
        match news.await {
            Err(None) => handshake.timeout(handshake.deadline()),
            Err(Some(error)) if is_violation(&error) => handshake.violation(),
            Ok(Some(body)) => handshake.frame(&body),
            Ok(None) | Err(Some(_)) => handshake.ended(),
        }
    }
}

fn is_violation(error: &FrameError) -> bool {
    matches!(error, FrameError::Empty | FrameError::TooLong { .. } | FrameError::Truncated)
}

fn framed(body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(body.len() + 4);
    // Our own handshake frames are a few hundred bytes.
    let _ = frame::encode(&mut bytes, body);
    bytes.freeze()
}
