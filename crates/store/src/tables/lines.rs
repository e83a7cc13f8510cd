use super::content::{Columns, content};
use super::{int, number, words};
use crate::{Extent, KeptLine, Origin};
use p2p_comm_model::{Content, PeerId};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params, Result, Row, params};
use std::ops::Range;

const COLUMNS: &str = "seq, sender, counter, kind, text, detail, sent_at, at, expires_at, unsupported, peer";

pub(crate) fn put(connection: &Connection, peer: PeerId, line: &KeptLine) -> Result<()> {
    if !insert(connection, peer, line)? {
        remove(connection, &Which::Between(peer, line.seq..line.seq.saturating_add(1)))?;
        insert(connection, peer, line)?;
    }
    Ok(())
}

/// Says whether there was none with its sequence number; otherwise nothing is done.
fn insert(connection: &Connection, peer: PeerId, line: &KeptLine) -> Result<bool> {
    let sql = "INSERT INTO lines (peer, seq, sender, counter, kind, text, detail, sent_at, at, expires_at, unsupported) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (peer, seq) DO NOTHING";
    let Columns { kind, text, detail } = (&line.content).into();
    let (sender, counter) = match line.origin {
        Origin::Mine(counter) => ("me", Some(int(counter))),
        Origin::OurCall => ("me", None),
        Origin::Theirs => ("them", None),
        Origin::App => ("app", None),
    };
    let seq = int(line.seq);
    let KeptLine { sent_at, at, expires_at, unsupported, .. } = line;
    let values = params![peer.0, seq, sender, counter, kind, text, detail, sent_at, at, expires_at, unsupported];
    let new = connection.prepare_cached(sql)?.execute(values)? > 0;
    if let (true, Some(text)) = (new, text) {
        words::add(connection, connection.last_insert_rowid(), peer, text)?;
    }
    Ok(new)
}

pub(crate) fn unsupported(connection: &Connection, peer: PeerId, counter: u64) -> Result<()> {
    set(connection, peer, counter, "unsupported", 1)
}

pub(crate) fn expires(connection: &Connection, peer: PeerId, counter: u64, at: i64) -> Result<()> {
    set(connection, peer, counter, "expires_at", at)
}

/// Sets a column of the line of a message of ours.
fn set(connection: &Connection, peer: PeerId, counter: u64, column: &str, value: i64) -> Result<()> {
    // The newest ones are meant: found by walking backwards.
    let sql = format!(
        "UPDATE lines SET {column} = ?3 WHERE id = (SELECT id FROM lines WHERE peer = ?1 AND counter = ?2 \
         ORDER BY seq DESC LIMIT 1)"
    );
    connection.prepare_cached(&sql)?.execute((peer.0, int(counter), value))?;
    Ok(())
}

/// Lines that are to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// By their sequence numbers.
    Between(PeerId, Range<u64>),
    /// Written or come in at this time or earlier.
    Until(PeerId, i64),
    /// Whose own time has come.
    Expired(i64),
}

/// To take the words of one line out of a large index costs as much as to add those of so many (measured with a million lines).
const ADDED_FOR_ONE_REMOVED: i64 = 200;
/// With fewer, nobody waits long either way.
const FEW: usize = 500;

/// Removes lines, and their words. Gives the conversations that they were in, one for each line.
pub(crate) fn remove(connection: &Connection, which: &Which) -> Result<Vec<PeerId>> {
    let select = |condition: &str| format!("SELECT id, peer, text FROM lines WHERE {condition} ORDER BY id");
    let found = |condition: &str, params: &[&dyn rusqlite::ToSql]| -> Result<Vec<(i64, PeerId, Option<String>)>> {
        let mut statement = connection.prepare_cached(&select(condition))?;
        statement.query_map(params, |row| Ok((row.get(0)?, PeerId(row.get(1)?), row.get(2)?)))?.collect()
    };
    let lines = match which {
        Which::Between(peer, Range { start, end }) => {
            found("peer = ?1 AND seq >= ?2 AND seq < ?3", &[&peer.0, &int(*start), &int(*end)])
        }
        Which::Until(peer, at) => found("peer = ?1 AND at <= ?2", &[&peer.0, &at]),
        Which::Expired(now) => found("expires_at <= ?1", &[&now]),
    }?;
    let removed = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let anew = lines.len() > FEW && count(connection)? - removed < removed.saturating_mul(ADDED_FOR_ONE_REMOVED);
    let mut delete = connection.prepare_cached("DELETE FROM lines WHERE id = ?1")?;
    for (id, peer, text) in &lines {
        if let (Some(text), false) = (text, anew) {
            words::remove(connection, *id, *peer, text)?;
        }
        delete.execute((id,))?;
    }
    if anew {
        words::anew(connection)?;
    }
    Ok(lines.into_iter().map(|(_, peer, _)| peer).collect())
}

/// Up to `limit` lines before `before`, oldest first.
pub(crate) fn before(connection: &Connection, peer: PeerId, before: u64, limit: usize) -> Result<Vec<KeptLine>> {
    let mut statement = select(connection, "WHERE peer = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3")?;
    let mut lines = collect(&mut statement, (peer.0, int(before), int(limit as u64)))?;
    lines.reverse();
    Ok(lines)
}

/// Up to `limit` lines from `from` on, oldest first.
pub(crate) fn from(connection: &Connection, peer: PeerId, from: u64, limit: usize) -> Result<Vec<KeptLine>> {
    let mut statement = select(connection, "WHERE peer = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3")?;
    collect(&mut statement, (peer.0, int(from), int(limit as u64)))
}

/// Lines with text that may have what the query of `words` asks for, or all; the newest that were written first, at most `most`.
/// Ends early if `look` says so; says whether it came to the end.
pub(crate) fn search(
    connection: &Connection,
    query: Option<&str>,
    peer: Option<PeerId>,
    most: usize,
    mut look: impl FnMut(PeerId, &str, &Row<'_>) -> Result<bool>,
) -> Result<bool> {
    let sql = match query {
        Some(_) => {
            "JOIN words ON words.rowid = lines.id WHERE words MATCH ?1 AND (?2 IS NULL OR lines.peer = ?2) \
                    ORDER BY words.rowid DESC LIMIT ?3"
        }
        None if peer.is_some() => "WHERE text IS NOT NULL AND peer = ?2 AND ?1 IS NULL ORDER BY seq DESC LIMIT ?3",
        None => "WHERE text IS NOT NULL AND ?1 IS NULL AND ?2 IS NULL ORDER BY id DESC LIMIT ?3",
    };
    let columns = COLUMNS.split(", ").map(|column| format!("lines.{column}")).collect::<Vec<_>>().join(", ");
    let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM lines {sql}"))?;
    let mut rows = statement.query((query, peer.map(|peer| peer.0), int(most as u64)))?;
    let mut looked = 0;
    while let Some(row) = rows.next()? {
        looked += 1;
        if !look(PeerId(row.get(10)?), row.get_ref(4)?.as_str()?, row)? {
            return Ok(true);
        }
    }
    Ok(looked < most)
}

/// Every line that has text.
pub(crate) fn each_text(connection: &Connection, mut each: impl FnMut(i64, PeerId, &str) -> Result<()>) -> Result<()> {
    let mut statement = connection.prepare("SELECT id, peer, text FROM lines WHERE text IS NOT NULL ORDER BY id")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, PeerId(row.get(1)?), row.get_ref(2)?.as_str()?)?;
    }
    Ok(())
}

/// Sequence number of the oldest line.
pub(crate) fn first(connection: &Connection, peer: PeerId) -> Result<Option<u64>> {
    let mut statement = connection.prepare_cached("SELECT seq FROM lines WHERE peer = ?1 ORDER BY seq LIMIT 1")?;
    statement.query_row((peer.0,), |row| row.get(0).map(number)).optional()
}

pub(crate) fn extent(connection: &Connection, peer: PeerId, end: u64, read: u64) -> Result<Extent> {
    let sql = "SELECT count(*) FROM lines WHERE peer = ?1 AND seq >= ?2 AND sender = 'them' AND kind <> 'call'";
    let messages: u32 = connection.prepare_cached(sql)?.query_row((peer.0, int(read)), |row| row.get(0))?;
    let mut calls = select(connection, "WHERE peer = ?1 AND seq >= ?2 AND sender = 'them' AND kind = 'call'")?;
    let calls = collect(&mut calls, (peer.0, int(read)))?;
    let missed = |line: &&KeptLine| matches!(line.content, Content::Call { call } if call.is_missed());
    let missed = u32::try_from(calls.iter().filter(missed).count()).unwrap_or(u32::MAX);
    Ok(Extent { first: first(connection, peer)?.unwrap_or(end), end, read, unread: messages.saturating_add(missed) })
}

pub(crate) fn count(connection: &Connection) -> Result<i64> {
    connection.prepare_cached("SELECT count(*) FROM lines")?.query_row((), |row| row.get(0))
}

pub(crate) fn count_of(connection: &Connection, peer: PeerId) -> Result<i64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM lines WHERE peer = ?1")?;
    statement.query_row((peer.0,), |row| row.get(0))
}

/// A row of [`COLUMNS`].
pub(crate) fn line(row: &Row<'_>) -> Result<KeptLine> {
    let counter: Option<i64> = row.get(2)?;
    let origin = match (row.get_ref(1)?.as_str()?, counter) {
        ("me", Some(counter)) => Origin::Mine(number(counter)),
        ("me", None) => Origin::OurCall,
        ("them", _) => Origin::Theirs,
        _ => Origin::App,
    };
    let (text, detail) = (row.get_ref(4)?.as_str_or_null()?, row.get_ref(5)?.as_str_or_null()?);
    Ok(KeptLine {
        seq: number(row.get(0)?),
        origin,
        content: content(row.get_ref(3)?.as_str()?, text, detail),
        sent_at: row.get(6)?,
        at: row.get(7)?,
        expires_at: row.get(8)?,
        unsupported: row.get(9)?,
    })
}

fn select<'c>(connection: &'c Connection, rest: &str) -> Result<CachedStatement<'c>> {
    connection.prepare_cached(&format!("SELECT {COLUMNS} FROM lines {rest}"))
}

fn collect(statement: &mut CachedStatement<'_>, params: impl Params) -> Result<Vec<KeptLine>> {
    statement.query_map(params, line)?.collect()
}
