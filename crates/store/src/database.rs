use crate::seal::Key;
use crate::{Damage, Error, schema};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a connection waits for another one of ours.
const PATIENCE: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps: more than there are in this crate, with those of each part of the index of some
/// million lines. A search would prepare them anew each time otherwise.
const STATEMENTS: usize = 512;

/// Makes the database in an empty file.
pub(crate) fn create(path: &Path, key: &Key) -> Result<(), Error> {
    create_version(path, key, schema::VERSION)
}

/// As some version of this program made it.
pub(crate) fn create_version(path: &Path, key: &Key, version: u32) -> Result<(), Error> {
    let mut connection = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Both are properties of the file: they must be set before its first table.
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;")?;
    settle(&connection)?;
    schema::migrate_to(&mut connection, version)?;
    trust(&connection)?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Opens it for writing, and brings it up to date. Until [`trust`] closing it changes nothing: what is in the log beside a damaged
/// database would be written into it.
pub(crate) fn open(path: &Path, key: &Key) -> Result<Connection, Error> {
    // To SQLite an empty file is a new database, beside which no log can count.
    if path.metadata().is_ok_and(|metadata| metadata.len() == 0) {
        return Err(Error::Damaged(Damage::Database));
    }
    let mut connection = connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    settle(&connection)?;
    schema::migrate(&mut connection)?;
    crate::tables::words::renew(&mut connection)?;
    Ok(connection)
}

/// What is there makes sense: from now on it may be tidied up.
pub(crate) fn trust(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map(drop)
}

pub(crate) fn trusted(connection: &Connection) -> bool {
    connection.db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE) == Ok(false)
}

/// Opens it for reading alone.
pub(crate) fn reader(path: &Path, key: &Key) -> Result<Connection, Error> {
    connect(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// As it is, whatever its version.
#[cfg(test)]
pub(crate) fn plain(path: &Path, key: &Key) -> Result<Connection, Error> {
    connect(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// A damaged file, or a wrong key, shows here.
fn connect(path: &Path, key: &Key, mode: OpenFlags) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // It would write to standard error what we say ourselves.
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    connection.execute_batch(&key_pragma(key))?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192;")?;
    Ok(connection)
}

/// What every connection that writes must have.
fn settle(connection: &Connection) -> Result<(), Error> {
    // FULL: what is acknowledged to the other side must outlive a crash of the computer, not only of the program.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")?;
    Ok(())
}

/// Raw: SQLCipher derives nothing from it.
fn key_pragma(key: &Key) -> Zeroizing<String> {
    let mut pragma = Zeroizing::new(String::with_capacity(128));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key.bytes() {
        for digit in [byte >> 4, byte & 0xf] {
            pragma.extend(char::from_digit(digit.into(), 16));
        }
    }
    pragma.push_str("'\";");
    pragma
}

/// Writes what is in the log beside the database into it, and empties that, so that what was deleted is nowhere; gives room
/// that is free back to the system. Fails if somebody reads what is older.
pub(crate) fn scrub(connection: &Connection) -> Result<(), Error> {
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = vacuum.query(())?;
    while rows.next()?.is_some() {}
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    if busy { Err(Error::InUse) } else { Ok(()) }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(ffi::Error { extended_code: ffi::SQLITE_READONLY_DBMOVED, .. }) => Self::Gone,
            Some(ffi::Error { code, .. }) => match code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::ReadOnly => Self::ReadOnly,
                ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Self::Damaged(Damage::Database),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::InUse,
                _ => Self::Database(error.to_string()),
            },
            None => Self::Database(error.to_string()),
        }
    }
}
