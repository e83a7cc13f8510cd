//! Windows with one conversation each, beside the main one.

use crate::popup::{grown, related};
use crate::window;
use p2p_comm_engine::{PeerId, PeerSnapshot};
use tauri::{AppHandle, LogicalSize, Manager as _, WebviewWindow};

/// Before the id of the peer.
const PREFIX: &str = "talk-";
/// Logical pixels at a text size of 100 %.
const SIZE: LogicalSize<f64> = LogicalSize::new(480.0, 640.0);
const LEAST: LogicalSize<f64> = LogicalSize::new(320.0, 360.0);

/// Whether a window with this label is one of them.
pub(crate) fn is_one(label: &str) -> bool {
    peer_of(label).is_some()
}

/// Opens the window of a conversation. There is one at most: it comes to the front.
pub(crate) fn open(app: &AppHandle, peer: PeerId) -> tauri::Result<()> {
    if raise(app, peer) {
        return Ok(());
    }
    // Screens are wide rather than high.
    let (width, least) = (grown(app, SIZE).width, grown(app, LEAST).width);
    related(app, &label(peer), format!("index.html?view=talk&peer={}", peer.0), move |builder| {
        let talk = builder
            .title("Conversation")
            .inner_size(width, SIZE.height)
            .min_inner_size(least, LEAST.height)
            // Only the page knows with whom.
            .on_document_title_changed(|window, title| {
                if let Err(error) = window.set_title(&title) {
                    tracing::warn!(%error, "a window keeps its title");
                }
            })
            .build()?;
        window::tame(&talk)
    })
}

/// Brings the window of this conversation to the front. Whether there is one.
pub(crate) fn raise(app: &AppHandle, peer: PeerId) -> bool {
    let Some(talk) = app.get_webview_window(&label(peer)) else { return false };
    if let Err(error) = talk.unminimize().and_then(|()| talk.set_focus()) {
        tracing::warn!(%error, "a conversation did not come to the front");
    }
    true
}

/// Closes those whose peer is not on the list any more: it was removed, or the session is over.
pub(crate) fn close_others(app: &AppHandle, peers: &[PeerSnapshot]) {
    let gone = |label: &str| peer_of(label).is_some_and(|peer| !peers.iter().any(|known| known.id == peer));
    for (label, talk) in app.webview_windows() {
        if gone(&label) {
            close(&talk);
        }
    }
}

fn close(talk: &WebviewWindow) {
    if let Err(error) = talk.destroy() {
        tracing::warn!(%error, "a conversation stays open");
    }
}

fn label(peer: PeerId) -> String {
    format!("{PREFIX}{}", peer.0)
}

fn peer_of(label: &str) -> Option<PeerId> {
    label.strip_prefix(PREFIX)?.parse().ok().map(PeerId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_the_peer() {
        assert_eq!(peer_of(&label(PeerId(7))), Some(PeerId(7)));
        for other in ["main", "popup", "talk-", "talk-x", "talk-7x"] {
            assert_eq!(peer_of(other), None, "{other}");
        }
    }
}
