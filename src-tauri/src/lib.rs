//! The desktop shell: windows, tray and notifications over [`p2p_comm_engine`]. The only Rust that names tauri.
//!
//! May import: `engine`. A call of a page passes `commands` (a line each) to the engine's `Handle`; what changed in the
//! engine passes `events` to the pages, which then read what they show. What is shown outside the pages `desk` decides.

mod args;
mod blank;
mod commands;
mod desk;
mod events;
mod full_screen;
mod instance;
mod invited;
mod keep;
mod launch;
mod login;
mod notices;
mod notify;
mod platform;
mod popup;
mod qr;
mod quit;
mod ready;
mod recent;
mod settings;
mod shortcuts;
mod signals;
mod talk;
mod transfer;
mod tray;
mod view;
mod window;

use args::Args;
use clap::Parser as _;
use instance::{Ending, Instance, Place, Question, Start};
use invited::Invited;
use notices::Notices;
use p2p_comm_engine::{Engine, Handle, Options, logging};
use settings::{Preferences, SettingsFile};
use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tauri::{App, Manager as _, RunEvent};

/// Which of several programs that run side by side this one is.
pub(crate) struct Profile(pub(crate) Option<String>);

/// Whether the router may be asked at all, in this run.
pub(crate) struct RouterAllowed(pub(crate) bool);

/// How long the goodbye to peers and the last write to the disk may take.
const GOODBYE: Duration = Duration::from_secs(5);
/// How long the desktop may take to take back notifications.
const TAKEN_BACK: Duration = Duration::from_secs(1);

/// Runs until somebody quits.
pub fn run() -> ExitCode {
    let started = Instant::now();
    launch::join_terminal();
    let args = Args::parse();
    logging::init("warn");
    let invite = args.invite.as_deref().map(invited::line);
    let question = Question::new(args.hidden, invite.clone());
    let instance = match tauri::async_runtime::block_on(instance::begin(args.profile.as_deref(), question)) {
        Ok(Start::First(instance)) => Some(instance),
        Ok(Start::Second) => return told_the_other(args.hidden),
        Err(error) if error.kind() == ErrorKind::TimedOut => return unanswered(),
        // Two at once do less harm than none.
        Err(error) => {
            tracing::warn!(%error, "a second start will not be noticed");
            None
        }
    };
    if let Err(words) = launch::display() {
        return launch::refuse(&words);
    }
    launch::look_for_sound();
    // The web view writes a few files of its own even when incognito; they go where they are removed at the end.
    let traces = match tempfile::Builder::new().prefix("p2p-comm-").tempdir() {
        Ok(traces) => traces,
        Err(error) => {
            return launch::refuse(&format!("no file can be made in {}: {error}", std::env::temp_dir().display()));
        }
    };
    let place = instance.as_ref().map(Instance::place);
    let (hidden, view_files) = (args.hidden, window::ViewFiles(traces.path().to_owned()));
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(commands::handler())
        .on_window_event(window::on_event)
        .manage(Profile(args.profile))
        .manage(RouterAllowed(!args.no_port_mapping))
        .manage(Invited::new(invite))
        .manage(view_files)
        .manage(Ending::default())
        .manage(ready::Ready::new(started))
        .manage(popup::Wanted::default())
        .setup(move |app| Ok(set_up(app, place, hidden)?))
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run_return(|app, event| match event {
                RunEvent::Exit => {
                    app.state::<Ending>().0.store(true, Ordering::Relaxed);
                    settings::finish(app);
                    let engine = app.state::<Handle>().inner().clone();
                    let board = app.state::<notify::Board>();
                    // A disk that hangs holds up nobody for long, a desktop even less.
                    let end = async {
                        let closed = tokio::time::timeout(GOODBYE, engine.close());
                        let (closed, _) = tokio::join!(closed, tokio::time::timeout(TAKEN_BACK, board.end()));
                        closed
                    };
                    if let Ok(Err(error)) = tauri::async_runtime::block_on(end) {
                        tracing::warn!(%error, "not everything could be kept");
                    }
                    // Quit in the menu of the program never comes back from here.
                    #[cfg(target_os = "macos")]
                    let _ = std::fs::remove_dir_all(&app.state::<window::ViewFiles>().0);
                }
                #[cfg(target_os = "macos")]
                RunEvent::Reopen { .. } => window::raise(app, None),
                #[cfg(target_os = "macos")]
                RunEvent::Opened { urls } => invited::opened(app, &urls),
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => launch::refuse(&error.to_string()),
    }
}

fn set_up(app: &App, place: Option<Place>, hidden: bool) -> tauri::Result<()> {
    let handle = app.handle();
    let options = Options::default();
    let engine = Engine::spawn_thread(match keep::directory(handle) {
        Some(directory) => options.with_profile(&directory),
        None => options,
    })?;
    app.manage(engine.clone());
    app.manage(keep::Keeper::default());
    #[cfg(not(target_os = "linux"))]
    handle.plugin(tauri_plugin_notification::init())?;
    platform::look();
    let notices = Notices::default();
    app.manage(Arc::new(Preferences::load(settings_file(app), &notices)));
    app.manage(notices);
    app.manage(view::View::default());
    app.manage(tray::Tray::new());
    app.manage(notify::Board::new(handle));
    keep::start(handle.clone(), engine.clone());
    full_screen::start(handle);
    window::open(app, hidden)?;
    ready::watch(handle.clone());
    tray::start(handle);
    settings::start(handle);
    events::forward(handle.clone(), engine.clone());
    desk::start(handle.clone(), engine);
    signals::quit_when_asked(handle.clone());
    if let Some(place) = place {
        instance::listen(place, handle.clone());
    }
    Ok(())
}

fn settings_file(app: &App) -> Option<SettingsFile> {
    let named = std::env::var_os("P2P_COMM_DATA_DIR");
    let directory = settings::directory(named.as_deref(), || app.path().app_config_dir().ok())?;
    Some(SettingsFile::new(&directory, app.state::<Profile>().0.as_deref()))
}

/// The program runs already, and this start ends.
#[expect(clippy::print_stderr, reason = "whoever started it in a terminal wants to know")]
fn told_the_other(hidden: bool) -> ExitCode {
    eprintln!("p2p-comm runs already{}", if hidden { "" } else { ": its window was raised" });
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "whoever started it in a terminal wants to know")]
fn unanswered() -> ExitCode {
    eprintln!("p2p-comm runs already, but does not answer: end it, then start again");
    ExitCode::FAILURE
}
