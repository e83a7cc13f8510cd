use crate::CloseReason;
use crate::close::CloseCode;
use quinn::{ConnectionError, ReadError, SendDatagramError, TransportErrorCode, WriteError};
use std::io;

/// Why no socket could be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The port that was asked for, or every port of the rule, is taken by another program.
    #[error("the port is in use")]
    PortInUse,
    /// The system does not let this program use the port.
    #[error("the system denied the port")]
    Denied,
    /// The address to listen on is not one of this computer.
    #[error("the address is not one of this computer")]
    NoSuchAddress,
    /// Anything else that the system reported.
    #[error("no socket: {0}")]
    Other(io::Error),
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress,
            _ => Self::Other(error),
        }
    }
}

/// Why no connection came to be, on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers there, or the socket has no way to that address.
    #[error("nobody answers")]
    Unreachable,
    /// Somebody answers, but speaks another protocol or failed the TLS handshake.
    #[error("the other side speaks another protocol")]
    Protocol,
    /// The other side hung up. QUIC's own refusal (RFC 9000, section 20.1) reads as [`CloseCode::Busy`].
    #[error("closed during the handshake: {0:?}")]
    Closed(CloseReason),
    /// This side is closing.
    #[error("the endpoint is closed")]
    Local,
}

impl From<ConnectionError> for ConnectError {
    fn from(error: ConnectionError) -> Self {
        match &error {
            ConnectionError::TimedOut | ConnectionError::Reset => Self::Unreachable,
            ConnectionError::VersionMismatch | ConnectionError::TransportError(_) => Self::Protocol,
            ConnectionError::ConnectionClosed(close) => match close.error_code {
                TransportErrorCode::CONNECTION_REFUSED => Self::Closed(CloseReason::Peer(CloseCode::Busy)),
                // What an application's own code becomes before the handshake ends (RFC 9000, section 10.2.3).
                TransportErrorCode::APPLICATION_ERROR => Self::Closed(CloseReason::Transport),
                _ => Self::Protocol,
            },
            ConnectionError::ApplicationClosed(_) => Self::Closed(CloseReason::from(&error)),
            ConnectionError::LocallyClosed | ConnectionError::CidsExhausted => Self::Local,
        }
    }
}

impl From<quinn::ConnectError> for ConnectError {
    fn from(error: quinn::ConnectError) -> Self {
        match error {
            quinn::ConnectError::InvalidRemoteAddress(_) => Self::Unreachable,
            _ => Self::Local,
        }
    }
}

/// The transport's own error code, for the log: unlike the reason beside it, it holds no words of the other side.
pub(crate) fn fault(error: &ConnectionError) -> Option<TransportErrorCode> {
    match error {
        ConnectionError::TransportError(fault) => Some(fault.code),
        ConnectionError::ConnectionClosed(close) => Some(close.error_code),
        _ => None,
    }
}

/// Why a stream gives or takes no more frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame without a body.
    #[error("empty frame")]
    Empty,
    /// A frame over the cap of its stream.
    #[error("frame of {length} bytes, at most {cap} are allowed")]
    TooLong {
        /// Bytes that its head announced.
        length: usize,
        /// Bytes allowed.
        cap: usize,
    },
    /// The stream ended in the middle of a frame.
    #[error("the stream ended inside a frame")]
    Truncated,
    /// The sender gave the stream up, with this [`StreamCode`](crate::StreamCode) number.
    #[error("the sender gave up the stream, code {0}")]
    Reset(u64),
    /// The receiver gave the stream up, with this [`StreamCode`](crate::StreamCode) number.
    #[error("the receiver gave up the stream, code {0}")]
    Stopped(u64),
    /// This side ended the stream before.
    #[error("the stream was ended before")]
    Ended,
    /// The connection is gone.
    #[error("connection closed: {0:?}")]
    Closed(CloseReason),
}

/// Why a datagram was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatagramError {
    /// Longer than the path takes now ([`crate::Connection::max_datagram`]).
    #[error("the datagram is too long for the path")]
    TooLong,
    /// The other side takes none.
    #[error("the other side takes no datagrams")]
    Unsupported,
    /// The connection is gone.
    #[error("connection closed: {0:?}")]
    Closed(CloseReason),
}

impl From<SendDatagramError> for DatagramError {
    fn from(error: SendDatagramError) -> Self {
        match error {
            SendDatagramError::TooLarge => Self::TooLong,
            SendDatagramError::UnsupportedByPeer | SendDatagramError::Disabled => Self::Unsupported,
            SendDatagramError::ConnectionLost(error) => Self::Closed(CloseReason::from(&error)),
        }
    }
}

impl From<ReadError> for FrameError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Reset(code) => Self::Reset(code.into_inner()),
            ReadError::ConnectionLost(error) => Self::Closed(CloseReason::from(&error)),
            ReadError::ClosedStream | ReadError::IllegalOrderedRead | ReadError::ZeroRttRejected => Self::Ended,
        }
    }
}

impl From<WriteError> for FrameError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Stopped(code) => Self::Stopped(code.into_inner()),
            WriteError::ConnectionLost(error) => Self::Closed(CloseReason::from(&error)),
            WriteError::ClosedStream | WriteError::ZeroRttRejected => Self::Ended,
        }
    }
}
