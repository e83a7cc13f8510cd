//! The main window shows nothing. No page can say so, so the desktop does, with what helps.

use crate::notify::{Board, Note, Subject};
use crate::ready::{Blank, Ready};
use crate::window::MAIN;
use tauri::{AppHandle, Manager as _};

/// Gives the page up and says so: in a dialog, or where no window is to be seen in a notification, which opens it.
pub(crate) fn tell(app: &AppHandle, why: Blank) {
    app.state::<Ready>().give_up(why);
    tracing::error!("{}: {}", what(why), advice(why));
    let seen = app.get_webview_window(MAIN).and_then(|window| window.is_visible().ok()).unwrap_or(false);
    if seen && cfg!(target_os = "linux") {
        raised(app);
    } else {
        app.state::<Board>().show(Note::blank(what(why)));
    }
}

/// The window came to the front: an empty one says what helps.
pub(crate) fn raised(app: &AppHandle) {
    let Some(why) = app.state::<Ready>().blank() else { return };
    #[cfg(target_os = "linux")]
    dialog::open(app, why);
    // There its being opened is the wish to see it.
    #[cfg(not(target_os = "linux"))]
    try_again(app, why);
}

/// It shows something after all.
pub(crate) fn over(app: &AppHandle) {
    app.state::<Board>().close(Subject::Blank);
    #[cfg(target_os = "linux")]
    dialog::close(app);
}

fn try_again(app: &AppHandle, why: Blank) {
    app.state::<Ready>().waits();
    app.state::<Board>().close(Subject::Blank);
    for window in app.webview_windows().into_values() {
        #[cfg(target_os = "linux")]
        let tried = window.with_webview(move |view| crate::window::webkit::start_anew(&view.inner(), why));
        #[cfg(not(target_os = "linux"))]
        let tried = window.reload();
        if let Err(error) = tried {
            tracing::warn!(%error, ?why, "a page was not loaded again");
        }
    }
}

fn what(why: Blank) -> &'static str {
    match why {
        Blank::Empty => "The window stays empty",
        Blank::Dying => "The window cannot be drawn",
    }
}

/// What happened, and what helps.
fn advice(why: Blank) -> String {
    let happened = match why {
        Blank::Empty => "The web engine that draws it does not answer.",
        Blank::Dying => "The web engine that draws it crashes again and again.",
    };
    let helps = if cfg!(target_os = "linux") {
        let program = std::env::args().collect::<Vec<_>>().join(" ");
        format!(
            "Often the graphics driver is the cause. If it happens again, quit and start with\n\n\
             WEBKIT_DISABLE_DMABUF_RENDERER=1 {program}\n\nor, if that is not enough, with\n\n\
             WEBKIT_DISABLE_COMPOSITING_MODE=1 {program}"
        )
    } else {
        "If it happens again, update the system and its web engine.".to_owned()
    };
    format!("{happened} Messages and calls go on without it. {helps}")
}

/// GTK draws it without the web engine.
#[cfg(target_os = "linux")]
mod dialog {
    use super::{Blank, MAIN, advice, try_again, what};
    use gtk::prelude::{
        Cast as _, ContainerExt as _, DialogExt as _, DialogExtManual as _, GtkWindowExt as _, LabelExt as _,
        MessageDialogExt as _, WidgetExt as _,
    };
    use gtk::{ButtonsType, DialogFlags, Label, MessageDialog, MessageType, ResponseType};
    use std::cell::RefCell;
    use tauri::{AppHandle, Manager as _};

    thread_local! {
        /// On the main thread.
        static OPEN: RefCell<Option<MessageDialog>> = const { RefCell::new(None) };
    }

    pub(super) fn open(app: &AppHandle, why: Blank) {
        let opening = app.clone();
        on_main_thread(app, move || match OPEN.with_borrow(Clone::clone) {
            Some(dialog) => dialog.present(),
            None => OPEN.set(Some(build(&opening, why))),
        });
    }

    pub(super) fn close(app: &AppHandle) {
        on_main_thread(app, shut);
    }

    fn build(app: &AppHandle, why: Blank) -> MessageDialog {
        let parent = app.get_webview_window(MAIN).and_then(|window| window.gtk_window().ok());
        let flags = DialogFlags::DESTROY_WITH_PARENT;
        let dialog = MessageDialog::new(parent.as_ref(), flags, MessageType::Error, ButtonsType::None, what(why));
        dialog.set_title(what(why));
        dialog.set_secondary_text(Some(&advice(why)));
        dialog.add_buttons(&[("Quit", ResponseType::Reject), ("Try again", ResponseType::Accept)]);
        dialog.set_default_response(ResponseType::Accept);
        if let Ok(area) = dialog.message_area().downcast::<gtk::Box>() {
            // The commands are to be copied.
            for label in area.children().iter().filter_map(|child| child.downcast_ref::<Label>()) {
                label.set_selectable(true);
            }
        }
        let app = app.clone();
        dialog.connect_response(move |_, response| {
            shut();
            match response {
                ResponseType::Accept => try_again(&app, why),
                ResponseType::Reject => app.exit(0),
                // It comes again when the window is raised.
                _ => {}
            }
        });
        dialog.show_all();
        dialog
    }

    fn shut() {
        if let Some(dialog) = OPEN.take() {
            dialog.close();
        }
    }

    fn on_main_thread(app: &AppHandle, work: impl FnOnce() + Send + 'static) {
        if let Err(error) = app.run_on_main_thread(work) {
            tracing::warn!(%error, "no dialog");
        }
    }
}
