//! Frames: a length (u32, big-endian, of the body alone) and a body of 1 to *cap* bytes. Pure: no I/O, no clock.

use crate::FrameError;
use bytes::{Bytes, BytesMut};
use p2p_comm_model::limits;
use std::collections::VecDeque;

/// Bytes of a frame before its body.
pub const HEAD: usize = 4;

/// Room reserved for a frame on the word of its head alone; beyond it the buffer grows with what really arrives.
const TRUSTED: usize = 16 * 1024;

/// Appends a frame with this body to `out`. Several may be gathered there for one write.
///
/// Errors: [`FrameError::Empty`], or [`FrameError::TooLong`] over [`limits::FRAME`]; `out` is then unchanged.
pub fn encode(out: &mut BytesMut, body: &[u8]) -> Result<(), FrameError> {
    let length = check(body.len(), limits::FRAME)?;
    let head = u32::try_from(length).map_err(|_| FrameError::TooLong { length, cap: limits::FRAME })?;
    out.reserve(HEAD.saturating_add(length));
    out.extend_from_slice(&head.to_be_bytes());
    out.extend_from_slice(body);
    Ok(())
}

/// Cuts a stream of bytes into frame bodies, however the bytes are split on their way.
///
/// A body that lies within one pushed chunk is a slice of it, not a copy; so is whatever keeps it alive. Of an
/// unfinished frame only its own bytes are kept, at most [`HEAD`] + cap of them, never the chunks that they came in.
/// After an error every further call gives the same one.
#[derive(Debug)]
pub struct Decoder {
    cap: usize,
    chunks: VecDeque<Bytes>,
    /// The start of a frame, head included, that no chunk holds whole.
    partial: BytesMut,
    failed: Option<FrameError>,
}

impl Decoder {
    /// A decoder that refuses bodies over `cap` bytes.
    pub fn new(cap: usize) -> Self {
        Self { cap, chunks: VecDeque::new(), partial: BytesMut::new(), failed: None }
    }

    /// Refuses bodies over `cap` bytes from the next frame on.
    pub fn set_cap(&mut self, cap: usize) {
        self.cap = cap;
    }

    /// Takes the next bytes of the stream. To bound memory, pull until `None` before pushing more.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() && self.failed.is_none() {
            self.chunks.push_back(chunk);
        }
    }

    /// The next complete body, or `None` until more is pushed.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.advance().inspect_err(|error| self.fail(*error))
    }

    /// What the end of the stream means here: nothing, or [`FrameError::Truncated`].
    pub fn end(&self) -> Result<(), FrameError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.partial.is_empty() && self.chunks.is_empty() => Ok(()),
            None => Err(FrameError::Truncated),
        }
    }

    /// Makes `error` the answer to every further call and lets go of all bytes.
    pub(crate) fn fail(&mut self, error: FrameError) {
        self.failed.get_or_insert(error);
        self.chunks = VecDeque::new();
        self.partial = BytesMut::new();
    }

    fn advance(&mut self) -> Result<Option<Bytes>, FrameError> {
        while let Some(mut chunk) = self.chunks.pop_front() {
            let frame =
                if self.partial.is_empty() { self.cut(&mut chunk)? } else { self.complete_partial(&mut chunk)? };
            if !chunk.is_empty() {
                self.chunks.push_front(chunk);
            }
            if frame.is_some() {
                return Ok(frame);
            }
        }
        Ok(None)
    }

    /// The frame at the start of `chunk`, as a slice of it; what is no whole frame becomes the partial one.
    fn cut(&mut self, chunk: &mut Bytes) -> Result<Option<Bytes>, FrameError> {
        if let Some(head) = chunk.first_chunk::<HEAD>() {
            let end = HEAD.saturating_add(body_length(*head, self.cap)?);
            if chunk.len() >= end {
                let frame = chunk.split_to(end);
                return Ok(Some(frame.slice(HEAD..)));
            }
            self.partial.reserve(end.min(TRUSTED));
        }
        self.partial.extend_from_slice(chunk);
        chunk.clear();
        Ok(None)
    }

    fn complete_partial(&mut self, chunk: &mut Bytes) -> Result<Option<Bytes>, FrameError> {
        self.take_until(HEAD, chunk);
        let Some(head) = self.partial.first_chunk::<HEAD>() else { return Ok(None) };
        let end = HEAD.saturating_add(body_length(*head, self.cap)?);
        self.take_until(end, chunk);
        if self.partial.len() < end {
            return Ok(None);
        }
        let frame = std::mem::take(&mut self.partial).freeze();
        Ok(Some(frame.slice(HEAD..)))
    }

    fn take_until(&mut self, length: usize, chunk: &mut Bytes) {
        let missing = length.saturating_sub(self.partial.len()).min(chunk.len());
        self.partial.extend_from_slice(&chunk.split_to(missing));
    }
}

fn body_length(head: [u8; HEAD], cap: usize) -> Result<usize, FrameError> {
    check(usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX), cap)
}

fn check(length: usize, cap: usize) -> Result<usize, FrameError> {
    match length {
        0 => Err(FrameError::Empty),
        _ if length > cap => Err(FrameError::TooLong { length, cap }),
        _ => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAP: usize = 300;

    fn decode(decoder: &mut Decoder, pieces: impl IntoIterator<Item = Bytes>) -> Result<Vec<Bytes>, FrameError> {
        let mut frames = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame()? {
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    fn split(mut bytes: Bytes, sizes: &[usize]) -> Vec<Bytes> {
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if bytes.is_empty() {
                break;
            }
            pieces.push(bytes.split_to((*size).min(bytes.len())));
        }
        pieces
    }

    proptest! {
        #[test]
        fn any_split_of_any_frames_decodes_to_the_same(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=CAP), 0..20),
            sizes in prop::collection::vec(1usize..500, 1..10),
        ) {
            let mut stream = BytesMut::new();
            for body in &bodies {
                encode(&mut stream, body).unwrap();
            }
            let mut decoder = Decoder::new(CAP);
            let frames = decode(&mut decoder, split(stream.freeze(), &sizes)).unwrap();
            prop_assert_eq!(frames.iter().map(|frame| frame.to_vec()).collect::<Vec<_>>(), bodies);
            prop_assert_eq!(decoder.end(), Ok(()));
        }

        #[test]
        fn pushing_everything_first_changes_nothing(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=CAP), 0..20),
            sizes in prop::collection::vec(1usize..500, 1..10),
        ) {
            let mut stream = BytesMut::new();
            for body in &bodies {
                encode(&mut stream, body).unwrap();
            }
            let mut decoder = Decoder::new(CAP);
            split(stream.freeze(), &sizes).into_iter().for_each(|piece| decoder.push(piece));
            let frames = decode(&mut decoder, [Bytes::new()]).unwrap();
            prop_assert_eq!(frames.iter().map(|frame| frame.to_vec()).collect::<Vec<_>>(), bodies);
        }

        #[test]
        fn random_bytes_never_panic_and_never_exceed_the_cap(
            noise in prop::collection::vec(any::<u8>(), 0..2000),
            sizes in prop::collection::vec(1usize..50, 1..10),
        ) {
            let mut decoder = Decoder::new(CAP);
            if let Ok(frames) = decode(&mut decoder, split(noise.into(), &sizes)) {
                prop_assert!(frames.iter().all(|frame| (1..=CAP).contains(&frame.len())));
            }
            prop_assert!(decoder.partial.len() <= HEAD + CAP);
        }
    }

    #[test]
    fn a_frame_over_the_cap_is_refused_by_its_head_before_any_room_is_reserved() {
        for head in [[0, 0, 1, 45], [255, 255, 255, 255]] {
            let length = u32::from_be_bytes(head) as usize;
            let mut decoder = Decoder::new(CAP);
            assert_eq!(
                decode(&mut decoder, split(Bytes::copy_from_slice(&head), &[1])),
                Err(FrameError::TooLong { length, cap: CAP })
            );
            assert_eq!(decoder.partial.capacity(), 0);
        }
    }

    #[test]
    fn a_frame_of_exactly_the_cap_is_taken() {
        let mut stream = BytesMut::new();
        encode(&mut stream, &[7; CAP]).unwrap();
        assert_eq!(decode(&mut Decoder::new(CAP), [stream.freeze()]).unwrap(), [Bytes::from(vec![7; CAP])]);
    }

    #[test]
    fn an_empty_frame_is_refused_and_the_error_stays() {
        let mut decoder = Decoder::new(CAP);
        assert_eq!(decode(&mut decoder, [Bytes::from_static(&[0, 0, 0, 0])]), Err(FrameError::Empty));
        assert_eq!(decode(&mut decoder, [Bytes::from_static(&[0, 0, 0, 1, 9])]), Err(FrameError::Empty));
        assert_eq!(decoder.end(), Err(FrameError::Empty));
    }

    #[test]
    fn an_end_inside_a_frame_is_truncation() {
        for part in [&[0u8][..], &[0, 0, 0, 2], &[0, 0, 0, 2, 1]] {
            let mut decoder = Decoder::new(CAP);
            assert_eq!(decode(&mut decoder, [Bytes::copy_from_slice(part)]), Ok(vec![]));
            assert_eq!(decoder.end(), Err(FrameError::Truncated));
        }
    }

    #[test]
    fn nothing_is_encoded_of_a_body_out_of_bounds() {
        let mut out = BytesMut::new();
        assert_eq!(encode(&mut out, &[]), Err(FrameError::Empty));
        assert!(matches!(encode(&mut out, &vec![0; limits::FRAME + 1]), Err(FrameError::TooLong { .. })));
        assert!(out.is_empty());
    }
}
