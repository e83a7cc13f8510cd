use p2p_comm_engine::PeerId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What each window shows, by its label, as far as its page and the window system say.
#[derive(Default)]
pub(crate) struct View(Mutex<BTreeMap<String, Looking>>);

#[derive(Clone, Copy, Default)]
struct Looking {
    peer: Option<PeerId>,
    /// The page: it has the focus, and the conversation is at its end.
    at_end: bool,
    /// The window system: this window takes the keys.
    focused: bool,
}

impl View {
    /// A page says what it shows.
    pub(crate) fn show(&self, window: &str, peer: Option<PeerId>, at_end: bool) {
        self.change(window, |looking| (looking.peer, looking.at_end) = (peer, at_end));
    }

    /// A window got the focus, or lost it.
    pub(crate) fn focus(&self, window: &str, focused: bool) {
        self.change(window, |looking| looking.focused = focused);
    }

    /// The pages are gone; each says anew what it shows. No other system tells.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn pages_gone(&self) {
        self.with(|windows| windows.values_mut().for_each(|looking| looking.at_end = false));
    }

    /// A window is no more.
    pub(crate) fn closed(&self, window: &str) {
        self.with(|windows| windows.remove(window));
    }

    /// Somebody sees the newest line of this conversation.
    pub(crate) fn in_view(&self, peer: PeerId) -> bool {
        let seen = |looking: &Looking| looking.focused && looking.at_end && looking.peer == Some(peer);
        self.with(|windows| windows.values().any(seen))
    }

    pub(crate) fn focused(&self, window: &str) -> bool {
        self.change(window, |looking| looking.focused)
    }

    /// The conversation that was open there last.
    pub(crate) fn peer(&self, window: &str) -> Option<PeerId> {
        self.change(window, |looking| looking.peer)
    }

    fn change<T>(&self, window: &str, change: impl FnOnce(&mut Looking) -> T) -> T {
        self.with(|windows| change(windows.entry(window.to_owned()).or_default()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Looking>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "main";
    const ALICE: PeerId = PeerId(1);
    const BOB: PeerId = PeerId(2);

    #[test]
    fn a_conversation_is_in_view_only_at_its_end_in_a_focused_window() {
        let view = View::default();
        view.show(MAIN, Some(ALICE), true);
        assert!(!view.in_view(ALICE), "the window is not focused");
        view.focus(MAIN, true);
        assert!(view.in_view(ALICE) && !view.in_view(BOB));
        view.show(MAIN, Some(ALICE), false);
        assert!(!view.in_view(ALICE), "scrolled up");
        view.show(MAIN, Some(ALICE), true);
        view.pages_gone();
        assert!(!view.in_view(ALICE), "nothing is drawn");
        assert_eq!(view.peer(MAIN), Some(ALICE), "and it opens again");
    }

    #[test]
    fn each_window_has_a_conversation_of_its_own() {
        let view = View::default();
        view.show(MAIN, Some(ALICE), true);
        view.show("talk-2", Some(BOB), true);
        view.focus("talk-2", true);
        assert!(view.in_view(BOB) && !view.in_view(ALICE), "one has the focus");
        assert_eq!(view.peer(MAIN), Some(ALICE));
        view.closed("talk-2");
        assert!(!view.in_view(BOB));
    }
}
