//! The icon in the tray and its menu. On Linux a StatusNotifierItem over D-Bus; elsewhere tauri's own.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod linux;
mod pictures;
mod standing;

#[cfg(not(target_os = "linux"))]
use elsewhere::Icon;
#[cfg(target_os = "linux")]
use linux::Icon;
pub(crate) use standing::{Standing, TrayCall};

use crate::events::{self, ShellEvent};
use crate::keep::{self, Keeper};
use crate::{quit, settings, shortcuts, window};
use p2p_comm_engine::{CallPhase, Error, Handle};
use standing::Action;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tauri::{AppHandle, Manager as _};
use tokio::sync::watch;

/// So long a desktop may take to start its tray anew, before a hidden window comes out.
const BACK_SOON: Duration = Duration::from_secs(5);

/// The icon, and whether anything shows it.
pub(crate) struct Tray {
    there: watch::Receiver<bool>,
    icon: Mutex<Option<Icon>>,
    /// There is a tray, but no icon of ours will ever be in it.
    without_us: AtomicBool,
}

impl Tray {
    /// Looks for a tray from now on; the icon comes with [`start`].
    pub(crate) fn new() -> Self {
        let (sender, there) = watch::channel(cfg!(not(target_os = "linux")));
        #[cfg(target_os = "linux")]
        tauri::async_runtime::spawn(host::follow(sender));
        #[cfg(not(target_os = "linux"))]
        drop(sender);
        Self { there, icon: Mutex::default(), without_us: AtomicBool::new(false) }
    }

    /// Something shows the icon now.
    pub(crate) fn is_there(&self) -> bool {
        *self.there.borrow() && !self.without_us.load(Ordering::Relaxed)
    }

    /// Waits for that.
    pub(crate) async fn comes(&self, within: Duration) -> bool {
        let mut there = self.there.clone();
        let came = tokio::time::timeout(within, there.wait_for(|there| *there)).await.is_ok_and(|there| there.is_ok());
        came && self.is_there()
    }

    /// Shows this.
    pub(crate) fn show(&self, standing: &Standing) {
        if let Some(icon) = &*self.icon.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            icon.show(standing);
        }
    }
}

/// Puts the icon into the tray. A window that is hidden comes out when the tray goes.
pub(crate) fn start(app: &AppHandle) {
    let tray = app.state::<Tray>();
    let icon = Icon::new(app);
    if icon.is_none() {
        give_up(app);
    }
    *tray.icon.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = icon;
    let (app, mut there) = (app.clone(), tray.there.clone());
    tauri::async_runtime::spawn(async move {
        while there.changed().await.is_ok() {
            events::tell(&app, &ShellEvent::Platform);
            if !*there.borrow() && tokio::time::timeout(BACK_SOON, there.wait_for(|there| *there)).await.is_err() {
                window::come_out(&app);
            }
        }
    });
}

/// The system takes no icon of ours: a window that is hidden would be lost.
fn give_up(app: &AppHandle) {
    app.state::<Tray>().without_us.store(true, Ordering::Relaxed);
    events::tell(app, &ShellEvent::Platform);
    window::come_out(app);
}

/// Somebody chose this in the menu. `token` is the desktop's permission to come to the front.
fn act(app: &AppHandle, action: Action, token: Option<String>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = carry_out(&app, action, token).await {
            tracing::info!(%error, ?action, "the tray's menu did nothing");
        }
    });
}

async fn carry_out(app: &AppHandle, action: Action, token: Option<String>) -> Result<(), Error> {
    let engine = app.state::<Handle>().inner();
    match action {
        Action::Show => window::raise(app, token.as_deref()),
        Action::Connect => {
            // A password that is not remembered is typed in the window, and there one sees what failed.
            if !keep::connect_if_remembered(app, engine).await {
                window::raise(app, token.as_deref());
            }
        }
        Action::Disconnect => {
            app.state::<Keeper>().hold(None);
            engine.disconnect().await?;
        }
        Action::Mute => shortcuts::toggle_mute(engine).await?,
        Action::EndCall => match engine.current_call().await? {
            Some(call) if call.phase == CallPhase::Incoming => engine.reject_call(call.number).await?,
            Some(call) => engine.end_call(call.number).await?,
            None => {}
        },
        Action::DoNotDisturb => {
            settings::change(app, |settings| {
                settings.notifications.do_not_disturb = !settings.notifications.do_not_disturb;
            })
            .await?;
        }
        Action::Quit => quit::quit(app),
    }
    Ok(())
}
