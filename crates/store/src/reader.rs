use crate::store::explained;
use crate::tables::{lines, number, peers, queue, words};
use crate::{Counts, Error, Extent, KeptLine, files};
use p2p_comm_model::{PeerId, limits};
use rusqlite::{Connection, Result as Sql};
use std::path::{Path, PathBuf};

/// Lines that a search looks at, at most: as many as a conversation has in memory.
const LOOKED_AT: usize = limits::LINES;

/// Reads what is kept; never writes. `Send`.
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hits {
    /// The newest first.
    pub lines: Vec<Hit>,
    /// Whether everything was searched, or as much as gave `limit` hits. If not, older lines may have the words, too: only 100 000
    /// lines are looked at, the newest of those that may have them. Which these are the index knows, but only of words of at least
    /// three characters.
    pub complete: bool,
}

/// A line that has the words.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// With whom.
    pub peer: PeerId,
    /// The line.
    pub line: KeptLine,
}

/// The lines of a conversation, oldest first, read a page at a time.
pub struct Lines<'a> {
    reader: &'a Reader,
    peer: PeerId,
    from: u64,
    page: std::vec::IntoIter<KeptLine>,
    ended: bool,
}

impl Reader {
    pub(crate) fn new(connection: Connection, path: &Path) -> Self {
        Self { connection, path: path.to_owned() }
    }

    /// Up to `limit` lines before `before`, or the newest. Oldest first.
    pub fn page(&self, peer: PeerId, before: Option<u64>, limit: usize) -> Result<Vec<KeptLine>, Error> {
        self.read(|connection| lines::before(connection, peer, before.unwrap_or(u64::MAX), limit))
    }

    /// Up to `limit` lines from `from` on. Oldest first.
    pub fn page_from(&self, peer: PeerId, from: u64, limit: usize) -> Result<Vec<KeptLine>, Error> {
        self.read(|connection| lines::from(connection, peer, from, limit))
    }

    /// Which lines there are; none if the entry is not kept.
    pub fn extent(&self, peer: PeerId) -> Result<Option<Extent>, Error> {
        self.read(|connection| match peers::marks_of(connection, peer)? {
            Some(marks) => lines::extent(connection, peer, marks.end, marks.read).map(Some),
            None => Ok(None),
        })
    }

    /// Lines that may have all of `words` as substrings in any case, and of which `matches` says that they do: it gets the text
    /// (or the link) and decides alone what a match is, as long as it takes no more than simple case folding of Unicode allows.
    /// Without a word it finds nothing. The newest are those that were written last.
    pub fn search(
        &self,
        words: &[&str],
        peer: Option<PeerId>,
        limit: usize,
        mut matches: impl FnMut(&str) -> bool,
    ) -> Result<Hits, Error> {
        let mut hits = Vec::new();
        if words.iter().all(|word| word.is_empty()) || limit == 0 {
            return Ok(Hits { lines: hits, complete: true });
        }
        let query = words::query(words, peer);
        let complete = self.read(|connection| {
            lines::search(connection, query.as_deref(), peer, LOOKED_AT, |peer, text, row| {
                if matches(text) {
                    hits.push(Hit { peer, line: lines::line(row)? });
                }
                Ok(hits.len() < limit)
            })
        })?;
        Ok(Hits { lines: hits, complete })
    }

    /// Every line of a conversation from `from` on, for an export.
    pub fn lines(&self, peer: PeerId, from: u64) -> Lines<'_> {
        Lines { reader: self, peer, from, page: Vec::new().into_iter(), ended: false }
    }

    /// How much is kept.
    pub fn counts(&self) -> Result<Counts, Error> {
        let bytes = ["", "-wal", "-shm"].iter().filter_map(|end| files::beside(&self.path, end).metadata().ok());
        let bytes = bytes.map(|metadata| metadata.len()).sum();
        self.read(|connection| {
            let peers = number(peers::count(connection)?);
            let (lines, queued) = (number(lines::count(connection)?), number(queue::count(connection)?));
            Ok(Counts { peers, lines, queued, bytes })
        })
    }

    /// One view of everything, whatever is written meanwhile.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Sql<T>) -> Result<T, Error> {
        let read = || {
            let view = self.connection.unchecked_transaction()?;
            work(&view)
        };
        read().map_err(|error| explained(&self.path, error.into()))
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<KeptLine, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0 && !self.ended {
            match self.reader.page_from(self.peer, self.from, limits::PAGE) {
                Ok(page) => {
                    self.ended = page.is_empty();
                    self.from = page.last().map_or(self.from, |line| line.seq.saturating_add(1));
                    self.page = page.into_iter();
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        self.page.next().map(Ok)
    }
}
