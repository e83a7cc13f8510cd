use quinn::{ConnectionError, VarInt};

/// Why a connection is closed, as the closing side says it (QUIC application error code, RFC 9000, section 20.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum CloseCode {
    /// The other side disconnected. Also what a connection says whose last handle is dropped.
    Bye = 0,
    /// A newer connection between the same two devices took over.
    Replaced = 1,
    /// The password was not proved.
    Unproven = 2,
    /// The other side sent what the protocol forbids.
    ProtocolError = 3,
    /// A step of the handshake took too long.
    Timeout = 4,
    /// The dialer went on with another of the peer's addresses.
    Cancelled = 5,
    /// No room for another connection.
    Busy = 6,
    /// Both ends are the same device.
    OwnAddress = 7,
}

impl CloseCode {
    /// The number on the wire.
    pub fn wire(self) -> u32 {
        self as u32
    }

    /// The code of a number on the wire, if it has a name.
    pub fn from_wire(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Bye,
            1 => Self::Replaced,
            2 => Self::Unproven,
            3 => Self::ProtocolError,
            4 => Self::Timeout,
            5 => Self::Cancelled,
            6 => Self::Busy,
            7 => Self::OwnAddress,
            _ => return None,
        })
    }

    pub(crate) fn var(self) -> VarInt {
        VarInt::from_u32(self.wire())
    }
}

/// Why a single stream is given up, while its connection lives (`RESET_STREAM` or `STOP_SENDING`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum StreamCode {
    /// Nobody reads or writes it any more. Also what a dropped [`FrameReceiver`](crate::FrameReceiver) says.
    Dropped = 0,
    /// The first frame named a kind of stream that this side does not know.
    UnknownKind = 0x10,
}

impl StreamCode {
    /// The number on the wire.
    pub fn wire(self) -> u32 {
        self as u32
    }

    pub(crate) fn var(self) -> VarInt {
        VarInt::from_u32(self.wire())
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The other side closed it and said why.
    Peer(CloseCode),
    /// The other side closed it with a number that has no name here.
    PeerUnknown(u64),
    /// This side closed it.
    Local,
    /// The other side fell silent for the idle timeout, or has forgotten the connection.
    Lost,
    /// QUIC or TLS gave it up: one side broke the rules of the transport.
    Transport,
}

impl From<&ConnectionError> for CloseReason {
    fn from(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => {
                let number = close.error_code.into_inner();
                CloseCode::from_wire(number).map_or(Self::PeerUnknown(number), Self::Peer)
            }
            ConnectionError::LocallyClosed => Self::Local,
            ConnectionError::TimedOut | ConnectionError::Reset => Self::Lost,
            ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::CidsExhausted => Self::Transport,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back_from_its_number() {
        for number in 0..8 {
            assert_eq!(u64::from(CloseCode::from_wire(number).unwrap().wire()), number);
        }
        assert_eq!(CloseCode::from_wire(8), None);
        assert_eq!(StreamCode::UnknownKind.wire(), 0x10);
    }
}
