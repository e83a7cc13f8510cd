use crate::keep::Imported;
use p2p_comm_model::{CallRecord, Content, LastLine, Notice, PeerId, Sender, limits};
use p2p_comm_proto::Watermarks;
use p2p_comm_store::{Change, Extent, KeptLine, Origin};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::watch;

mod pages;
#[cfg(test)]
mod tests;

pub(crate) use pages::{Ask, Plan};

/// Times further from 1970 than pages can show (ECMA-262, section 21.4.1.1), with the whole day around them in every zone, ms: whoever
/// wrote such a line said nonsense.
const TIMES: i64 = (100_000_000 - 2) * 86_400_000;
/// Characters of the newest line shown in the peer list.
const PREVIEW: usize = 120;
/// Lines that stay in memory beside the store, so that most pages need no disk.
pub(crate) const TAIL: usize = 1000;

/// The lines of one conversation, oldest first: all of them, or the newest where the store has the rest.
pub(crate) struct Conversation {
    /// In the order of their numbers; lines that disappeared leave gaps.
    lines: VecDeque<KeptLine>,
    /// Number of the next new line.
    end: u64,
    /// The oldest line of the store, if that has older ones than memory.
    older: Option<u64>,
    /// The oldest had to go to stay within the limits.
    dropped: bool,
    bytes: usize,
    revision: u64,
    /// Lines before this one have been read.
    read: u64,
    unread: u32,
    unsupported: BTreeSet<u64>,
    watermarks: Watermarks,
    acked: watch::Sender<u64>,
    /// When which line disappears, our clock.
    expiring: BTreeSet<(i64, u64)>,
    /// Lines of ours that will disappear once they were acknowledged: by counter, the line, if it was ever in memory, and how
    /// long after, s.
    waiting: BTreeMap<u64, (Option<u64>, u32)>,
    /// The store is to have the lines.
    kept: bool,
    /// What the store does not know yet.
    unwritten: Vec<Unwritten>,
    /// The store has every line before this one.
    written: u64,
}

/// Something to tell the store.
enum Unwritten {
    Line(u64),
    /// When the line of this message of ours disappears, which only the store has.
    Expires(u64, i64),
    Gone(u64),
    Unsupported(u64),
    Read,
}

impl Conversation {
    pub(crate) fn new(watermarks: Watermarks) -> Self {
        Self {
            lines: VecDeque::new(),
            end: 0,
            older: None,
            dropped: false,
            bytes: 0,
            revision: 0,
            read: 0,
            unread: 0,
            unsupported: BTreeSet::new(),
            watermarks,
            acked: watch::Sender::new(watermarks.acked),
            expiring: BTreeSet::new(),
            waiting: BTreeMap::new(),
            kept: false,
            unwritten: Vec::new(),
            written: 0,
        }
    }

    /// As the store has it: its newest lines, and which there are in all. `life` of each message that is not acknowledged.
    pub(crate) fn restore(
        watermarks: Watermarks,
        tail: Vec<KeptLine>,
        extent: Extent,
        life: &BTreeMap<u64, u32>,
        kept: bool,
    ) -> Self {
        let mut this = Self::new(watermarks);
        this.waiting.extend(life.iter().map(|(counter, life)| (*counter, (None, *life))));
        let older = extent.first < tail.first().map_or(extent.end, |line| line.seq);
        for line in &tail {
            this.bytes += cost(&line.content);
            this.expiring.extend(line.expires_at.map(|at| (at, line.seq)));
            if let Origin::Mine(counter) = line.origin {
                if line.unsupported {
                    this.unsupported.insert(counter);
                }
                this.waiting.entry(counter).and_modify(|(seq, _)| *seq = Some(line.seq));
            }
        }
        let Extent { first, end, read, unread, .. } = extent;
        Self { lines: tail.into(), end, older: older.then_some(first), read, unread, kept, written: end, ..this }
    }

    /// Adds a message of ours. With `life` it disappears so long after it was acknowledged, s.
    pub(crate) fn sent(&mut self, counter: u64, at: i64, content: Content, life: Option<u32>) {
        self.waiting.extend(life.map(|life| (counter, (Some(self.end), life))));
        self.push(content, at, at, Origin::Mine(counter), None);
    }

    /// Adds a message of theirs. With `life` it disappears so long after it came, s.
    pub(crate) fn received(&mut self, sent_at: i64, at: i64, content: Content, life: Option<u32>) {
        self.unread = self.unread.saturating_add(1);
        self.push(content, sent_at, at, Origin::Theirs, life.map(|life| after(at, life)));
    }

    /// Adds a line of this program.
    pub(crate) fn notice(&mut self, at: i64, notice: Notice) {
        self.push(Content::Notice { notice }, at, at, Origin::App, None);
    }

    /// Adds a call that is over. One that was missed counts as unread.
    pub(crate) fn call(&mut self, at: i64, outgoing: bool, call: CallRecord) {
        let missed = !outgoing && call.is_missed();
        self.unread = self.unread.saturating_add(missed.into());
        let origin = if outgoing { Origin::OurCall } else { Origin::Theirs };
        self.push(Content::Call { call }, at, at, origin, None);
    }

    /// Adds lines of before to a conversation without lines, after room for `older` ones, which the store gets from elsewhere.
    /// They have been read, and ours were delivered. Gives the number of the first.
    pub(crate) fn import(&mut self, older: u64, lines: Vec<Imported>) -> u64 {
        let first = self.end;
        self.end += older;
        self.older = (older > 0).then_some(first);
        for line in lines {
            let KeptLine { origin, content, sent_at, at, .. } = Self::imported(self.end, line);
            self.push(content, sent_at, at, origin, None);
        }
        self.mark_read();
        first
    }

    /// An imported line with its number.
    pub(crate) fn imported(seq: u64, line: Imported) -> KeptLine {
        let Imported { mine, sent_at, at, content } = line;
        let origin = match (mine, &content) {
            (true, Content::Call { .. }) => Origin::OurCall,
            // No message of this queue has this counter, and everything up to it is acknowledged.
            (true, _) => Origin::Mine(0),
            (false, _) => Origin::Theirs,
        };
        let (sent_at, at) = (sent_at.clamp(-TIMES, TIMES), at.clamp(-TIMES, TIMES));
        KeptLine { seq, origin, content, sent_at, at, expires_at: None, unsupported: false }
    }

    /// Lines before this one go, in memory and in the store.
    pub(crate) fn discard(&mut self, before: u64) {
        self.older = None;
        while self.in_memory() < before && !self.lines.is_empty() {
            let seq = self.in_memory();
            self.remove(seq);
        }
        self.revision += 1;
    }

    /// Messages of ours that will disappear once they are acknowledged.
    pub(crate) fn will_vanish(&self) -> BTreeSet<u64> {
        self.waiting.values().filter_map(|(seq, _)| *seq).collect()
    }

    /// How far our messages came. `now` is our clock.
    pub(crate) fn delivery(&mut self, now: i64, watermarks: Watermarks) {
        self.watermarks = watermarks;
        self.revision += 1;
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= watermarks.acked) {
            let (counter, (seq, life)) = first.remove_entry();
            let at = after(now, life);
            match seq.and_then(|seq| self.index(seq)).and_then(|at| self.lines.get_mut(at)) {
                Some(line) => {
                    line.expires_at = Some(at);
                    self.expiring.insert((at, line.seq));
                    self.unwritten.push(Unwritten::Line(line.seq));
                }
                None => self.unwritten.push(Unwritten::Expires(counter, at)),
            }
        }
        self.acked.send_replace(watermarks.acked);
        self.shorten();
    }

    pub(crate) fn unsupported(&mut self, counter: u64) {
        if self.unsupported.len() < limits::LINES && self.unsupported.insert(counter) {
            self.unwritten.push(Unwritten::Unsupported(counter));
            self.revision += 1;
        }
    }

    /// Marks everything as read. Says whether that changed anything.
    pub(crate) fn mark_read(&mut self) -> bool {
        let changed = self.read != self.end;
        self.read = self.end;
        self.unread = 0;
        if changed {
            self.unwritten.push(Unwritten::Read);
        }
        self.revision += u64::from(changed);
        changed
    }

    /// Lines whose time has come disappear. Says whether there were any. `now` is our clock.
    pub(crate) fn expire(&mut self, now: i64) -> bool {
        let mut any = false;
        while let Some((_, seq)) = self.expiring.first().copied().filter(|(at, _)| *at <= now) {
            self.expiring.pop_first();
            self.unwritten.push(Unwritten::Gone(seq));
            any |= self.remove(seq);
        }
        self.revision += u64::from(any);
        any
    }

    /// When the next line disappears, our clock.
    pub(crate) fn next_expiry(&self) -> Option<i64> {
        self.expiring.first().map(|(at, _)| *at)
    }

    /// The store has no lines before `first` any more, because the time of lines was over: of what is in memory, too, those go
    /// that came in or were written at `until` or earlier, were read, and do not wait for the peer.
    pub(crate) fn forget(&mut self, first: u64, until: i64) {
        let over = |line: &&KeptLine| line.at <= until && line.seq < self.read.min(self.written) && !self.waits(line);
        let over: Vec<_> = self.lines.iter().filter(over).map(|line| line.seq).collect();
        for seq in over {
            self.remove(seq);
        }
        self.older = self.older.map(|older| older.max(first)).filter(|older| *older < self.in_memory());
        self.read = self.read.max(self.first());
        self.revision += 1;
    }

    /// All lines go. What waits in the queue stays there.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.expiring.clear();
        self.waiting.clear();
        self.unwritten.clear();
        (self.bytes, self.older, self.dropped, self.unread, self.read) = (0, None, false, 0, self.end);
        self.unwritten.push(Unwritten::Read);
        self.revision += 1;
    }

    /// From now on the store is to have the lines, those of now included, or no line any more.
    pub(crate) fn keep(&mut self, kept: bool) {
        if kept && !self.kept {
            self.unwritten = self.lines.iter().map(|line| Unwritten::Line(line.seq)).collect();
            self.unwritten.push(Unwritten::Read);
            self.written = self.in_memory();
        } else if !kept {
            self.older = None;
            self.read = self.read.max(self.first());
            self.unwritten.clear();
        }
        self.kept = kept;
        self.revision += 1;
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.kept
    }

    /// What the store does not know yet, once.
    pub(crate) fn unwritten(&mut self, peer: PeerId) -> Vec<Change> {
        let unwritten = std::mem::take(&mut self.unwritten);
        if !self.kept {
            return Vec::new();
        }
        let change = |unwritten| match unwritten {
            Unwritten::Line(seq) => {
                let mut line = self.lines.get(self.index(seq)?)?.clone();
                line.unsupported = matches!(line.origin, Origin::Mine(counter) if self.unsupported.contains(&counter));
                Some(Change::Line(peer, line))
            }
            Unwritten::Expires(counter, at) => Some(Change::Expires(peer, counter, at)),
            Unwritten::Gone(seq) => Some(Change::DropLines(peer, seq..seq + 1)),
            Unwritten::Unsupported(counter) => Some(Change::Unsupported(peer, counter)),
            Unwritten::Read => Some(Change::Read(peer, self.read)),
        };
        unwritten.into_iter().filter_map(change).collect()
    }

    /// The store has every line before `end`: memory needs no more than the newest.
    pub(crate) fn written(&mut self, end: u64) {
        self.written = self.written.max(end);
        self.shorten();
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

    /// Number that the next new line will get.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Number of the oldest line, in memory or in the store; `end` if there is none.
    pub(crate) fn first(&self) -> u64 {
        self.older.unwrap_or_else(|| self.in_memory())
    }

    /// The newest line that is no notice.
    pub(crate) fn last(&self) -> Option<LastLine> {
        let line = self.lines.iter().rev().find(|line| line.origin != Origin::App)?;
        let (text, call) = match &line.content {
            Content::Text { text } => (text.as_str(), None),
            Content::Link { url, .. } => (url.as_str(), None),
            Content::Call { call } => ("", Some(*call)),
            Content::Notice { .. } | Content::Vanishing { .. } | Content::Unknown => ("", None),
        };
        let mine = sender(line.origin) == Sender::Me;
        Some(LastLine { text: text.chars().take(PREVIEW).collect(), call, mine, at: line.at })
    }

    fn push(&mut self, content: Content, sent_at: i64, at: i64, origin: Origin, expires_at: Option<i64>) {
        let seq = self.end;
        let (sent_at, at) = (sent_at.clamp(-TIMES, TIMES), at.clamp(-TIMES, TIMES));
        self.bytes += cost(&content);
        self.expiring.extend(expires_at.map(|at| (at, seq)));
        self.lines.push_back(KeptLine { seq, origin, content, sent_at, at, expires_at, unsupported: false });
        self.end += 1;
        self.unwritten.push(Unwritten::Line(seq));
        if !self.kept {
            self.unwritten.clear();
        }
        self.revision += 1;
        while self.lines.len() > limits::LINES || self.bytes > limits::LINES_BYTES {
            self.drop_oldest();
        }
        self.read = self.read.max(self.first());
    }

    /// Leaves the older lines to the store, except messages of ours that are not acknowledged.
    fn shorten(&mut self) {
        while self.kept
            && self.lines.len() > TAIL
            && let Some(line) = self.lines.front()
            && line.seq < self.written
            && !self.waits(line)
        {
            self.drop_oldest();
        }
    }

    /// It is a message of ours that is not acknowledged.
    fn waits(&self, line: &KeptLine) -> bool {
        matches!(line.origin, Origin::Mine(counter) if counter > self.watermarks.acked)
    }

    fn drop_oldest(&mut self) {
        let Some(line) = self.lines.pop_front() else { return };
        self.bytes -= cost(&line.content);
        self.dropped |= !self.kept;
        if self.kept {
            self.older.get_or_insert(line.seq);
        } else {
            self.expiring.remove(&(line.expires_at.unwrap_or_default(), line.seq));
        }
    }

    fn remove(&mut self, seq: u64) -> bool {
        let Some(line) = self.index(seq).and_then(|at| self.lines.remove(at)) else { return false };
        self.bytes -= cost(&line.content);
        self.expiring.remove(&(line.expires_at.unwrap_or_default(), seq));
        if seq >= self.read && sender(line.origin) == Sender::Them {
            self.unread = self.unread.saturating_sub(1);
        }
        true
    }

    /// Number of the oldest line in memory; `end` if there is none.
    fn in_memory(&self) -> u64 {
        self.lines.front().map_or(self.end, |line| line.seq)
    }

    /// Where the first line from `seq` on is.
    fn position(&self, seq: u64) -> usize {
        self.lines.partition_point(|line| line.seq < seq)
    }

    fn index(&self, seq: u64) -> Option<usize> {
        let at = self.position(seq);
        self.lines.get(at).is_some_and(|line| line.seq == seq).then_some(at)
    }
}

/// Whose line it is, as it is shown.
pub(crate) fn sender(origin: Origin) -> Sender {
    match origin {
        Origin::Mine(_) | Origin::OurCall => Sender::Me,
        Origin::Theirs => Sender::Them,
        Origin::App => Sender::App,
    }
}

fn after(now: i64, life: u32) -> i64 {
    now.saturating_add(i64::from(life).saturating_mul(1000))
}

pub(crate) fn cost(content: &Content) -> usize {
    match content {
        Content::Text { text } => text.as_str().len(),
        Content::Link { url, .. } => url.as_str().len(),
        Content::Call { .. } | Content::Notice { .. } | Content::Vanishing { .. } | Content::Unknown => 0,
    }
}
