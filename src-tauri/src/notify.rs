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
use tauri::{AppHandle, Manager as _};
use tokio::sync::mpsc;

/// Where notifications go. A desktop that takes its time holds nobody up.
pub(crate) struct Board(mpsc::UnboundedSender<Order>);

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
        tauri::async_runtime::spawn(desktop::serve(app.clone(), orders));
        Self(sender)
    }

    pub(crate) fn show(&self, note: Note) {
        let _ = self.0.send(Order::Show(note));
    }

    pub(crate) fn close(&self, subject: Subject) {
        let _ = self.0.send(Order::Close(subject));
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
