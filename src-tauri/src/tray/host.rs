//! Whether something on this desktop shows tray icons.

use futures_util::StreamExt as _;
use tokio::sync::watch;
use zbus::fdo::DBusProxy;
use zbus::proxy::CacheProperties;
use zbus::{Connection, proxy};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/>
#[proxy(interface = "org.kde.StatusNotifierWatcher", default_path = "/StatusNotifierWatcher", gen_blocking = false)]
trait Watcher {
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> zbus::Result<bool>;

    #[zbus(signal)]
    fn status_notifier_host_registered(&self) -> zbus::Result<()>;

    #[zbus(signal)]
    fn status_notifier_host_unregistered(&self) -> zbus::Result<()>;
}

/// Says so whenever it changes.
pub(super) async fn follow(there: watch::Sender<bool>) {
    if let Err(error) = look(&there).await {
        tracing::info!(%error, "nothing tells of a tray");
    }
    there.send_replace(false);
}

async fn look(there: &watch::Sender<bool>) -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let names = DBusProxy::new(&bus).await?;
    let watcher =
        WatcherProxy::builder(&bus).destination(WATCHER)?.cache_properties(CacheProperties::No).build().await?;
    let mut owners = names.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
    let mut came = watcher.receive_status_notifier_host_registered().await?;
    let mut went = watcher.receive_status_notifier_host_unregistered().await?;
    loop {
        // Asking the name first: the question itself would start a watcher that nobody wants.
        let owned = names.name_has_owner(WATCHER.try_into()?).await?;
        let is_there = owned && watcher.is_status_notifier_host_registered().await.unwrap_or(false);
        there.send_if_modified(|there| std::mem::replace(there, is_there) != is_there);
        let alive = tokio::select! {
            signal = owners.next() => signal.is_some(),
            signal = came.next() => signal.is_some(),
            signal = went.next() => signal.is_some(),
        };
        if !alive {
            return Ok(());
        }
    }
}
