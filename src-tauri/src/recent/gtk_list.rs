use gtk::glib::{self, ControlFlow};
use gtk::prelude::RecentManagerExt as _;
use std::path::Path;
use std::time::Duration;
use tauri::WebviewWindow;

/// GTK asks the disk what kind of file it is before it lists it.
const PAUSE: Duration = Duration::from_millis(50);
/// Some seconds.
const TRIES: usize = 100;

/// Takes a file out of the list, into which a dialog of this program puts it in a moment.
pub(crate) fn forget(window: &WebviewWindow, path: &Path) {
    let Ok(uri) = glib::filename_to_uri(path, None) else { return };
    let forget = move || {
        let Some(list) = gtk::RecentManager::default() else { return };
        let ours = glib::application_name().or_else(glib::prgname).unwrap_or_default();
        let mut tries = 0..TRIES;
        glib::timeout_add_local(PAUSE, move || {
            // Somebody else may have listed it before.
            let listed = list.lookup_item(&uri).ok().flatten().is_some_and(|item| item.has_application(&ours));
            let gone = listed && list.remove_item(&uri).is_ok();
            if gone || tries.next().is_none() { ControlFlow::Break } else { ControlFlow::Continue }
        });
    };
    let _ = window.run_on_main_thread(forget);
}
