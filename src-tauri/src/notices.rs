use crate::events::{self, ShellEvent, ShellNotice};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tauri::AppHandle;

/// What the person should read once. A page that comes later finds it here.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Told>);

#[derive(Default)]
struct Told {
    waiting: BTreeSet<ShellNotice>,
    /// Also those that were read.
    ever: BTreeSet<ShellNotice>,
}

impl Notices {
    /// Before there is anybody to tell.
    pub(crate) fn add(&self, notice: ShellNotice) {
        self.change(|told| {
            told.ever.insert(notice);
            told.waiting.insert(notice);
        });
    }

    pub(crate) fn tell(&self, app: &AppHandle, notice: ShellNotice) {
        self.add(notice);
        events::tell(app, &ShellEvent::Notice { notice });
    }

    /// Not a second time while this program runs. Whether it was the first.
    pub(crate) fn tell_once(&self, app: &AppHandle, notice: ShellNotice) -> bool {
        let first = !self.change(|told| told.ever.contains(&notice));
        if first {
            self.tell(app, notice);
        }
        first
    }

    pub(crate) fn dismiss(&self, notice: ShellNotice) {
        self.change(|told| told.waiting.remove(&notice));
    }

    pub(crate) fn waiting(&self) -> Vec<ShellNotice> {
        self.change(|told| told.waiting.iter().copied().collect())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Told) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
