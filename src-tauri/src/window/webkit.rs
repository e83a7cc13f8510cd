//! What WebKitGTK can do beyond tauri's reach.

use crate::blank;
use crate::ready::{Blank, Ready};
use crate::view::View;
use crate::window::MAIN;
use gtk::prelude::{GtkWindowExt as _, WidgetExt as _};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager as _, WebviewWindow};
use webkit2gtk::{WebContextExt as _, WebProcessTerminationReason, WebView, WebViewExt as _};

/// A web process that dies this often within this time dies of the page itself: loading it again helps nobody.
const DEATHS: usize = 5;
const WITHIN: Duration = Duration::from_secs(30);

/// Mends spelling in the language of the session, and loads a page again whose process has died. `main`: it is the page of
/// the main window.
pub(super) fn tame(view: &WebView, app: AppHandle, main: bool) {
    if let (Some(context), Some(language)) = (view.context(), language()) {
        context.set_spell_checking_enabled(true);
        context.set_spell_checking_languages(&[&language]);
    }
    // Also in a window that does not ask for the keys: once it has them, they are the page's.
    view.grab_focus();
    let deaths = RefCell::new(VecDeque::new());
    view.connect_web_process_terminated(move |view, reason| {
        app.state::<View>().pages_gone();
        if main {
            app.state::<Ready>().waits();
        }
        let now = Instant::now();
        let mut deaths = deaths.borrow_mut();
        // One that we ended ourselves is no sign of anything.
        if reason != WebProcessTerminationReason::TerminatedByApi {
            deaths.push_back(now);
        }
        while deaths.front().is_some_and(|death| now.duration_since(*death) > WITHIN) {
            deaths.pop_front();
        }
        if deaths.len() < DEATHS {
            tracing::warn!(?reason, "the page's process has died: it is loaded again");
            load(view);
        } else {
            tracing::warn!(?reason, "the page's process dies again and again");
            if main {
                blank::tell(&app, Blank::Dying);
            }
        }
    });
}

/// Starts the page anew, in a process of its own if the one that should draw it does nothing.
pub(crate) fn start_anew(view: &WebView, why: Blank) {
    match why {
        Blank::Empty => view.terminate_web_process(),
        Blank::Dying => load(view),
    }
}

/// Of a page that never came there is nothing to reload; of one whose process is gone for a while no address is known.
fn load(view: &WebView) {
    match view.uri().filter(|page| !page.is_empty()) {
        Some(page) => view.load_uri(&page),
        None => view.reload(),
    }
}

/// Passes the desktop's permission to come to the front on.
pub(super) fn allow(window: &WebviewWindow, token: &str) {
    debug_assert_eq!(window.label(), MAIN);
    if let Ok(window) = window.gtk_window() {
        window.set_startup_id(token);
    }
}

/// Such as `de_DE`.
fn language() -> Option<String> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = named("LC_ALL").or_else(|| named("LC_CTYPE")).or_else(|| named("LANG"))?;
    let language = locale.split(['.', '@']).next()?.to_owned();
    (language != "C" && language != "POSIX").then_some(language)
}
