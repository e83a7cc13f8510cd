//! Pages of a conversation, wherever its lines are.

use super::{Conversation, sender};
use crate::search::Searchable;
use p2p_comm_model::{Content, Delivery, Line, Notice, Page, PeerId, Sender};
use p2p_comm_proto::Watermarks;
use p2p_comm_store::{Error, KeptLine, Origin, Reader};

/// Lines and bytes that are searched at once.
const SEARCHED: usize = 2048;
const SEARCHED_BYTES: usize = 1024 * 1024;

/// Which lines a reader wants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask {
    /// Up to so many that end just before this one, or at the newest.
    Before(Option<u64>, usize),
    /// Up to so many from this one on.
    From(u64, usize),
}

/// A page, and what of it is to be read from the store.
pub(crate) struct Plan {
    page: Page,
    ask: Ask,
    store: Option<FromStore>,
}

/// Lines that come before those in memory.
struct FromStore {
    peer: PeerId,
    ask: Ask,
    watermarks: Watermarks,
}

impl Plan {
    /// The page, if memory has all of it.
    pub(crate) fn ready(self) -> Result<Page, Self> {
        if self.store.is_none() { Ok(self.page) } else { Err(self) }
    }

    /// The page. Reads from the disk.
    pub(crate) fn read(self, reader: &Reader) -> Result<Page, Error> {
        let Self { mut page, ask, store } = self;
        let Some(FromStore { peer, ask: older, watermarks }) = store else { return Ok(page) };
        let newer = page.lines.first().map_or(page.end, |line| line.seq);
        let lines = match older {
            Ask::Before(before, limit) => reader.page(peer, before, limit)?,
            Ask::From(from, limit) => reader.page_from(peer, from, limit)?,
        };
        let lines = lines.into_iter().filter(|line| line.seq < newer);
        page.lines.splice(0..0, lines.map(|line| shown(&line, watermarks, line.unsupported)));
        if let Ask::From(_, limit) = ask {
            page.lines.truncate(limit);
        }
        Ok(page)
    }
}

impl Conversation {
    /// Costs no more than the lines that it gives.
    pub(crate) fn plan(&self, peer: PeerId, ask: Ask) -> Plan {
        let in_memory = self.in_memory();
        let (range, missing) = match ask {
            Ask::Before(before, limit) => {
                let before = before.unwrap_or(self.end).min(self.end);
                let end = self.position(before);
                let start = end.saturating_sub(limit);
                let missing = limit - (end - start);
                (start..end, (missing > 0).then_some(Ask::Before(Some(before.min(in_memory)), missing)))
            }
            Ask::From(from, limit) => {
                let start = self.position(from);
                let end = start.saturating_add(limit).min(self.lines.len());
                (start..end, (from < in_memory).then_some(Ask::From(from, limit)))
            }
        };
        let mut lines = Vec::with_capacity(range.len() + 1);
        // Stands in the place of the last line that had to go.
        let gone = in_memory.checked_sub(1).filter(|_| self.dropped && self.older.is_none() && range.start == 0);
        if let Some(seq) = gone.filter(|seq| !matches!(ask, Ask::From(from, _) if from > *seq) && !range.is_empty()) {
            let at = self.lines.front().map_or(0, |line| line.at);
            let content = Content::Notice { notice: Notice::OldestDropped };
            lines.push(Line { seq, sender: Sender::App, content, sent_at: at, at, delivery: None, vanishes_at: None });
        }
        lines.extend(self.lines.range(range).map(|line| {
            let unsupported = matches!(line.origin, Origin::Mine(counter) if self.unsupported.contains(&counter));
            shown(line, self.watermarks, unsupported)
        }));
        let page = Page { revision: self.revision, first: self.first(), end: self.end, read: self.read, lines };
        let watermarks = self.watermarks;
        let store = missing.filter(|_| self.older.is_some()).map(|ask| FromStore { peer, ask, watermarks });
        Plan { page, ask, store }
    }

    /// The next lines to search, from the one before `before`, or the newest, backwards; none at the oldest in memory.
    pub(crate) fn searchable(&self, before: Option<u64>) -> Vec<Searchable> {
        let mut bytes = 0;
        let older = self.lines.range(..self.position(before.unwrap_or(u64::MAX))).rev();
        (older.take(SEARCHED))
            .take_while(|line| {
                let fits = bytes < SEARCHED_BYTES;
                bytes += super::cost(&line.content);
                fits
            })
            .map(Searchable::from)
            .collect()
    }
}

/// A line as every shell shows it.
fn shown(line: &KeptLine, watermarks: Watermarks, unsupported: bool) -> Line {
    let delivery = match line.origin {
        Origin::Mine(counter) => Some(delivery_of(counter, watermarks, unsupported)),
        Origin::OurCall | Origin::Theirs | Origin::App => None,
    };
    Line {
        seq: line.seq,
        sender: sender(line.origin),
        content: line.content.clone(),
        sent_at: line.sent_at,
        at: line.at,
        delivery,
        vanishes_at: line.expires_at,
    }
}

fn delivery_of(counter: u64, Watermarks { sent, acked }: Watermarks, unsupported: bool) -> Delivery {
    match () {
        () if counter <= acked && unsupported => Delivery::Unsupported,
        () if counter <= acked => Delivery::Delivered,
        () if counter <= sent => Delivery::Sent,
        () => Delivery::Queued,
    }
}
