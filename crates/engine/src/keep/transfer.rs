//! A conversation as a file: out of the sealed store, and into it. Lines that will disappear stay where they are.

use super::blocking;
use crate::actor::Actor;
use crate::conversation::Conversation;
use crate::{Error, Handle};
use p2p_comm_model::{CallRecord, Code, Content, Line, Link, PeerId, Sender, Text, limits};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::{Read, Write};

/// How a conversation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// For people: a line of time and name for each message, then its text. Times are UTC.
    Text,
    /// For [`Handle::import_conversation`].
    Json,
}

/// What the file says that it is.
const FORMAT: &str = "p2p-comm conversation";
const VERSION: u32 = 1;
/// Lines that are added at once: far below what memory holds.
const PIECE: usize = 200;

#[derive(Serialize, Deserialize)]
struct File<'a> {
    format: Cow<'a, str>,
    version: u32,
    /// What I call them.
    peer: Cow<'a, str>,
    lines: Vec<Item<'a>>,
}

/// One line. Times are ms since 1970.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    from: From,
    sent_at: i64,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallRecord>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum From {
    Me,
    Them,
}

/// A line that was read from a file and is valid.
pub(crate) struct Imported {
    pub(crate) mine: bool,
    pub(crate) sent_at: i64,
    pub(crate) at: i64,
    pub(crate) content: Content,
}

impl Handle {
    /// Writes all messages and calls of a conversation, oldest first, wherever they are. What it writes lies outside the sealed
    /// store: the person is to be told. Gives the number of lines; fails with [`Code::DiskFull`] or
    /// [`Code::SystemRefused`] if it cannot be written.
    pub async fn export_conversation(
        &self,
        peer: PeerId,
        format: ExportFormat,
        mut out: impl Write + Send + 'static,
    ) -> Result<u64, Error> {
        let label = self.peers().await?.into_iter().find(|entry| entry.id == peer).ok_or(Code::NotFound)?.label;
        if format == ExportFormat::Json {
            let label = json(&label)?;
            out = put(out, format!("{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"peer\":{label},\"lines\":["))
                .await?;
        }
        let (mut count, mut from) = (0u64, 0);
        loop {
            let waiting = move |actor: &mut Actor| actor.conversations.get(&peer).map(Conversation::will_vanish);
            let will_vanish = self.call(waiting).await?.unwrap_or_default();
            let page = self.page_from(peer, from).await?;
            let stays = |line: &&Line| line.vanishes_at.is_none() && !will_vanish.contains(&line.seq);
            let Some(last) = page.lines.last() else { break };
            from = last.seq + 1;
            let mut words = String::new();
            for line in page.lines.iter().filter(stays) {
                let Some(item) = Item::of(line) else { continue };
                match format {
                    ExportFormat::Text => words.push_str(&item.words(&label)),
                    ExportFormat::Json => {
                        words.push_str(if count == 0 { "\n" } else { ",\n" });
                        words.push_str(&json(&item)?);
                    }
                }
                count += 1;
            }
            out = put(out, words).await?;
        }
        if format == ExportFormat::Json {
            out = put(out, "\n]}\n".to_owned()).await?;
        }
        blocking(move || out.flush().map_err(refused)).await?;
        Ok(count)
    }

    /// Adds the lines of a file that [`Handle::export_conversation`] wrote as JSON to a conversation without lines
    /// ([`Code::ConversationNotEmpty`]). All of it or, where anything is wrong with it, nothing ([`Code::InvalidExport`]): at
    /// most [`limits::IMPORT`] bytes and [`limits::LINES`] lines. Gives the number of lines.
    pub async fn import_conversation(&self, peer: PeerId, file: impl Read + Send + 'static) -> Result<u64, Error> {
        let lines = blocking(move || {
            let mut text = Vec::new();
            file.take(limits::IMPORT + 1).read_to_end(&mut text).map_err(refused)?;
            if text.len() as u64 > limits::IMPORT {
                return Err(Code::InvalidExport.into());
            }
            Ok(read(&text)?)
        })
        .await?;
        let count = lines.len() as u64;
        self.try_call(move |actor| actor.import(peer, lines)).await?;
        self.flush().await?;
        Ok(count)
    }
}

impl Actor {
    fn import(&mut self, peer: PeerId, lines: Vec<Imported>) -> Result<(), Code> {
        let empty = self.conversations.get(&peer).is_none_or(|conversation| conversation.first() == conversation.end());
        if !empty {
            return Err(Code::ConversationNotEmpty);
        }
        // In pieces: each is on its way to the store before memory drops it.
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            let piece = lines.by_ref().take(PIECE).collect();
            self.converse(peer, |conversation: &mut Conversation| conversation.import(piece)).ok_or(Code::NotFound)?;
        }
        Ok(())
    }
}

impl<'a> Item<'a> {
    fn of(line: &'a Line) -> Option<Self> {
        let from = match line.sender {
            Sender::Me => From::Me,
            Sender::Them => From::Them,
            Sender::App => return None,
        };
        let (text, url, call) = match &line.content {
            Content::Text { text } => (Some(text.as_str().into()), None, None),
            Content::Link { url, .. } => (None, Some(url.as_str().into()), None),
            Content::Call { call } => (None, None, Some(*call)),
            Content::Notice { .. } | Content::Vanishing { .. } | Content::Unknown => return None,
        };
        Some(Self { from, sent_at: line.sent_at, at: line.at, text, url, call })
    }

    fn words(&self, label: &str) -> String {
        let who = if self.from == From::Me { "Me" } else { label };
        let what = match (&self.text, &self.url, &self.call) {
            (Some(words), ..) | (None, Some(words), _) => words.to_string(),
            (None, None, Some(CallRecord { seconds: Some(seconds), .. })) => format!("[call, {seconds} s]"),
            (None, None, _) => "[call, not answered]".to_owned(),
        };
        format!("[{}] {who}:\n{what}\n\n", utc(self.at))
    }

    /// The line that it is, if it is one.
    fn parse(&self) -> Option<Imported> {
        let content = match (&self.text, &self.url, self.call) {
            (Some(text), None, None) => Text::parse(text).ok()?.into(),
            (None, Some(url), None) => Link::parse(url).ok()?.into(),
            (None, None, Some(call)) => Content::Call { call },
            _ => return None,
        };
        Some(Imported { mine: self.from == From::Me, sent_at: self.sent_at, at: self.at, content })
    }
}

fn read(text: &[u8]) -> Result<Vec<Imported>, Code> {
    let file: File<'_> = serde_json::from_slice(text).map_err(|_| Code::InvalidExport)?;
    if file.format != FORMAT || file.version != VERSION || file.lines.len() > limits::LINES {
        return Err(Code::InvalidExport);
    }
    file.lines.iter().map(|item| item.parse().ok_or(Code::InvalidExport)).collect()
}

async fn put<W: Write + Send + 'static>(mut out: W, words: String) -> Result<W, Error> {
    blocking(move || out.write_all(words.as_bytes()).map(|()| out).map_err(refused)).await
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(Code::Internal, error))
}

fn refused(error: std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Code::DiskFull,
        std::io::ErrorKind::ReadOnlyFilesystem => Code::DiskReadOnly,
        _ => Code::SystemRefused,
    };
    Error::new(code, error)
}

/// `2026-01-31 12:34:56` in UTC (days to dates: Howard Hinnant, "chrono-compatible low-level date algorithms").
fn utc(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(951_825_599_000), "2000-02-29 11:59:59");
        assert_eq!(utc(1_767_225_599_999), "2025-12-31 23:59:59");
        assert_eq!(utc(-1000), "1969-12-31 23:59:59");
    }

    #[test]
    fn a_file_that_is_wrong_anywhere_gives_nothing() {
        let file = |version: u32, lines: &str| {
            format!(r#"{{"format":"p2p-comm conversation","version":{version},"peer":"bob","lines":[{lines}]}}"#)
        };
        let good = r#"{"from":"me","sentAt":1,"at":2,"text":"hi"}"#;
        assert_eq!(read(file(1, good).as_bytes()).unwrap().len(), 1);
        assert_eq!(read(file(1, "").as_bytes()).unwrap().len(), 0);
        for bad in [
            r#"{"from":"me","sentAt":1,"at":2}"#,
            r#"{"from":"me","sentAt":1,"at":2,"text":" "}"#,
            r#"{"from":"me","sentAt":1,"at":2,"text":"hi","url":"https://e.org"}"#,
            r#"{"from":"me","sentAt":1,"at":2,"url":"file:///etc/passwd"}"#,
            r#"{"from":"app","sentAt":1,"at":2,"text":"hi"}"#,
            r#"{"from":"me","sentAt":"1","at":2,"text":"hi"}"#,
        ] {
            assert_eq!(read(file(1, &format!("{good},{bad}")).as_bytes()).err(), Some(Code::InvalidExport), "{bad}");
        }
        assert_eq!(read(file(2, good).as_bytes()).err(), Some(Code::InvalidExport));
        assert_eq!(read(b"[]").err(), Some(Code::InvalidExport));
        let many = vec![good; limits::LINES + 1].join(",");
        assert_eq!(read(file(1, &many).as_bytes()).err(), Some(Code::InvalidExport));
    }
}
