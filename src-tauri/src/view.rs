use p2p_comm_engine::PeerId;
use std::sync::{Mutex, PoisonError};

/// What the main window shows, as far as its page and the window system say.
#[derive(Default)]
pub(crate) struct View(Mutex<Looking>);

#[derive(Clone, Copy, Default)]
struct Looking {
    peer: Option<PeerId>,
    /// The page: it has the focus, and the conversation is at its end.
    at_end: bool,
    /// The window system: this window takes the keys.
    focused: bool,
}

impl View {
    /// The page says what it shows.
    pub(crate) fn show(&self, peer: Option<PeerId>, at_end: bool) {
        self.change(|looking| (looking.peer, looking.at_end) = (peer, at_end));
    }

    /// The window got the focus, or lost it.
    pub(crate) fn focus(&self, focused: bool) {
        self.change(|looking| looking.focused = focused);
    }

    /// The page is gone; it says anew what it shows.
    pub(crate) fn page_gone(&self) {
        self.change(|looking| looking.at_end = false);
    }

    /// Somebody sees the newest line of this conversation.
    pub(crate) fn in_view(&self, peer: PeerId) -> bool {
        self.change(|looking| looking.focused && looking.at_end && looking.peer == Some(peer))
    }

    pub(crate) fn focused(&self) -> bool {
        self.change(|looking| looking.focused)
    }

    /// The conversation that was open last.
    pub(crate) fn peer(&self) -> Option<PeerId> {
        self.change(|looking| looking.peer)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Looking) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_in_view_only_at_its_end_in_a_focused_window() {
        let view = View::default();
        let (alice, bob) = (PeerId(1), PeerId(2));
        view.show(Some(alice), true);
        assert!(!view.in_view(alice), "the window is not focused");
        view.focus(true);
        assert!(view.in_view(alice) && !view.in_view(bob));
        view.show(Some(alice), false);
        assert!(!view.in_view(alice), "scrolled up");
        view.show(Some(alice), true);
        view.page_gone();
        assert!(!view.in_view(alice), "nothing is drawn");
        assert_eq!(view.peer(), Some(alice), "and it opens again");
    }
}
