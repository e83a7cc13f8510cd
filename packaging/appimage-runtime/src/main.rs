//! The program in front of an AppImage (type 2): it mounts the compressed file system that follows it in the file, and
//! starts `AppRun` in there. Where nothing can be mounted it unpacks everything for the run, and says why.
//!
//! `image` finds and reads the file system, `mount` serves it, `extract` unpacks it, `keeper` clears up when the app has
//! ended; `wish` is what the command line asks for.

mod blocks;
mod checked;
mod extract;
mod image;
mod keeper;
mod mount;
mod wish;
mod zstd;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, panic};

use glob::Pattern;
use nix::unistd::{mkdtemp, pause};

use crate::image::Image;
use crate::wish::{HELP, Wish};

/// Whoever starts AppImages in place of the system, and gives this program alone to it, says here which file it is.
const TARGET: &str = "TARGET_APPIMAGE";
/// Where `--appimage-extract` unpacks to, in the working directory.
const EXTRACTED: &str = "squashfs-root";
const ELSEWHERE: &str = " Name another place with the variable TMPDIR.";

fn main() -> ExitCode {
    let path =
        env::var_os(TARGET).map_or_else(|| fs::read_link("/proc/self/exe"), |path| Path::new(&path).canonicalize());
    let path = path.unwrap_or_default();
    let name = path.file_name().map_or_else(|| "AppImage".into(), OsStr::to_owned);
    let shown = name.to_string_lossy().into_owned();
    // Some damage only a library finds, and that in the middle of things.
    let words = damaged(&shown);
    panic::set_hook(Box::new(move |_| {
        say(&words);
        std::process::exit(1);
    }));
    let app = AppImage { path, name, shown };
    let wish = Wish::of(env::args_os().skip(1).collect(), Wish::always_unpacked());
    match app.fulfil(wish) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            say(&words);
            ExitCode::FAILURE
        }
    }
}

/// Writes a line to standard error, if somebody reads that.
fn say(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

/// What to say of a file of this name that is not as it was made.
fn damaged(name: &str) -> String {
    format!("{name} is damaged, or was not downloaded to its end. Download it again, and compare its checksum.")
}

struct AppImage {
    path: PathBuf,
    name: OsString,
    shown: String,
}

impl AppImage {
    /// An error is what to tell the person.
    fn fulfil(&self, wish: Wish) -> Result<(), String> {
        match wish {
            Wish::Run { unpacked, arguments } => Err(self.run(unpacked, arguments)),
            Wish::Extract { pattern } => self.extract(pattern),
            Wish::Mount => self.mount(),
            Wish::Offset => self.print(&format!("{}\n", self.open()?.1)),
            Wish::Version => {
                self.print(concat!("AppImage runtime of p2p-comm, version ", env!("CARGO_PKG_VERSION"), "\n"))
            }
            Wish::Help => self.print(HELP),
            Wish::Unknown(option) => Err(format!("{} knows no option {option}: see --appimage-help.", self.shown)),
        }
    }

    /// Becomes the app. Comes back only where it cannot, with the reason.
    fn run(&self, unpacked: bool, arguments: Vec<OsString>) -> String {
        match self.place(unpacked) {
            Ok(directory) => self.become_app(&directory, arguments),
            Err(words) => words,
        }
    }

    /// The directory in which everything of the image is, as long as this process lives and somebody uses it.
    fn place(&self, unpacked: bool) -> Result<PathBuf, String> {
        let (image, _) = self.open()?;
        let directory = self.private_directory()?;
        if !unpacked {
            let Err(reason) = self.keep(&directory, Some(image))? else { return Ok(directory) };
            say(&format!("{} is unpacked for this run, for it cannot be mounted: {reason}.", self.shown));
            return self.fill(&self.open()?.0, directory);
        }
        // First this: whatever happens while it is unpacked, the keeper removes it.
        let _ = self.keep(&directory, None)?;
        self.fill(&image, directory)
    }

    fn fill(&self, image: &Image, directory: PathBuf) -> Result<PathBuf, String> {
        extract::extract(image, &directory, None, |_| ())
            .map_err(|error| self.not_unpacked(&directory, &error) + ELSEWHERE)?;
        Ok(directory)
    }

    fn extract(&self, pattern: Option<String>) -> Result<(), String> {
        let (image, _) = self.open()?;
        let pattern =
            pattern.map(|text| Pattern::new(&text).map_err(|error| format!("{text}: {error}"))).transpose()?;
        let directory = Path::new(EXTRACTED);
        let mut printed = Ok(());
        let made = match fs::create_dir(directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => extract::extract(&image, directory, pattern.as_ref(), |path| {
                if printed.is_ok() {
                    printed = self.print(&format!("{}\n", directory.join(path).display()));
                }
            }),
        };
        made.map_err(|error| self.not_unpacked(directory, &error)).and(printed)
    }

    fn mount(&self) -> Result<(), String> {
        let (image, _) = self.open()?;
        let directory = self.private_directory()?;
        self.keep(&directory, Some(image))?.map_err(|reason| format!("{} cannot be mounted: {reason}.", self.shown))?;
        self.print(&format!("{}\n", directory.display()))?;
        loop {
            pause();
        }
    }

    /// The image, and where it begins.
    fn open(&self) -> Result<(Image, u64), String> {
        let unreadable = |error| format!("{} cannot be read: {error}", self.path.display());
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let offset = image::offset(&mut file).map_err(unreadable)?;
        let image = Image::open(file, offset).map_err(|_| damaged(&self.shown))?;
        Ok((image, offset))
    }

    fn keep(&self, directory: &Path, image: Option<Image>) -> Result<Result<(), String>, String> {
        let image = image.map(|image| (self.name.as_os_str(), image));
        keeper::start(directory, image).map_err(|error| {
            let _ = fs::remove_dir(directory);
            format!("{} cannot start: {error}", self.shown)
        })
    }

    /// One that nobody else can look into. In the usual place, and with the usual name, of a mounted AppImage.
    fn private_directory(&self) -> Result<PathBuf, String> {
        let begin: String = self.shown.chars().take(8).collect();
        let parent = env::temp_dir();
        let path = parent.canonicalize().and_then(|parent| Ok(mkdtemp(&parent.join(format!(".mount_{begin}XXXXXX")))?));
        path.map_err(|error| {
            format!(
                "{} cannot start: no directory can be made in {}: {error}.{ELSEWHERE}",
                self.shown,
                parent.display()
            )
        })
    }

    fn become_app(&self, directory: &Path, arguments: Vec<OsString>) -> String {
        let program = directory.join("AppRun");
        let mut command = Command::new(&program);
        command.args(arguments).env("APPIMAGE", &self.path).env("APPDIR", directory).env_remove(TARGET);
        command.env("ARGV0", env::args_os().next().unwrap_or_default());
        if let Ok(working) = env::current_dir() {
            command.env("OWD", working);
        }
        let error = command.exec();
        match error.raw_os_error() {
            Some(libc::EIO) => damaged(&self.shown),
            Some(libc::EACCES) => {
                format!("{} cannot start: no program may run in {}.{ELSEWHERE}", self.shown, directory.display())
            }
            _ => format!("{} cannot start: {}: {error}", self.shown, program.display()),
        }
    }

    fn not_unpacked(&self, directory: &Path, error: &io::Error) -> String {
        match error.raw_os_error() {
            // What the system says has a number; what is wrong in the file has none.
            None => damaged(&self.shown),
            Some(_) => format!("{} cannot be unpacked to {}: {error}.", self.shown, directory.display()),
        }
    }

    fn print(&self, text: &str) -> Result<(), String> {
        io::stdout().write_all(text.as_bytes()).map_err(|error| format!("{} cannot write: {error}", self.shown))
    }
}
