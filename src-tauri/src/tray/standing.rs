use p2p_comm_engine::NodePhase;

/// Everything that the tray tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    pub(crate) phase: NodePhase,
    /// My name, while not offline.
    pub(crate) name: Option<String>,
    /// Messages and missed calls that were not read.
    pub(crate) unread: u32,
    pub(crate) call: Option<TrayCall>,
    pub(crate) do_not_disturb: bool,
}

/// The call there is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrayCall {
    /// None where names are not to be seen.
    pub(crate) name: Option<String>,
    pub(crate) incoming: bool,
    pub(crate) muted: bool,
    /// It asks for attention.
    pub(crate) alarm: bool,
}

/// What the icon looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Offline,
    Online,
    Unread,
    InCall,
    Muted,
}

/// What somebody can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Show,
    Connect,
    Disconnect,
    Mute,
    EndCall,
    DoNotDisturb,
    Quit,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Button { action: Action, label: &'static str, enabled: bool },
    Check { action: Action, label: &'static str, enabled: bool, checked: bool },
    Line,
}

impl Default for Standing {
    fn default() -> Self {
        Self { phase: NodePhase::Offline, name: None, unread: 0, call: None, do_not_disturb: false }
    }
}

impl Standing {
    pub(super) fn look(&self) -> Look {
        match self.shown_call() {
            Some(TrayCall { muted: true, .. }) => Look::Muted,
            Some(_) => Look::InCall,
            None if self.unread > 0 => Look::Unread,
            None if self.phase == NodePhase::Online => Look::Online,
            None => Look::Offline,
        }
    }

    /// The call, unless it comes in and may not disturb.
    fn shown_call(&self) -> Option<&TrayCall> {
        self.call.as_ref().filter(|call| !call.incoming || call.alarm)
    }

    /// Somebody calls and may say so. Elsewhere the task bar flashes.
    #[cfg(any(target_os = "linux", test))]
    pub(super) fn alarm(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.alarm)
    }

    pub(super) fn menu(&self) -> [Entry; 9] {
        let button = |action, label, enabled| Entry::Button { action, label, enabled };
        let check = |action, label, enabled, checked| Entry::Check { action, label, enabled, checked };
        let muted = self.call.as_ref().is_some_and(|call| call.muted);
        let incoming = self.call.as_ref().is_some_and(|call| call.incoming);
        let talking = self.call.is_some() && !incoming;
        [
            button(Action::Show, "Show", true),
            Entry::Line,
            match self.phase {
                NodePhase::Offline => button(Action::Connect, "Connect…", true),
                NodePhase::Connecting => button(Action::Connect, "Connecting…", false),
                NodePhase::Online => button(Action::Disconnect, "Disconnect", true),
            },
            check(Action::Mute, "Mute microphone", talking, muted),
            button(Action::EndCall, if incoming { "Reject call" } else { "End call" }, self.call.is_some()),
            Entry::Line,
            check(Action::DoNotDisturb, "Do not disturb", true, self.do_not_disturb),
            Entry::Line,
            button(Action::Quit, "Quit", true),
        ]
    }

    /// One line for the pointer that rests on the icon.
    pub(super) fn words(&self) -> String {
        if let Some(TrayCall { name, incoming, muted, .. }) = self.shown_call() {
            let with = name.as_ref().map(|name| format!(" with {name}")).unwrap_or_default();
            return match (incoming, muted) {
                (true, _) => format!("{} is calling", name.as_deref().unwrap_or("Somebody")),
                (false, true) => format!("In a call{with}, microphone muted"),
                (false, false) => format!("In a call{with}"),
            };
        }
        let presence = match (self.phase, &self.name) {
            (NodePhase::Online, Some(name)) => format!("Connected as {name}"),
            (NodePhase::Online, None) => "Connected".to_owned(),
            (NodePhase::Connecting, _) => "Connecting…".to_owned(),
            (NodePhase::Offline, _) => "Offline".to_owned(),
        };
        let quiet = if self.do_not_disturb { " · Do not disturb" } else { "" };
        match self.unread {
            0 => format!("{presence}{quiet}"),
            unread => format!("{presence} · {unread} unread{quiet}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn online() -> Standing {
        Standing { phase: NodePhase::Online, name: Some("alice".to_owned()), ..Standing::default() }
    }

    fn call(incoming: bool, muted: bool) -> Standing {
        let call = TrayCall { name: Some("bob".to_owned()), incoming, muted, alarm: incoming };
        Standing { call: Some(call), unread: 3, ..online() }
    }

    /// The labels of what can be chosen.
    fn choices(standing: &Standing) -> Vec<&'static str> {
        standing
            .menu()
            .iter()
            .filter_map(|entry| match entry {
                Entry::Button { label, enabled: true, .. } | Entry::Check { label, enabled: true, .. } => Some(*label),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_menu_offers_what_is_possible_now() {
        let offline = Standing::default();
        let connecting = Standing { phase: NodePhase::Connecting, ..Standing::default() };
        assert_eq!(choices(&offline), ["Show", "Connect…", "Do not disturb", "Quit"]);
        assert_eq!(choices(&connecting), ["Show", "Do not disturb", "Quit"]);
        assert_eq!(choices(&online()), ["Show", "Disconnect", "Do not disturb", "Quit"]);
        let talking = ["Show", "Disconnect", "Mute microphone", "End call", "Do not disturb", "Quit"];
        assert_eq!(choices(&call(false, false)), talking);
        let ringing = ["Show", "Disconnect", "Reject call", "Do not disturb", "Quit"];
        assert_eq!(choices(&call(true, false)), ringing);
    }

    #[test]
    fn checks_follow_the_state() {
        let checked = |standing: Standing, of: Action| {
            let mut menu = standing.menu().into_iter();
            menu.any(|entry| matches!(entry, Entry::Check { action, checked: true, .. } if action == of))
        };
        assert!(checked(call(false, true), Action::Mute) && !checked(call(false, false), Action::Mute));
        let quiet = Standing { do_not_disturb: true, ..online() };
        assert!(checked(quiet, Action::DoNotDisturb) && !checked(online(), Action::DoNotDisturb));
    }

    #[test]
    fn the_look_tells_the_most_urgent() {
        let unread = |standing| Standing { unread: 2, ..standing };
        assert_eq!(Standing::default().look(), Look::Offline);
        assert_eq!(online().look(), Look::Online);
        assert_eq!(unread(online()).look(), Look::Unread);
        assert_eq!(unread(Standing::default()).look(), Look::Unread);
        assert_eq!(call(false, false).look(), Look::InCall);
        assert_eq!(call(false, true).look(), Look::Muted);
        assert!(call(true, false).alarm() && !call(false, false).alarm());
    }

    #[test]
    fn the_words_tell_the_same() {
        assert_eq!(Standing::default().words(), "Offline");
        let quiet = Standing { unread: 2, do_not_disturb: true, ..online() };
        assert_eq!(quiet.words(), "Connected as alice · 2 unread · Do not disturb");
        assert_eq!(call(true, false).words(), "bob is calling");
        assert_eq!(call(false, true).words(), "In a call with bob, microphone muted");
    }

    #[test]
    fn a_call_that_may_not_disturb_changes_neither_look_nor_words() {
        let mut standing = Standing { do_not_disturb: true, ..call(true, false) };
        standing.call.as_mut().unwrap().alarm = false;
        assert_eq!(standing.look(), Look::Unread);
        assert_eq!(standing.words(), "Connected as alice · 3 unread · Do not disturb");
        assert!(choices(&standing).contains(&"Reject call"));
    }

    #[test]
    fn a_name_that_is_not_to_be_seen_is_not_in_the_words() {
        let unnamed = |mut standing: Standing| {
            standing.call.as_mut().unwrap().name = None;
            standing.words()
        };
        assert_eq!(unnamed(call(true, false)), "Somebody is calling");
        assert_eq!(unnamed(call(false, true)), "In a call, microphone muted");
    }
}
