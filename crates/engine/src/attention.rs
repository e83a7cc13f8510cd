/// Something that could call for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody calls.
    IncomingCall,
    /// A message came in.
    Message,
    /// Somebody who is not on the list asks to talk.
    Request,
    /// Somebody called and gave up.
    MissedCall,
}

/// What speaks against it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet {
    /// The person wants to be left alone by everybody.
    pub do_not_disturb: bool,
    /// And by this peer.
    pub peer_muted: bool,
    /// That conversation is on screen, in a window that has the focus.
    pub in_view: bool,
    /// Another program fills the screen, and the person wants to be left alone then.
    pub full_screen: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attention {
    /// Play the ring tone.
    pub ring: bool,
    /// Show the window for incoming calls.
    pub popup: bool,
    /// Show a notification of the system.
    pub notify: bool,
    /// Make the task bar move.
    pub flash: bool,
    /// Make the tray's icon say that somebody calls.
    pub tray: bool,
}

/// The one policy of what may disturb, for sound and for everything that is seen. What it forbids is counted as unread or
/// missed all the same.
pub fn attention(occasion: Occasion, quiet: Quiet) -> Attention {
    let Quiet { do_not_disturb, peer_muted, in_view, full_screen } = quiet;
    match occasion {
        _ if do_not_disturb || peer_muted => Attention::default(),
        // The tray lies below what fills the screen: whoever leaves that sees at once who calls.
        Occasion::IncomingCall if full_screen => Attention { tray: true, ..Attention::default() },
        _ if full_screen => Attention::default(),
        Occasion::IncomingCall => Attention { ring: true, popup: true, notify: true, flash: true, tray: true },
        // Whoever looks at it has seen it. A request is in no conversation.
        Occasion::Message | Occasion::MissedCall if in_view => Attention::default(),
        Occasion::Message | Occasion::MissedCall | Occasion::Request => {
            Attention { notify: true, flash: true, ..Attention::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Occasion; 4] = [Occasion::IncomingCall, Occasion::Message, Occasion::Request, Occasion::MissedCall];
    const NONE: Attention = Attention { ring: false, popup: false, notify: false, flash: false, tray: false };
    const SEEN: Attention = Attention { notify: true, flash: true, ..NONE };
    const IN_THE_TRAY: Attention = Attention { tray: true, ..NONE };
    const EVERYTHING: Attention = Attention { ring: true, popup: true, notify: true, flash: true, tray: true };

    #[test]
    fn only_a_call_rings_and_pops_up() {
        assert_eq!(ALL.map(|occasion| attention(occasion, Quiet::default())), [EVERYTHING, SEEN, SEEN, SEEN]);
    }

    #[test]
    fn do_not_disturb_and_a_mute_forbid_everything() {
        for quiet in
            [Quiet { do_not_disturb: true, ..Quiet::default() }, Quiet { peer_muted: true, ..Quiet::default() }]
        {
            assert_eq!(ALL.map(|occasion| attention(occasion, quiet)), [NONE; 4], "{quiet:?}");
        }
    }

    #[test]
    fn a_conversation_in_view_is_not_announced_but_a_call_is() {
        let quiet = Quiet { in_view: true, ..Quiet::default() };
        assert_eq!(ALL.map(|occasion| attention(occasion, quiet)), [EVERYTHING, NONE, SEEN, NONE]);
    }

    #[test]
    fn over_a_full_screen_a_call_is_in_the_tray_alone_and_nothing_else_is_announced() {
        let quiet = Quiet { full_screen: true, ..Quiet::default() };
        assert_eq!(ALL.map(|occasion| attention(occasion, quiet)), [IN_THE_TRAY, NONE, NONE, NONE]);
        let quiet = Quiet { do_not_disturb: true, ..quiet };
        assert_eq!(ALL.map(|occasion| attention(occasion, quiet)), [NONE; 4], "do not disturb is stronger");
    }
}
