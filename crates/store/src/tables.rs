//! One file for each table. What is written and read there goes through these functions alone.

pub(crate) mod content;
pub(crate) mod inboxes;
pub(crate) mod lines;
pub(crate) mod peers;
pub(crate) mod profile;
pub(crate) mod queue;
pub(crate) mod settings;
pub(crate) mod words;

use p2p_comm_model::Retention;
use rusqlite::types::{FromSqlError, Type};
use serde::de::DeserializeOwned;

/// Counters and sequence numbers as SQLite has them: nobody ever comes to 2^63.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn number(int: i64) -> u64 {
    u64::try_from(int).unwrap_or(0)
}

/// The names that the choices have in JSON.
fn retention_name(retention: Retention) -> &'static str {
    match retention {
        Retention::Off => "off",
        Retention::Day => "day",
        Retention::Week => "week",
        Retention::Month => "month",
        Retention::Forever => "forever",
    }
}

/// A choice that this version does not know deletes nothing.
fn retention_named(name: &str) -> Retention {
    Retention::ALL.into_iter().find(|retention| retention_name(*retention) == name).unwrap_or(Retention::Forever)
}

fn json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| conversion(Box::new(error)))
}

fn conversion(error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(FromSqlError::Other(error)))
}
