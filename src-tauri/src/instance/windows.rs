use super::{Place, Question, answer, private};
use std::io;
use std::path::{Path, PathBuf};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, ServerOptions};

pub(super) fn directory() -> io::Result<PathBuf> {
    // Of this user alone.
    private(&std::env::temp_dir().join("p2p-comm"))
}

pub(super) fn make_private(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}

pub(super) async fn serve(place: &Place, raise: impl Fn(Question) -> bool) -> io::Result<()> {
    let mut server = ServerOptions::new().first_pipe_instance(true).create(name(place))?;
    loop {
        server.connect().await?;
        let next = ServerOptions::new().create(name(place))?;
        answer(std::mem::replace(&mut server, next), &raise).await;
    }
}

pub(super) async fn connect(place: &Place) -> io::Result<NamedPipeClient> {
    ClientOptions::new().open(name(place))
}

pub(super) fn forget(_: &Place) {}

fn name(place: &Place) -> String {
    let user = std::env::var("USERNAME").unwrap_or_default();
    format!(r"\\.\pipe\p2p-comm-{user}-{}", place.name)
}
