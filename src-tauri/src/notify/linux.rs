//! <https://specifications.freedesktop.org/notification-spec/latest/>

use super::{Note, Order, Press, Subject, pressed};
use crate::window;
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tauri::AppHandle;
use tokio::sync::mpsc::UnboundedReceiver;
use zbus::zvariant::Value;
use zbus::{Connection, proxy};

/// A daemon that is started by the first notification takes a while; one that hangs is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The desktop's own time, or none at all.
const USUAL: i32 = -1;
const FOR_EVER: i32 = 0;
const CRITICAL: u8 = 2;
const NORMAL: u8 = 1;

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Notifications {
    #[expect(clippy::too_many_arguments, reason = "so the specification has it")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: &HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    fn activation_token(&self, id: u32, token: &str) -> zbus::Result<()>;
}

/// The notifications that the desktop shows.
struct Shown {
    app: AppHandle,
    desktop: NotificationsProxy<'static>,
    ids: BTreeMap<Subject, u32>,
    /// The desktop reads markup in the body.
    markup: Option<bool>,
}

pub(super) async fn serve(app: AppHandle, orders: UnboundedReceiver<Order>) {
    let connected = async { NotificationsProxy::new(&Connection::session().await?).await };
    let served = match connected.await {
        Ok(desktop) => Shown { app, desktop, ids: BTreeMap::new(), markup: None }.serve(orders).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::info!(%error, "no notifications");
    }
}

impl Shown {
    async fn serve(mut self, mut orders: UnboundedReceiver<Order>) -> zbus::Result<()> {
        let mut actions = self.desktop.receive_action_invoked().await?;
        let mut closed = self.desktop.receive_notification_closed().await?;
        let mut tokens = self.desktop.receive_activation_token().await?;
        let mut token = None;
        loop {
            tokio::select! {
                // A token comes just before its action.
                biased;
                Some(given) = tokens.next() => token = given.args().ok().map(|given| (given.id, given.token.to_owned())),
                Some(action) = actions.next() => {
                    let Ok(action) = action.args() else { continue };
                    let token = token.take().filter(|(id, _)| *id == action.id).map(|(_, token)| token);
                    self.pressed(action.id, action.action_key, token);
                }
                Some(closed) = closed.next() => {
                    let Ok(closed) = closed.args() else { continue };
                    self.ids.retain(|_, id| *id != closed.id);
                }
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(order).await,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn carry_out(&mut self, order: Order) {
        let done = async {
            match order {
                Order::Show(note) => self.show(note).await,
                Order::Close(subject) => match self.ids.remove(&subject) {
                    Some(id) => self.desktop.close_notification(id).await,
                    None => Ok(()),
                },
            }
        };
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(%error, "the desktop refused a notification"),
            Err(_) => tracing::info!("the desktop takes too long for a notification"),
        }
    }

    async fn show(&mut self, note: Note) -> zbus::Result<()> {
        let urgent = note.urgent();
        let body = if self.reads_markup().await { escaped(&note.body) } else { note.body };
        let hints = HashMap::from([
            ("urgency", Value::from(if urgent { CRITICAL } else { NORMAL })),
            ("category", Value::from(if urgent { "call.incoming" } else { "im.received" })),
            ("desktop-entry", Value::from("p2p-comm")),
            // The ring tone and its device are the program's own.
            ("suppress-sound", Value::from(urgent)),
        ]);
        let actions: &[&str] =
            if urgent { &["default", "Show", "accept", "Accept", "reject", "Reject"] } else { &["default", "Show"] };
        let replaced = self.ids.get(&note.subject).copied().unwrap_or_default();
        let time = if urgent { FOR_EVER } else { USUAL };
        let name = window::title(&self.app);
        let id = self.desktop.notify(&name, replaced, "p2p-comm", &note.title, &body, actions, &hints, time).await?;
        self.ids.insert(note.subject, id);
        Ok(())
    }

    async fn reads_markup(&mut self) -> bool {
        if self.markup.is_none() {
            let can = self.desktop.get_capabilities().await.ok();
            self.markup = can.map(|can| can.iter().any(|can| can == "body-markup"));
        }
        // Better something too many than a link of a stranger's making.
        self.markup.unwrap_or(true)
    }

    fn pressed(&mut self, id: u32, action: &str, token: Option<String>) {
        let Some((subject, _)) = self.ids.iter().find(|(_, shown)| **shown == id) else { return };
        let (app, subject) = (self.app.clone(), *subject);
        let press = match action {
            "default" => Press::Open,
            "accept" => Press::Accept,
            "reject" => Press::Reject,
            _ => return,
        };
        tauri::async_runtime::spawn(async move { pressed(&app, subject, press, token.as_deref()).await });
    }
}

/// The markup of the specification is a little HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_message_cannot_write_markup() {
        assert_eq!(super::escaped(r#"<a href="x">&amp;</a>"#), r#"&lt;a href="x"&gt;&amp;amp;&lt;/a&gt;"#);
    }
}
