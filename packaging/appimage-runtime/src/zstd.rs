//! The one compression that these images have, and only the way back.
use backhand::compression::{CompressionAction, Compressor};
use backhand::{BackhandError, FilesystemCompressor, SuperBlock};

/// Unpacks blocks.
pub(crate) struct Zstd;

impl CompressionAction for Zstd {
    type Error = BackhandError;
    type Compressor = Compressor;
    type FilesystemCompressor = FilesystemCompressor;
    type SuperBlock = SuperBlock;

    /// As far as `out` has room.
    fn decompress(&self, bytes: &[u8], out: &mut Vec<u8>, compressor: Compressor) -> Result<(), BackhandError> {
        if compressor != Compressor::Zstd {
            return Err(BackhandError::UnsupportedCompression(String::new()));
        }
        zstd_safe::decompress(out, bytes).map_err(|_| BackhandError::CorruptedOrInvalidSquashfs)?;
        Ok(())
    }

    fn compress(&self, _: &[u8], _: FilesystemCompressor, _: u32) -> Result<Vec<u8>, BackhandError> {
        Err(BackhandError::UnsupportedCompression(String::new()))
    }
}
