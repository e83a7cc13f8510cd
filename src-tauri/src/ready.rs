use crate::window::MAIN;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager as _};

/// A page that shows nothing for this long shows nothing ever.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether the main page shows something yet.
pub(crate) struct Ready {
    started: Instant,
    shown: AtomicBool,
}

impl Ready {
    /// `started`: when this process began.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, shown: AtomicBool::new(false) }
    }

    /// The page of this window shows something.
    pub(crate) fn page(&self, label: &str) {
        if label == MAIN && !self.shown.swap(true, Ordering::Relaxed) {
            tracing::info!(ms = self.started.elapsed().as_millis(), "window ready");
        }
    }
}

/// Says so in the log if the main page stays empty: there is no page then to say it.
pub(crate) fn watch(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        // Of a hidden window nothing is drawn.
        let seen = app.get_webview_window(MAIN).and_then(|window| window.is_visible().ok()).unwrap_or(false);
        if seen && !app.state::<Ready>().shown.load(Ordering::Relaxed) {
            let advice = if cfg!(target_os = "linux") { "; try WEBKIT_DISABLE_DMABUF_RENDERER=1" } else { "" };
            tracing::warn!("the web view shows nothing{advice}");
        }
    });
}
