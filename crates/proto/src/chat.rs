//! Delivery: what waits for one peer, and what one device has sent us already.

use crate::wire::ChatMessage;
use p2p_comm_model::{Code, Content, Epoch, limits};
use std::collections::VecDeque;

/// The messages of ours that one peer has not acknowledged, in order. Lives with the entry of the peer list, over
/// connections.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Random for this queue: keeps its counters apart from those of any other queue to the same device.
    epoch: Epoch,
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// Counter of the newest message.
    newest: u64,
    /// Everything up to this one is acknowledged.
    acked: u64,
    /// Everything up to this one was handed to the connection that is alive now.
    sent: u64,
    /// Everything up to this one is in the store, and no later one leaves before it is. `None`: nothing is kept.
    kept: Option<u64>,
}

/// A message of ours that waits for an acknowledgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Its number towards this peer.
    pub counter: u64,
    /// When it was written, our clock, ms since 1970.
    pub at: i64,
    /// What it says.
    pub content: Content,
    /// It disappears so long after it was written or came in, seconds; none: it stays.
    pub life: Option<u32>,
}

impl Outbox {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self { epoch, queue: VecDeque::new(), bytes: 0, newest: 0, acked: 0, sent: 0, kept: None }
    }

    /// As it was kept.
    pub(crate) fn restore(epoch: Epoch, newest: u64, acked: u64, mut waiting: Vec<Outgoing>) -> Self {
        waiting.retain(|message| message.counter > acked);
        waiting.sort_by_key(|message| message.counter);
        let newest = waiting.last().map_or(newest, |last| newest.max(last.counter)).max(acked);
        let bytes = waiting.iter().fold(0, |bytes: usize, message| bytes.saturating_add(cost(&message.content)));
        Self { epoch, queue: waiting.into(), bytes, newest, acked, sent: acked, kept: Some(newest) }
    }

    /// From now on nothing leaves before it is kept, or all of it at once.
    pub(crate) fn hold(&mut self, hold: bool) {
        self.kept = hold.then(|| self.kept.unwrap_or(self.sent));
    }

    /// The store has everything up to this message.
    pub(crate) fn keep(&mut self, counter: u64) {
        self.kept = self.kept.map(|kept| kept.max(counter.min(self.newest)));
    }

    /// The newest message's counter.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// What is not acknowledged, in order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Outgoing> {
        self.queue.iter()
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Takes a message; gives its counter.
    pub(crate) fn push(&mut self, at: i64, content: Content, life: Option<u32>) -> Result<u64, Code> {
        let bytes = self.bytes.saturating_add(cost(&content));
        if bytes > limits::QUEUE {
            return Err(Code::QueueFull);
        }
        self.bytes = bytes;
        self.newest = self.newest.saturating_add(1);
        self.queue.push_back(Outgoing { counter: self.newest, at, content, life });
        Ok(self.newest)
    }

    /// The next message to hand to the connection, as the inside of token `n`; marks it as sent.
    pub(crate) fn next(&mut self, n: u64) -> Option<Vec<u8>> {
        let message = self.unsent()?;
        let (counter, json) = (message.counter, ChatMessage::to_json(n, self.epoch, message));
        self.sent = counter;
        Some(json)
    }

    /// Whether something waits that may leave.
    pub(crate) fn has_unsent(&self) -> bool {
        self.unsent().is_some()
    }

    fn unsent(&self) -> Option<&Outgoing> {
        let next = self.queue.partition_point(|message| message.counter <= self.sent);
        self.queue.get(next).filter(|message| self.kept.is_none_or(|kept| message.counter <= kept))
    }

    pub(crate) fn has_unacked(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The peer has everything of `epoch` up to `counter`. Says whether that was news.
    pub(crate) fn ack(&mut self, epoch: Epoch, counter: u64) -> bool {
        if epoch != self.epoch || counter <= self.acked || counter > self.sent {
            return false;
        }
        while self.queue.front().is_some_and(|message| message.counter <= counter) {
            if let Some(message) = self.queue.pop_front() {
                self.bytes = self.bytes.saturating_sub(cost(&message.content));
            }
        }
        self.acked = counter;
        true
    }

    /// The connection is gone, or another took its place: what was not acknowledged is sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = self.acked;
    }

    pub(crate) fn acked(&self) -> u64 {
        self.acked
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }
}

fn cost(content: &Content) -> usize {
    let text = match content {
        Content::Text { text } => text.as_str().len(),
        Content::Link { url, .. } => url.as_str().len(),
        Content::Call { .. } | Content::Notice { .. } | Content::Vanishing { .. } | Content::Unknown => 0,
    };
    text.saturating_add(limits::QUEUED_OVERHEAD)
}

/// What one device has sent us: enough to drop what comes twice, whatever connection it comes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inbox {
    pub(crate) epoch: Epoch,
    pub(crate) highest: u64,
    /// Up to here it may be acknowledged; behind `highest` only while the store has not caught up.
    pub(crate) kept: u64,
}

impl Inbox {
    pub(crate) fn new(epoch: Epoch, highest: u64) -> Self {
        Self { epoch, highest, kept: highest }
    }

    /// Before the first message of this epoch.
    fn empty(epoch: Epoch) -> Self {
        Self::new(epoch, 0)
    }

    /// Takes the first message of a device.
    pub(crate) fn first(epoch: Epoch, counter: u64, hold: bool) -> Self {
        let mut inbox = Self::empty(epoch);
        inbox.accept(epoch, counter, hold);
        inbox
    }

    /// Whether this message is new; then it is remembered, and with `hold` not acknowledged before it is kept.
    pub(crate) fn accept(&mut self, epoch: Epoch, counter: u64, hold: bool) -> bool {
        if self.epoch != epoch {
            *self = Self::empty(epoch);
        } else if counter <= self.highest {
            return false;
        }
        self.highest = counter;
        if !hold {
            self.kept = counter;
        }
        true
    }

    /// The store has everything of `epoch` up to `counter`.
    pub(crate) fn keep(&mut self, epoch: Epoch, counter: u64) {
        if epoch == self.epoch {
            self.kept = self.kept.max(counter.min(self.highest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_model::Text;
    use proptest::prelude::*;

    const EPOCH: Epoch = Epoch([1; 16]);

    fn text(text: &str) -> Content {
        Text::parse(text).unwrap().into()
    }

    fn next(outbox: &mut Outbox) -> Option<u64> {
        outbox.next(0).map(|json| ChatMessage::parse(&json).unwrap().counter)
    }

    #[test]
    fn after_a_reconnect_the_unacknowledged_are_sent_again_in_order() {
        let mut outbox = Outbox::new(EPOCH);
        for word in ["one", "two", "three"] {
            outbox.push(0, text(word), None).unwrap();
        }
        assert_eq!((next(&mut outbox), next(&mut outbox)), (Some(1), Some(2)));
        assert!(outbox.ack(EPOCH, 1));
        outbox.rewind();
        assert_eq!((next(&mut outbox), next(&mut outbox), next(&mut outbox)), (Some(2), Some(3), None));
    }

    #[test]
    fn an_acknowledgement_of_what_was_never_sent_is_ignored() {
        let mut outbox = Outbox::new(EPOCH);
        outbox.push(0, text("one"), None).unwrap();
        assert!(!outbox.ack(EPOCH, 1));
        next(&mut outbox);
        assert!(!outbox.ack(EPOCH, 2));
        assert!(!outbox.ack(Epoch([2; 16]), 1));
        assert!(outbox.ack(EPOCH, 1));
        assert!(!outbox.ack(EPOCH, 1));
        assert!(!outbox.has_unacked());
    }

    #[test]
    fn a_full_queue_refuses_and_keeps_what_it_has() {
        let mut outbox = Outbox::new(EPOCH);
        let large = text(&"x".repeat(limits::TEXT));
        let mut taken = 0;
        while outbox.push(0, large.clone(), None).is_ok() {
            taken += 1;
        }
        assert_eq!(taken, limits::QUEUE / (limits::TEXT + limits::QUEUED_OVERHEAD));
        assert_eq!(next(&mut outbox), Some(1));
        assert!(outbox.ack(EPOCH, 1));
        assert!(outbox.push(0, large, None).is_ok());
    }

    proptest! {
        #[test]
        fn any_losses_and_reconnects_deliver_each_once_in_order(steps in proptest::collection::vec(0..4u8, 1..200)) {
            let mut outbox = Outbox::new(EPOCH);
            let mut inbox: Option<Inbox> = None;
            let (mut pushed, mut shown, mut on_the_way) = (0u64, Vec::new(), VecDeque::new());
            let deliver = |on_the_way: &mut VecDeque<u64>, shown: &mut Vec<u64>, inbox: &mut Option<Inbox>| {
                let counter = on_the_way.pop_front()?;
                let new = match inbox {
                    Some(inbox) => inbox.accept(EPOCH, counter, false),
                    None => { *inbox = Some(Inbox::first(EPOCH, counter, false)); true }
                };
                if new { shown.push(counter); }
                inbox.map(|inbox| inbox.highest)
            };
            for step in steps {
                match step {
                    0 => { outbox.push(0, text("x"), None).unwrap(); pushed += 1; }
                    1 => on_the_way.extend(next(&mut outbox)),
                    2 => { if let Some(highest) = deliver(&mut on_the_way, &mut shown, &mut inbox) { outbox.ack(EPOCH, highest); } }
                    _ => { on_the_way.clear(); outbox.rewind(); }
                }
            }
            on_the_way.clear();
            outbox.rewind();
            while let Some(counter) = next(&mut outbox) { on_the_way.push_back(counter); }
            while let Some(highest) = deliver(&mut on_the_way, &mut shown, &mut inbox) { outbox.ack(EPOCH, highest); }
            prop_assert_eq!(shown, (1..=pushed).collect::<Vec<_>>());
            prop_assert!(!outbox.has_unacked());
        }
    }
}
