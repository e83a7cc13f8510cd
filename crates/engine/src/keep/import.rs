//! A conversation that was exported comes back. A file of any length is read line by line, and never all of it is in memory.

use super::blocking;
use super::transfer::{FORMAT, From, Item, VERSION, refused};
use crate::actor::Actor;
use crate::conversation::{Conversation, TAIL};
use crate::{Error, Handle};
use p2p_comm_model::{Code, Content, Import, Link, Name, PeerId, Text, limits};
use p2p_comm_store::{Change, KeptLine};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::{fmt, mem};
use tokio::sync::mpsc;

/// Lines that go to the store at once, and are in memory meanwhile.
const PIECE: usize = 2000;

/// A line that was read from a file and is valid.
pub(crate) struct Imported {
    pub(crate) mine: bool,
    pub(crate) sent_at: i64,
    pub(crate) at: i64,
    pub(crate) content: Content,
}

/// What a file has for a conversation.
struct Scan {
    import: Import,
    /// The newest lines that stay: all, or the last [`TAIL`] where the store takes the others.
    tail: VecDeque<Imported>,
}

impl Handle {
    /// Adds the lines of a file that [`Handle::export_conversation`] wrote as JSON to a conversation without lines
    /// ([`Code::ConversationNotEmpty`]), as far as they are not too old for it. The file is read twice where it has many lines:
    /// all of it or, where anything is wrong with it, nothing ([`Code::InvalidExport`]). Where messages are not kept, it must fit
    /// into memory ([`limits::LINES`], [`limits::LINES_BYTES`]; otherwise [`Code::ImportTooLarge`]).
    pub async fn import_conversation(
        &self,
        peer: PeerId,
        mut file: impl Read + Seek + Send + 'static,
    ) -> Result<Import, Error> {
        let (until, kept) = self.try_call(move |actor| actor.may_import(peer)).await?;
        let (scan, file) = blocking(move || scan(&mut file, until, kept).map(|scan| (scan, file))).await?;
        let Scan { import, tail } = scan;
        let older = import.lines - tail.len() as u64;
        let first = self.try_call(move |actor| actor.import(peer, kept, older, tail.into())).await?;
        if older > 0
            && let Err(error) = self.import_older(peer, file, until, first..first + older).await
        {
            self.call(move |actor| actor.discard(peer, first + import.lines)).await?;
            return Err(error);
        }
        self.flush().await?;
        Ok(import)
    }

    /// Brings the lines of a file that memory has not to the store, under these numbers.
    async fn import_older(
        &self,
        peer: PeerId,
        file: impl Read + Seek + Send + 'static,
        until: i64,
        seqs: std::ops::Range<u64>,
    ) -> Result<(), Error> {
        let (pieces, mut coming) = mpsc::channel(1);
        let reading = tokio::task::spawn_blocking(move || older(file, until, seqs, &pieces));
        while let Some(piece) = coming.recv().await {
            self.try_call(move |actor| actor.import_piece(peer, piece)).await?;
            // No faster than the disk.
            self.flush().await?;
        }
        reading.await.map_err(|_| Error::stopped())?
    }
}

impl Actor {
    /// Up to when a line would be too old for a conversation, and whether its lines are kept.
    fn may_import(&self, peer: PeerId) -> Result<(i64, bool), Code> {
        self.node.delivery(peer).ok_or(Code::NotFound)?;
        self.is_empty(peer)?;
        let kept = self.keeps_lines(peer);
        let span = if kept { self.retention(peer).span() } else { None };
        Ok((span.map_or(i64::MIN, |span| self.wall().saturating_sub(span)), kept))
    }

    fn is_empty(&self, peer: PeerId) -> Result<(), Code> {
        let empty = self.conversations.get(&peer).is_none_or(|conversation| conversation.first() == conversation.end());
        if empty { Ok(()) } else { Err(Code::ConversationNotEmpty) }
    }

    /// Adds the newest lines, after room for those that the store gets. Gives the number of the first.
    fn import(&mut self, peer: PeerId, kept: bool, older: u64, tail: Vec<Imported>) -> Result<u64, Code> {
        self.is_empty(peer)?;
        if kept && !self.keeps_lines(peer) {
            // The person chose so while the file was read.
            return Err(Code::NotRemembered);
        }
        self.converse(peer, |conversation| conversation.import(older, tail)).ok_or(Code::NotFound)
    }

    fn import_piece(&mut self, peer: PeerId, lines: Vec<KeptLine>) -> Result<(), Code> {
        if !self.keeps_lines(peer) {
            return Err(Code::NotRemembered);
        }
        let open = self.keep.open().ok_or(Code::NotRemembered)?;
        open.keep(lines.into_iter().map(|line| Change::Line(peer, line)));
        Ok(())
    }

    /// Takes back what was imported.
    fn discard(&mut self, peer: PeerId, before: u64) {
        self.converse(peer, |conversation: &mut Conversation| conversation.discard(before));
        self.drop_lines(peer, before);
    }
}

impl Imported {
    /// The line that an item is, if it is one.
    fn parse(item: &Item<'_>) -> Option<Self> {
        let content = match (&item.text, &item.url, item.call) {
            (Some(text), None, None) => Text::parse(text).ok()?.into(),
            (None, Some(url), None) => Link::parse(url).ok()?.into(),
            (None, None, Some(call)) => Content::Call { call },
            _ => return None,
        };
        Some(Self { mine: item.from == From::Me, sent_at: item.sent_at, at: item.at, content })
    }
}

/// Reads a file to its end and says what it has.
fn scan(file: impl Read, until: i64, kept: bool) -> Result<Scan, Error> {
    let (mut tail, mut bytes) = (VecDeque::new(), 0);
    let (mut lines, mut too_old) = (0, 0);
    let from = read(file, &mut |line: Imported| {
        if line.at <= until {
            too_old += 1;
            return Ok(());
        }
        lines += 1;
        bytes += crate::conversation::cost(&line.content);
        tail.push_back(line);
        if kept && tail.len() > TAIL {
            tail.pop_front();
        }
        let fits = kept || tail.len() <= limits::LINES && bytes <= limits::LINES_BYTES;
        if fits { Ok(()) } else { Err(Code::ImportTooLarge) }
    })?;
    Ok(Scan { import: Import { lines, too_old, kept, from }, tail })
}

/// Reads a file again, as far as the lines with these numbers, and sends them.
fn older(
    mut file: impl Read + Seek,
    until: i64,
    mut seqs: std::ops::Range<u64>,
    pieces: &mpsc::Sender<Vec<KeptLine>>,
) -> Result<(), Error> {
    file.seek(SeekFrom::Start(0)).map_err(refused)?;
    let mut piece = Vec::new();
    let mut end = false;
    let result = read(file, &mut |line: Imported| {
        if line.at <= until {
            return Ok(());
        }
        piece.extend(seqs.next().map(|seq| Conversation::imported(seq, line)));
        end = seqs.is_empty();
        if end || piece.len() >= PIECE {
            pieces.blocking_send(mem::take(&mut piece)).map_err(|_| Code::Internal)?;
        }
        // The rest is there already.
        if end { Err(Code::Internal) } else { Ok(()) }
    });
    match result {
        _ if end => Ok(()),
        Err(error) => Err(error),
        // It has changed meanwhile.
        Ok(_) => Err(Code::InvalidExport.into()),
    }
}

/// Gives every line of a file, in turn, until `each` fails; says with whom the conversation was.
fn read(file: impl Read, each: &mut dyn FnMut(Imported) -> Result<(), Code>) -> Result<String, Error> {
    let (left, failed) = (Cell::new(limits::IMPORT_LINE), Cell::new(None));
    let bounded = Bounded { file, left: &left };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(bounded));
    let document = Document { left: &left, failed: &failed, each };
    let name = document.deserialize(&mut json).and_then(|name| json.end().map(|()| name));
    name.map_err(|error| match failed.get() {
        Some(code) => code.into(),
        None if error.is_io() => refused(error.into()),
        None => Code::InvalidExport.into(),
    })
}

/// A file that ends where one line of it would fill the memory.
struct Bounded<'a, R> {
    file: R,
    left: &'a Cell<usize>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.left.get());
        let count = self.file.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get() - count);
        Ok(count)
    }
}

/// What the file is: an object with `format`, `version`, `peer` and `lines`.
struct Document<'a> {
    left: &'a Cell<usize>,
    failed: &'a Cell<Option<Code>>,
    each: &'a mut dyn FnMut(Imported) -> Result<(), Code>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = String;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<String, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = String;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an exported conversation")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<String, M::Error> {
        let (mut ours, mut known, mut lines, mut name) = (false, false, false, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format" => ours = map.next_value::<String>()? == FORMAT,
                "version" => known = map.next_value::<u32>()? == VERSION,
                "peer" => {
                    name =
                        Some(Name::parse(&map.next_value::<String>()?).map_or(String::new(), |name| name.to_string()))
                }
                "lines" if !lines => {
                    map.next_value_seed(Lines(&mut self))?;
                    lines = true;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        name.filter(|_| ours && known && lines).ok_or_else(|| M::Error::custom("another file"))
    }
}

/// Its lines.
struct Lines<'a, 'b>(&'a mut Document<'b>);

impl<'de> DeserializeSeed<'de> for Lines<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Lines<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("lines")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut lines: S) -> Result<(), S::Error> {
        while let Some(item) = lines.next_element::<Item<'_>>()? {
            let added = Imported::parse(&item).ok_or(Code::InvalidExport).and_then(&mut *self.0.each);
            if let Err(code) = added {
                self.0.failed.set(Some(code));
                return Err(S::Error::custom("given up"));
            }
            self.0.left.set(limits::IMPORT_LINE);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
