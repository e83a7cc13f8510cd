//! Notifications of the desktop. Whoever has something to say puts a [`Note`] on the [`Board`]; what somebody presses there
//! is carried out here. On Linux it is spoken over D-Bus, elsewhere through tauri's plugin.

mod burst;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
mod note;

#[cfg(not(target_os = "linux"))]
use elsewhere as desktop;
#[cfg(target_os = "linux")]
use linux as desktop;

pub(crate) use burst::{Burst, News};
pub(crate) use note::{Note, Press, Subject};

use crate::events::{self, ShellEvent};
use crate::{talk, window};
use p2p_comm_engine::{Error, Handle, PeerId};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tokio::sync::mpsc;

/// Where notifications go, until the program ends. A desktop that takes its time holds nobody up.
pub(crate) struct Board(Mutex<Option<Desktop>>);

struct Desktop {
    orders: mpsc::UnboundedSender<Order>,
    served: JoinHandle<()>,
}

/// What is asked of the desktop.
#[derive(Debug, PartialEq)]
enum Order {
    /// Shown, in place of an earlier note of the same subject.
    Show(Note),
    Close(Subject),
}

#[cfg(target_os = "linux")]
impl Order {
    fn subject(&self) -> Subject {
        match self {
            Self::Show(note) => note.subject,
            Self::Close(subject) => *subject,
        }
    }
}

impl Board {
    pub(crate) fn new(app: &AppHandle) -> Self {
        let (sender, orders) = mpsc::unbounded_channel();
        let served = tauri::async_runtime::spawn(desktop::serve(app.clone(), orders));
        Self(Mutex::new(Some(Desktop { orders: sender, served })))
    }

    pub(crate) fn show(&self, note: Note) {
        self.order(Order::Show(note));
    }

    pub(crate) fn close(&self, subject: Subject) {
        self.order(Order::Close(subject));
    }

    /// Takes back whatever is shown: nobody would answer to it any more. Shows nothing from now on.
    pub(crate) async fn end(&self) {
        let desktop = self.desktop().take();
        if let Some(Desktop { orders, served }) = desktop {
            drop(orders);
            let _ = served.await;
        }
    }

    fn order(&self, order: Order) {
        if let Some(desktop) = &*self.desktop() {
            let _ = desktop.orders.send(order);
        }
    }

    fn desktop(&self) -> MutexGuard<'_, Option<Desktop>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a conversation in the main window, which comes to the front.
pub(crate) fn open_conversation(app: &AppHandle, peer: PeerId) {
    window::raise(app, None);
    events::tell(app, &ShellEvent::Open { peer });
}

/// Somebody pressed a notification, or one of its buttons. `token` is the desktop's permission to come to the front.
async fn pressed(app: &AppHandle, subject: Subject, press: Press, token: Option<&str>) {
    if let Err(error) = carry_out(app, subject, press, token).await {
        tracing::info!(%error, ?press, "a notification did nothing");
    }
}

async fn carry_out(app: &AppHandle, subject: Subject, press: Press, token: Option<&str>) -> Result<(), Error> {
    let engine = app.state::<Handle>().inner();
    if let (Subject::Call { call, .. }, Press::Reject) = (subject, press) {
        return engine.reject_call(call).await;
    }
    if let Subject::Conversation(peer) = subject
        && talk::raise(app, peer)
    {
        return Ok(());
    }
    window::raise(app, token);
    match subject {
        Subject::Call { peer, .. } | Subject::Conversation(peer) => events::tell(app, &ShellEvent::Open { peer }),
        Subject::Requests | Subject::StillRunning | Subject::Blank => {}
    }
    if let (Subject::Call { call, .. }, Press::Accept) = (subject, press) {
        engine.accept_call(call).await?;
    }
    Ok(())
}
