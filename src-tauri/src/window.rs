//! The main window: it opens, hides and comes back, and is never lost.

#[cfg(target_os = "linux")]
pub(crate) mod webkit;

use crate::events::ShellNotice;
use crate::notices::Notices;
use crate::notify::{Board, Note};
use crate::settings::{self, Preferences};
use crate::tray::Tray;
use crate::view::View;
use crate::{Profile, blank, popup, quit, talk};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tauri::{
    App, AppHandle, CloseRequestApi, Manager as _, UserAttentionType, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    Window, WindowEvent, Wry,
};

pub(crate) const MAIN: &str = "main";
pub(crate) const TITLE: &str = "P2P Privacy Communications";
/// Takes away what a browser would do with its keys, its menu and dropped files.
const GUARDS: &str = include_str!("window/guards.js");
/// At login the tray may come a little later than this program.
const TRAY_COMES: Duration = Duration::from_secs(5);

/// Where web views put the few files that they write even when incognito.
pub(crate) struct ViewFiles(pub(crate) PathBuf);

/// Opens the window, unless it should be `hidden` in the tray.
pub(crate) fn open(app: &App, hidden: bool) -> tauri::Result<()> {
    let handle = app.handle();
    let window = builder(handle, MAIN, "index.html")
        .title(title(handle))
        .inner_size(1000.0, 700.0)
        .min_inner_size(480.0, 480.0)
        .visible(!hidden)
        .build()?;
    tame(&window)?;
    if hidden {
        let app = handle.clone();
        tauri::async_runtime::spawn(async move {
            if !app.state::<Tray>().comes(TRAY_COMES).await {
                come_out(&app);
            }
        });
    }
    Ok(())
}

/// A window of this program. Its web view keeps nothing on disk and goes nowhere but to the program's own pages.
pub(crate) fn builder<'a>(app: &'a AppHandle, label: &str, page: &str) -> WebviewWindowBuilder<'a, Wry, AppHandle> {
    WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        .incognito(!automated())
        .data_directory(app.state::<ViewFiles>().0.clone())
        .on_navigation(|url| is_own_page(url.scheme(), url.host_str()))
        .initialization_script(GUARDS)
        // The page sees what is dropped onto it, and refuses it in words.
        .disable_drag_drop_handler()
}

/// What is set on a web view once it is there.
pub(crate) fn tame(window: &WebviewWindow) -> tauri::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let app = window.app_handle().clone();
        let main = window.label() == MAIN;
        window.with_webview(move |view| webkit::tame(&view.inner(), app, main))?;
    }
    let _ = window;
    Ok(())
}

/// What the title bar and the tray call this program.
pub(crate) fn title(app: &AppHandle) -> String {
    match &app.state::<Profile>().0 {
        Some(profile) => format!("{TITLE} – {profile}"),
        None => TITLE.to_owned(),
    }
}

/// The same with what waits.
pub(crate) fn title_with(app: &AppHandle, unread: u32, caller: Option<&str>) -> String {
    let title = title(app);
    match (caller, unread) {
        (Some(caller), _) => format!("{caller} is calling · {title}"),
        (None, 0) => title,
        (None, unread) => format!("({unread}) {title}"),
    }
}

pub(crate) fn set_title(app: &AppHandle, title: &str) {
    with_main(app, |window| window.set_title(title));
}

/// Brings the window to the front from wherever it is. `token` is the desktop's permission to do so.
pub(crate) fn raise(app: &AppHandle, token: Option<&str>) {
    with_main(app, |window| {
        #[cfg(target_os = "linux")]
        if let Some(token) = token.map(str::to_owned) {
            let window = window.clone();
            window.clone().run_on_main_thread(move || webkit::allow(&window, &token))?;
        }
        let _ = token;
        window.unminimize()?;
        window.show()?;
        window.set_focus()
    });
    blank::raised(app);
}

/// A window that is hidden would be lost: it becomes a minimised one.
pub(crate) fn come_out(app: &AppHandle) {
    with_main(app, |window| {
        if !window.is_visible()? {
            window.minimize()?;
            window.show()?;
        }
        Ok(())
    });
}

/// Asks for a look in the task bar, until the window gets the focus.
pub(crate) fn flash(app: &AppHandle, urgent: bool) {
    if !app.state::<View>().focused(MAIN) {
        let kind = if urgent { UserAttentionType::Critical } else { UserAttentionType::Informational };
        with_main(app, |window| window.request_user_attention(Some(kind)));
    }
}

/// Takes that back.
pub(crate) fn calm(app: &AppHandle) {
    with_main(app, |window| window.request_user_attention(None));
}

/// Something happened to a window of this program.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    let app = window.app_handle();
    match event {
        WindowEvent::CloseRequested { api, .. } if window.label() == MAIN => close(app, api),
        WindowEvent::CloseRequested { api, .. } if window.label() == popup::LABEL => {
            // Whoever closes it wants to be left alone; that is no answer to the caller.
            api.prevent_close();
            let _ = window.hide();
        }
        WindowEvent::Focused(focused) if window.label() == MAIN || talk::is_one(window.label()) => {
            app.state::<View>().focus(window.label(), *focused);
            if *focused && window.label() == MAIN {
                calm(app);
            }
        }
        WindowEvent::Destroyed => app.state::<View>().closed(window.label()),
        _ => {}
    }
}

fn close(app: &AppHandle, api: &CloseRequestApi) {
    api.prevent_close();
    if !app.state::<Arc<Preferences>>().now().general.close_to_tray {
        return quit::quit(app);
    }
    if !app.state::<Tray>().is_there() {
        return with_main(app, |window| window.minimize());
    }
    with_main(app, |window| window.hide());
    hint(app, true);
}

/// Says, once in a lifetime, that closing leaves the program running. `closed`: the page cannot say it any more.
pub(crate) fn hint(app: &AppHandle, closed: bool) {
    let settings = app.state::<Arc<Preferences>>().now();
    if settings.seen.tray_hint || !settings.general.close_to_tray || !app.state::<Tray>().is_there() {
        return;
    }
    if app.state::<Notices>().tell_once(app, ShellNotice::TrayHint) && closed {
        app.state::<Board>().show(Note::still_running());
    }
}

/// The person read the hint.
pub(crate) async fn hint_seen(app: &AppHandle) -> Result<(), p2p_comm_engine::Error> {
    settings::change(app, |settings| settings.seen.tray_hint = true).await
}

fn with_main(app: &AppHandle, work: impl FnOnce(&WebviewWindow) -> tauri::Result<()>) {
    let done = app.get_webview_window(MAIN).map_or(Ok(()), |window| work(&window));
    if let Err(error) = done {
        tracing::warn!(%error, "the window did not obey");
    }
}

/// WebKitGTK allows no automation of an incognito view, so the tests of the window do without it.
fn automated() -> bool {
    cfg!(any(debug_assertions, feature = "automation")) && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some()
}

fn is_own_page(scheme: &str, host: Option<&str>) -> bool {
    match (scheme, host) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => cfg!(dev),
        ("about", _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_goes_nowhere_else() {
        assert!(is_own_page("tauri", Some("localhost")));
        for (scheme, host) in [("https", Some("example.org")), ("file", None), ("data", None), ("tauri", Some("x"))] {
            assert!(!is_own_page(scheme, host), "{scheme}");
        }
    }
}
