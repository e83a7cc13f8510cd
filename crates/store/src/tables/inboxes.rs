use super::{int, number};
use crate::Inbox;
use p2p_comm_model::{DeviceKey, Epoch, PeerId};
use rusqlite::{Connection, Result, params};

pub(crate) fn put(connection: &Connection, peer: PeerId, inbox: &Inbox) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO inboxes (device, peer, epoch, highest) VALUES (?1, ?2, ?3, ?4)";
    let values = params![inbox.device.0, peer.0, inbox.epoch.0, int(inbox.highest)];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

pub(crate) fn of(connection: &Connection, peer: PeerId) -> Result<Vec<Inbox>> {
    let sql = "SELECT device, epoch, highest FROM inboxes WHERE peer = ?1 ORDER BY device";
    let mut statement = connection.prepare_cached(sql)?;
    let inboxes = statement.query_map((peer.0,), |row| {
        let (device, epoch) = (DeviceKey(row.get(0)?), Epoch(row.get(1)?));
        Ok(Inbox { device, epoch, highest: number(row.get(2)?) })
    })?;
    inboxes.collect()
}
