use super::standing::Look;
use tauri::image::Image;
use tauri::include_image;

/// For panels of the usual and of double density. Drawn by `rsvg-convert` from the SVG of the same name.
pub(super) fn pictures(look: Look) -> [Image<'static>; 2] {
    match look {
        Look::Offline => [
            include_image!("src-tauri/icons/tray/offline-24.png"),
            include_image!("src-tauri/icons/tray/offline-48.png"),
        ],
        Look::Online => {
            [include_image!("src-tauri/icons/tray/online-24.png"), include_image!("src-tauri/icons/tray/online-48.png")]
        }
        Look::Unread => {
            [include_image!("src-tauri/icons/tray/unread-24.png"), include_image!("src-tauri/icons/tray/unread-48.png")]
        }
        Look::InCall => [
            include_image!("src-tauri/icons/tray/in-call-24.png"),
            include_image!("src-tauri/icons/tray/in-call-48.png"),
        ],
        Look::Muted => {
            [include_image!("src-tauri/icons/tray/muted-24.png"), include_image!("src-tauri/icons/tray/muted-48.png")]
        }
    }
}
