//! Values of the protocol as values of the store, and back.

use crate::actor::Actor;
use p2p_comm_model::{Code, PeerId};
use p2p_comm_proto::wire::KeyLife;
use p2p_comm_proto::{Binding, KeptPeer, Outgoing, Received};
use p2p_comm_store::{Bound, Damage, Error, Keychain, PeerRecord, Queued};

impl Actor {
    /// An entry as it is written, and what came from its device.
    pub(super) fn peer_record(&self, peer: PeerId) -> Option<(PeerRecord, Option<Received>)> {
        let kept = self.node.peer_to_keep(peer)?;
        let choices = self.choices_about(peer);
        let record = PeerRecord {
            id: peer,
            label: kept.label,
            name: kept.name,
            addresses: kept.addresses,
            blocked: kept.blocked,
            bound: kept.binding.map(|Binding { device, life, .. }| Bound { device, kept: life == KeyLife::Kept }),
            verified: kept.binding.is_some_and(|binding| binding.verified),
            muted: choices.muted,
            pinned: choices.pinned,
            gain_db: self.peer_gain(peer),
            // What one writes is a message, too.
            draft: if self.keeps_lines(peer) { choices.draft.clone() } else { String::new() },
            retention: choices.retention,
            vanish: choices.vanish,
        };
        Some((record, kept.received))
    }
}

/// An entry as the node takes it back, and what waits for it.
pub(super) fn adopted(kept: &p2p_comm_store::KeptPeer) -> (KeptPeer, Vec<Outgoing>) {
    let record = &kept.record;
    let life = |kept| if kept { KeyLife::Kept } else { KeyLife::Session };
    let binding =
        record.bound.map(|Bound { device, kept }| Binding { device, life: life(kept), verified: record.verified });
    let inbox = binding.and_then(|binding| kept.inboxes.iter().find(|inbox| inbox.device == binding.device));
    let peer = KeptPeer {
        id: record.id,
        label: record.label.clone(),
        name: record.name.clone(),
        addresses: record.addresses.clone(),
        blocked: record.blocked,
        binding,
        received: inbox.map(|inbox| Received { epoch: inbox.epoch, counter: inbox.highest }),
        newest: kept.acked,
        acked: kept.acked,
    };
    (peer, kept.queue.iter().map(outgoing).collect())
}

fn outgoing(queued: &Queued) -> Outgoing {
    let Queued { epoch, counter, at, ref content, vanish } = *queued;
    Outgoing { epoch, counter, at, content: content.clone(), life: vanish }
}

/// A message that waits, as it is written.
pub(crate) fn queued(waiting: &Outgoing) -> Queued {
    let Outgoing { epoch, counter, at, ref content, life } = *waiting;
    Queued { epoch, counter, at, content: content.clone(), vanish: life }
}

/// The one word for what the store says.
pub(crate) fn code(error: &Error) -> Code {
    match error {
        Error::Nothing => Code::NotRemembered,
        Error::Exists => Code::AlreadyRemembered,
        Error::OtherSeal => Code::OtherSeal,
        Error::WrongPassphrase => Code::WrongPassphrase,
        Error::InvalidPassphrase => Code::InvalidPassphrase,
        Error::Keychain(Keychain::Absent) => Code::KeychainAbsent,
        Error::KeyLeft(_) => Code::KeyLeft,
        Error::Keychain(Keychain::Locked | Keychain::Unanswered) => Code::KeychainLocked,
        Error::Keychain(Keychain::Refused) => Code::KeychainRefused,
        Error::Keychain(Keychain::WithoutKey) => Code::KeychainWithoutKey,
        Error::Keychain(Keychain::Failed(_)) => Code::KeychainFailed,
        Error::Damaged(Damage::KeyFile | Damage::NoKeyFile | Damage::NoDatabase | Damage::Database) => {
            Code::StoreDamaged
        }
        Error::Newer { .. } => Code::StoreNewer,
        Error::Full => Code::DiskFull,
        Error::ReadOnly => Code::DiskReadOnly,
        Error::InUse => Code::StoreInUse,
        Error::Gone => Code::StoreGone,
        _ => Code::StoreFailed,
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let detail = match &error {
            // Paths name the person.
            Error::Io { source, .. } => source.to_string(),
            Error::Database(words) => words.clone(),
            Error::Keychain(Keychain::Failed(words)) => words.clone(),
            Error::Newer { .. } | Error::Damaged(_) | Error::KeyLeft(_) => error.to_string(),
            _ => String::new(),
        };
        Self::new(code(&error), detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_failure_names_no_path() {
        let path = "/home/alice/profiles/work/store.db".into();
        let error = crate::Error::from(Error::Io { path, source: std::io::Error::other("the disk is broken") });
        assert_eq!(error.to_string(), "the store failed; the log says more (the disk is broken)");
    }
}
