//! <https://specifications.freedesktop.org/notification-spec/latest/>

mod numbers;

use super::{Note, Order, Press, Subject, pressed};
use crate::window;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use numbers::{Call, Numbers};
use std::collections::HashMap;
use std::time::Duration;
use tauri::AppHandle;
use tokio::sync::mpsc::UnboundedReceiver;
use zbus::zvariant::Value;
use zbus::{Connection, proxy};

/// A daemon that is started by the first notification takes a while to say what it can.
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

/// The notifications that the desktop shows. It may answer late: nothing waits for it but what it was asked.
struct Shown {
    app: AppHandle,
    desktop: NotificationsProxy<'static>,
    numbers: Numbers,
    answers: FuturesUnordered<BoxFuture<'static, (Subject, zbus::Result<u32>)>>,
}

pub(super) async fn serve(app: AppHandle, orders: UnboundedReceiver<Order>) {
    let connected = async { NotificationsProxy::new(&Connection::session().await?).await };
    let served = match connected.await {
        Ok(desktop) => {
            let shown = Shown { app, desktop, numbers: Numbers::default(), answers: FuturesUnordered::new() };
            shown.serve(orders).await
        }
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
                // A number comes before anything that is said of it, and a token just before its action.
                biased;
                Some((subject, answer)) = self.answers.next() => {
                    let number = answer.inspect_err(refused).ok();
                    let next = self.numbers.answered(subject, number);
                    self.say(next);
                }
                Some(given) = tokens.next() => token = given.args().ok().map(|given| (given.id, given.token.to_owned())),
                Some(action) = actions.next() => {
                    let Ok(action) = action.args() else { continue };
                    let token = token.take().filter(|(id, _)| *id == action.id).map(|(_, token)| token);
                    self.pressed(action.id, action.action_key, token);
                }
                Some(closed) = closed.next() => {
                    let Ok(closed) = closed.args() else { continue };
                    self.numbers.closed(closed.id);
                }
                order = orders.recv() => match order {
                    Some(order) => {
                        let call = self.numbers.order(order);
                        self.say(call);
                    }
                    None => break,
                },
            }
        }
        self.end().await;
        Ok(())
    }

    /// Takes back what is shown, and what the desktop was just asked to show.
    async fn end(mut self) {
        let mut ids = Vec::new();
        while let Some((subject, answer)) = self.answers.next().await {
            match self.numbers.answered(subject, answer.ok()) {
                Some(Call::Close(id)) => ids.push(id),
                Some(Call::Notify { .. }) | None => {}
            }
        }
        ids.extend(self.numbers.known());
        for id in ids {
            let _ = self.desktop.close_notification(id).await.inspect_err(refused);
        }
    }

    fn say(&self, call: Option<Call>) {
        let desktop = self.desktop.clone();
        match call {
            Some(Call::Notify { note, replaces }) => {
                let (subject, name) = (note.subject, window::title(&self.app));
                let shown = async move { (subject, show(&desktop, &name, note, replaces).await) };
                self.answers.push(Box::pin(shown));
            }
            Some(Call::Close(id)) => {
                tauri::async_runtime::spawn(async move {
                    let _ = desktop.close_notification(id).await.inspect_err(refused);
                });
            }
            None => {}
        }
    }

    fn pressed(&self, id: u32, action: &str, token: Option<String>) {
        let Some(subject) = self.numbers.subject(id) else { return };
        let app = self.app.clone();
        let press = match action {
            "default" => Press::Open,
            "accept" => Press::Accept,
            "reject" => Press::Reject,
            _ => return,
        };
        tauri::async_runtime::spawn(async move { pressed(&app, subject, press, token.as_deref()).await });
    }
}

/// Gives the number under which the desktop shows it.
async fn show(desktop: &NotificationsProxy<'_>, name: &str, note: Note, replaces: u32) -> zbus::Result<u32> {
    let urgent = note.urgent();
    let body = if reads_markup(desktop).await { escaped(&note.body) } else { note.body };
    let hints = HashMap::from([
        ("urgency", Value::from(if urgent { CRITICAL } else { NORMAL })),
        ("category", Value::from(if urgent { "call.incoming" } else { "im.received" })),
        ("desktop-entry", Value::from("p2p-comm")),
        // The ring tone and its device are the program's own.
        ("suppress-sound", Value::from(urgent)),
    ]);
    let actions: &[&str] =
        if urgent { &["default", "Show", "accept", "Accept", "reject", "Reject"] } else { &["default", "Show"] };
    let time = if urgent { FOR_EVER } else { USUAL };
    desktop.notify(name, replaces, "p2p-comm", &note.title, &body, actions, &hints, time).await
}

/// The desktop reads markup in the body. Asked each time: another daemon may have come.
async fn reads_markup(desktop: &NotificationsProxy<'_>) -> bool {
    let can = tokio::time::timeout(PATIENCE, desktop.get_capabilities()).await;
    // Better something too many than a link of a stranger's making.
    can.ok().and_then(Result::ok).is_none_or(|can| can.iter().any(|can| can == "body-markup"))
}

fn refused(error: &zbus::Error) {
    tracing::info!(%error, "the desktop refused a notification");
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
