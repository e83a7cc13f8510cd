use crate::Block;
use sonora::three_band_filter_bank::{NUM_BANDS, SPLIT_BAND_SIZE, ThreeBandFilterBank};

/// 10 ms in three bands of 8 kHz, each sampled at 16 kHz, full scale ±32768 (what WebRTC's algorithms expect).
pub(crate) type Bands = [[f32; BAND]; NUM_BANDS];
/// Samples of one band in a block.
pub(crate) const BAND: usize = SPLIT_BAND_SIZE;
/// How many samples at 48 kHz splitting and merging delay the sound.
pub(crate) const SPLIT_DELAY: usize = 46;

const SCALE: f32 = 32_768.0;

/// Silence.
pub(crate) const SILENT: Bands = [[0.0; BAND]; NUM_BANDS];

/// Splits sound into bands, or merges them.
pub(crate) struct Splitter(ThreeBandFilterBank);

impl Splitter {
    pub(crate) fn new() -> Self {
        Self(ThreeBandFilterBank::new())
    }

    /// Splits a block. One splitter either splits or merges.
    pub(crate) fn split(&mut self, block: &Block, bands: &mut Bands) {
        let scaled = block.map(|sample| sample * SCALE);
        self.0.analysis(&scaled, bands);
    }

    /// Merges bands into a block.
    pub(crate) fn merge(&mut self, bands: &Bands, block: &mut Block) {
        self.0.synthesis(bands, block);
        block.iter_mut().for_each(|sample| *sample /= SCALE);
    }
}
