use windows_sys::Win32::System::Console::{ATTACH_PARENT_PROCESS, AttachConsole};
use windows_sys::Win32::UI::WindowsAndMessaging::{MB_ICONERROR, MB_SETFOREGROUND, MessageBoxW};

/// A program with a window has no terminal there: joins that of whoever started it, if there is one.
pub(crate) fn join_terminal() {
    // SAFETY: it takes a number. Where there is no terminal it does nothing.
    unsafe {
        AttachConsole(ATTACH_PARENT_PROCESS);
    }
}

/// Asks for the web view, which is a program of its own there. Otherwise: how it is installed.
pub(crate) fn display() -> Result<(), String> {
    tauri::webview_version().map(drop).map_err(|error| {
        tracing::info!(%error, "no web view");
        "WebView2, which draws the window, is not installed.\n\n\
         Microsoft offers it (\"Evergreen Bootstrapper\") at\n\
         https://developer.microsoft.com/microsoft-edge/webview2\n\n\
         or type in a terminal:\n\
         winget install Microsoft.EdgeWebView2Runtime"
            .to_owned()
    })
}

/// Shows a dialog until somebody closes it.
pub(super) fn say(words: &str) {
    let [words, title] = [words, crate::window::TITLE].map(|text| text.encode_utf16().chain([0]).collect::<Vec<u16>>());
    // SAFETY: both texts end with a zero and live until it returns; nobody owns the dialog.
    unsafe {
        MessageBoxW(std::ptr::null_mut(), words.as_ptr(), title.as_ptr(), MB_ICONERROR | MB_SETFOREGROUND);
    }
}
