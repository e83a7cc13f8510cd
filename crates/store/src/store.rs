use crate::{Change, Error, Expired, Kept, Reader};

/// An open store: the one that writes. `Send`; while it lives no other instance opens the same files.
pub struct Store {}

impl Store {
    /// Everything but the older lines; of each conversation the newest `tail` lines.
    pub fn load(&self, _tail: usize) -> Result<Kept, Error> {
        todo!()
    }

    /// Writes all of it as one transaction, or nothing. When this returns, it outlives a crash of the computer.
    pub fn write(&mut self, _changes: &[Change]) -> Result<(), Error> {
        todo!()
    }

    /// Deletes what is older than its conversation keeps lines, and lines and queued messages whose own time has come. `now`: our clock, ms since 1970
    /// (UTC). Costs next to nothing when there is nothing to delete.
    pub fn expire(&mut self, _now: i64) -> Result<Vec<Expired>, Error> {
        todo!()
    }

    /// A connection for reading, for any thread. It sees what was written before each of its calls.
    pub fn reader(&self) -> Result<Reader, Error> {
        todo!()
    }
}
