use p2p_comm_model::{Code, LinkError, NameError, TextError};
use p2p_comm_net::BindError;
use std::fmt;

/// What a call of [`crate::Handle`] fails with: a code for the shell, and words for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// What happened, the same in every shell.
    pub code: Code,
    /// More, in English, without anything personal.
    pub detail: String,
}

impl Error {
    pub(crate) fn new(code: Code, detail: impl fmt::Display) -> Self {
        Self { code, detail: detail.to_string() }
    }

    /// The actor is gone.
    pub(crate) fn stopped() -> Self {
        Self::new(Code::Internal, "the engine has stopped")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { self.code.fmt(f) } else { write!(f, "{} ({})", self.code, self.detail) }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

impl From<NameError> for Error {
    fn from(_: NameError) -> Self {
        Code::InvalidName.into()
    }
}

impl From<p2p_comm_crypto::InvalidPassword> for Error {
    fn from(_: p2p_comm_crypto::InvalidPassword) -> Self {
        Code::InvalidPassword.into()
    }
}

impl From<TextError> for Error {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Code::MessageEmpty.into(),
            TextError::TooLong => Code::MessageTooLong.into(),
        }
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Self {
        Self::new(Code::InvalidLink, error)
    }
}

impl From<BindError> for Error {
    fn from(error: BindError) -> Self {
        match error {
            BindError::PortInUse => Code::PortInUse.into(),
            BindError::Denied | BindError::NoSuchAddress | BindError::Other(_) => Self::new(Code::NoNetwork, error),
        }
    }
}
