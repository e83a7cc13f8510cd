use super::{Note, Order, Press, Subject, pressed};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tauri::AppHandle;
use tauri_plugin_notification::{Action, ActionType, NotificationExt as _};
use tokio::sync::mpsc::UnboundedReceiver;

/// The plugin wants to know the buttons by a name.
const CALL: &str = "call";

type Ids = Arc<Mutex<BTreeMap<i32, Subject>>>;

pub(super) async fn serve(app: AppHandle, mut orders: UnboundedReceiver<Order>) {
    let ids = Ids::default();
    if let Err(error) = listen(&app, ids.clone()) {
        tracing::warn!(%error, "notifications have no buttons");
    }
    let mut next = 0;
    while let Some(order) = orders.recv().await {
        let done = match order {
            Order::Show(note) => {
                next += 1;
                close(&app, &ids, note.subject).and_then(|()| show(&app, &ids, next, &note))
            }
            Order::Close(subject) => close(&app, &ids, subject),
        };
        if let Err(error) = done {
            tracing::info!(%error, "the desktop refused a notification");
        }
    }
    // What is still shown when the program ends.
    let subjects: Vec<Subject> = lock(&ids).values().copied().collect();
    for subject in subjects {
        let _ = close(&app, &ids, subject);
    }
}

fn listen(app: &AppHandle, ids: Ids) -> tauri_plugin_notification::Result<()> {
    let action = |id, title| Action::builder(id, title).build();
    let call = ActionType::builder(CALL).actions(vec![action("accept", "Accept"), action("reject", "Reject")]).build();
    app.notification().register_action_types(vec![call])?;
    let pressing = app.clone();
    app.notification().on_action(move |action| {
        let subject = action.notification().and_then(|shown| lock(&ids).get(&shown.id()).copied());
        let press = match action.action_id() {
            "accept" => Press::Accept,
            "reject" => Press::Reject,
            _ => Press::Open,
        };
        let app = pressing.clone();
        if let Some(subject) = subject {
            tauri::async_runtime::spawn(async move { pressed(&app, subject, press, None).await });
        }
    })
}

fn show(app: &AppHandle, ids: &Ids, id: i32, note: &Note) -> tauri_plugin_notification::Result<()> {
    lock(ids).insert(id, note.subject);
    let mut notification = app.notification().builder().id(id).title(&note.title).body(&note.body);
    if note.urgent() {
        notification = notification.action_type_id(CALL).ongoing();
    }
    notification.show()
}

fn close(app: &AppHandle, ids: &Ids, subject: Subject) -> tauri_plugin_notification::Result<()> {
    let mut ids = lock(ids);
    let shown: Vec<i32> = ids.iter().filter(|(_, other)| **other == subject).map(|(id, _)| *id).collect();
    ids.retain(|id, _| !shown.contains(id));
    if shown.is_empty() { Ok(()) } else { app.notification().remove_active(shown) }
}

fn lock(ids: &Ids) -> std::sync::MutexGuard<'_, BTreeMap<i32, Subject>> {
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}
