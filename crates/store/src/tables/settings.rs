use rusqlite::{Connection, Result};
use std::collections::BTreeMap;

pub(crate) fn set(connection: &Connection, key: &str, value: Option<&str>) -> Result<()> {
    match value {
        Some(value) => {
            let sql = "INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute((key, value))?
        }
        None => connection.prepare_cached("DELETE FROM settings WHERE key = ?1")?.execute((key,))?,
    };
    Ok(())
}

pub(crate) fn all(connection: &Connection) -> Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare_cached("SELECT key, value FROM settings")?;
    statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
