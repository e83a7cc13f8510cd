//! The desktop's list of recent files: with whom somebody talks is nothing for it.

#[cfg(target_os = "linux")]
mod gtk_list;
#[cfg(target_os = "linux")]
pub(crate) use gtk_list::forget;

/// Nothing: no library here gets at what Windows and macOS list.
#[cfg(not(target_os = "linux"))]
pub(crate) fn forget(_: &tauri::WebviewWindow, _: &std::path::Path) {}
