use crate::words;
use p2p_comm_engine::{CallEnd, Code, Error};
use std::fmt;
use std::process::ExitCode;

/// Why a run did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something that the person has to put right before it can work.
    Usage { code: Code, words: String },
    /// The engine refused.
    Engine(Error),
    /// The time without progress ran out, or nothing more will be tried. `after` is what went wrong before.
    Undelivered { code: Code, after: Option<Code>, waiting: u64 },
    /// The call did not come about, or broke.
    Call(CallEnd),
    /// The speaker's file does not hold all that was played, for a reason in words.
    Speaker(String),
    /// A signal came first.
    Interrupted { waiting: u64 },
    /// A line of standard input cannot be sent.
    Line { code: Code, number: u64 },
    /// A line of standard input is no text.
    NotUtf8 { number: u64 },
    /// A line of a chat begins with a slash and is no command.
    UnknownCommand,
    /// The operating system refused.
    System(std::io::Error),
    /// Nobody reads our output any more; not worth a word, there is nobody to hear it.
    OutputClosed,
}

impl Failure {
    pub(crate) fn system(error: std::io::Error) -> Self {
        Self::System(error)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage { .. } => 2,
            _ => 1,
        })
    }

    /// The code as scripts see it: one of the engine's, or of the three that only a command line can need.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::Usage { code, .. } | Self::Undelivered { code, .. } | Self::Line { code, .. } => name_of(*code),
            Self::Engine(error) => name_of(error.code),
            Self::Call(end) => spelling(end),
            Self::Speaker(_) => name_of(Code::NoSound),
            Self::Interrupted { .. } => "interrupted".to_owned(),
            Self::NotUtf8 { .. } => "notUtf8".to_owned(),
            Self::UnknownCommand => "unknownCommand".to_owned(),
            Self::System(_) | Self::OutputClosed => name_of(Code::SystemRefused),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { words, .. } | Self::Speaker(words) => f.write_str(words),
            Self::Engine(error) => error.fmt(f),
            Self::Undelivered { code, after, waiting } => {
                write!(f, "{code}")?;
                if let Some(after) = after.filter(|after| after != code) {
                    write!(f, " ({}: {after})", name_of(after))?;
                }
                not_acknowledged(f, *waiting)
            }
            Self::Call(end) => f.write_str(words::call_end(*end)),
            Self::Interrupted { waiting } => {
                f.write_str("ended by a signal")?;
                not_acknowledged(f, *waiting)
            }
            Self::Line { code, number } => write!(f, "line {number} of standard input: {code}"),
            Self::NotUtf8 { number } => write!(f, "line {number} of standard input: not UTF-8"),
            Self::UnknownCommand => f.write_str("the commands are /link URL and /quit; // begins a line with a slash"),
            Self::System(error) => error.fmt(f),
            Self::OutputClosed => f.write_str("standard output was closed"),
        }
    }
}

fn not_acknowledged(f: &mut fmt::Formatter<'_>, waiting: u64) -> fmt::Result {
    match waiting {
        0 => Ok(()),
        1 => f.write_str("; 1 message was not acknowledged"),
        n => write!(f, "; {n} messages were not acknowledged"),
    }
}

/// A code in the spelling that all shells share.
pub(crate) fn name_of(code: Code) -> String {
    spelling(&code)
}

fn spelling(name: &(impl serde::Serialize + fmt::Debug)) -> String {
    match serde_json::to_value(name) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{name:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_what_happened_before() {
        let failure = Failure::Undelivered { code: Code::DialingStopped, after: Some(Code::WrongPassword), waiting: 2 };
        assert_eq!(failure.code(), "dialingStopped");
        let words = failure.to_string();
        assert!(words.contains("(wrongPassword: ") && words.ends_with("; 2 messages were not acknowledged"), "{words}");
    }
}
