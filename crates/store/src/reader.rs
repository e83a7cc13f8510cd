use crate::{Counts, Error, Extent, KeptLine};
use p2p_comm_model::PeerId;

/// Reads what is kept; never writes. `Send`.
pub struct Reader {}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hits {
    /// The newest first.
    pub lines: Vec<Hit>,
    /// Whether everything was searched, or as much as gave `limit` hits. If not, older lines may have the words, too:
    /// without one word of at least three characters only the newest 100 000 lines are looked at.
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

/// The lines of a conversation, oldest first, read bit by bit.
pub struct Lines<'a> {
    _reader: &'a Reader,
}

impl Reader {
    /// Up to `limit` lines before `before`, or the newest. Oldest first.
    pub fn page(&self, _peer: PeerId, _before: Option<u64>, _limit: usize) -> Result<Vec<KeptLine>, Error> {
        todo!()
    }

    /// Up to `limit` lines from `from` on. Oldest first.
    pub fn page_from(&self, _peer: PeerId, _from: u64, _limit: usize) -> Result<Vec<KeptLine>, Error> {
        todo!()
    }

    /// Which lines there are; none if the entry is not kept.
    pub fn extent(&self, _peer: PeerId) -> Result<Option<Extent>, Error> {
        todo!()
    }

    /// Lines that may have all of `words` as substrings in any case, and of which `matches` says that they do: it gets the text
    /// (or the link) and decides alone what a match is, as long as it takes no more than simple case folding of Unicode allows.
    pub fn search(
        &self,
        _words: &[&str],
        _peer: Option<PeerId>,
        _limit: usize,
        _matches: impl FnMut(&str) -> bool,
    ) -> Result<Hits, Error> {
        todo!()
    }

    /// Every line of a conversation from `from` on, for an export.
    pub fn lines(&self, _peer: PeerId, _from: u64) -> Lines<'_> {
        todo!()
    }

    /// How much is kept.
    pub fn counts(&self) -> Result<Counts, Error> {
        todo!()
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<KeptLine, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}
