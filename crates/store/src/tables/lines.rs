use super::content::{Columns, content};
use super::peers::Marks;
use super::{int, number, words};
use crate::{Extent, KeptLine, Origin};
use p2p_comm_model::{Content, PeerId};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params, Result, Row, params};
use std::ops::Range;

const COLUMNS: &str = "seq, sender, counter, kind, text, detail, sent_at, at, expires_at, unsupported, peer";

/// Not one of those that go piece by piece.
const THERE: &str = "lines.seq >= (SELECT dropped FROM peers WHERE peers.id = lines.peer)";

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

/// Lines whose time is over. Where none was read there is no such time: however many wait to be read, none of them is looked at.
pub(crate) const OVER: &str = "peer = ?1 AND at <= (SELECT ?2 FROM lines WHERE peer = ?1 AND seq < ?3 LIMIT 1) \
                               AND seq < ?3 AND coalesce(counter, 0) <= ?4 ORDER BY at";

/// Lines that are to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// By their sequence numbers.
    Between(PeerId, Range<u64>),
    /// Written or come in at this time or earlier; of those that are marked, only what was read, and what the peer has.
    Until(PeerId, i64, Option<Marks>),
    /// Whose own time has come.
    Expired(i64),
}

/// To take the words of one line out of a part of the index costs as much as to add those of so many.
const ADDED_FOR_ONE_REMOVED: i64 = 20;
/// With fewer, nobody waits long either way.
const FEW: usize = if cfg!(test) { 2 } else { 64 };
/// So many lines at most go in the transaction in which somebody dropped them; more go piece by piece. Small in tests.
const AT_ONCE: i64 = if cfg!(test) { 4 } else { 500 };

/// Removes lines, and their words: those that are in the part of the index in which the first is, or all where they have no text.
/// Gives the conversations that they were in, one for each line; none: there is none left.
pub(crate) fn remove_some(connection: &Connection, which: &Which) -> Result<Vec<PeerId>> {
    let near = |condition: &str, params: &[&dyn rusqlite::ToSql]| -> Result<Vec<(i64, PeerId)>> {
        let mut statement = connection.prepare_cached(&format!("SELECT id, peer FROM lines WHERE {condition}"))?;
        let mut rows = statement.query(params)?;
        let mut lines: Vec<(i64, PeerId)> = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if lines.first().is_some_and(|(first, _)| words::part(*first) != words::part(id)) {
                break;
            }
            lines.push((id, PeerId(row.get(1)?)));
        }
        Ok(lines)
    };
    let lines = match which {
        Which::Between(peer, Range { start, end }) => {
            near("peer = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq", &[&peer.0, &int(*start), &int(*end)])
        }
        Which::Until(peer, at, None) => near("peer = ?1 AND at <= ?2 ORDER BY at", &[&peer.0, &at]),
        Which::Until(peer, at, Some(Marks { read, acked, .. })) => {
            near(OVER, &[&peer.0, &at, &int(*read), &int(*acked)])
        }
        Which::Expired(now) => near("expires_at <= ?1 ORDER BY id", &[&now]),
    }?;
    let Some(part) = lines.first().map(|(id, _)| words::part(*id)) else { return Ok(Vec::new()) };
    let removed = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let left = || Ok::<_, rusqlite::Error>(count_between(connection, words::ids(part))? - removed);
    let anew = lines.len() > FEW && left()? < removed.saturating_mul(ADDED_FOR_ONE_REMOVED);
    let mut text = connection.prepare_cached("SELECT text FROM lines WHERE id = ?1")?;
    let mut delete = connection.prepare_cached("DELETE FROM lines WHERE id = ?1")?;
    for (id, peer) in &lines {
        if !anew && let Some(text) = text.query_row((id,), |row| row.get::<_, Option<String>>(0))? {
            words::remove(connection, *id, *peer, &text)?;
        }
        delete.execute((id,))?;
    }
    if anew {
        words::anew(connection, part)?;
    }
    Ok(lines.into_iter().map(|(_, peer)| peer).collect())
}

/// The same with all of them.
pub(crate) fn remove(connection: &Connection, which: &Which) -> Result<Vec<PeerId>> {
    let mut removed = Vec::new();
    loop {
        let some = remove_some(connection, which)?;
        if some.is_empty() {
            return Ok(removed);
        }
        removed.extend(some);
    }
}

/// Whether there are so many of them that they go piece by piece.
pub(crate) fn are_many(connection: &Connection, peer: PeerId, seqs: &Range<u64>) -> Result<bool> {
    let sql = "SELECT 1 FROM lines WHERE peer = ?1 AND seq >= ?2 AND seq < ?3 LIMIT 1 OFFSET ?4";
    let mut statement = connection.prepare_cached(sql)?;
    statement.exists((peer.0, int(seqs.start), int(seqs.end), AT_ONCE))
}

/// Up to `limit` lines before `before`, oldest first.
pub(crate) fn before(connection: &Connection, peer: PeerId, before: u64, limit: usize) -> Result<Vec<KeptLine>> {
    let mut statement =
        select(connection, &format!("WHERE peer = ?1 AND seq < ?2 AND {THERE} ORDER BY seq DESC LIMIT ?3"))?;
    let mut lines = collect(&mut statement, (peer.0, int(before), int(limit as u64)))?;
    lines.reverse();
    Ok(lines)
}

/// Up to `limit` lines from `from` on, oldest first.
pub(crate) fn from(connection: &Connection, peer: PeerId, from: u64, limit: usize) -> Result<Vec<KeptLine>> {
    let mut statement =
        select(connection, &format!("WHERE peer = ?1 AND seq >= ?2 AND {THERE} ORDER BY seq LIMIT ?3"))?;
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
    let froms = match query {
        Some(_) => {
            let from = |part| {
                let words = words::table(part);
                format!(
                    "JOIN {words} ON {words}.rowid = lines.id WHERE {words} MATCH ?1 AND (?2 IS NULL OR lines.peer = ?2) \
                     AND {THERE} ORDER BY {words}.rowid DESC LIMIT ?3"
                )
            };
            words::parts(connection)?.into_iter().map(from).collect()
        }
        None if peer.is_some() => {
            vec![format!("WHERE text IS NOT NULL AND peer = ?2 AND ?1 IS NULL AND {THERE} ORDER BY seq DESC LIMIT ?3")]
        }
        None => {
            vec![format!("WHERE text IS NOT NULL AND ?1 IS NULL AND ?2 IS NULL AND {THERE} ORDER BY id DESC LIMIT ?3")]
        }
    };
    let columns = COLUMNS.split(", ").map(|column| format!("lines.{column}")).collect::<Vec<_>>().join(", ");
    let mut left = most;
    for from in froms {
        let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM lines {from}"))?;
        let mut rows = statement.query((query, peer.map(|peer| peer.0), int(left as u64)))?;
        while let Some(row) = rows.next()? {
            left = left.saturating_sub(1);
            if !look(PeerId(row.get(10)?), row.get_ref(4)?.as_str()?, row)? {
                return Ok(true);
            }
        }
    }
    Ok(left > 0)
}

/// Every line with one of these ids that has text.
pub(crate) fn each_text(
    connection: &Connection,
    ids: Range<i64>,
    mut each: impl FnMut(i64, PeerId, &str) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT id, peer, text FROM lines WHERE id >= ?1 AND id < ?2 AND text IS NOT NULL ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((ids.start, ids.end))?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, PeerId(row.get(1)?), row.get_ref(2)?.as_str()?)?;
    }
    Ok(())
}

/// Sequence number of the oldest line.
pub(crate) fn first(connection: &Connection, peer: PeerId) -> Result<Option<u64>> {
    let sql = format!("SELECT seq FROM lines WHERE peer = ?1 AND {THERE} ORDER BY seq LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row((peer.0,), |row| row.get(0).map(number)).optional()
}

pub(crate) fn extent(connection: &Connection, peer: PeerId, end: u64, read: u64) -> Result<Extent> {
    let unread = format!("WHERE peer = ?1 AND seq >= ?2 AND sender = 'them' AND {THERE}");
    let sql = format!("SELECT count(*) FROM lines {unread} AND kind <> 'call'");
    let messages: u32 = connection.prepare_cached(&sql)?.query_row((peer.0, int(read)), |row| row.get(0))?;
    let mut calls = select(connection, &format!("{unread} AND kind = 'call'"))?;
    let calls = collect(&mut calls, (peer.0, int(read)))?;
    let missed = |line: &&KeptLine| matches!(line.content, Content::Call { call } if call.is_missed());
    let missed = u32::try_from(calls.iter().filter(missed).count()).unwrap_or(u32::MAX);
    Ok(Extent { first: first(connection, peer)?.unwrap_or(end), end, read, unread: messages.saturating_add(missed) })
}

pub(crate) fn count(connection: &Connection) -> Result<i64> {
    connection.prepare_cached("SELECT count(*) FROM lines")?.query_row((), |row| row.get(0))
}

fn count_between(connection: &Connection, ids: Range<i64>) -> Result<i64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM lines WHERE id >= ?1 AND id < ?2")?;
    statement.query_row((ids.start, ids.end), |row| row.get(0))
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
