//! The process that stays beside the app: it serves the mounted image, and clears up when the app has ended, however it
//! ended. The app takes the place of the process that was started, so its signals and its exit status are its own.
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;
use std::{process, thread};

use fuser::BackgroundSession;
use nix::mount::{MntFlags, umount2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, chdir, dup2_stdin, dup2_stdout, fork, getpid, setsid};

use crate::image::Image;
use crate::mount;

/// What the keeper says once the image is mounted.
const MOUNTED: &str = "mounted";
/// How often it looks whether somebody still uses the files of an app that has ended.
const SOONEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_secs(10);

/// Starts the keeper of this directory. With an image it is mounted there before this returns; the inner error is the
/// reason why it cannot be, and the directory is kept all the same.
pub(crate) fn start(directory: &Path, image: Option<(&OsStr, Image)>) -> io::Result<Result<(), String>> {
    let app = own_process()?;
    let (mut answer, report) = io::pipe()?;
    // SAFETY: this program has one thread up to here.
    if let ForkResult::Parent { child } = unsafe { fork()? } {
        drop(report);
        let _ = waitpid(child, None);
        let mut said = String::new();
        answer.read_to_string(&mut said)?;
        return match said.as_str() {
            MOUNTED => Ok(Ok(())),
            "" => Err(io::Error::other("the process that serves it has ended")),
            reason => Ok(Err(reason.to_owned())),
        };
    }
    // Once more, so that it is no child of the app, which may wait for all that it has.
    let begun = setsid().and_then(|_| unsafe {
        // SAFETY: as above.
        fork()
    });
    if let Ok(ForkResult::Child) = begun {
        drop(answer);
        keep(directory, image, &app, report);
    }
    process::exit(0);
}

fn keep(directory: &Path, image: Option<(&OsStr, Image)>, app: &OwnedFd, mut report: PipeWriter) {
    stand_apart();
    let session = image.map(|(name, image)| mount::serve(image, name, directory));
    let answer = match &session {
        Some(Err(error)) => mount::reason(error),
        _ => MOUNTED.to_owned(),
    };
    let told = report.write_all(answer.as_bytes());
    drop(report);
    if told.is_ok() {
        wait_for_end(app);
        let mut pause = SOONEST;
        while is_used(directory) {
            thread::sleep(pause);
            pause = LATEST.min(pause * 2);
        }
    }
    match session {
        Some(Ok(session)) => unmount(session, directory),
        _ => drop(fs::remove_dir_all(directory)),
    }
}

/// Lives on when the terminal closes and when everything is asked to end: the app needs its files for that.
fn stand_apart() {
    for number in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGPIPE] {
        // SAFETY: nothing is called when it comes.
        let _ = unsafe { signal(number, SigHandler::SigIgn) };
    }
    // Whoever started this may have left it ignored, and then nobody can wait for fusermount.
    // SAFETY: as above.
    let _ = unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) };
    let _ = chdir("/");
    // Whoever reads what the app writes sees its end.
    if let Ok(nothing) = File::options().read(true).write(true).open("/dev/null") {
        let _ = dup2_stdin(&nothing);
        let _ = dup2_stdout(&nothing);
    }
}

/// A descriptor of this process, which the app will be; it becomes readable when that ends.
fn own_process() -> io::Result<OwnedFd> {
    // SAFETY: it takes numbers only (pidfd_open(2)).
    let number = unsafe { libc::syscall(libc::SYS_pidfd_open, getpid().as_raw(), 0) };
    if number < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened, for nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(number as i32) })
}

fn wait_for_end(app: &OwnedFd) {
    let mut waited = [PollFd::new(app.as_fd(), PollFlags::POLLIN)];
    while poll(&mut waited, PollTimeout::NONE).is_err() {}
}

/// Whether a process was started by the app, runs a program of this directory, stands in it or has a file of it open.
fn is_used(directory: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let variable = [b"APPDIR=", directory.as_os_str().as_bytes(), b"\0"].concat();
    let leads_in = |link: &Path| link.read_link().is_ok_and(|path| path.starts_with(directory));
    processes.flatten().map(|process| process.path()).any(|process| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        let open = fs::read_dir(process.join("fd"));
        environment.windows(variable.len()).any(|part| part == variable)
            || ["exe", "cwd"].iter().any(|name| leads_in(&process.join(name)))
            || open.is_ok_and(|files| files.flatten().any(|file| leads_in(&file.path())))
    })
}

/// Whoever uses a file all the same, as in a container, is served until the end. Only root unmounts by itself; for others
/// the library calls fusermount.
fn unmount(session: BackgroundSession, directory: &Path) {
    let _ = match umount2(directory, MntFlags::MNT_DETACH) {
        Ok(()) => fs::remove_dir(directory).and_then(|()| session.join()),
        Err(_) => session.umount_and_join().and_then(|()| fs::remove_dir(directory)),
    };
}
