//! The schema and how it came to be. A migration that was ever released is never changed; `docs/schema.sql` says what is true now.

use crate::Error;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

const STEPS: &[M<'static>] = &[M::up(include_str!("schema/0001.sql")), M::up(include_str!("schema/0002.sql"))];

/// The newest version that this program knows.
pub(crate) const VERSION: u32 = STEPS.len() as u32;

/// Brings a database up to date: each step a transaction. Fails with [`Error::Newer`], and touches nothing, if it is ahead.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    migrate_to(connection, VERSION)
}

pub(crate) fn migrate_to(connection: &mut Connection, version: u32) -> Result<(), Error> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
    if found == version {
        return Ok(());
    }
    Migrations::from_slice(STEPS).to_version(connection, version as usize).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        error => Error::Database(error.to_string()),
    })
}
