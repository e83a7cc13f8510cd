//! The bytes of the image, none of which is used before it is known to be as it was made. The compression would let most
//! damage pass, and then a program runs that nobody has written.
//!
//! Behind the image are the CRC-32 of each of its pieces (u32), its length in bytes (u64) and `MAGIC`; all little-endian.
use std::fs::File;
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

/// Bytes of a piece; the last one may be shorter. `scripts/package/appimage.mjs` writes the same.
const PIECE: u64 = 1 << 16;
const MAGIC: &[u8; 8] = b"p2pcrc32";
const LENGTH_BYTES: u64 = 8;
const SUM_BYTES: u64 = 4;

/// Reads the image from its beginning.
pub(crate) struct Checked {
    file: File,
    /// Where in the file the image begins, and how long it is.
    start: u64,
    length: u64,
    sums: Vec<u32>,
    position: u64,
    /// The number of a piece, and its bytes.
    piece: Option<(u64, Vec<u8>)>,
}

impl Checked {
    /// `start`: where the image begins. An error that the system has not made means that the end of the file is missing.
    pub(crate) fn new(file: File, start: u64) -> io::Result<Self> {
        let footer = LENGTH_BYTES + MAGIC.len() as u64;
        let end = file.metadata()?.len().checked_sub(footer).ok_or(ErrorKind::UnexpectedEof)?;
        let [mut length, mut magic] = [[0; 8]; 2];
        file.read_exact_at(&mut length, end)?;
        file.read_exact_at(&mut magic, end + LENGTH_BYTES)?;
        let length = u64::from_le_bytes(length);
        let sums = length.div_ceil(PIECE).checked_mul(SUM_BYTES).and_then(|bytes| end.checked_sub(bytes));
        let whole = sums.and_then(|sums| sums.checked_sub(start)) == Some(length) && &magic == MAGIC;
        let (true, Some(sums_start)) = (whole, sums) else { return Err(ErrorKind::InvalidData.into()) };
        let mut sums = vec![0; (end - sums_start) as usize];
        file.read_exact_at(&mut sums, sums_start)?;
        let sums = sums.chunks_exact(4).map(|sum| u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]])).collect();
        Ok(Self { file, start, length, sums, position: 0, piece: None })
    }

    fn read_piece(&self, number: u64) -> io::Result<Vec<u8>> {
        let begin = number * PIECE;
        let mut bytes = vec![0; PIECE.min(self.length - begin) as usize];
        self.file.read_exact_at(&mut bytes, self.start + begin)?;
        match self.sums.get(number as usize) {
            Some(&sum) if sum == crc32fast::hash(&bytes) => Ok(bytes),
            _ => Err(ErrorKind::InvalidData.into()),
        }
    }
}

impl BufRead for Checked {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.length {
            return Ok(&[]);
        }
        let number = self.position / PIECE;
        if self.piece.as_ref().is_none_or(|(held, _)| *held != number) {
            self.piece = Some((number, self.read_piece(number)?));
        }
        let from = (self.position % PIECE) as usize;
        Ok(self.piece.as_ref().and_then(|(_, bytes)| bytes.get(from..)).unwrap_or_default())
    }

    fn consume(&mut self, bytes: usize) {
        self.position += bytes as u64;
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl Seek for Checked {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(more) => self.length.checked_add_signed(more),
            SeekFrom::Current(more) => self.position.checked_add_signed(more),
        };
        self.position = position.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
