//! Invites that come as links (`p2p-comm:…`) from other programs. Anybody can make one, so all that happens is that the page
//! shows it in the dialog that adds a friend, where the person decides.

use crate::events::{self, ShellEvent};
use p2p_comm_engine::limits;
use std::sync::{Mutex, PoisonError};
use tauri::AppHandle;

/// The newest invite that no page has shown yet.
pub(crate) struct Invited(Mutex<Option<String>>);

impl Invited {
    /// `first`: the one with which the program was started.
    pub(crate) fn new(first: Option<String>) -> Self {
        Self(Mutex::new(first))
    }

    /// Another one came.
    pub(crate) fn bring(&self, app: &AppHandle, invite: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(invite);
        events::tell(app, &ShellEvent::Invited);
    }

    /// The page that asks shows it.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// macOS brings a link to the program that runs, and also the one with which it starts it.
#[cfg(target_os = "macos")]
pub(crate) fn opened(app: &AppHandle, links: &[tauri::Url]) {
    use tauri::Manager as _;
    if let Some(link) = links.last() {
        app.state::<Invited>().bring(app, line(link.as_str()));
        crate::window::raise(app, None);
    }
}

/// As one line. What is too long for an invite stays too long, so that reading it fails instead of giving half of one.
pub(crate) fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(limits::INVITE + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use p2p_comm_engine::Invite;

    #[test]
    fn an_invite_stays_as_it_is() {
        let bob = "p2p-comm:büşra%20b@203.0.113.7:47800,[2001:db8::1]:47801";
        assert_eq!(line(bob), bob);
    }

    #[test]
    fn a_link_is_one_line_and_never_half_an_invite() {
        assert_eq!(
            line("p2p-comm:bob@10.0.0.1:9\nraise x\tp2p-comm:eve@10.0.0.2:9\0"),
            "p2p-comm:bob@10.0.0.1:9raise xp2p-comm:eve@10.0.0.2:9"
        );
        let long = format!("p2p-comm:{}@10.0.0.1:47800", "b".repeat(limits::INVITE));
        assert!(Invite::parse(&line(&long)).is_err());
    }
}
