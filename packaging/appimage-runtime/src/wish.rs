//! What is asked of the AppImage: its first argument, as with every AppImage of type 2.
use std::env;
use std::ffi::OsString;

pub(crate) const HELP: &str = "\
Options of the AppImage; every other argument goes to the program in it:
  --appimage-extract [PATTERN]  Unpack it, or what matches, into squashfs-root
  --appimage-extract-and-run    Unpack it for this run instead of mounting it, as with APPIMAGE_EXTRACT_AND_RUN=1
  --appimage-mount              Mount it, print where, and wait to be ended
  --appimage-offset             Print where in the file its file system begins, in bytes
  --appimage-version            Print the version of the program in front
  --appimage-help               Print this
";

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Wish {
    /// Start the app.
    Run {
        unpacked: bool,
        arguments: Vec<OsString>,
    },
    Extract {
        pattern: Option<String>,
    },
    Mount,
    Offset,
    Version,
    Help,
    /// An option that looks like one of these.
    Unknown(String),
}

impl Wish {
    /// `arguments`: those behind the name of the program. `always_unpacked`: as the environment has it.
    pub(crate) fn of(mut arguments: Vec<OsString>, always_unpacked: bool) -> Self {
        let first = arguments.first().and_then(|first| first.to_str()).unwrap_or_default();
        let Some(option) = first.strip_prefix("--appimage-").map(str::to_owned) else {
            return Self::Run { unpacked: always_unpacked, arguments };
        };
        match option.as_str() {
            "extract-and-run" => {
                arguments.remove(0);
                Self::Run { unpacked: true, arguments }
            }
            "extract" => Self::Extract { pattern: arguments.get(1).map(|one| one.to_string_lossy().into_owned()) },
            "mount" => Self::Mount,
            "offset" => Self::Offset,
            "version" => Self::Version,
            "help" => Self::Help,
            _ => Self::Unknown(first.to_owned()),
        }
    }

    /// Whether the environment asks for it to be unpacked.
    pub(crate) fn always_unpacked() -> bool {
        env::var_os("APPIMAGE_EXTRACT_AND_RUN").is_some_and(|value| !value.is_empty() && value != "0")
    }
}
