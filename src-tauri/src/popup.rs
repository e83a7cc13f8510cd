//! The two small windows of a call: the popup of an incoming one, and the compact one that stays on top.

use crate::settings::Preferences;
use crate::{platform, window};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tauri::{AppHandle, LogicalSize, Manager as _, Monitor, PhysicalPosition, WebviewWindow};

pub(crate) const LABEL: &str = "popup";
pub(crate) const COMPACT: &str = "compact";
/// Logical pixels at a text size of 100 %.
const POPUP_SIZE: LogicalSize<f64> = LogicalSize::new(360.0, 200.0);
const COMPACT_SIZE: LogicalSize<f64> = LogicalSize::new(300.0, 120.0);
/// Between a window and the corner of the screen.
const MARGIN: f64 = 24.0;
/// About the height of a title bar.
const TITLE_BAR: f64 = 36.0;

/// Somebody calls: a popup that is still being made shows once it is there.
#[derive(Default)]
pub(crate) struct Wanted(AtomicBool);

/// Makes the popup, hidden: it shows at once when somebody calls.
pub(crate) fn prepare(app: &AppHandle) {
    // On Wayland no program can put a window on top or into a corner: there the notification is the popup.
    if platform::wayland() || app.get_webview_window(LABEL).is_some() {
        return;
    }
    let wanting = app.clone();
    let built = related(app, LABEL, page(LABEL), move |builder| {
        let popup = builder
            .title("Incoming call")
            .inner_size(POPUP_SIZE.width, POPUP_SIZE.height)
            .decorations(false)
            .resizable(false)
            .always_on_top(true)
            .visible_on_all_workspaces(true)
            .focused(false)
            .visible(false)
            .build()?;
        window::tame(&popup)?;
        bring(&wanting)
    });
    if let Err(error) = built {
        tracing::warn!(%error, "no popup");
    }
}

/// Nobody can call any more.
pub(crate) fn discard(app: &AppHandle) {
    for label in [LABEL, COMPACT] {
        destroy(app, label);
    }
}

/// Shows the popup in the corner of the screen where the pointer is. It takes no focus.
pub(crate) fn show(app: &AppHandle) {
    // Before the look for the window: whoever makes it looks the other way round.
    app.state::<Wanted>().0.store(true, Ordering::SeqCst);
    if let Err(error) = bring(app) {
        tracing::warn!(%error, "the popup stays hidden");
    }
}

/// Shows the popup, if it is there and still wanted when its turn comes.
fn bring(app: &AppHandle) -> tauri::Result<()> {
    let Some(popup) = app.get_webview_window(LABEL) else { return Ok(()) };
    let size = grown(app, POPUP_SIZE);
    popup.set_size(size)?;
    place(app, &popup, size)?;
    let app = app.clone();
    popup.clone().run_on_main_thread(move || {
        if app.state::<Wanted>().0.load(Ordering::SeqCst)
            && let Err(error) = appear(&popup)
        {
            tracing::warn!(%error, "the popup stays hidden");
        }
    })
}

pub(crate) fn hide(app: &AppHandle) {
    app.state::<Wanted>().0.store(false, Ordering::SeqCst);
    if let Some(Err(error)) = app.get_webview_window(LABEL).map(|popup| popup.hide()) {
        tracing::warn!(%error, "the popup stays");
    }
}

/// Shows the compact window of the call.
pub(crate) fn open_compact(app: &AppHandle) -> tauri::Result<()> {
    if let Some(compact) = app.get_webview_window(COMPACT) {
        return compact.set_focus();
    }
    let (app, size) = (app.clone(), grown(app, COMPACT_SIZE));
    related(&app.clone(), COMPACT, page(COMPACT), move |builder| {
        let compact = builder
            .title("Call")
            .inner_size(size.width, size.height)
            .resizable(false)
            .maximizable(false)
            .always_on_top(true)
            .visible_on_all_workspaces(true)
            .visible(false)
            .build()?;
        place(&app, &compact, LogicalSize::new(size.width, size.height + TITLE_BAR))?;
        window::tame(&compact)?;
        compact.show()
    })
}

pub(crate) fn close_compact(app: &AppHandle) {
    destroy(app, COMPACT);
}

fn destroy(app: &AppHandle, label: &str) {
    if let Some(Err(error)) = app.get_webview_window(label).map(|window| window.destroy()) {
        tracing::warn!(%error, label, "a window stays");
    }
}

pub(crate) type Builder<'a> = tauri::WebviewWindowBuilder<'a, tauri::Wry, AppHandle>;

/// Builds a window whose page lives in the process of the main page: one more would cost as much memory as the program.
#[cfg(target_os = "linux")]
pub(crate) fn related(
    app: &AppHandle,
    label: &str,
    page: String,
    build: impl FnOnce(Builder<'_>) -> tauri::Result<()> + Send + 'static,
) -> tauri::Result<()> {
    let Some(main) = app.get_webview_window(window::MAIN) else { return Ok(()) };
    let (app, label) = (app.clone(), label.to_owned());
    main.with_webview(move |view| {
        let main = view.inner();
        // Not inside this call: tauri is in the middle of something.
        gtk::glib::idle_add_local_once(move || {
            let builder = window::builder(&app, &label, &page).with_related_view(main);
            if let Err(error) = build(builder) {
                tracing::warn!(%error, label, "a window does not open");
            }
        });
    })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn related(
    app: &AppHandle,
    label: &str,
    page: String,
    build: impl FnOnce(Builder<'_>) -> tauri::Result<()> + Send + 'static,
) -> tauri::Result<()> {
    build(window::builder(app, label, &page))
}

fn page(label: &str) -> String {
    format!("index.html?view={label}")
}

/// Puts a window of this size into the corner of the screen where the pointer is.
fn place(app: &AppHandle, window: &WebviewWindow, size: LogicalSize<f64>) -> tauri::Result<()> {
    let pointer = app.cursor_position()?;
    let under = app.monitor_from_point(pointer.x, pointer.y)?;
    match under.or(app.primary_monitor()?) {
        Some(monitor) => window.set_position(corner(&monitor, size)),
        None => Ok(()),
    }
}

/// Where the upper left corner is when the lower right one is in the corner of the screen, panels left out.
fn corner(monitor: &Monitor, size: LogicalSize<f64>) -> PhysicalPosition<i32> {
    let area = monitor.work_area();
    let scale = monitor.scale_factor();
    let away = |length: f64| ((length + MARGIN) * scale) as i32;
    PhysicalPosition::new(
        area.position.x + area.size.width.cast_signed() - away(size.width),
        area.position.y + area.size.height.cast_signed() - away(size.height),
    )
}

/// Larger text needs a larger window.
pub(crate) fn grown(app: &AppHandle, size: LogicalSize<f64>) -> LogicalSize<f64> {
    let percent = app.state::<Arc<Preferences>>().now().appearance.text_percent;
    let factor = f64::from(percent.max(100)) / 100.0;
    LogicalSize::new(size.width * factor, size.height * factor)
}

/// On X11 a window takes the focus when it appears, unless it says in time that the person did nothing to make it appear.
#[cfg(target_os = "linux")]
fn appear(popup: &WebviewWindow) -> tauri::Result<()> {
    use gtk::glib::object::Cast as _;
    use gtk::prelude::{GtkWindowExt as _, WidgetExt as _};
    let window = popup.gtk_window()?;
    window.set_focus_on_map(false);
    // It can take the focus later, by a click or Alt+Tab.
    window.set_accept_focus(true);
    window.set_keep_above(true);
    window.realize();
    if let Some(surface) = window.window().and_then(|surface| surface.downcast::<gdkx11::X11Window>().ok()) {
        surface.set_user_time(0);
    }
    window.show_all();
    Ok(())
}

/// On macOS a window takes the keys when it appears before a program that is in front, unless it cannot have them then.
#[cfg(not(target_os = "linux"))]
fn appear(popup: &WebviewWindow) -> tauri::Result<()> {
    #[cfg(target_os = "macos")]
    popup.set_focusable(false)?;
    popup.show()?;
    #[cfg(target_os = "macos")]
    popup.set_focusable(true)?;
    Ok(())
}
