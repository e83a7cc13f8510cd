use super::pictures::pictures;
use super::standing::{Action, Entry, Look, Standing};
use super::{act, give_up};
use crate::window;
use ksni::menu::{CheckmarkItem, MenuItem, StandardItem};
use ksni::{Category, Handle, Status, ToolTip, TrayMethods as _};
use tauri::AppHandle;
use tauri::image::Image;
use tokio::sync::watch;

/// The item on the bus. `ksni` puts it into every tray that comes.
pub(super) struct Icon(watch::Sender<Standing>);

struct Item {
    app: AppHandle,
    title: String,
    standing: Standing,
}

impl Icon {
    /// Always there; without a session bus it is seen nowhere.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
    pub(super) fn new(app: &AppHandle) -> Option<Self> {
        let (sender, mut standings) = watch::channel(Standing::default());
        let (app, title) = (app.clone(), window::title(app));
        let item = Item { app: app.clone(), title, standing: Standing::default() };
        tauri::async_runtime::spawn(async move {
            // Also where no tray is there yet: at login it may come later than we do.
            let handle: Handle<Item> = match item.assume_sni_available(true).spawn().await {
                Ok(handle) => handle,
                Err(error) => {
                    tracing::info!(%error, "no tray");
                    return give_up(&app);
                }
            };
            while standings.changed().await.is_ok() {
                let standing = standings.borrow_and_update().clone();
                handle.update(move |item| item.standing = standing).await;
            }
        });
        Some(Self(sender))
    }

    pub(super) fn show(&self, standing: &Standing) {
        self.0.send_if_modified(|shown| {
            let differs = shown != standing;
            shown.clone_from(standing);
            differs
        });
    }
}

impl Item {
    fn act(&self, action: Action) {
        act(&self.app, action, ksni::current_xdg_activation_token());
    }
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "p2p-comm".to_owned()
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn status(&self) -> Status {
        if self.standing.alarm() { Status::NeedsAttention } else { Status::Active }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        pictures(self.standing.look()).iter().map(argb).collect()
    }

    fn attention_icon_pixmap(&self) -> Vec<ksni::Icon> {
        pictures(Look::InCall).iter().map(argb).collect()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: self.title.clone(), description: self.standing.words(), ..ToolTip::default() }
    }

    fn activate(&mut self, _: i32, _: i32) {
        self.act(Action::Show);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.standing.menu().into_iter().map(item).collect()
    }
}

fn item(entry: Entry) -> MenuItem<Item> {
    match entry {
        Entry::Line => MenuItem::Separator,
        Entry::Button { action, label, enabled } => StandardItem {
            label: label.to_owned(),
            enabled,
            activate: Box::new(move |item: &mut Item| item.act(action)),
            ..StandardItem::default()
        }
        .into(),
        Entry::Check { action, label, enabled, checked } => CheckmarkItem {
            label: label.to_owned(),
            enabled,
            checked,
            activate: Box::new(move |item: &mut Item| item.act(action)),
            ..CheckmarkItem::default()
        }
        .into(),
    }
}

/// The specification wants alpha first.
fn argb(image: &Image<'_>) -> ksni::Icon {
    let mut data = image.rgba().to_vec();
    for pixel in data.chunks_exact_mut(4) {
        pixel.rotate_right(1);
    }
    ksni::Icon { width: image.width().cast_signed(), height: image.height().cast_signed(), data }
}
