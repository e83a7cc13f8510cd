use super::standing::Look;
use tauri::image::Image;
use tauri::include_image;

/// For the menu bar of macOS, which draws it in its own colour: only where it is opaque counts. Drawn as the others, from `template`.
#[cfg(any(target_os = "macos", test))]
pub(super) fn template(look: Look) -> Image<'static> {
    match look {
        Look::Offline => include_image!("src-tauri/icons/tray/template/offline.png"),
        Look::Online => include_image!("src-tauri/icons/tray/template/online.png"),
        Look::Unread => include_image!("src-tauri/icons/tray/template/unread.png"),
        Look::InCall => include_image!("src-tauri/icons/tray/template/in-call.png"),
        Look::Muted => include_image!("src-tauri/icons/tray/template/muted.png"),
    }
}

/// For panels of the usual and of double density. Drawn by `rsvg-convert` from the SVG of the same name.
#[cfg(not(target_os = "macos"))]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_one_colour_every_look_is_another() {
        const LOOKS: [Look; 5] = [Look::Offline, Look::Online, Look::Unread, Look::InCall, Look::Muted];
        let shapes = LOOKS.map(|look| {
            let picture = template(look);
            assert_eq!((picture.width(), picture.height()), (36, 36), "18 points of double density");
            picture.rgba().chunks(4).map(|pixel| pixel[3]).collect::<Vec<_>>()
        });
        for (n, shape) in shapes.iter().enumerate() {
            assert!(shape.contains(&0) && shape.contains(&255), "{:?}", LOOKS[n]);
            assert!(!shapes[n + 1..].contains(shape), "{:?}", LOOKS[n]);
        }
    }
}
