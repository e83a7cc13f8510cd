//! The end of the program, as a person chooses it. The system is never asked back.

use crate::events::ShellNotice;
use crate::notices::Notices;
use crate::window;
use p2p_comm_engine::{Handle, Keeping};
use std::time::Duration;
use tauri::{AppHandle, Manager as _};
use tokio::time::timeout;

/// Nobody waits longer for the end because of a question.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ends the program. Where something waits for the disk that would be lost, the window says so first; whoever chooses it again
/// while it does means it.
pub(crate) fn quit(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let engine = app.state::<Handle>().inner().clone();
        let state = timeout(PATIENCE, engine.remembered()).await;
        let loses =
            state.is_ok_and(|kept| kept.is_ok_and(|kept| matches!(kept.state, Keeping::Failed { open: true, .. })));
        let notices = app.state::<Notices>();
        if loses && !notices.waiting().contains(&ShellNotice::QuitLoses) {
            notices.tell(&app, ShellNotice::QuitLoses);
            window::raise(&app, None);
        } else {
            app.exit(0);
        }
    });
}
