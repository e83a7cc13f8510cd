//! Finding lines, in memory and in the store. The actor only hands out slices of a conversation (their texts are shared,
//! not copied); the matching is done where somebody searches, so neither messages nor calls wait for it.

use crate::conversation::sender;
use crate::keep::blocking;
use crate::{Error, Handle};
use p2p_comm_model::{Code, Content, PeerId, SearchHit, SearchHits, Sender, limits};
use p2p_comm_store::KeptLine;
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::PoisonError;

/// Characters of a line that are shown.
const EXCERPT: usize = 160;
/// Of those, at most so many before the match.
const BEFORE: usize = 40;

/// A line that can be searched.
pub(crate) struct Searchable {
    pub(crate) seq: u64,
    pub(crate) mine: bool,
    pub(crate) at: i64,
    pub(crate) content: Content,
}

impl From<&KeptLine> for Searchable {
    fn from(line: &KeptLine) -> Self {
        let mine = sender(line.origin) == Sender::Me;
        Self { seq: line.seq, mine, at: line.at, content: line.content.clone() }
    }
}

/// The words that must all be in a line, in any order, whatever their case (simple case folding of Unicode).
struct Query(Vec<Regex>);

impl Handle {
    /// Lines that have every blank-separated word of `query`, the newest first, at most [`limits::HITS`]: of one
    /// conversation or of all. Fails with [`Code::MessageTooLong`] if `query` has more than [`limits::SEARCH`] bytes.
    /// With words of fewer than three characters the store looks at its newest lines alone, and says so.
    pub async fn search(&self, query: &str, peer: Option<PeerId>) -> Result<SearchHits, Error> {
        let text = query;
        let query = Query::parse(text)?;
        let peers = match peer {
            Some(peer) => vec![peer],
            None => self.call(|actor| actor.peers_with_lines()).await?,
        };
        let mut hits = Vec::new();
        for with in &peers {
            match self.search_one(&query, *with).await {
                // Removed in between.
                Err(error) if error.code == Code::NotFound && peer.is_none() => {}
                found => hits.extend(found?),
            }
        }
        let SearchHits { hits: kept, complete } = self.search_store(query, text.to_owned(), peer).await?;
        // What is in memory is there as well.
        let seen: BTreeSet<_> = hits.iter().map(|hit: &SearchHit| (hit.peer, hit.seq)).collect();
        hits.extend(kept.into_iter().filter(|hit| peers.contains(&hit.peer) && !seen.contains(&(hit.peer, hit.seq))));
        hits.sort_by_key(|hit| std::cmp::Reverse((hit.at, hit.seq)));
        hits.truncate(limits::HITS);
        Ok(SearchHits { complete: complete || hits.len() == limits::HITS, hits })
    }

    async fn search_store(&self, query: Query, text: String, peer: Option<PeerId>) -> Result<SearchHits, Error> {
        let reader = self.call(|actor| actor.keep.reader()).await?.filter(|_| !query.0.is_empty());
        let Some(reader) = reader else {
            return Ok(SearchHits { hits: Vec::new(), complete: true });
        };
        blocking(move || {
            let words: Vec<_> = text.split_whitespace().collect();
            let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let found = reader.search(&words, peer, limits::HITS, |text| query.find(text).is_some())?;
            let hits = found.lines.iter().filter_map(|hit| query.hit(hit.peer, &Searchable::from(&hit.line))).collect();
            Ok(SearchHits { hits, complete: found.complete })
        })
        .await
    }

    async fn search_one(&self, query: &Query, peer: PeerId) -> Result<Vec<SearchHit>, Error> {
        let (mut hits, mut before) = (Vec::new(), None);
        loop {
            let lines = self.call(move |actor| actor.searchable(peer, before)).await?.ok_or(Code::NotFound)?;
            let Some(last) = lines.last() else { return Ok(hits) };
            before = Some(last.seq);
            hits.extend(lines.iter().filter_map(|line| query.hit(peer, line)).take(limits::HITS - hits.len()));
            if hits.len() == limits::HITS || query.0.is_empty() {
                return Ok(hits);
            }
        }
    }
}

impl Query {
    fn parse(text: &str) -> Result<Self, Code> {
        if text.len() > limits::SEARCH {
            return Err(Code::MessageTooLong);
        }
        let word = |word| RegexBuilder::new(&regex::escape(word)).case_insensitive(true).build();
        let words: Result<_, _> = text.split_whitespace().map(word).collect();
        words.map(Self).map_err(|_| Code::MessageTooLong)
    }

    fn hit(&self, peer: PeerId, line: &Searchable) -> Option<SearchHit> {
        let text = match &line.content {
            Content::Text { text } => text.as_str(),
            Content::Link { url, .. } => url.as_str(),
            Content::Call { .. } | Content::Notice { .. } | Content::Vanishing { .. } | Content::Unknown => {
                return None;
            }
        };
        let found = self.find(text)?;
        let Searchable { seq, mine, at, .. } = *line;
        let (excerpt, from, to) = excerpt(text, found);
        Some(SearchHit { peer, seq, mine, at, excerpt, from, to })
    }

    /// Where the first match is, if every word occurs.
    fn find(&self, text: &str) -> Option<Range<usize>> {
        let mut first: Option<Range<usize>> = None;
        for word in &self.0 {
            let found = word.find(text)?.range();
            first = Some(first.filter(|first| first.start <= found.start).unwrap_or(found));
        }
        first
    }
}

/// What is shown of a line, and where the match is in it.
fn excerpt(text: &str, found: Range<usize>) -> (String, u32, u32) {
    let start = text[..found.start].char_indices().rev().take(BEFORE).last().map_or(found.start, |(at, _)| at);
    let end = text[start..].char_indices().nth(EXCERPT).map_or(text.len(), |(at, _)| start + at);
    let units = |range: Range<usize>| text[range].chars().map(char::len_utf16).sum::<usize>() as u32;
    let (from, to) = (units(start..found.start), units(start..found.end.min(end)));
    let visible = |c: char| if c.is_whitespace() || c.is_control() { ' ' } else { c };
    (text[start..end].chars().map(visible).collect(), from, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_model::Text;
    use proptest::prelude::*;

    fn hit(query: &str, text: &str) -> Option<SearchHit> {
        let content = Text::parse(text).unwrap().into();
        Query::parse(query).unwrap().hit(PeerId(1), &Searchable { seq: 7, mine: true, at: 8, content })
    }

    /// The match as the page would cut it out.
    fn shown(hit: &SearchHit) -> String {
        let units: Vec<u16> = hit.excerpt.encode_utf16().collect();
        String::from_utf16(&units[hit.from as usize..hit.to as usize]).unwrap()
    }

    #[test]
    fn every_word_must_occur_in_any_order_and_case() {
        for query in ["ÄPFEL birnen", "birnen äpfel", "äpf", " BIRNEN\t"] {
            assert!(hit(query, "Zwei Äpfel,\ndrei Birnen").is_some(), "{query}");
        }
        for query in ["äpfel nüsse", "apfel", "äpfel.*birnen", "", " "] {
            assert!(hit(query, "Zwei Äpfel,\ndrei Birnen").is_none(), "{query}");
        }
        assert_eq!(shown(&hit("ΣΟΦΌΣ", "ο σοφός").unwrap()), "σοφός");
    }

    #[test]
    fn the_match_is_found_in_its_excerpt() {
        let text = format!("{}\u{1f600}\nNEEDLE{}", "x".repeat(1000), "y".repeat(1000));
        let found = hit("y needle", &text).unwrap();
        assert_eq!((shown(&found).as_str(), found.excerpt.chars().count()), ("NEEDLE", EXCERPT));
        assert_eq!((found.from, found.seq, found.mine, found.at), (BEFORE as u32 + 1, 7, true, 8));
        assert!(!found.excerpt.contains('\n'));
    }

    #[test]
    fn a_query_that_is_too_long_is_refused() {
        assert!(matches!(Query::parse(&"x".repeat(limits::SEARCH + 1)), Err(Code::MessageTooLong)));
        assert!(Query::parse(&"ß ".repeat(limits::SEARCH / 3)).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_is_found_lies_in_an_excerpt_of_bounded_length(text in "[a-c😀ä\n ]{1,400}", query in "[A-Cä😀 ]{1,8}") {
            if let Some(hit) = Text::parse(&text).ok().and_then(|_| hit(&query, &text)) {
                let (match_, count) = (shown(&hit).to_lowercase(), hit.excerpt.chars().count());
                prop_assert!(count <= EXCERPT);
                prop_assert!(query.to_lowercase().split_whitespace().any(|word| word == match_), "{match_}");
            }
        }
    }
}
