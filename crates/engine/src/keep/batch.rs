//! What is written at once: a transaction, what is done with the store after it, and what is said when it is over.

use crate::Error;
use crate::actor::{Actor, Mailbox, News};
use p2p_comm_model::PeerId;
use p2p_comm_proto::{Input, Kept};
use p2p_comm_store::{Change, Expired, Store, Swept};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long to wait before a transaction that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What is done with the store at once, on a thread that may block.
pub(super) type Errand = Box<dyn FnOnce(&mut Store) + Send>;

/// One transaction, and what comes with it.
#[derive(Default)]
pub(crate) struct Batch {
    pub(super) changes: Vec<Change>,
    /// To be said to the node when it is written.
    pub(super) says: Vec<Kept>,
    /// Lines of conversations that the store has then: all before this one.
    pub(super) lines: BTreeMap<PeerId, u64>,
    pub(super) errands: Vec<Errand>,
    /// Our clock and whether it is steady, if lines that are dropped, or whose time is over, are to go: piece by piece, with
    /// other changes between.
    pub(super) expire: Option<(i64, bool)>,
}

/// How a transaction went.
pub(crate) struct Written {
    store: Store,
    batch: Batch,
    result: Result<Swept, p2p_comm_store::Error>,
    waiting: Vec<oneshot::Sender<Result<(), Error>>>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.says.is_empty() && self.errands.is_empty() && self.expire.is_none()
    }

    /// Writes it.
    fn carry_out(mut self, mut store: Store, waiting: Vec<oneshot::Sender<Result<(), Error>>>) -> Written {
        let mut result = match self.changes.is_empty() {
            true => Ok(Swept::default()),
            false => store.write(&self.changes).map(|()| Swept::default()),
        };
        self.errands.drain(..).for_each(|errand| errand(&mut store));
        if result.is_ok() {
            self.changes.clear();
            if let Some((now, steady)) = self.expire {
                result = store.sweep(now, steady);
            }
        }
        Written { store, batch: self, result, waiting }
    }
}

impl Actor {
    /// Gives the store what waits, if it is idle and something may not wait.
    pub(crate) fn write(&mut self) {
        let mailbox = self.mailbox();
        let behind = self.keep.is_behind();
        self.hold.send_if_modified(|held| std::mem::replace(held, behind) != behind);
        let Some(open) = self.keep.open() else { return };
        let due = open.due.is_some_and(|due| due <= Instant::now());
        if !(due || open.urgent && open.trouble.is_none()) || open.closing.is_some() {
            return;
        }
        let Some(store) = open.store.take() else { return };
        (open.urgent, open.due) = (false, None);
        let (batch, waiting) = (std::mem::take(&mut open.batch), std::mem::take(&mut open.waiting));
        if batch.is_empty() {
            open.store = Some(store);
            waiting.into_iter().for_each(|waiting| drop(waiting.send(Ok(()))));
            return;
        }
        tokio::task::spawn_blocking(move || mailbox.written(batch.carry_out(store, waiting)));
    }

    /// Writes at once what is not written. Says whether there is anything to wait for.
    pub(crate) fn flush(&mut self) -> bool {
        if let Some(open) = self.keep.open() {
            open.now();
        }
        self.write();
        self.keep.open().is_some_and(|open| open.store.is_none() || !open.batch.is_empty() && open.trouble.is_none())
    }

    /// A transaction is over.
    pub(crate) fn written(&mut self, written: Written) {
        let Written { store, batch, result, waiting } = written;
        let Some(open) = self.keep.open() else { return };
        open.store = Some(store);
        if let Some(closed) = open.closing.take() {
            self.keep.shut(closed);
            return;
        }
        let before = open.trouble;
        match result {
            Ok(Swept { gone, more }) => {
                open.trouble = None;
                if more && !open.ending {
                    open.batch.expire = open.batch.expire.or(batch.expire);
                    open.urgent = true;
                    // Who waits for what is deleted waits until all of it is.
                    open.waiting.extend(waiting);
                } else {
                    waiting.into_iter().for_each(|waiting| drop(waiting.send(Ok(()))));
                }
                open.urgent |= !open.batch.is_empty() && before.is_some();
                for kept in batch.says {
                    self.node.handle(self.now(), Input::Kept(kept));
                }
                for (peer, end) in batch.lines {
                    if let Some(conversation) = self.conversations.get_mut(&peer) {
                        conversation.written(end);
                    }
                }
                for Expired { peer, first, until, .. } in gone {
                    self.converse(peer, |conversation| conversation.forget(first, until));
                }
            }
            Err(error) => {
                // Without the path, which names the person.
                let error = Error::from(error);
                let code = error.code;
                tracing::error!(%error, "what is to be kept waits");
                open.trouble = Some(code);
                open.due = Some(Instant::now() + AGAIN);
                let later = std::mem::replace(&mut open.batch, batch);
                open.batch.changes.extend(later.changes);
                open.batch.says.extend(later.says);
                open.batch.lines.extend(later.lines);
                open.batch.errands.extend(later.errands);
                waiting.into_iter().for_each(|waiting| drop(waiting.send(Err(code.into()))));
            }
        }
        if self.keep.open().is_some_and(|open| open.trouble != before) {
            self.changes.status();
        }
    }
}

impl Mailbox {
    /// From a thread that may block.
    fn written(&self, written: Written) {
        self.news_blocking(News::Written(Box::new(written)));
    }
}
