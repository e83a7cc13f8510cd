use tauri::AppHandle;

/// Ends the program properly, goodbyes included, when the system asks it to (SIGTERM, SIGINT, Ctrl+C), or
/// the terminal that it was started in is closed (SIGHUP).
pub(crate) fn quit_when_asked(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        asked().await;
        app.exit(0);
    });
}

#[cfg(unix)]
async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
