use crate::files::{self, Identity, Lock};
use crate::seal::{Key, Unsealed};
use crate::tables::lines::Which;
use crate::tables::{inboxes, lines, peers, profile, queue, settings};
use crate::{Change, Damage, Error, Expired, Kept, KeptPeer, Reader, Swept, database};
use p2p_comm_model::{PeerId, Retention};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An open store: the one that writes. `Send`; while it lives no other instance opens the same files.
pub struct Store {
    connection: Connection,
    key: Key,
    files: Files,
    /// Something was deleted that the log beside the database may still have.
    unclean: bool,
    /// A page was found damaged: from then on SQLCipher refuses all it reads for want of memory.
    damaged: bool,
    _lock: Lock,
}

/// The files that were opened, and not others of their names.
struct Files {
    database: PathBuf,
    log: PathBuf,
    opened: [Identity; 2],
}

/// What a change leaves behind in the log beside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leaves {
    /// Nothing that was deleted.
    Nothing,
    /// Something that was delivered, and may lie there until the next [`Store::sweep`].
    Delivered,
    /// Something that somebody wants to be gone now.
    Deleted,
}

impl Store {
    /// What was just made.
    pub(crate) fn new(path: &Path, key: Key, lock: Lock) -> Result<Self, Error> {
        let store = Self::open(path, key, lock)?;
        database::trust(&store.connection)?;
        Ok(store)
    }

    /// Whether it can be read shows [`Self::load`]; until then its files stay as they are, but for an older schema brought up to date.
    pub(crate) fn open(path: &Path, key: Key, lock: Lock) -> Result<Self, Error> {
        let connection = database::open(path, &key).map_err(|error| explained(path, error))?;
        // A killed program may have left something there.
        Ok(Self { connection, key, files: Files::at(path), unclean: true, damaged: false, _lock: lock })
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    #[cfg(test)]
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// For [`crate::Vault::reseal`].
    pub fn unsealed(&self) -> Unsealed {
        Unsealed(self.key.clone())
    }

    /// Everything but the older lines; of each conversation the newest `tail` lines.
    pub fn load(&self, tail: usize) -> Result<Kept, Error> {
        let all = &self.connection;
        let load = || -> Result<Kept, rusqlite::Error> {
            let mut kept = Kept { profile: profile::get(all)?, peers: Vec::new(), settings: settings::all(all)? };
            for (record, marks) in peers::all(all)? {
                let peer = record.id;
                kept.peers.push(KeptPeer {
                    record,
                    acked: marks.acked,
                    queue: queue::of(all, peer)?,
                    inboxes: inboxes::of(all, peer)?,
                    extent: lines::extent(all, peer, marks.end, marks.read)?,
                    tail: lines::before(all, peer, u64::MAX, tail)?,
                });
            }
            database::trust(all)?;
            Ok(kept)
        };
        load().map_err(|error| self.explained(error.into()))
    }

    /// Writes all of it as one transaction, or nothing. When this returns, it outlives a crash of the computer.
    ///
    /// What [`Change::Removed`] and [`Change::DropLines`] deleted is then in no file any more, unless a [`Reader`] reads at that moment,
    /// or there was much of it; then, and for what was [`Change::Acked`], the next [`Store::sweep`] sees to it. Nobody sees it any more
    /// at once.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), Error> {
        let leaves = self.in_transaction(|connection| {
            let mut leaves = Leaves::Nothing;
            for change in changes {
                leaves = leaves.max(apply(connection, change)?);
            }
            Ok(leaves)
        })?;
        self.unclean |= leaves != Leaves::Nothing;
        if leaves == Leaves::Deleted {
            self.scrub();
        }
        Ok(())
    }

    /// Deletes what is older than its conversation keeps lines, lines whose own time has come, and those of large
    /// [`Change::DropLines`]. `now`: our clock, ms since 1970 (UTC); not `steady`: it may be wrong, and nothing goes because of
    /// its age. Whatever its age, what was not read stays, and so does a line of ours that waits for the peer, and what waits in
    /// the queue. Costs next to nothing when there is nothing to delete, and never more than one part of the index does: what
    /// [`Swept::more`] says is left goes with the next calls, before or after a restart.
    pub fn sweep(&mut self, now: i64, steady: bool) -> Result<Swept, Error> {
        let dropped = self.in_transaction(|connection| {
            let Some((peer, end)) = peers::dropping(connection)? else { return Ok(false) };
            let left = !lines::remove_some(connection, &Which::Between(peer, 0..end))?.is_empty();
            if !left {
                peers::drop_before(connection, peer, 0)?;
            }
            Ok(true)
        })?;
        let gone = if dropped { Vec::new() } else { self.expire(now, steady)? };
        self.unclean |= dropped || !gone.is_empty();
        self.scrub();
        Ok(Swept { more: dropped || !gone.is_empty(), gone })
    }

    /// Of the first conversation that has any.
    fn expire(&mut self, now: i64, steady: bool) -> Result<Vec<Expired>, Error> {
        let due = self.in_transaction(|connection| {
            let default = profile::get(connection)?.map_or(Retention::Forever, |profile| profile.retention);
            let old = peers::retentions(connection)?.into_iter().filter_map(|(peer, own, marks)| {
                match own.unwrap_or(default) {
                    Retention::Off => Some(Which::Until(peer, i64::MAX, None)),
                    other => {
                        let span = other.span().filter(|_| steady)?;
                        Some(Which::Until(peer, now.saturating_sub(span), Some(marks)))
                    }
                }
            });
            Ok(old.chain([Which::Expired(now)]).collect::<Vec<_>>())
        });
        for which in due? {
            let removed = self.in_transaction(|connection| Ok(lines::remove_some(connection, &which)?))?;
            let mut gone = BTreeMap::new();
            removed.iter().for_each(|peer| *gone.entry(*peer).or_insert(0) += 1);
            let until = if let Which::Until(_, at, Some(_)) = which { at } else { i64::MIN };
            if !gone.is_empty() {
                return gone.into_iter().map(|(peer, lines)| self.expired(peer, lines, until)).collect();
            }
        }
        Ok(Vec::new())
    }

    /// A connection for reading, for any thread. It sees what was written before each of its calls.
    pub fn reader(&self) -> Result<Reader, Error> {
        self.files.check()?;
        let path = &self.files.database;
        let connection = database::reader(path, &self.key).map_err(|error| explained(path, error))?;
        Ok(Reader::new(connection, path))
    }

    fn expired(&self, peer: PeerId, lines: u64, until: i64) -> Result<Expired, Error> {
        let first = || -> rusqlite::Result<u64> {
            let end = peers::marks_of(&self.connection, peer)?.map_or(0, |marks| marks.end);
            Ok(lines::first(&self.connection, peer)?.unwrap_or(end))
        };
        Ok(Expired { peer, lines, first: first().map_err(|error| self.explained(error.into()))?, until })
    }

    fn in_transaction<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.files.check()?;
        let written = (|| {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })();
        written.map_err(|error| match self.explained(error) {
            Error::Database(_) if self.damaged => Error::Damaged(Damage::Database),
            error => {
                self.damaged |= matches!(error, Error::Damaged(_));
                error
            }
        })
    }

    /// What was written stays written if this fails; it is tried again.
    fn scrub(&mut self) {
        self.unclean &= self.unclean && database::scrub(&self.connection).is_err();
    }

    fn explained(&self, error: Error) -> Error {
        explained(&self.files.database, error)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.files.check().is_ok() && database::trusted(&self.connection) {
            self.scrub();
        }
    }
}

impl Files {
    /// Once they were written to or read, so that all are there.
    fn at(database: &Path) -> Self {
        let log = files::beside(database, "-wal");
        let opened = [Identity::of(database), Identity::of(&log)];
        Self { database: database.to_owned(), log, opened }
    }

    /// The system lets an open file be deleted, and then what is written goes nowhere.
    fn check(&self) -> Result<(), Error> {
        let same = [Identity::of(&self.database), Identity::of(&self.log)] == self.opened;
        if same { Ok(()) } else { Err(Error::Gone) }
    }
}

fn apply(connection: &Connection, change: &Change) -> Result<Leaves, Error> {
    let known = |peer: &PeerId, there: bool| if there { Ok(()) } else { Err(Error::NoSuchPeer(*peer)) };
    let of = |peer: &PeerId, result: rusqlite::Result<()>| result.map_err(|error| about(*peer, error));
    match change {
        Change::Profile(profile) => profile::put(connection, profile)?,
        Change::Peer(peer) => {
            // What it said before, such as a draft, leaves with the next look at what is over.
            peers::put(connection, peer)?;
            return Ok(Leaves::Delivered);
        }
        Change::Removed(peer) => {
            lines::remove(connection, &Which::Between(*peer, 0..u64::MAX))?;
            peers::remove(connection, *peer)?;
            return Ok(Leaves::Deleted);
        }
        Change::Inbox(peer, inbox) => of(peer, inboxes::put(connection, *peer, inbox))?,
        Change::Queued(peer, queued) => of(peer, queue::put(connection, *peer, queued))?,
        Change::Acked(peer, counter) => {
            known(peer, peers::acked(connection, *peer, *counter)?)?;
            let delivered = queue::remove_up_to(connection, *peer, *counter)?;
            return Ok(if delivered { Leaves::Delivered } else { Leaves::Nothing });
        }
        Change::Line(peer, line) => {
            if let Some(dropped) = peers::dropped(connection, *peer)?.filter(|dropped| line.seq < *dropped) {
                // It comes back among those that still go.
                lines::remove(connection, &Which::Between(*peer, 0..dropped))?;
                peers::drop_before(connection, *peer, 0)?;
            }
            of(peer, lines::put(connection, *peer, line))?;
            peers::reach(connection, *peer, line.seq)?;
        }
        Change::Unsupported(peer, counter) => lines::unsupported(connection, *peer, *counter)?,
        Change::Expires(peer, counter, at) => lines::expires(connection, *peer, *counter, *at)?,
        Change::Read(peer, seq) => known(peer, peers::read(connection, *peer, *seq)?)?,
        Change::DropLines(peer, seqs) if seqs.start == 0 && lines::are_many(connection, *peer, seqs)? => {
            peers::drop_before(connection, *peer, seqs.end)?;
            return Ok(Leaves::Deleted);
        }
        Change::DropLines(peer, seqs) => {
            let removed = lines::remove(connection, &Which::Between(*peer, seqs.clone()))?;
            return Ok(if removed.is_empty() { Leaves::Nothing } else { Leaves::Deleted });
        }
        Change::Setting(key, value) => settings::set(connection, key, value.as_deref())?,
    }
    Ok(Leaves::Nothing)
}

/// The one constraint that a change can break.
fn about(peer: PeerId, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Error::NoSuchPeer(peer),
        _ => error.into(),
    }
}

/// The database does not say why the system failed it: a small file in its place shows it.
pub(crate) fn explained(path: &Path, error: Error) -> Error {
    match error {
        Error::Database(_) if !path.exists() => Error::Gone,
        Error::Database(_) => path.parent().and_then(files::trouble).unwrap_or(error),
        error => error,
    }
}
