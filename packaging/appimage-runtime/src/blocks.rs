//! Blocks of files that were just unpacked: the system asks for one in many small parts.
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A file and the number of a block of it.
type Key = (usize, u64);
/// Empty while the first who wants it unpacks it; others wait. `None`: it is damaged.
type Slot = Arc<OnceLock<Option<Vec<u8>>>>;

/// How many blocks are kept. Pages that were read, the system keeps itself.
const MOST: usize = 8;

/// The last few blocks, the newest at the end.
#[derive(Default)]
pub(crate) struct Blocks(Mutex<VecDeque<(Key, Slot)>>);

impl Blocks {
    /// Gives a block to `take`; `unpack` makes it, unless it is here.
    pub(crate) fn get<T>(
        &self,
        key: Key,
        unpack: impl FnOnce() -> io::Result<Vec<u8>>,
        take: impl FnOnce(&[u8]) -> T,
    ) -> io::Result<T> {
        let slot = self.slot(key);
        let block = slot.get_or_init(|| unpack().ok());
        block.as_deref().map(take).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    fn slot(&self, key: Key) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match slots.iter().position(|(held, _)| *held == key) {
            Some(position) => slots.remove(position).map(|(_, slot)| slot).unwrap_or_default(),
            None => Slot::default(),
        };
        slots.push_back((key, slot.clone()));
        if slots.len() > MOST {
            slots.pop_front();
        }
        slot
    }
}
