use crate::notify::News;
use p2p_comm_engine::{Content, Handle, Line, Occasion, PeerId, Sender};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{SystemTime, UNIX_EPOCH};

/// Finds what is new in conversations.
pub(super) struct Reader {
    /// When it began, ms since 1970: what came before is of an earlier run.
    since: i64,
    /// The next line of each conversation.
    next: BTreeMap<PeerId, u64>,
}

/// What a look at a conversation found.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) news: Vec<(Occasion, News)>,
    /// Somebody wrote something, we or they.
    pub(super) talked: bool,
}

impl Default for Reader {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { since: i64::try_from(now.as_millis()).unwrap_or(i64::MAX), next: BTreeMap::new() }
    }
}

impl Reader {
    /// Begins behind what came in an earlier run, read or not.
    pub(super) async fn begin(&mut self, engine: &Handle, peer: PeerId) {
        if let Entry::Vacant(next) = self.next.entry(peer)
            && let Ok(page) = engine.page(peer, None).await
        {
            next.insert(since(&page.lines, self.since).unwrap_or(page.end).max(page.read));
        }
    }

    /// Reads on where it stopped the last time.
    pub(super) async fn read(&mut self, engine: &Handle, peer: PeerId) -> Seen {
        let next = self.next.entry(peer).or_default();
        let Ok(page) = engine.page_from(peer, *next).await else { return Seen::default() };
        let mut seen = Seen::default();
        for line in page.lines.iter().filter(|line| line.seq >= *next) {
            seen.talked |=
                !matches!(line.content, Content::Call { .. } | Content::Notice { .. } | Content::Vanishing { .. });
            seen.news.extend(news(line));
        }
        // Of a flood only the first lines are looked at; whatever else came is told as messages.
        let looked_at = page.lines.last().map_or(*next, |line| line.seq + 1);
        for _ in looked_at..page.end.min(looked_at + FLOOD) {
            seen.news.push((Occasion::Message, News::Message(None)));
        }
        *next = page.end.max(*next);
        seen
    }
}

/// The first line that came then or later, ms since 1970.
fn since(lines: &[Line], then: i64) -> Option<u64> {
    lines.iter().find(|line| line.at >= then).map(|line| line.seq)
}

/// More than anybody counts.
const FLOOD: u64 = 10_000;

/// What a line would be told as.
fn news(line: &Line) -> Option<(Occasion, News)> {
    if line.sender != Sender::Them {
        return None;
    }
    match &line.content {
        // It may stay in a notification, or in the list that a desktop has of them, when it is to be gone.
        Content::Text { .. } | Content::Link { .. } if line.vanishes_at.is_some() => {
            Some((Occasion::Message, News::Message(None)))
        }
        Content::Text { text } => Some((Occasion::Message, News::Message(Some(text.as_str().to_owned())))),
        Content::Link { url, .. } => Some((Occasion::Message, News::Message(Some(url.as_str().to_owned())))),
        Content::Unknown => Some((Occasion::Message, News::Message(None))),
        Content::Call { call } if call.is_missed() => Some((Occasion::MissedCall, News::MissedCall)),
        Content::Call { .. } | Content::Notice { .. } | Content::Vanishing { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_engine::{CallEnd, CallRecord, Notice, Text};

    fn told(sender: Sender, content: Content) -> Option<Occasion> {
        let line = Line { seq: 0, sender, content, sent_at: 0, at: 0, delivery: None, vanishes_at: None };
        news(&line).map(|(occasion, _)| occasion)
    }

    #[test]
    fn only_what_others_write_is_news() {
        let text = || Content::Text { text: Text::parse("tea?").unwrap() };
        assert_eq!(told(Sender::Them, text()), Some(Occasion::Message));
        assert_eq!(told(Sender::Me, text()), None);
        assert_eq!(told(Sender::Them, Content::Notice { notice: Notice::NewKey }), None);
    }

    #[test]
    fn what_will_disappear_is_told_without_its_words() {
        let content = Content::Text { text: Text::parse("tea?").unwrap() };
        let stays =
            Line { seq: 0, sender: Sender::Them, content, sent_at: 0, at: 0, delivery: None, vanishes_at: None };
        assert_eq!(news(&stays), Some((Occasion::Message, News::Message(Some("tea?".to_owned())))));
        assert_eq!(news(&Line { vanishes_at: Some(9), ..stays }), Some((Occasion::Message, News::Message(None))));
    }

    #[test]
    fn what_came_in_an_earlier_run_is_no_news_although_nobody_read_it() {
        let content = || Content::Text { text: Text::parse("tea?").unwrap() };
        let line = |seq, at| Line {
            seq,
            sender: Sender::Them,
            content: content(),
            sent_at: 0,
            at,
            delivery: None,
            vanishes_at: None,
        };
        assert_eq!(since(&[line(7, 100), line(8, 199)], 200), None);
        assert_eq!(since(&[line(7, 100), line(8, 200), line(9, 300)], 200), Some(8));
    }

    #[test]
    fn a_call_is_missed_if_nobody_answered_it() {
        let call = |end, seconds| Content::Call { call: CallRecord { end, seconds } };
        for end in [CallEnd::NoAnswer, CallEnd::Cancelled, CallEnd::Busy, CallEnd::Lost] {
            assert_eq!(told(Sender::Them, call(end, None)), Some(Occasion::MissedCall), "{end:?}");
            assert_eq!(told(Sender::Me, call(end, None)), None, "ours was {end:?}");
        }
        assert_eq!(told(Sender::Them, call(CallEnd::Rejected, None)), None);
        assert_eq!(told(Sender::Them, call(CallEnd::Stopped, None)), None, "we disconnected");
        assert_eq!(told(Sender::Them, call(CallEnd::HungUp, Some(60))), None);
    }
}
