//! Delivery: what waits for one peer, and what one device has sent us already.

use crate::wire::ChatMessage;
use p2p_comm_model::{Code, Content, Epoch, limits};
use std::collections::VecDeque;

/// The messages of ours that one peer has not acknowledged, in order. Lives with the entry of the peer list, over
/// connections.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Random for this queue and this start of the program: keeps its counters apart from those of any other queue to the same
    /// device, and from those that were given after what is kept was copied, if that copy comes back.
    epoch: Epoch,
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// Counter of the newest message.
    newest: u64,
    /// Everything up to this one is acknowledged.
    acked: u64,
    /// The epoch of that one.
    acked_in: Epoch,
    /// The store knows that everything up to this one is acknowledged.
    acked_kept: u64,
    /// Everything up to this one was handed to the connection that is alive now.
    sent: u64,
    /// Everything up to this one is in the store, and no later one leaves before it is. `None`: nothing is kept.
    kept: Option<u64>,
}

/// A message of ours that waits for an acknowledgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The run that it was written in.
    pub epoch: Epoch,
    /// Its number towards this peer, whatever the epoch.
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
        let queue = VecDeque::new();
        Self { epoch, queue, bytes: 0, newest: 0, acked: 0, acked_in: epoch, acked_kept: 0, sent: 0, kept: None }
    }

    /// As it was kept; new messages have this epoch.
    pub(crate) fn restore(epoch: Epoch, newest: u64, acked: u64, mut waiting: Vec<Outgoing>) -> Self {
        waiting.retain(|message| message.counter > acked);
        waiting.sort_by_key(|message| message.counter);
        let newest = waiting.last().map_or(newest, |last| newest.max(last.counter)).max(acked);
        let bytes = waiting.iter().fold(0, |bytes: usize, message| bytes.saturating_add(cost(&message.content)));
        let (queue, kept) = (waiting.into(), Some(newest));
        Self { epoch, queue, bytes, newest, acked, acked_in: epoch, acked_kept: acked, sent: acked, kept }
    }

    /// From now on nothing leaves before it is kept, or all of it at once.
    pub(crate) fn hold(&mut self, hold: bool) {
        self.kept = hold.then(|| self.kept.unwrap_or(self.sent));
    }

    /// The store has everything up to this message.
    pub(crate) fn keep(&mut self, counter: u64) {
        self.kept = self.kept.map(|kept| kept.max(counter.min(self.newest)));
    }

    /// The store knows that everything up to this message is acknowledged.
    pub(crate) fn keep_acked(&mut self, counter: u64) {
        self.acked_kept = self.acked_kept.max(counter.min(self.acked));
    }

    /// The newest message's counter.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// What is not acknowledged, in order.
    pub(crate) fn waiting(&self) -> impl DoubleEndedIterator<Item = &Outgoing> {
        self.queue.iter()
    }

    /// Whether messages of this queue have this epoch.
    pub(crate) fn knows(&self, epoch: Epoch) -> bool {
        epoch == self.epoch || epoch == self.acked_in || self.queue.iter().any(|message| message.epoch == epoch)
    }

    /// Takes a message; gives its counter.
    pub(crate) fn push(&mut self, at: i64, content: Content, life: Option<u32>) -> Result<u64, Code> {
        let bytes = self.bytes.saturating_add(cost(&content));
        if bytes > limits::QUEUE {
            return Err(Code::QueueFull);
        }
        self.bytes = bytes;
        self.newest = self.newest.saturating_add(1);
        self.queue.push_back(Outgoing { epoch: self.epoch, counter: self.newest, at, content, life });
        Ok(self.newest)
    }

    /// The next message to hand to the connection, as the inside of token `n`; marks it as sent.
    pub(crate) fn next(&mut self, n: u64) -> Option<Vec<u8>> {
        let message = self.unsent()?;
        let (counter, json) = (message.counter, ChatMessage::to_json(n, message));
        self.sent = counter;
        Some(json)
    }

    /// Whether something waits that may leave.
    pub(crate) fn has_unsent(&self) -> bool {
        self.unsent().is_some()
    }

    /// One of another epoch only once everything before it is acknowledged, and the store knows that: who receives it forgets the
    /// former epoch, and nothing of that may come again.
    fn unsent(&self) -> Option<&Outgoing> {
        let next = self.queue.partition_point(|message| message.counter <= self.sent);
        let (next, first) = (self.queue.get(next)?, self.queue.front()?);
        let kept = |kept| next.counter <= kept && (next.epoch == self.acked_in || self.acked_kept >= self.acked);
        (next.epoch == first.epoch && self.kept.is_none_or(kept)).then_some(next)
    }

    /// Whether the next message is of another epoch than the newest acknowledged one, and waits for the store to know of that.
    pub(crate) fn waits_for_acked(&self) -> bool {
        self.kept.is_some() && self.queue.front().is_some_and(|next| next.epoch != self.acked_in)
    }

    pub(crate) fn has_unacked(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The peer has everything of `epoch` up to `counter`. Says whether that was news.
    pub(crate) fn ack(&mut self, epoch: Epoch, counter: u64) -> bool {
        // Of an earlier run they may have more than we know of: what is kept here may be a copy that came back.
        let counter = if epoch == self.epoch { counter } else { counter.min(self.sent) };
        let current = self.queue.front().is_some_and(|message| message.epoch == epoch);
        if !current || counter <= self.acked || counter > self.sent {
            return false;
        }
        while self.queue.front().is_some_and(|message| message.counter <= counter) {
            if let Some(message) = self.queue.pop_front() {
                self.bytes = self.bytes.saturating_sub(cost(&message.content));
            }
        }
        (self.acked, self.acked_in) = (counter, epoch);
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

    /// As it is after a start of the program.
    fn restarted(outbox: &Outbox, epoch: Epoch) -> Outbox {
        Outbox::restore(epoch, outbox.newest(), outbox.acked(), outbox.waiting().cloned().collect())
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
    fn messages_of_another_run_wait_until_those_before_them_are_acknowledged() {
        let mut outbox = Outbox::new(EPOCH);
        outbox.push(0, text("one"), None).unwrap();
        let mut outbox = restarted(&outbox, Epoch([2; 16]));
        outbox.push(0, text("two"), None).unwrap();
        outbox.keep(2);
        assert_eq!((next(&mut outbox), next(&mut outbox)), (Some(1), None));
        assert!(!outbox.ack(Epoch([2; 16]), 1));
        assert!(outbox.ack(EPOCH, 7), "of a run before they may have more");
        assert_eq!(next(&mut outbox), None, "nor before that is kept");
        assert!(outbox.waits_for_acked());
        outbox.keep_acked(1);
        assert!(outbox.knows(EPOCH) && outbox.knows(Epoch([2; 16])) && !outbox.knows(Epoch([3; 16])));
        let json = outbox.next(0).unwrap();
        let message = ChatMessage::parse(&json).unwrap();
        assert_eq!((message.epoch, message.counter), (Epoch([2; 16]), 2));
        assert!(!outbox.ack(Epoch([2; 16]), 3), "of this one they cannot");
        assert!(outbox.ack(Epoch([2; 16]), 2) && !outbox.has_unacked());
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
        fn any_losses_reconnects_and_restarts_deliver_each_once_in_order(
            steps in proptest::collection::vec(0..5u8, 1..200),
        ) {
            let mut outbox = Outbox::new(EPOCH);
            let mut inbox: Option<Inbox> = None;
            let (mut pushed, mut run, mut shown, mut on_the_way) = (0u64, 1u8, Vec::new(), VecDeque::new());
            let out = |outbox: &mut Outbox| outbox.next(0).map(|json| ChatMessage::parse(&json).unwrap());
            let deliver = |on_the_way: &mut VecDeque<ChatMessage>, shown: &mut Vec<u64>, inbox: &mut Option<Inbox>| {
                let ChatMessage { epoch, counter, .. } = on_the_way.pop_front()?;
                let new = match inbox {
                    Some(inbox) => inbox.accept(epoch, counter, false),
                    None => { *inbox = Some(Inbox::first(epoch, counter, false)); true }
                };
                if new { shown.push(counter); }
                inbox.map(|inbox| (inbox.epoch, inbox.highest))
            };
            for step in steps {
                match step {
                    0 => { outbox.push(0, text("x"), None).unwrap(); pushed += 1; }
                    1 => on_the_way.extend(out(&mut outbox)),
                    2 => { if let Some((epoch, highest)) = deliver(&mut on_the_way, &mut shown, &mut inbox) { outbox.ack(epoch, highest); } }
                    3 => { on_the_way.clear(); outbox.rewind(); }
                    _ => {
                        on_the_way.clear();
                        run += 1;
                        outbox = restarted(&outbox, Epoch([run; 16]));
                        outbox.hold(false);
                    }
                }
            }
            on_the_way.clear();
            outbox.rewind();
            while let Some(message) = out(&mut outbox) {
                on_the_way.push_back(message);
                while let Some((epoch, highest)) = deliver(&mut on_the_way, &mut shown, &mut inbox) { outbox.ack(epoch, highest); }
            }
            prop_assert_eq!(shown, (1..=pushed).collect::<Vec<_>>());
            prop_assert!(!outbox.has_unacked());
        }
    }
}
