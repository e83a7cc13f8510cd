use serde::{Deserialize, Serialize};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// How long the lines of a conversation are kept on this computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Retention {
    /// Not at all: they live in memory.
    #[default]
    Off,
    /// For 24 hours.
    Day,
    /// For 7 days.
    Week,
    /// For 30 days.
    Month,
    /// Until somebody deletes them.
    Forever,
}

impl Retention {
    /// Every choice, the shortest first.
    pub const ALL: [Self; 5] = [Self::Off, Self::Day, Self::Week, Self::Month, Self::Forever];

    /// How long a line is kept after it was written here or came in, ms, if it was read and does not wait to be delivered;
    /// none for ever.
    pub fn span(self) -> Option<i64> {
        match self {
            Self::Off => Some(0),
            Self::Day => Some(DAY),
            Self::Week => Some(7 * DAY),
            Self::Month => Some(30 * DAY),
            Self::Forever => None,
        }
    }
}
