use super::{retention_name, retention_named};
use crate::{Profile, Seed};
use p2p_comm_model::Name;
use rusqlite::{Connection, OptionalExtension as _, Result, params};
use zeroize::Zeroizing;

pub(crate) fn put(connection: &Connection, profile: &Profile) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO profile (id, seed, name, port, retention) VALUES (1, ?1, ?2, ?3, ?4)";
    let (seed, name) = (profile.seed.0.as_slice(), profile.name.as_ref().map(Name::as_str));
    connection.prepare_cached(sql)?.execute(params![seed, name, profile.port, retention_name(profile.retention)])?;
    Ok(())
}

pub(crate) fn get(connection: &Connection) -> Result<Option<Profile>> {
    let mut statement = connection.prepare_cached("SELECT seed, name, port, retention FROM profile")?;
    let profile = statement.query_row((), |row| {
        let name: Option<String> = row.get(1)?;
        Ok(Profile {
            seed: Seed(Zeroizing::new(row.get(0)?)),
            name: name.and_then(|name| Name::parse(&name).ok()),
            port: row.get(2)?,
            retention: retention_named(&row.get::<_, String>(3)?),
        })
    });
    profile.optional()
}
