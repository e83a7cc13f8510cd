use super::content::{Columns, content};
use super::{int, number};
use crate::Queued;
use p2p_comm_model::{Epoch, PeerId};
use rusqlite::{Connection, Result, params};

pub(crate) fn put(connection: &Connection, peer: PeerId, queued: &Queued) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO queue (peer, counter, epoch, at, kind, text, detail, vanish) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let Columns { kind, text, detail } = (&queued.content).into();
    let Queued { epoch, at, vanish, .. } = queued;
    let values = params![peer.0, int(queued.counter), epoch.0, at, kind, text, detail, vanish];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Says whether anything was there.
pub(crate) fn remove_up_to(connection: &Connection, peer: PeerId, counter: u64) -> Result<bool> {
    let mut statement = connection.prepare_cached("DELETE FROM queue WHERE peer = ?1 AND counter <= ?2")?;
    Ok(statement.execute((peer.0, int(counter)))? > 0)
}

pub(crate) fn of(connection: &Connection, peer: PeerId) -> Result<Vec<Queued>> {
    let sql = "SELECT counter, at, vanish, kind, text, detail, epoch FROM queue WHERE peer = ?1 ORDER BY counter";
    let mut statement = connection.prepare_cached(sql)?;
    let queued = statement.query_map((peer.0,), |row| {
        let (text, detail) = (row.get_ref(4)?.as_str_or_null()?, row.get_ref(5)?.as_str_or_null()?);
        let content = content(row.get_ref(3)?.as_str()?, text, detail);
        let (epoch, counter) = (Epoch(row.get(6)?), number(row.get(0)?));
        Ok(Queued { epoch, counter, at: row.get(1)?, content, vanish: row.get(2)? })
    })?;
    queued.collect()
}

pub(crate) fn count(connection: &Connection) -> Result<i64> {
    connection.prepare_cached("SELECT count(*) FROM queue")?.query_row((), |row| row.get(0))
}
