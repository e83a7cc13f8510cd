/// Samples a second of all sound inside this crate.
pub const RATE: u32 = 48_000;
/// Samples of a block: 10 ms.
pub const BLOCK: usize = 480;

/// 10 ms of mono sound at [`RATE`], full scale is ±1.
pub type Block = [f32; BLOCK];
