//! What the person chose, as plain values. Nothing of it is about people or conversations.

mod current;
mod file;

pub(crate) use current::{Preferences, change, finish, start};
pub(crate) use file::{SettingsFile, directory};

use p2p_comm_engine::AudioSettings;
use serde::{Deserialize, Serialize};

/// Everything that the settings show. What a file does not say is at its default; what it says besides is skipped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    pub(crate) general: General,
    pub(crate) appearance: Appearance,
    pub(crate) notifications: Notifications,
    pub(crate) privacy: Privacy,
    pub(crate) network: Network,
    pub(crate) shortcuts: Shortcuts,
    pub(crate) audio: AudioSettings,
    pub(crate) seen: Seen,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct General {
    /// Closing the window leaves the program in the tray.
    pub(crate) close_to_tray: bool,
    pub(crate) start_at_login: bool,
    /// At login it starts without a window.
    pub(crate) start_hidden: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Appearance {
    pub(crate) theme: Theme,
    pub(crate) contrast: Contrast,
    /// Size of text, percent of the usual (80 to 200).
    pub(crate) text_percent: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Contrast {
    #[default]
    System,
    High,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Notifications {
    pub(crate) messages: bool,
    pub(crate) requests: bool,
    pub(crate) missed_calls: bool,
    /// Texts and names may be in a notification.
    pub(crate) show_content: bool,
    pub(crate) do_not_disturb: bool,
    /// Nothing disturbs while another program fills the screen.
    pub(crate) quiet_in_full_screen: bool,
    pub(crate) incoming: Incoming,
}

/// How an incoming call shows itself, besides its notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Incoming {
    /// A small window on top of all others.
    #[default]
    Popup,
    /// The main window is raised.
    Window,
    /// Not at all.
    Notification,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Privacy {
    /// Requests of people who are not on the list are shown.
    pub(crate) allow_requests: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Network {
    /// The UDP port; 0: the first free one.
    pub(crate) port: u16,
    /// The router is asked to let friends in.
    pub(crate) map_port: bool,
    /// Connects when the program starts, where the password is remembered.
    pub(crate) connect_at_start: bool,
}

/// Keys that work everywhere, such as `Control+Shift+KeyM`, and the one to talk in the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Shortcuts {
    /// Push to talk.
    pub(crate) talk: Option<String>,
    /// Mutes the microphone, and unmutes it.
    pub(crate) mute: Option<String>,
    /// Accepts the call that rings.
    pub(crate) answer: Option<String>,
    /// Ends the call, and rejects the one that rings.
    pub(crate) end: Option<String>,
    /// Push to talk in the window itself: one key, as `KeyboardEvent.code`.
    pub(crate) talk_in_window: String,
}

/// Notices that are told once in a lifetime.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Seen {
    /// That the program keeps running in the tray.
    pub(crate) tray_hint: bool,
}

impl Settings {
    /// The same with every number within its range.
    #[must_use]
    pub(crate) fn in_range(mut self) -> Self {
        self.appearance.text_percent = self.appearance.text_percent.clamp(80, 200);
        self.audio = self.audio.clamped();
        let known = |keys: &String| (1..=100).contains(&keys.len());
        let Shortcuts { talk, mute, answer, end, talk_in_window } = self.shortcuts;
        self.shortcuts = Shortcuts {
            talk: talk.filter(known),
            mute: mute.filter(known),
            answer: answer.filter(known),
            end: end.filter(known),
            talk_in_window: Some(talk_in_window).filter(known).unwrap_or_else(|| Shortcuts::default().talk_in_window),
        };
        self
    }
}

impl Default for General {
    fn default() -> Self {
        Self { close_to_tray: true, start_at_login: false, start_hidden: false }
    }
}

impl Default for Appearance {
    fn default() -> Self {
        Self { theme: Theme::default(), contrast: Contrast::default(), text_percent: 100 }
    }
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            messages: true,
            requests: true,
            missed_calls: true,
            show_content: true,
            do_not_disturb: false,
            quiet_in_full_screen: true,
            incoming: Incoming::default(),
        }
    }
}

impl Default for Shortcuts {
    fn default() -> Self {
        Self { talk: None, mute: None, answer: None, end: None, talk_in_window: "Space".to_owned() }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self { port: 0, map_port: true, connect_at_start: false }
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self { allow_requests: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_at_its_default_and_what_is_unknown_is_skipped() {
        let text = r#"{"general": {"startHidden": true, "colour": "green"}, "tomorrow": [1, 2]}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        let expected = General { start_hidden: true, ..General::default() };
        assert_eq!(settings, Settings { general: expected, ..Settings::default() });
    }

    #[test]
    fn numbers_are_brought_into_range() {
        let text = r#"{"appearance": {"textPercent": 9000}, "audio": {"inputGainDb": -300.0}, "shortcuts": {"mute": "", "talkInWindow": ""}}"#;
        let settings = serde_json::from_str::<Settings>(text).unwrap().in_range();
        assert_eq!(settings.appearance.text_percent, 200);
        assert_eq!(settings.audio.input_gain_db, -20.0);
        assert_eq!((settings.shortcuts.mute, settings.shortcuts.talk_in_window.as_str()), (None, "Space"));
        assert_eq!(Settings::default().in_range(), Settings::default());
    }
}
