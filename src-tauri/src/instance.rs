//! One running program for each profile. A lock on a file decides who it is, so a killed program blocks nobody; a socket
//! beside it lets a second start raise the window of the first. No session bus is needed.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as local;
#[cfg(windows)]
use windows as local;

use crate::invited::Invited;
use crate::window;
use p2p_comm_engine::limits;
use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tauri::{AppHandle, Manager as _};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

/// The first start may still be on its way to listening.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);
/// A token of the desktop, with which it lets the window come to the front, is shorter.
const MOST_BYTES: u64 = 4096 + 5 * limits::INVITE as u64;

/// What a start of the program is.
pub(crate) enum Start {
    /// The only one of its profile.
    First(Instance),
    /// The program runs already, and its window was raised.
    Second,
}

/// The right to be the one program of a profile, for as long as this lives.
pub(crate) struct Instance {
    _lock: File,
    place: Place,
}

/// Where the lock and the socket of a profile are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    directory: PathBuf,
    name: String,
}

impl Instance {
    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }
}

/// What a second start asks of the program that runs: to show its window, and an invite that was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Question {
    /// The desktop's permission to come to the front.
    token: Option<String>,
    /// One line.
    invite: Option<String>,
}

impl Question {
    /// Nothing for a start that is `hidden` and brings nothing.
    pub(crate) fn new(hidden: bool, invite: Option<String>) -> Option<Self> {
        if hidden && invite.is_none() {
            return None;
        }
        let token = ["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"].iter().find_map(|name| std::env::var(name).ok());
        Some(Self { token, invite })
    }

    /// `raise TOKEN`, and after a tabulator the invite.
    fn line(&self) -> String {
        let part = |part: &Option<String>| part.as_deref().unwrap_or_default().replace(['\t', '\n'], "");
        format!("raise {}\t{}\n", part(&self.token), part(&self.invite))
    }

    fn parse(line: &str) -> Option<Self> {
        let (token, invite) = line.strip_prefix("raise ")?.split_once('\t')?;
        let part = |part: &str| Some(part.trim().to_owned()).filter(|part| !part.is_empty());
        Some(Self { token: part(token), invite: part(invite) })
    }
}

/// Becomes the program of this profile, or asks the one that runs (without a question: asks it nothing).
pub(crate) async fn begin(profile: Option<&str>, question: Option<Question>) -> io::Result<Start> {
    place(profile)?.begin(question.as_ref()).await
}

/// Whether the program of this profile runs.
pub(crate) fn runs(profile: Option<&str>) -> bool {
    let Ok(place) = place(profile) else { return false };
    let lock = File::options().write(true).open(place.file("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Keeps the program of this profile from starting; none if it runs.
pub(crate) fn hold(profile: Option<&str>) -> io::Result<Option<Instance>> {
    place(profile)?.claim()
}

fn place(profile: Option<&str>) -> io::Result<Place> {
    let data = std::env::var_os("P2P_COMM_DATA_DIR");
    Ok(Place::new(local::directory()?, profile, data.as_deref()))
}

/// Raises the window whenever the program is started again.
pub(crate) fn listen(place: Place, app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let raise = move |question: Question| {
            let stays = !app.state::<Ending>().0.load(Ordering::Relaxed);
            if stays {
                window::raise(&app, question.token.as_deref());
                if let Some(invite) = question.invite {
                    app.state::<Invited>().bring(&app, invite);
                }
            }
            stays
        };
        if let Err(error) = local::serve(&place, raise).await {
            tracing::warn!(%error, "a second start cannot raise the window");
        }
    });
}

impl Drop for Instance {
    fn drop(&mut self) {
        local::forget(&self.place);
    }
}

/// The program says its goodbyes: it raises no window any more, so a start in that time takes its place.
#[derive(Default)]
pub(crate) struct Ending(pub(crate) AtomicBool);

impl Place {
    /// A program with another place for its data is another one.
    fn new(directory: PathBuf, profile: Option<&str>, data: Option<&OsStr>) -> Self {
        let profile = profile.map(|profile| format!(".{profile}")).unwrap_or_default();
        let data = data.filter(|path| !path.is_empty()).map(|path| {
            let path: PathBuf = std::path::absolute(path).unwrap_or_else(|_| path.into()).components().collect();
            let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
            format!("-{:016x}", u64::from_be_bytes(std::array::from_fn(|n| digest[n])))
        });
        Self { directory, name: format!("app{profile}{}", data.unwrap_or_default()) }
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.directory.join(format!("{}.{extension}", self.name))
    }

    fn claim(self) -> io::Result<Option<Instance>> {
        // Never removed: whoever opened it just before would hold a lock on nothing.
        let lock = File::options().create(true).truncate(false).write(true).open(self.file("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Instance { _lock: lock, place: self })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The one that runs may not listen yet, or be about to end.
    async fn begin(&self, question: Option<&Question>) -> io::Result<Start> {
        let begun = async {
            loop {
                if let Some(instance) = self.clone().claim()? {
                    return Ok(Start::First(instance));
                }
                let Some(question) = question else { return Ok(Start::Second) };
                match self.raise(question).await {
                    Ok(()) => return Ok(Start::Second),
                    Err(_) => tokio::time::sleep(AGAIN).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, begun).await?
    }

    async fn raise(&self, question: &Question) -> io::Result<()> {
        ask(local::connect(self).await?, question).await
    }
}

async fn ask(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, what: &Question) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(what.line().as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_line(&mut answer).await?;
    if answer == "raised\n" { Ok(()) } else { Err(io::ErrorKind::ConnectionReset.into()) }
}

/// One question of a second start.
async fn answer(stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, raise: &impl Fn(Question) -> bool) {
    let mut stream = BufReader::new(stream);
    let mut question = String::new();
    let mut limited = (&mut stream).take(MOST_BYTES);
    let read = limited.read_line(&mut question);
    if !matches!(tokio::time::timeout(PATIENCE, read).await, Ok(Ok(_))) {
        return;
    }
    if let Some(question) = Question::parse(&question)
        && raise(question)
    {
        let _ = stream.write_all(b"raised\n").await;
    }
}

/// Makes a directory that nobody else can look into.
fn private(directory: &Path) -> io::Result<PathBuf> {
    local::make_private(directory)?;
    Ok(directory.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn place(directory: &tempfile::TempDir, profile: Option<&str>) -> Place {
        Place::new(directory.path().to_owned(), profile, None)
    }

    #[test]
    fn a_second_start_of_a_profile_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let first = place(&directory, Some("alice")).claim().unwrap();
        assert!(first.is_some());
        assert!(place(&directory, Some("alice")).claim().unwrap().is_none());
        assert!(place(&directory, Some("bob")).claim().unwrap().is_some(), "another profile");
        assert!(place(&directory, None).claim().unwrap().is_some(), "no profile");
        drop(first);
        assert!(place(&directory, Some("alice")).claim().unwrap().is_some(), "the first has ended");
    }

    #[test]
    fn another_place_for_data_is_another_program() {
        let at = |data: Option<&str>| Place::new("/run".into(), Some("alice"), data.map(OsStr::new));
        assert_ne!(at(None), at(Some("/a")));
        assert_ne!(at(Some("/b")), at(Some("/a")));
        assert_eq!(at(Some("/a/")), at(Some("/a")));
        assert_eq!(at(Some("")), at(None));
    }

    #[tokio::test]
    async fn a_second_start_raises_the_first_and_passes_on_what_it_brings() {
        let directory = tempfile::tempdir().unwrap();
        let instance = place(&directory, None).claim().unwrap().unwrap();
        // What a killed program leaves behind.
        drop(std::os::unix::net::UnixListener::bind(instance.place.file("sock")).unwrap());
        let raised = Arc::new(Mutex::new(Vec::new()));
        let seen = raised.clone();
        let serving = instance.place.clone();
        let server = tokio::spawn(async move {
            local::serve(&serving, move |question| {
                seen.lock().unwrap().push(question);
                true
            })
            .await
        });
        let part = |text: &str| Some(text.to_owned());
        let questions = [
            Question { token: part("token-7"), invite: None },
            Question { token: None, invite: part("p2p-comm:bob smith@10.0.0.1:9") },
            Question { token: part("token-8"), invite: part("ü".repeat(limits::INVITE).as_str()) },
            Question::default(),
        ];
        for question in &questions {
            assert!(matches!(instance.place.begin(Some(question)).await.unwrap(), Start::Second));
        }
        assert!(matches!(instance.place.begin(None).await.unwrap(), Start::Second), "without a question");
        assert_eq!(*raised.lock().unwrap(), questions);
        server.abort();
    }

    #[tokio::test]
    async fn a_start_while_the_first_ends_takes_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let instance = place(&directory, None).claim().unwrap().unwrap();
        let (serving, again) = (instance.place.clone(), instance.place.clone());
        let ending = Mutex::new(Some(instance));
        let server = tokio::spawn(async move {
            local::serve(&serving, move |_| {
                drop(ending.lock().unwrap().take());
                false
            })
            .await
        });
        assert!(matches!(again.begin(Some(&Question::default())).await.unwrap(), Start::First(_)));
        server.abort();
    }
}
