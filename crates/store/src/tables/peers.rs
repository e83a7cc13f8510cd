use super::{conversion, int, json, number, retention_name, retention_named};
use crate::{Bound, PeerRecord};
use p2p_comm_model::{DeviceKey, Name, PeerAddress, PeerId, Retention};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, named_params};

/// What the entry's row has beside [`PeerRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marks {
    /// They have everything of ours up to this counter.
    pub(crate) acked: u64,
    /// One more than the highest sequence number ever given.
    pub(crate) end: u64,
    /// Lines before this one have been read.
    pub(crate) read: u64,
}

pub(crate) fn put(connection: &Connection, peer: &PeerRecord) -> Result<()> {
    let sql = "INSERT INTO peers (id, label, name, addresses, blocked, device, device_kept, verified, muted, pinned, gain_db, \
               draft, retention, vanish) VALUES (:id, :label, :name, :addresses, :blocked, :device, :device_kept, \
               :verified, :muted, :pinned, :gain_db, :draft, :retention, :vanish) \
               ON CONFLICT (id) DO UPDATE SET label = :label, name = :name, addresses = :addresses, blocked = :blocked, \
               device = :device, device_kept = :device_kept, verified = :verified, muted = :muted, pinned = :pinned, \
               gain_db = :gain_db, draft = :draft, retention = :retention, vanish = :vanish";
    let addresses: Vec<String> = peer.addresses.iter().map(ToString::to_string).collect();
    let values = named_params! {
        ":id": peer.id.0,
        ":label": peer.label.as_str(),
        ":name": peer.name.as_ref().map(Name::as_str),
        ":addresses": serde_json::to_string(&addresses).map_err(|error| conversion(Box::new(error)))?,
        ":blocked": peer.blocked,
        ":device": peer.bound.map(|bound| bound.device.0),
        ":device_kept": peer.bound.is_some_and(|bound| bound.kept),
        ":verified": peer.verified,
        ":muted": peer.muted,
        ":pinned": peer.pinned,
        ":gain_db": f64::from(peer.gain_db),
        ":draft": peer.draft,
        ":retention": peer.retention.map(retention_name),
        ":vanish": peer.vanish,
    };
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Without its lines; queue and inboxes go with it.
pub(crate) fn remove(connection: &Connection, peer: PeerId) -> Result<()> {
    connection.prepare_cached("DELETE FROM peers WHERE id = ?1")?.execute((peer.0,))?;
    Ok(())
}

/// Says whether there is such an entry.
pub(crate) fn acked(connection: &Connection, peer: PeerId, counter: u64) -> Result<bool> {
    let mut statement = connection.prepare_cached("UPDATE peers SET acked = max(acked, ?2) WHERE id = ?1")?;
    Ok(statement.execute((peer.0, int(counter)))? > 0)
}

/// Says whether there is such an entry.
pub(crate) fn read(connection: &Connection, peer: PeerId, seq: u64) -> Result<bool> {
    let mut statement = connection.prepare_cached("UPDATE peers SET read = ?2 WHERE id = ?1")?;
    Ok(statement.execute((peer.0, int(seq)))? > 0)
}

/// A line with this sequence number was written.
pub(crate) fn reach(connection: &Connection, peer: PeerId, seq: u64) -> Result<()> {
    let sql = r#"UPDATE peers SET "end" = ?2 WHERE id = ?1 AND "end" < ?2"#;
    connection.prepare_cached(sql)?.execute((peer.0, int(seq).saturating_add(1)))?;
    Ok(())
}

/// The lines before this one go piece by piece; 0: none do. None if there is no such entry.
pub(crate) fn dropped(connection: &Connection, peer: PeerId) -> Result<Option<u64>> {
    let mut statement = connection.prepare_cached("SELECT dropped FROM peers WHERE id = ?1")?;
    statement.query_row((peer.0,), |row| row.get(0).map(number)).optional()
}

/// Lines before this one are to go piece by piece, as far as there are any; 0: they are gone.
pub(crate) fn drop_before(connection: &Connection, peer: PeerId, seq: u64) -> Result<()> {
    let sql = r#"UPDATE peers SET dropped = min(?2, "end") WHERE id = ?1"#;
    connection.prepare_cached(sql)?.execute((peer.0, int(seq)))?;
    Ok(())
}

/// A conversation with lines that go piece by piece, and before which one.
pub(crate) fn dropping(connection: &Connection) -> Result<Option<(PeerId, u64)>> {
    let mut statement = connection.prepare_cached("SELECT id, dropped FROM peers WHERE dropped > 0 LIMIT 1")?;
    statement.query_row((), |row| Ok((PeerId(row.get(0)?), row.get(1).map(number)?))).optional()
}

pub(crate) fn all(connection: &Connection) -> Result<Vec<(PeerRecord, Marks)>> {
    connection
        .prepare_cached("SELECT * FROM peers ORDER BY id")?
        .query_map((), |row| Ok((record(row)?, marks(row)?)))?
        .collect()
}

pub(crate) fn marks_of(connection: &Connection, peer: PeerId) -> Result<Option<Marks>> {
    let mut statement = connection.prepare_cached(r#"SELECT acked, "end", read FROM peers WHERE id = ?1"#)?;
    statement.query_row((peer.0,), marks).optional()
}

/// How long each conversation keeps its lines, as it says itself, and how far they are read and delivered.
pub(crate) fn retentions(connection: &Connection) -> Result<Vec<(PeerId, Option<Retention>, Marks)>> {
    let mut statement = connection.prepare_cached(r#"SELECT id, retention, acked, "end", read FROM peers"#)?;
    let retentions = statement.query_map((), |row| {
        let name: Option<String> = row.get("retention")?;
        Ok((PeerId(row.get("id")?), name.map(|name| retention_named(&name)), marks(row)?))
    })?;
    retentions.collect()
}

pub(crate) fn count(connection: &Connection) -> Result<i64> {
    connection.prepare_cached("SELECT count(*) FROM peers")?.query_row((), |row| row.get(0))
}

fn record(row: &Row<'_>) -> Result<PeerRecord> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let addresses: Vec<String> = json(row.get_ref("addresses")?.as_str()?)?;
    let device: Option<[u8; 32]> = row.get("device")?;
    let kept = row.get("device_kept")?;
    let addresses: Vec<PeerAddress> = addresses.iter().filter_map(|address| PeerAddress::parse(address).ok()).collect();
    let label: String = row.get("label")?;
    // One that this version does not take must not keep all of it closed.
    let label = Name::parse(&label)
        .or_else(|_| Name::parse(&addresses.first().map_or_else(|| "?".into(), ToString::to_string)));
    Ok(PeerRecord {
        id: PeerId(row.get("id")?),
        label: label.map_err(|error| conversion(Box::new(error)))?,
        name: text("name")?.and_then(|name| Name::parse(&name).ok()),
        addresses,
        blocked: row.get("blocked")?,
        bound: device.map(|device| Bound { device: DeviceKey(device), kept }),
        verified: row.get("verified")?,
        muted: row.get("muted")?,
        pinned: row.get("pinned")?,
        gain_db: row.get::<_, f64>("gain_db")? as f32,
        draft: row.get("draft")?,
        retention: text("retention")?.map(|name| retention_named(&name)),
        vanish: row.get("vanish")?,
    })
}

fn marks(row: &Row<'_>) -> Result<Marks> {
    let mark = |column: &str| row.get(column).map(number);
    Ok(Marks { acked: mark("acked")?, end: mark("end")?, read: mark("read")? })
}
