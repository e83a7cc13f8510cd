use crate::frame::Decoder;
use crate::{CloseReason, FrameError, StreamCode};
use bytes::Bytes;
use p2p_comm_model::limits;
use std::fmt;

/// Chunks taken from the connection at a time; each is at most the content of one packet.
const CHUNKS: usize = 32;

/// The sending half of a stream. Dropping it ends the stream cleanly, as [`finish`](Self::finish) does.
pub struct FrameSender {
    stream: quinn::SendStream,
    /// The unwritten rest, when an earlier write was cancelled.
    pending: Bytes,
}

impl FrameSender {
    pub(crate) fn new(stream: quinn::SendStream) -> Self {
        Self { stream, pending: Bytes::new() }
    }

    /// Hands whole frames, as [`frame::encode`](crate::frame::encode) made them, to the connection. Waits while
    /// the other side's windows or the send window are full.
    ///
    /// Cancelled in the middle, it never tears a frame: the next write sends the rest first. Whether the frames of
    /// the cancelled call were taken cannot be told.
    pub async fn write(&mut self, frames: Bytes) -> Result<(), FrameError> {
        self.flush().await?;
        self.pending = frames;
        self.flush().await
    }

    /// Ends the stream; what was written is still delivered.
    pub fn finish(&mut self) -> Result<(), FrameError> {
        self.stream.finish().map_err(|_| FrameError::Ended)
    }

    /// Gives the stream up; what is not delivered yet is lost. Nothing happens if it ended before.
    pub fn reset(&mut self, code: StreamCode) {
        let _ = self.stream.reset(code.var());
    }

    /// Completes when the receiver gives the stream up (`Err`), or has received all of a finished one (`Ok`).
    /// Does not borrow the sender, so that it can be awaited beside writes.
    pub fn stopped(&self) -> impl Future<Output = Result<(), FrameError>> + Send + Sync + 'static {
        let stopped = self.stream.stopped();
        async move {
            match stopped.await {
                Ok(None) => Ok(()),
                Ok(Some(code)) => Err(FrameError::Stopped(code.into_inner())),
                Err(quinn::StoppedError::ConnectionLost(error)) => Err(FrameError::Closed(CloseReason::from(&error))),
                Err(quinn::StoppedError::ZeroRttRejected) => Err(FrameError::Ended),
            }
        }
    }

    async fn flush(&mut self) -> Result<(), FrameError> {
        while !self.pending.is_empty() {
            self.stream.write_chunks(std::slice::from_mut(&mut self.pending)).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for FrameSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSender").finish_non_exhaustive()
    }
}

/// The receiving half of a stream. Dropping it asks the sender to stop.
///
/// All reads are cancel-safe. After an error every further read gives the same one.
pub struct FrameReceiver {
    stream: quinn::RecvStream,
    decoder: Decoder,
}

impl FrameReceiver {
    pub(crate) fn new(stream: quinn::RecvStream, cap: usize) -> Self {
        Self { stream, decoder: Decoder::new(cap) }
    }

    /// Allows frames of up to [`limits::FRAME`], after the other side has proved the password.
    pub fn proven(&mut self) {
        self.decoder.set_cap(limits::FRAME);
    }

    /// The next frame's body; `None` when the sender finished the stream.
    pub async fn read(&mut self) -> Result<Option<Bytes>, FrameError> {
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                return Ok(Some(frame));
            }
            if !self.fill().await? {
                return self.decoder.end().map(|()| None);
            }
        }
    }

    /// Waits for a frame, then gives every complete one that is at hand, until they hold `max_bytes` (the last one
    /// may go beyond). `None` when the sender finished the stream.
    ///
    /// A body is often a slice of the packet that it came in and keeps it in memory: use it and drop it.
    pub async fn read_batch(&mut self, max_bytes: usize) -> Result<Option<Vec<Bytes>>, FrameError> {
        loop {
            let frames = self.at_hand(max_bytes)?;
            if !frames.is_empty() {
                return Ok(Some(frames));
            }
            if !self.fill().await? {
                return self.decoder.end().map(|()| None);
            }
        }
    }

    /// Asks the sender to stop, and reads no more. Nothing happens if the stream ended before.
    pub fn stop(&mut self, code: StreamCode) {
        let _ = self.stream.stop(code.var());
        self.decoder.fail(FrameError::Ended);
    }

    fn at_hand(&mut self, max_bytes: usize) -> Result<Vec<Bytes>, FrameError> {
        let mut frames = Vec::new();
        let mut bytes = 0usize;
        while bytes < max_bytes.max(1) {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => {
                    bytes = bytes.saturating_add(frame.len());
                    frames.push(frame);
                }
                Ok(None) => break,
                Err(error) if frames.is_empty() => return Err(error),
                // The good frames first; the decoder repeats the error at the next call.
                Err(_) => break,
            }
        }
        Ok(frames)
    }

    /// Moves what has arrived into the decoder; `false` at the end of the stream.
    async fn fill(&mut self) -> Result<bool, FrameError> {
        let mut chunks = [const { Bytes::new() }; CHUNKS];
        let read = self.stream.read_chunks(&mut chunks).await.map_err(FrameError::from);
        match read.inspect_err(|error| self.decoder.fail(*error))? {
            Some(count) => {
                chunks.into_iter().take(count).for_each(|chunk| self.decoder.push(chunk));
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

impl fmt::Debug for FrameReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReceiver").finish_non_exhaustive()
    }
}
