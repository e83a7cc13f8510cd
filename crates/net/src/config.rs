use p2p_comm_model::limits;
use std::net::IpAddr;

/// What an [`Endpoint`](crate::Endpoint) is bound to. The default: every address, the port rule, normal windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Config {
    /// The one address to listen on. `None`: all of them, IPv6 and IPv4 on one socket where the system has both.
    pub bind: Option<IpAddr>,
    /// UDP port; 0 means the first free one of [`limits::PORTS`].
    pub port: u16,
    /// How much a proven peer may have in flight.
    pub windows: Windows,
}

/// Flow control of proven connections, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Windows {
    /// The sizes of [`limits`].
    #[default]
    Normal,
    /// A few KiB, for tests: what dead-locks on large windows under load dead-locks here at once.
    Small,
}

const SMALL_STREAM: u32 = 8 * 1024;
const SMALL_CONNECTION: u32 = 16 * 1024;

impl Windows {
    pub(crate) fn stream(self) -> u32 {
        match self {
            Self::Normal => limits::STREAM_WINDOW,
            Self::Small => SMALL_STREAM,
        }
    }

    pub(crate) fn proven(self) -> u32 {
        match self {
            Self::Normal => limits::WINDOW,
            Self::Small => SMALL_CONNECTION,
        }
    }

    pub(crate) fn send(self) -> u64 {
        match self {
            Self::Normal => limits::SEND_WINDOW,
            Self::Small => u64::from(SMALL_CONNECTION),
        }
    }
}
