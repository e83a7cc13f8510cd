//! A conversation as a file: out of the sealed store. Lines that will disappear stay where they are.

use super::blocking;
use crate::actor::Actor;
use crate::conversation::Conversation;
use crate::{Error, Handle};
use p2p_comm_model::{CallRecord, Code, Content, Line, PeerId, Sender};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::Write;

/// How a conversation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// For people: a line of time and name for each message, then its text. Times are UTC.
    Text,
    /// For [`Handle::import_conversation`].
    Json,
}

/// What the file says that it is.
pub(super) const FORMAT: &str = "p2p-comm conversation";
pub(super) const VERSION: u32 = 1;
/// One line. Times are ms since 1970.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item<'a> {
    pub(super) from: From,
    pub(super) sent_at: i64,
    pub(super) at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<CallRecord>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum From {
    Me,
    Them,
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
}

async fn put<W: Write + Send + 'static>(mut out: W, words: String) -> Result<W, Error> {
    blocking(move || out.write_all(words.as_bytes()).map(|()| out).map_err(refused)).await
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(Code::Internal, error))
}

pub(super) fn refused(error: std::io::Error) -> Error {
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
}
