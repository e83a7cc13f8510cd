//! The command line, parsed into types that are valid from then on.

use crate::courier::Draft;
use crate::failure::Failure;
use crate::input::Lines;
use crate::send::Source;
use clap::{Parser, Subcommand};
use p2p_comm_engine::media::device::DeviceError;
use p2p_comm_engine::{
    AudioSettings, Code, Error, Invite, Link, Name, NetConfig, Options, PeerAddress, Quality, Retention, Switch, Text,
    Windows, media,
};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const PASSWORD_HELP: &str = "\
The password is read from the file given with --password-file, else from the environment variable P2P_COMM_PASSWORD,
else it is asked for on the terminal. It is never an argument, because other users can see those.

With --remember your device key, the people you talk to and the messages that wait for them are kept, sealed, in the directory
given with --data-dir or the environment variable P2P_COMM_DATA_DIR: by a passphrase from the file given with
--passphrase-file or from P2P_COMM_PASSPHRASE, else by the system's keychain.

Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong use.";

/// Private messages between two computers that share a password.
#[derive(Parser)]
#[command(name = "p2p-comm-cli", version, after_help = PASSWORD_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Wait for others and print what happens, until ended by Ctrl-C.
    Listen(Listen),
    /// Send texts; done when the other side's app has acknowledged them all.
    Send(Send),
    /// Talk: lines of standard input are sent, incoming lines are printed.
    #[command(
        after_help = "In the chat: /link URL sends a link, /quit leaves, // sends a line that begins with a slash."
    )]
    Chat(Chat),
    /// Send a link; done when the other side's app has acknowledged it.
    Link(LinkTo),
    /// Call somebody and talk, until one of the two hangs up.
    Call(Call),
    /// Write what is kept of a conversation to standard output, unsealed.
    Export(Export),
    /// Remove everything that is kept: keys and files.
    Forget(Remember),
    /// Accept everybody and send back what they write and say, until ended by Ctrl-C.
    Echo(Own),
}

/// Who we are, and how we show what happens.
#[derive(clap::Args)]
pub(crate) struct Own {
    /// Your name, as others see it.
    #[arg(long, value_parser = name)]
    pub(crate) name: Name,
    /// The one local address to use; all of them without it.
    #[arg(long, value_name = "IP")]
    bind: Option<IpAddr>,
    /// The UDP port; the first free one of 47800 to 47831 without it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// A file that holds the password; one line break at its end is cut.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Print one JSON object per line, with "event" and "at" (nanoseconds since the start).
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is kept on this computer.
#[derive(clap::Args)]
pub(crate) struct Remember {
    /// Keep device key, people and waiting messages over runs, and use what is kept.
    #[arg(long)]
    remember: bool,
    /// Where; a directory of your own that need not exist.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A file that holds the passphrase of what is kept; one line break at its end is cut.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// How long messages are kept as well; the choice is kept, too.
    #[arg(long, value_enum)]
    keep_messages: Option<KeepFor>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum KeepFor {
    Off,
    Day,
    Week,
    Month,
    Forever,
}

#[derive(clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) store: Remember,
    /// The other side, as it was added.
    #[arg(long, value_name = "HOST:PORT|INVITE", value_parser = invite)]
    pub(crate) peer: Invite,
    /// As JSON, which can be imported again.
    #[arg(long)]
    pub(crate) json: bool,
}

/// With whom to talk.
#[derive(clap::Args)]
pub(crate) struct To {
    /// Where the other side is, an IPv6 address in brackets; or their invite.
    #[arg(long, value_name = "HOST:PORT|INVITE", value_parser = invite)]
    pub(crate) peer: Invite,
    /// How long to wait without progress (in a chat: once the input has ended).
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
}

#[derive(clap::Args)]
pub(crate) struct Listen {
    #[command(flatten)]
    own: Own,
    #[command(flatten)]
    remember: Remember,
    /// Add everybody who knows the password.
    #[arg(long)]
    pub(crate) accept_anyone: bool,
    /// Answer every call.
    #[arg(long)]
    pub(crate) auto_answer: bool,
    #[command(flatten)]
    sound: Sound,
}

#[derive(clap::Args)]
pub(crate) struct Call {
    #[command(flatten)]
    own: Own,
    #[command(flatten)]
    remember: Remember,
    #[command(flatten)]
    pub(crate) to: To,
    /// Hang up after this much talk.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: Option<u32>,
    #[command(flatten)]
    sound: Sound,
}

/// How sound is taken, sent and played.
#[derive(clap::Args)]
struct Sound {
    /// The microphone: `default`, or a file that is played once in real time.
    #[arg(long, value_name = "FILE.wav|default", default_value = "default")]
    mic: PathBuf,
    /// The speaker: `default`, or a file that is written.
    #[arg(long, value_name = "FILE.wav|default", default_value = "default")]
    speaker: PathBuf,
    /// Echo cancelling, noise suppression and levelling.
    #[arg(long, value_enum, default_value_t = OnOff::Auto)]
    processing: OnOff,
    /// How sound is sent; uncompressed only if both sides choose it.
    #[arg(long, value_enum, default_value_t = HowSent::Auto)]
    quality: HowSent,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum OnOff {
    On,
    Off,
    Auto,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum HowSent {
    Auto,
    Economy,
    Uncompressed,
}

#[derive(clap::Args)]
pub(crate) struct Send {
    #[command(flatten)]
    own: Own,
    #[command(flatten)]
    remember: Remember,
    #[command(flatten)]
    pub(crate) to: To,
    /// Words of one message, or `-` for one message per line of standard input (blank lines are left out).
    #[arg(required = true)]
    text: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct Chat {
    #[command(flatten)]
    own: Own,
    #[command(flatten)]
    remember: Remember,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(clap::Args)]
pub(crate) struct LinkTo {
    #[command(flatten)]
    own: Own,
    #[command(flatten)]
    remember: Remember,
    #[command(flatten)]
    pub(crate) to: To,
    /// The link.
    #[arg(value_parser = link)]
    url: String,
}

impl Command {
    /// None for what needs no session.
    pub(crate) fn own(&self) -> Option<&Own> {
        match self {
            Self::Listen(Listen { own, .. })
            | Self::Send(Send { own, .. })
            | Self::Chat(Chat { own, .. })
            | Self::Link(LinkTo { own, .. })
            | Self::Call(Call { own, .. })
            | Self::Echo(own) => Some(own),
            Self::Export(_) | Self::Forget(_) => None,
        }
    }

    /// What is kept of this session.
    pub(crate) fn remember(&self) -> Option<&Remember> {
        match self {
            Self::Listen(Listen { remember, .. })
            | Self::Send(Send { remember, .. })
            | Self::Chat(Chat { remember, .. })
            | Self::Link(LinkTo { remember, .. })
            | Self::Call(Call { remember, .. }) => Some(remember).filter(|remember| remember.remember),
            Self::Export(_) | Self::Forget(_) | Self::Echo(_) => None,
        }
    }

    /// What the engine runs with: the sound devices that were asked for.
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let options = match self.remember() {
            Some(remember) => Options::default().with_profile(&remember.directory()?.ok_or_else(Remember::nowhere)?),
            None => Options::default(),
        };
        match self {
            Self::Listen(Listen { sound, .. }) | Self::Call(Call { sound, .. }) => {
                Ok(options.with_sound(sound.devices()?))
            }
            Self::Echo(_) => Ok(options.with_sound(media::device::echo())),
            Self::Send(_) | Self::Chat(_) | Self::Link(_) | Self::Export(_) | Self::Forget(_) => Ok(options),
        }
    }

    /// How sound is sent and processed.
    pub(crate) fn audio(&self) -> Option<AudioSettings> {
        match self {
            Self::Listen(Listen { sound, .. }) | Self::Call(Call { sound, .. }) => Some(sound.settings()),
            Self::Echo(_) => Some(AudioSettings::unprocessed()),
            Self::Send(_) | Self::Chat(_) | Self::Link(_) | Self::Export(_) | Self::Forget(_) => None,
        }
    }
}

impl Remember {
    /// Where things are kept, if anywhere.
    pub(crate) fn directory(&self) -> Result<Option<PathBuf>, Failure> {
        let chosen = self.data_dir.clone().or_else(|| std::env::var_os("P2P_COMM_DATA_DIR").map(PathBuf::from));
        if self.remember && chosen.is_none() {
            return Err(Self::nowhere());
        }
        Ok(chosen)
    }

    pub(crate) fn nowhere() -> Failure {
        let words = "say where things are kept: --data-dir DIR or P2P_COMM_DATA_DIR".to_owned();
        Failure::Usage { code: Code::NotRemembered, words }
    }

    pub(crate) fn passphrase_file(&self) -> Option<&Path> {
        self.passphrase_file.as_deref()
    }

    /// How long messages are kept, if that was said.
    pub(crate) fn retention(&self) -> Option<Retention> {
        self.keep_messages.map(|keep| match keep {
            KeepFor::Off => Retention::Off,
            KeepFor::Day => Retention::Day,
            KeepFor::Week => Retention::Week,
            KeepFor::Month => Retention::Month,
            KeepFor::Forever => Retention::Forever,
        })
    }
}

impl Own {
    pub(crate) fn network(&self) -> NetConfig {
        NetConfig { bind: self.bind, port: self.port.unwrap_or(0), windows: Windows::Normal }
    }
}

impl Sound {
    fn devices(&self) -> Result<Arc<dyn media::device::SoundSystem>, Failure> {
        let file = |path: &PathBuf| Some(path.clone()).filter(|path| path.as_os_str() != "default");
        let wrong = |path: &Path, error| Failure::Usage {
            code: Code::NoSound,
            words: match error {
                DeviceError::Other(words) => words,
                DeviceError::Missing => format!("{}: there is no such file", path.display()),
                error => format!("{}: {error}", path.display()),
            },
        };
        if let Some(path) = file(&self.mic) {
            media::device::check_recording(&path).map_err(|error| wrong(&path, error))?;
        }
        if let Some(path) = file(&self.speaker) {
            media::device::check_speaker(&path).map_err(|error| wrong(&path, error))?;
        }
        Ok(media::device::files(file(&self.mic), file(&self.speaker)))
    }

    fn settings(&self) -> AudioSettings {
        let switch = match self.processing {
            OnOff::On => Switch::On,
            OnOff::Off => Switch::Off,
            OnOff::Auto => Switch::Auto,
        };
        let quality = match self.quality {
            HowSent::Auto => Quality::Auto,
            HowSent::Economy => Quality::Economy,
            HowSent::Uncompressed => Quality::Uncompressed,
        };
        AudioSettings { echo: switch, noise: switch, gain: switch, quality, ..AudioSettings::default() }
    }
}

impl To {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }
}

impl Send {
    /// The words make one text, so they are judged together.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        if self.text == ["-"] {
            return Ok(Source::Lines(Lines::new()));
        }
        let text = self.text.join(" ");
        match Text::parse(&text).map_err(Error::from) {
            Ok(_) => Ok(Draft::Text(text).into()),
            Err(Error { code, .. }) => Err(Failure::Usage { code, words: code.to_string() }),
        }
    }
}

impl LinkTo {
    pub(crate) fn source(&self) -> Source {
        Draft::Link(self.url.clone()).into()
    }
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|error| error.to_string())
}

fn invite(text: &str) -> Result<Invite, String> {
    Invite::parse(text).map_err(|code| {
        // What is wrong with an address says more than that it is no invite.
        let code = PeerAddress::parse(text).err().filter(|_| !text.contains(['@', ','])).unwrap_or(code);
        format!("{code}; expected HOST:PORT or an invite")
    })
}

fn link(text: &str) -> Result<String, String> {
    Link::from_typed(text).map(|link| link.as_str().to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn words_are_one_message_and_a_dash_means_standard_input() {
        let source = |words: &[&str]| {
            let fixed = ["p2p-comm-cli", "send", "--name", "alice", "--peer", "localhost:1"];
            match Args::try_parse_from(fixed.iter().chain(words)).unwrap().command {
                Command::Send(send) => send.source().unwrap(),
                _ => unreachable!(),
            }
        };
        assert!(matches!(source(&["hi", "bob"]), Source::One(Some(Draft::Text(text))) if text == "hi bob"));
        assert!(matches!(source(&["-"]), Source::Lines(_)));
        assert!(matches!(source(&["-", "-"]), Source::One(Some(Draft::Text(text))) if text == "- -"));
    }
}
