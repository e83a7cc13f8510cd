use super::act;
use super::pictures;
use super::standing::{Action, Entry, Look, Standing};
use crate::window;
use tauri::AppHandle;
use tauri::image::Image;
use tauri::menu::{CheckMenuItemBuilder, Menu, MenuItemBuilder, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};

/// Each entry's id is its place in this list.
const ACTIONS: [Action; 7] = [
    Action::Show,
    Action::Connect,
    Action::Disconnect,
    Action::Mute,
    Action::EndCall,
    Action::DoNotDisturb,
    Action::Quit,
];

/// The icon in the notification area or menu bar.
pub(super) struct Icon(TrayIcon);

impl Icon {
    pub(super) fn new(app: &AppHandle) -> Option<Self> {
        let standing = Standing::default();
        let built = menu(app, &standing).and_then(|menu| {
            TrayIconBuilder::with_id("p2p-comm")
                .tooltip(window::title(app))
                .icon(picture(standing.look()))
                .icon_as_template(cfg!(target_os = "macos"))
                .menu(&menu)
                .show_menu_on_left_click(cfg!(target_os = "macos"))
                .on_menu_event(|app, event| {
                    let chosen = event.id().as_ref().parse::<usize>().ok();
                    if let Some(action) = chosen.and_then(|place| ACTIONS.get(place)) {
                        act(app, *action, None);
                    }
                })
                .on_tray_icon_event(|icon, event| {
                    // On macOS a click opens the menu.
                    if let TrayIconEvent::Click {
                        button: MouseButton::Left, button_state: MouseButtonState::Up, ..
                    } = event
                        && !cfg!(target_os = "macos")
                    {
                        act(icon.app_handle(), Action::Show, None);
                    }
                })
                .build(app)
        });
        built.inspect_err(|error| tracing::warn!(%error, "no tray")).ok().map(Self)
    }

    pub(super) fn show(&self, standing: &Standing) {
        let shown = menu(self.0.app_handle(), standing)
            .and_then(|menu| self.0.set_menu(Some(menu)))
            .and_then(|()| self.0.set_icon_with_as_template(Some(picture(standing.look())), cfg!(target_os = "macos")))
            .and_then(|()| self.0.set_tooltip(Some(standing.words())));
        if let Err(error) = shown {
            tracing::warn!(%error, "the tray shows something old");
        }
    }
}

fn menu(app: &AppHandle, standing: &Standing) -> tauri::Result<Menu<tauri::Wry>> {
    let menu = Menu::new(app)?;
    let id = |action| ACTIONS.iter().position(|other| *other == action).unwrap_or_default().to_string();
    for entry in standing.menu() {
        match entry {
            Entry::Line => menu.append(&PredefinedMenuItem::separator(app)?)?,
            Entry::Button { action, label, enabled } => {
                menu.append(&MenuItemBuilder::with_id(id(action), label).enabled(enabled).build(app)?)?;
            }
            Entry::Check { action, label, enabled, checked } => {
                let item = CheckMenuItemBuilder::with_id(id(action), label).enabled(enabled).checked(checked);
                menu.append(&item.build(app)?)?;
            }
        }
    }
    Ok(menu)
}

fn picture(look: Look) -> Image<'static> {
    #[cfg(target_os = "macos")]
    return pictures::template(look);
    #[cfg(not(target_os = "macos"))]
    {
        let [_, large] = pictures::pictures(look);
        large
    }
}
