//! Events of the server about its devices.
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use pulseaudio::protocol::{Command, SubscriptionMask};

use super::Server;
use super::connection::{Connection, Message};

/// A subscription to what happens to devices.
pub(in crate::device) struct Events {
    connection: Connection,
}

/// Ends [`Events::wait`] from another thread.
pub(in crate::device) struct Stop(UnixStream);

impl Events {
    pub(super) fn open(server: &Server) -> Option<Self> {
        let mut connection = Connection::open(server).ok()?;
        let mask = SubscriptionMask::SINK | SubscriptionMask::SOURCE | SubscriptionMask::SERVER;
        connection.tell(&Command::Subscribe(mask)).ok()?;
        connection.wait_forever().ok()?;
        Some(Self { connection })
    }

    pub(in crate::device) fn stop(&self) -> Option<Stop> {
        self.connection.handle().ok().map(Stop)
    }

    /// Waits for an event; false: the server is gone.
    pub(in crate::device) fn wait(&mut self) -> bool {
        let mut happened = false;
        while !happened {
            let read = self.connection.read().and_then(|_| {
                self.connection.messages(|_, message| {
                    happened |= matches!(message, Message::Event(Command::SubscribeEvent(_)));
                })
            });
            if read.is_err() {
                return false;
            }
        }
        true
    }
}

impl Stop {
    pub(in crate::device) fn now(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
