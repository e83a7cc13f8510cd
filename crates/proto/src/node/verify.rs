//! What tells two people that nobody sits between them (`docs/protocol.md`, "The phrase").

use crate::node::Node;
use p2p_comm_crypto::Phrase;
use p2p_comm_model::{Code, PeerId};

impl Node {
    /// The words of the connection in use, which this peer sees as well: while both have added each other and it is heard.
    pub fn phrase(&self, peer: PeerId) -> Option<&Phrase> {
        let session = self.sessions.get(&self.entries.get(&peer)?.current?)?;
        (session.profile.is_some() && !session.stale).then_some(&session.phrase)
    }

    /// Marks the device of this peer as the one with whose person the words were compared, or takes the mark back. Fails
    /// with [`Code::WordsChanged`] if these are not the words there are: a device that took the other's place while two
    /// people read to each other gets no mark.
    pub fn set_verified(&mut self, peer: PeerId, compared: Option<&str>) -> Result<(), Code> {
        let same = compared.is_none_or(|words| self.phrase(peer).is_some_and(|phrase| phrase.as_str() == words));
        let entry = self.entries.get_mut(&peer).ok_or(Code::NotFound)?;
        if !same {
            return Err(Code::WordsChanged);
        }
        if let Some(binding) = &mut entry.binding {
            binding.verified = compared.is_some();
        }
        self.changed(peer);
        Ok(())
    }
}
