//! The desktop shell: a window over [`p2p_comm_engine`]. The only Rust that names tauri.
//!
//! May import: `engine`. A call of the page passes `commands` (a line each) to the engine's `Handle`; what changed in the
//! engine passes `events` to the page, which then reads what it shows.

mod args;
mod commands;
mod events;
mod signals;
mod window;

use args::Args;
use clap::Parser as _;
use p2p_comm_engine::{Engine, Handle, Options, logging};
use std::process::ExitCode;
use tauri::{Manager as _, RunEvent};

/// Runs until the window is closed.
pub fn run() -> ExitCode {
    let args = Args::parse();
    logging::init("warn");
    let engine = match Engine::spawn_thread(Options::default()) {
        Ok(engine) => engine,
        Err(error) => return fail(&error),
    };
    // The web view writes a few files of its own even when incognito; they go where they are removed at the end.
    let traces = match tempfile::Builder::new().prefix("p2p-comm-").tempdir() {
        Ok(traces) => traces,
        Err(error) => return fail(&error),
    };
    let view_files = traces.path().to_owned();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .invoke_handler(commands::handler())
        .manage(engine.clone())
        .setup(move |app| {
            window::open(app, &args, view_files)?;
            events::forward(app.handle().clone(), engine);
            signals::quit_when_asked(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run_return(|app, event| {
                if let RunEvent::Exit = event {
                    let engine = app.state::<Handle>().inner().clone();
                    let _ = tauri::async_runtime::block_on(engine.disconnect());
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    tracing::error!(%error, "the program could not start");
    ExitCode::FAILURE
}
