//! What a page may ask for. Every command passes its arguments on and the answer back.

mod call;
mod keep;
mod messages;
mod peers;
mod program;
mod sound;

use crate::events::{ShellEvent, ShellNotice};
use crate::{popup, talk, window};
use p2p_comm_engine::{Changes, Code, Error, Handle};
use serde::Serialize;
use tauri::ipc::Invoke;
use tauri::{State, Wry};

type Engine<'a> = State<'a, Handle>;
type Answer<T> = Result<T, CommandError>;

/// What the small windows of a call may ask for; the main window may ask for everything.
const OF_A_CALL: [&str; 13] = [
    "accept_call",
    "current_call",
    "end_call",
    "notices",
    "page_ready",
    "peer_of_call",
    "reject_call",
    "send_text",
    "set_deafened",
    "set_muted",
    "settings",
    "show_conversation",
    "voice_stats",
];

/// What a window with one conversation may ask for.
const OF_A_TALK: [&str; 24] = [
    "check_link",
    "copy_text",
    "current_call",
    "draft",
    "mark_read",
    "notices",
    "open_compact",
    "open_link",
    "page",
    "page_from",
    "page_ready",
    "peers",
    "platform",
    "remembered",
    "retry_peer",
    "send_link",
    "send_text",
    "set_draft",
    "settings",
    "show_conversation",
    "start_call",
    "status",
    "unblock_peer",
    "viewing",
];

/// What a command fails with.
#[derive(Debug, Serialize, specta::Type)]
pub(crate) struct CommandError {
    /// The page turns it into words.
    code: Code,
    /// English, for the log.
    message: String,
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self { code: error.code, message: error.to_string() }
    }
}

impl From<Code> for CommandError {
    fn from(code: Code) -> Self {
        Error::from(code).into()
    }
}

/// Answers all commands.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    let typed = builder();
    // What comes as the raw body of a request the typed bindings cannot express.
    let raw: fn(Invoke<Wry>) -> bool =
        tauri::generate_handler![program::connect, program::read_qr, keep::remember, keep::unlock, keep::change_seal];
    move |invoke| {
        let (page, command) = (invoke.message.webview_ref().label(), invoke.message.command());
        if !may(page, command) {
            tracing::warn!(page, command, "a page asked for what it may not");
            return false;
        }
        match command {
            "connect" | "read_qr" | "remember" | "unlock" | "change_seal" => raw(invoke),
            _ => typed.invoke_handler()(invoke),
        }
    }
}

/// Whether the page of this window may ask for this.
fn may(page: &str, command: &str) -> bool {
    match page {
        window::MAIN => true,
        popup::LABEL | popup::COMPACT => OF_A_CALL.contains(&command),
        page if talk::is_one(page) => OF_A_TALK.contains(&command),
        _ => false,
    }
}

/// The commands whose bindings are generated.
fn builder() -> tauri_specta::Builder<Wry> {
    tauri_specta::Builder::new()
        .commands(tauri_specta::collect_commands![
            program::disconnect,
            program::status,
            program::invite,
            program::read_invite,
            program::read_qr_of_clipboard,
            program::suggest_password,
            program::copy_text::<Wry>,
            program::log,
            program::settings,
            program::set_settings,
            program::platform,
            program::viewing,
            program::last_viewed,
            program::page_ready,
            program::open_compact,
            program::close_compact,
            program::open_talk,
            program::show_conversation,
            program::show_window,
            program::quit,
            program::notices,
            program::dismiss_notice,
            program::take_invited,
            peers::peers,
            peers::requests,
            peers::add_peer,
            peers::rename_peer,
            peers::set_peer_muted,
            peers::set_peer_pinned,
            peers::phrase,
            peers::set_verified,
            peers::remove_peer,
            peers::restore_peer,
            peers::block_peer,
            peers::unblock_peer,
            peers::retry_peer,
            peers::accept_request,
            peers::ignore_request,
            peers::block_request,
            peers::allow_requests,
            peers::start_echo,
            peers::stop_echo,
            messages::send_text,
            messages::send_link,
            messages::check_link,
            messages::open_link,
            messages::page,
            messages::page_from,
            messages::mark_read,
            messages::set_draft,
            messages::draft,
            messages::search,
            call::start_call,
            call::accept_call,
            call::reject_call,
            call::end_call,
            call::current_call,
            call::peer_of_call,
            call::voice_stats,
            call::set_muted,
            call::set_deafened,
            call::push_to_talk,
            call::set_peer_gain,
            keep::remembered,
            keep::start_without,
            keep::set_store_aside,
            keep::clear_conversation,
            keep::set_retention,
            keep::set_vanishing,
            keep::remember_password,
            keep::connect_remembered,
            keep::forget_everything,
            keep::export_conversation,
            keep::import_conversation,
            keep::profiles,
            keep::open_profile,
            keep::delete_profile,
            sound::audio_devices,
            sound::audio_settings,
            sound::set_audio_settings,
            sound::start_mic_test,
            sound::play_mic_test,
            sound::stop_mic_test,
            sound::mic_test,
        ])
        .typ::<Changes>()
        .typ::<ShellEvent>()
        .typ::<ShellNotice>()
        .error_handling(tauri_specta::ErrorHandlingMode::Throw)
        // Ids, counters and times in milliseconds stay below 2^53.
        .dangerously_cast_bigints_to_number()
        .disable_serde_phases()
}

#[cfg(test)]
mod tests {
    use super::*;
    use specta_typescript::Typescript;

    /// Writes the bindings; `npm test` fails when that changed them.
    #[test]
    fn the_bindings_are_generated() {
        builder()
            .export(Typescript::default(), concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings.gen.ts"))
            .unwrap();
    }

    /// What only the main window may ask for about what is remembered.
    const OF_KEEPING: [&str; 16] = [
        "change_seal",
        "clear_conversation",
        "connect_remembered",
        "delete_profile",
        "export_conversation",
        "forget_everything",
        "import_conversation",
        "open_profile",
        "profiles",
        "remember",
        "remember_password",
        "set_retention",
        "set_store_aside",
        "set_vanishing",
        "start_without",
        "unlock",
    ];

    #[test]
    fn what_is_remembered_is_the_main_windows_own() {
        for command in OF_KEEPING {
            assert!(may(window::MAIN, command), "{command}");
            for page in [popup::LABEL, popup::COMPACT, "talk-3"] {
                assert!(!may(page, command), "{page} {command}");
            }
        }
    }

    #[test]
    fn the_small_windows_may_only_handle_the_call() {
        for page in [popup::LABEL, popup::COMPACT] {
            assert!(may(page, "accept_call") && may(page, "settings"));
            for command in
                ["connect", "read_qr", "set_settings", "page", "search", "invite", "quit", "log", "peers", "add_peer"]
            {
                assert!(!may(page, command), "{page} {command}");
            }
        }
        assert!(may(window::MAIN, "connect"));
    }

    #[test]
    fn a_window_with_one_conversation_may_only_handle_that() {
        assert!(may("talk-3", "send_text") && may("talk-3", "page"));
        for command in ["connect", "disconnect", "set_settings", "add_peer", "remove_peer", "requests", "search", "log"]
        {
            assert!(!may("talk-3", command), "{command}");
        }
        assert!(!may("talk-", "page") && !may("talk-x", "page"));
        assert!(!may("else", "settings"));
    }
}
