//! The second shell: the same engine without a window.
//!
//! May import: `engine` only. The way of the data: `args` and `password` start a [`node::Node`]; its [`feed::Feed`] reads
//! what changed in the engine and puts it out through [`output::Output`]; what the person writes comes from
//! [`input::Lines`] and goes to the engine through a [`courier::Courier`], which knows what is not acknowledged yet.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

mod args;
mod call;
mod chat;
mod courier;
mod echo;
mod event;
mod failure;
mod feed;
mod input;
mod listen;
mod node;
mod output;
mod password;
mod remember;
mod send;
mod words;

use args::{Args, Command};
use clap::Parser as _;
use courier::Tally;
use failure::Failure;
use node::Node;
use output::Output;
use p2p_comm_engine::{Engine, Handle, Password, logging};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// The engine takes a second at most to say goodbye; this is for a machine that is busy.
const GOODBYE: Duration = Duration::from_secs(3);
/// A last word to somebody who no longer reads standard output.
const LAST_WORD: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let started = Instant::now();
    let args = Args::parse();
    logging::init("warn");
    match run(args, started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.exit_code(),
    }
}

fn run(args: Args, started: Instant) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::system)?;
    let own = match (&args.command, args.command.own()) {
        (_, Some(own)) => own,
        (Command::Export(export), None) => return alone(&runtime, remember::export(export), started),
        (Command::Forget(store), None) => return alone(&runtime, remember::forget(store), started),
        (_, None) => return Ok(()),
    };
    let mut out = Output::new(own.json, started);
    // Read before signals are caught, so that Ctrl-C still ends the prompt.
    let result = password::read(own.password_file.as_deref());
    let result = runtime.block_on(async {
        let result = match result {
            Ok(password) => session(&args.command, password, &mut out).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = &result {
            let _ = timeout(LAST_WORD, out.fail(failure)).await;
        }
        result
    });
    // A read from a terminal cannot be broken off: do not wait for it.
    runtime.shutdown_background();
    result
}

/// Something that needs no session.
fn alone(runtime: &Runtime, work: impl Future<Output = Result<(), Failure>>, started: Instant) -> Result<(), Failure> {
    runtime.block_on(async {
        let result = work.await;
        if let Err(failure) = &result {
            let _ = timeout(LAST_WORD, Output::new(false, started).fail(failure)).await;
        }
        result
    })
}

/// From the start of the engine to its goodbye.
async fn session(command: &Command, password: Password, out: &mut Output) -> Result<(), Failure> {
    let ended = ended_by_signal()?;
    let options = command.options()?;
    let sound = options.sound();
    let handle = Engine::spawn_thread(options).map_err(Failure::system)?;
    if let Some(audio) = command.audio() {
        handle.set_audio_settings(audio).await?;
    }
    let tally = Tally::default();
    let result = tokio::select! {
        result = carry_out(command, password, &handle, &tally, out) => result,
        () = ended => match (command, tally.waiting()) {
            (Command::Listen(_) | Command::Echo(_), _) | (Command::Chat(_), 0) => Ok(()),
            (_, waiting) => Err(Failure::Interrupted { waiting }),
        },
    };
    let _ = timeout(GOODBYE, handle.close()).await;
    match result {
        Err(Failure::OutputClosed) => Ok(()),
        Ok(()) => sound.trouble().map_or(Ok(()), |words| Err(Failure::Speaker(words))),
        result => result,
    }
}

async fn carry_out(
    command: &Command,
    password: Password,
    handle: &Handle,
    tally: &Tally,
    out: &mut Output,
) -> Result<(), Failure> {
    let Some(own) = command.own() else { return Ok(()) };
    if let Some(remember) = command.remember() {
        remember::start(handle, remember, &password, out).await?;
    }
    let start = Node::start(handle, own, password);
    match command {
        Command::Listen(listen) => listen::run(start.await?, listen, out).await,
        Command::Call(call) => call::run(start.await?, call, out).await,
        Command::Send(send) => {
            let source = send.source()?;
            send::run(start.await?, &send.to, source, tally, out).await
        }
        Command::Link(link) => send::run(start.await?, &link.to, link.source(), tally, out).await,
        Command::Chat(chat) => chat::run(start.await?, &chat.to, tally, out).await,
        Command::Echo(_) => echo::run(start.await?, out).await,
        Command::Export(_) | Command::Forget(_) => Ok(()),
    }
}

/// Resolves when somebody asks this process to end.
#[cfg(unix)]
fn ended_by_signal() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::system)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::system)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves when somebody asks this process to end.
#[cfg(not(unix))]
fn ended_by_signal() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
