/// Why a codec could not be made or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// What libopus says.
    #[error("the sound codec failed with code {0}")]
    Opus(i32),
    /// The resampler could not be built.
    #[error("the resampler of the sound codec could not be built")]
    Resampler,
}
