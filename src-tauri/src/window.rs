use crate::args::Args;
use std::path::PathBuf;
use tauri::{App, WebviewUrl, WebviewWindowBuilder};

const TITLE: &str = "P2P Privacy Communications";

/// Opens the window. Its web view keeps nothing on disk and goes nowhere but to the page of this program.
pub(crate) fn open(app: &App, args: &Args, view_files: PathBuf) -> tauri::Result<()> {
    let title = match &args.profile {
        Some(profile) => format!("{TITLE} – {profile}"),
        None => TITLE.to_owned(),
    };
    WebviewWindowBuilder::new(app, "main", WebviewUrl::App("index.html".into()))
        .title(title)
        .inner_size(1000.0, 700.0)
        .min_inner_size(480.0, 480.0)
        .incognito(!automated())
        .data_directory(view_files)
        .on_navigation(|url| is_own_page(url.scheme(), url.host_str()))
        .build()?;
    Ok(())
}

/// WebKitGTK allows no automation of an incognito view, so the tests of the window do without it.
fn automated() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some()
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
