use crate::search::Searchable;
use p2p_comm_model::{CallRecord, Content, Delivery, LastLine, Line, Notice, Page, Sender, limits};
use p2p_comm_proto::Watermarks;
use std::collections::{BTreeSet, VecDeque};
use tokio::sync::watch;

/// Characters of the newest line shown in the peer list.
const PREVIEW: usize = 120;
/// Lines and bytes that are searched at once.
const SEARCHED: usize = 2048;
const SEARCHED_BYTES: usize = 1024 * 1024;

/// The lines of one conversation, oldest first, in memory only.
pub(crate) struct Conversation {
    lines: VecDeque<Stored>,
    /// Sequence number of the oldest line kept.
    first: u64,
    bytes: usize,
    revision: u64,
    /// Lines before this one have been read.
    read: u64,
    unread: u32,
    unsupported: BTreeSet<u64>,
    watermarks: Watermarks,
    acked: watch::Sender<u64>,
}

struct Stored {
    content: Content,
    sent_at: i64,
    at: i64,
    origin: Origin,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Ours, with the counter that it was sent under.
    Mine(u64),
    OurCall,
    Theirs,
    App,
}

impl Conversation {
    pub(crate) fn new(watermarks: Watermarks) -> Self {
        Self {
            lines: VecDeque::new(),
            first: 0,
            bytes: 0,
            revision: 0,
            read: 0,
            unread: 0,
            unsupported: BTreeSet::new(),
            watermarks,
            acked: watch::Sender::new(watermarks.acked),
        }
    }

    /// Adds a message of ours.
    pub(crate) fn sent(&mut self, counter: u64, at: i64, content: Content) {
        self.push(Stored { content, sent_at: at, at, origin: Origin::Mine(counter) });
    }

    /// Adds a message of theirs.
    pub(crate) fn received(&mut self, sent_at: i64, at: i64, content: Content) {
        self.unread = self.unread.saturating_add(1);
        self.push(Stored { content, sent_at, at, origin: Origin::Theirs });
    }

    /// Adds a line of this program.
    pub(crate) fn notice(&mut self, at: i64, notice: Notice) {
        self.push(Stored { content: Content::Notice { notice }, sent_at: at, at, origin: Origin::App });
    }

    /// Adds a call that is over. One that was missed counts as unread.
    pub(crate) fn call(&mut self, at: i64, outgoing: bool, call: CallRecord) {
        let missed = !outgoing && call.is_missed();
        self.unread = self.unread.saturating_add(missed.into());
        let origin = if outgoing { Origin::OurCall } else { Origin::Theirs };
        self.push(Stored { content: Content::Call { call }, sent_at: at, at, origin });
    }

    pub(crate) fn delivery(&mut self, watermarks: Watermarks) {
        self.watermarks = watermarks;
        self.revision += 1;
        self.acked.send_replace(watermarks.acked);
    }

    pub(crate) fn unsupported(&mut self, counter: u64) {
        if self.unsupported.len() < limits::LINES {
            self.unsupported.insert(counter);
            self.revision += 1;
        }
    }

    /// Marks everything as read. Says whether that changed anything.
    pub(crate) fn mark_read(&mut self) -> bool {
        let end = self.end();
        let changed = self.read != end;
        self.read = end;
        self.unread = 0;
        self.revision += u64::from(changed);
        changed
    }

    /// Follows the counter up to which the peer acknowledged.
    pub(crate) fn acked(&self) -> watch::Receiver<u64> {
        self.acked.subscribe()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn unread(&self) -> u32 {
        self.unread
    }

    /// The newest line that is no notice.
    pub(crate) fn last(&self) -> Option<LastLine> {
        let line = self.lines.iter().rev().find(|line| line.origin != Origin::App)?;
        let (text, call) = match &line.content {
            Content::Text { text } => (text.as_str(), None),
            Content::Link { url, .. } => (url.as_str(), None),
            Content::Call { call } => ("", Some(*call)),
            Content::Notice { .. } | Content::Unknown => ("", None),
        };
        let mine = matches!(line.origin, Origin::Mine(_) | Origin::OurCall);
        Some(LastLine { text: text.chars().take(PREVIEW).collect(), call, mine, at: line.at })
    }

    /// Up to `limit` lines that end just before `before`, or at the newest one.
    pub(crate) fn page(&self, before: Option<u64>, limit: usize) -> Page {
        let end = before.unwrap_or(u64::MAX).clamp(self.first, self.end());
        self.lines_between(end.saturating_sub(limit as u64).max(self.first), end)
    }

    /// Up to `limit` lines from `from` on. Costs no more than the lines that it gives.
    pub(crate) fn page_from(&self, from: u64, limit: usize) -> Page {
        let start = from.clamp(self.first, self.end());
        let mut page = self.lines_between(start, start.saturating_add(limit as u64).min(self.end()));
        page.lines.retain(|line| line.seq >= from);
        page
    }

    /// The next lines to search, from the one before `before`, or the newest, backwards; none at the oldest.
    pub(crate) fn searchable(&self, before: Option<u64>) -> Vec<Searchable> {
        let end = before.unwrap_or(u64::MAX).clamp(self.first, self.end());
        let mut bytes = 0;
        let older = self.lines.range(..(end - self.first) as usize).rev();
        (older.take(SEARCHED).zip(1..))
            .take_while(|(line, _)| {
                let fits = bytes < SEARCHED_BYTES;
                bytes += cost(&line.content);
                fits
            })
            .map(|(line, back)| {
                let mine = matches!(line.origin, Origin::Mine(_) | Origin::OurCall);
                Searchable { seq: end - back, mine, at: line.at, content: line.content.clone() }
            })
            .collect()
    }

    fn lines_between(&self, start: u64, end: u64) -> Page {
        let range = (start - self.first) as usize..(end - self.first) as usize;
        let mut lines = Vec::with_capacity(range.len() + 1);
        if start == self.first && self.first > 0 {
            lines.push(self.dropped_line());
        }
        lines.extend(self.lines.range(range).zip(start..).map(|(line, seq)| self.line(line, seq)));
        Page { revision: self.revision, first: self.first, end: self.end(), read: self.read, lines }
    }

    fn line(&self, stored: &Stored, seq: u64) -> Line {
        let (sender, delivery) = match stored.origin {
            Origin::Mine(counter) => (Sender::Me, Some(self.delivery_of(counter))),
            Origin::OurCall => (Sender::Me, None),
            Origin::Theirs => (Sender::Them, None),
            Origin::App => (Sender::App, None),
        };
        Line { seq, sender, content: stored.content.clone(), sent_at: stored.sent_at, at: stored.at, delivery }
    }

    fn delivery_of(&self, counter: u64) -> Delivery {
        match self.watermarks {
            Watermarks { acked, .. } if counter <= acked && self.unsupported.contains(&counter) => {
                Delivery::Unsupported
            }
            Watermarks { acked, .. } if counter <= acked => Delivery::Delivered,
            Watermarks { sent, .. } if counter <= sent => Delivery::Sent,
            Watermarks { .. } => Delivery::Queued,
        }
    }

    /// Stands in the place of the last line that had to go.
    fn dropped_line(&self) -> Line {
        let at = self.lines.front().map_or(0, |line| line.at);
        let content = Content::Notice { notice: Notice::OldestDropped };
        Line { seq: self.first - 1, sender: Sender::App, content, sent_at: at, at, delivery: None }
    }

    fn push(&mut self, line: Stored) {
        self.bytes += cost(&line.content);
        self.lines.push_back(line);
        self.revision += 1;
        while self.lines.len() > limits::LINES || self.bytes > limits::LINES_BYTES {
            let Some(dropped) = self.lines.pop_front() else { break };
            self.bytes -= cost(&dropped.content);
            self.first += 1;
        }
        self.read = self.read.max(self.first);
    }

    fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }
}

fn cost(content: &Content) -> usize {
    match content {
        Content::Text { text } => text.as_str().len(),
        Content::Link { url, .. } => url.as_str().len(),
        Content::Call { .. } | Content::Notice { .. } | Content::Unknown => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_model::Text;

    fn text(text: &str) -> Content {
        Text::parse(text).unwrap().into()
    }

    fn conversation() -> Conversation {
        Conversation::new(Watermarks { sent: 0, acked: 0 })
    }

    #[test]
    fn a_message_of_ours_moves_from_queued_to_delivered() {
        let mut with_bob = conversation();
        with_bob.sent(1, 10, text("hi"));
        let delivery = |c: &Conversation| c.page(None, 10).lines[0].delivery;
        assert_eq!(delivery(&with_bob), Some(Delivery::Queued));
        with_bob.delivery(Watermarks { sent: 1, acked: 0 });
        assert_eq!(delivery(&with_bob), Some(Delivery::Sent));
        with_bob.delivery(Watermarks { sent: 1, acked: 1 });
        assert_eq!(delivery(&with_bob), Some(Delivery::Delivered));
        with_bob.unsupported(1);
        assert_eq!(delivery(&with_bob), Some(Delivery::Unsupported));
    }

    #[test]
    fn pages_walk_back_to_the_first_line() {
        let mut with_bob = conversation();
        for n in 0..450 {
            with_bob.received(n, n, text(&n.to_string()));
        }
        let newest = with_bob.page(None, 200);
        assert_eq!((newest.lines[0].seq, newest.lines.len(), newest.end), (250, 200, 450));
        let oldest = with_bob.page(Some(50), 200);
        assert_eq!((oldest.lines[0].seq, oldest.lines.len()), (0, 50));
        assert!(with_bob.page(Some(0), 200).lines.is_empty());
    }

    #[test]
    fn a_reader_gets_what_is_new_and_no_more() {
        let mut with_bob = conversation();
        for n in 0..450 {
            with_bob.received(n, n, text(&n.to_string()));
        }
        let seqs = |from| with_bob.page_from(from, 200).lines.iter().map(|line| line.seq).collect::<Vec<_>>();
        assert_eq!(seqs(0), (0..200).collect::<Vec<_>>());
        assert_eq!(seqs(300), (300..450).collect::<Vec<_>>());
        assert_eq!((seqs(449), seqs(450), seqs(9999)), (vec![449], vec![], vec![]));
    }

    #[test]
    fn the_oldest_lines_go_when_there_are_too_many_and_a_line_says_so() {
        let mut with_bob = conversation();
        let large = text(&"x".repeat(limits::TEXT));
        let fit = limits::LINES_BYTES / limits::TEXT;
        for n in 0..fit as i64 + 5 {
            with_bob.received(n, n, large.clone());
        }
        let page = with_bob.page(Some(10), 200);
        assert_eq!(page.first, 5);
        assert_eq!(page.lines[0].content, Content::Notice { notice: Notice::OldestDropped });
        assert_eq!(page.lines[1].seq, 5);
    }

    #[test]
    fn reading_clears_the_unread_count() {
        let mut with_bob = conversation();
        with_bob.received(0, 0, text("one"));
        with_bob.received(0, 0, text("two"));
        assert_eq!(with_bob.unread(), 2);
        assert!(with_bob.mark_read());
        assert!(!with_bob.mark_read());
        assert_eq!(with_bob.unread(), 0);
    }
}
