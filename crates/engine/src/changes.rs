use p2p_comm_model::{Changes, ConversationChange, PeerId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;

/// Tells one shell what changed. Whatever happens between two calls is folded into one answer, so a slow shell costs
/// no memory and holds nobody up.
pub struct ChangesReceiver(Arc<Mailbox>);

/// The other end: every shell that listens.
#[derive(Default)]
pub(crate) struct ChangesSender(Vec<Weak<Mailbox>>);

#[derive(Default)]
struct Mailbox {
    changes: Mutex<Changes>,
    news: Notify,
}

impl ChangesReceiver {
    /// Waits until something changed and takes it. Cancel safe.
    pub async fn next(&mut self) -> Changes {
        loop {
            let changes = std::mem::take(&mut *self.0.lock());
            if changes != Changes::default() {
                return changes;
            }
            self.0.news.notified().await;
        }
    }
}

impl ChangesSender {
    pub(crate) fn subscribe(&mut self) -> ChangesReceiver {
        let mailbox = Arc::new(Mailbox::default());
        self.0.retain(|mailbox| mailbox.strong_count() > 0);
        self.0.push(Arc::downgrade(&mailbox));
        ChangesReceiver(mailbox)
    }

    pub(crate) fn status(&self) {
        self.each(|changes| changes.status = true);
    }

    pub(crate) fn peers(&self) {
        self.each(|changes| {
            changes.peers = true;
            changes.status = true;
        });
    }

    pub(crate) fn call(&self) {
        self.each(|changes| changes.call = true);
    }

    pub(crate) fn devices(&self) {
        self.each(|changes| changes.devices = true);
    }

    pub(crate) fn requests(&self) {
        self.each(|changes| changes.requests = true);
    }

    pub(crate) fn conversation(&self, peer: PeerId, revision: u64) {
        self.each(|changes| {
            match changes.conversations.iter_mut().find(|change| change.peer == peer) {
                Some(change) => change.revision = revision,
                None => changes.conversations.push(ConversationChange { peer, revision }),
            }
            changes.peers = true;
        });
    }

    fn each(&self, change: impl Fn(&mut Changes)) {
        for mailbox in self.0.iter().filter_map(Weak::upgrade) {
            change(&mut mailbox.lock());
            mailbox.news.notify_one();
        }
    }
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_between_two_looks_is_one_answer() {
        let mut sender = ChangesSender::default();
        let mut receiver = sender.subscribe();
        sender.requests();
        for revision in 1..1000 {
            sender.conversation(PeerId(1), revision);
        }
        let changes = receiver.next().await;
        assert_eq!(changes.conversations, [ConversationChange { peer: PeerId(1), revision: 999 }]);
        assert!(changes.requests && changes.peers && !changes.status);
    }
}
