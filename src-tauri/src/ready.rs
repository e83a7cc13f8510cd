use crate::blank;
use crate::window::MAIN;
use std::sync::Once;
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager as _};
use tokio::sync::watch;

/// A page that shows nothing for this long shows nothing ever.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether the main page shows something.
pub(crate) struct Ready {
    started: Instant,
    first: Once,
    page: watch::Sender<Page>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// It is being loaded.
    Awaited,
    Shown,
    Blank(Blank),
}

/// Why it shows nothing, and will not by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    /// It was loaded, and nothing came.
    Empty,
    /// Its process dies again and again.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "no other system tells"))]
    Dying,
}

impl Ready {
    /// `started`: when this process began.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, first: Once::new(), page: watch::Sender::new(Page::Awaited) }
    }

    /// The page shows something. Whether it had been given up.
    pub(crate) fn shows(&self) -> bool {
        let before = self.page.send_replace(Page::Shown);
        if self.first.is_completed() && before != Page::Shown {
            tracing::info!("window ready again");
        }
        self.first.call_once(|| tracing::info!(ms = self.started.elapsed().as_millis(), "window ready"));
        matches!(before, Page::Blank(_))
    }

    /// The page is loaded anew.
    pub(crate) fn waits(&self) {
        self.page.send_replace(Page::Awaited);
    }

    /// It is given up.
    pub(crate) fn give_up(&self, why: Blank) {
        self.page.send_replace(Page::Blank(why));
    }

    /// Why it was given up.
    pub(crate) fn blank(&self) -> Option<Blank> {
        match *self.page.borrow() {
            Page::Blank(why) => Some(why),
            Page::Awaited | Page::Shown => None,
        }
    }
}

/// Gives the main page up whenever it stays empty: there is no page then to say so.
pub(crate) fn watch(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let mut page = app.state::<Ready>().page.subscribe();
        while page.wait_for(|page| *page == Page::Awaited).await.is_ok() {
            let drawn_before = drawn(&app);
            let came = tokio::time::timeout(PATIENCE, page.wait_for(|page| *page != Page::Awaited)).await;
            if came.is_err() && drawn_before && drawn(&app) {
                blank::tell(&app, Blank::Empty);
            }
        }
    });
}

/// Of a window that is hidden or minimised nothing is drawn.
fn drawn(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN)
        .is_some_and(|window| window.is_visible().unwrap_or(false) && !window.is_minimized().unwrap_or(true))
}
