use p2p_comm_engine::Handle;
use std::time::Duration;
use tauri::{AppHandle, Emitter as _};

/// At most 30 events a second reach the page.
const PAUSE: Duration = Duration::from_millis(33);

/// Tells the page what changed, until the engine ends.
pub(crate) fn forward(app: AppHandle, engine: Handle) {
    tauri::async_runtime::spawn(async move {
        let Ok(mut changes) = engine.changes().await else { return };
        loop {
            let changed = changes.next().await;
            if let Err(error) = app.emit("changes", &changed) {
                tracing::warn!(%error, "the page was not told of a change");
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
}
