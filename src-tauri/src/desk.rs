//! What the program shows outside its pages: tray, title, popup, notifications. One task follows the engine and decides,
//! by the one policy of [`p2p_comm_engine::attention`].

mod news;

use crate::full_screen::FullScreen;
use crate::notify::{Board, Burst, Note, Subject};
use crate::settings::{Incoming, Notifications, Preferences};
use crate::tray::{Standing, Tray, TrayCall};
use crate::view::View;
use crate::{platform, popup, talk, window};
use news::Reader;
use p2p_comm_engine::{
    Attention, CallNumber, CallPhase, CallSnapshot, Changes, Error, Handle, NodePhase, NodeStatus, Occasion, PeerId,
    PeerSnapshot, Quiet, RequestId, attention,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager as _};

/// Much that changes at once is looked at once.
const PAUSE: Duration = Duration::from_millis(50);

/// What was seen last.
struct Desk {
    app: AppHandle,
    engine: Handle,
    status: Option<NodeStatus>,
    peers: Vec<PeerSnapshot>,
    /// The incoming call that is announced, and how.
    ringing: Option<(CallNumber, PeerId, Attention)>,
    call: Option<CallSnapshot>,
    /// The newest request that was told.
    asked: Option<RequestId>,
    reader: Reader,
    burst: Burst,
    title: String,
}

/// Follows the engine until it ends.
pub(crate) fn start(app: AppHandle, engine: Handle) {
    let mut desk = Desk {
        app,
        engine,
        status: None,
        peers: Vec::new(),
        ringing: None,
        call: None,
        asked: None,
        reader: Reader::default(),
        burst: Burst::default(),
        title: String::new(),
    };
    tauri::async_runtime::spawn(async move {
        if let Err(error) = desk.follow().await {
            tracing::info!(%error, "nothing more is shown outside the pages");
        }
    });
}

impl Desk {
    async fn follow(&mut self) -> Result<(), Error> {
        let mut changes = self.engine.changes().await?;
        let mut changed = Changes { status: true, peers: true, requests: true, call: true, ..Changes::default() };
        loop {
            self.look(&changed).await?;
            tokio::time::sleep(PAUSE).await;
            changed = match self.burst.next() {
                // What came in a burst is told when its pause is over.
                Some(due) => tokio::time::timeout_at(due.into(), changes.next()).await.unwrap_or_default(),
                None => changes.next().await,
            };
        }
    }

    async fn look(&mut self, changed: &Changes) -> Result<(), Error> {
        if changed.status || changed.peers {
            self.status = Some(self.engine.status().await?);
            self.online();
        }
        if changed.peers {
            self.peers = self.engine.peers().await?;
            for peer in &self.peers {
                self.reader.begin(&self.engine, peer.id).await;
            }
            talk::close_others(&self.app, &self.peers);
        }
        if changed.call || changed.peers || changed.status {
            self.call = self.engine.current_call().await?;
            self.incoming();
        }
        for change in &changed.conversations {
            self.conversation(change.peer).await;
        }
        if !changed.conversations.is_empty() {
            // What was just read in conversations may be newer than the list.
            self.peers = self.engine.peers().await?;
        }
        if changed.requests {
            self.requests().await?;
        }
        self.read();
        self.show();
        Ok(())
    }

    /// Nobody can call while offline.
    fn online(&self) {
        match self.status.as_ref().map(|status| status.phase) {
            Some(NodePhase::Online) => popup::prepare(&self.app),
            Some(NodePhase::Offline) => popup::discard(&self.app),
            Some(NodePhase::Connecting) | None => {}
        }
    }

    /// Announces an incoming call, once, and takes everything back when it rings no more, or no more may disturb.
    fn incoming(&mut self) {
        let call = self.call.as_ref().filter(|call| call.phase == CallPhase::Incoming);
        let ringing =
            call.map(|call| (call.number, call.peer, self.attention(Occasion::IncomingCall, Some(call.peer))));
        if self.call.is_none() {
            popup::close_compact(&self.app);
        }
        if ringing == self.ringing {
            return;
        }
        if let Some((call, peer, _)) = self.ringing.take() {
            // First what waits for nobody: a window may be busy with being raised.
            self.app.state::<Board>().close(Subject::Call { call, peer });
            popup::hide(&self.app);
            window::calm(&self.app);
        }
        self.ringing = ringing;
        let Some((call, peer, attention)) = ringing else { return };
        let settings = self.settings();
        if attention.popup {
            match settings.incoming {
                Incoming::Popup if !platform::wayland() => popup::show(&self.app),
                Incoming::Window => window::raise(&self.app, None),
                Incoming::Popup | Incoming::Notification => {}
            }
        }
        if attention.flash {
            window::flash(&self.app, true);
        }
        if attention.notify {
            let name = self.name(peer, &settings);
            self.app.state::<Board>().show(Note::call(call, peer, name.as_deref()));
        }
    }

    /// New lines of a conversation.
    async fn conversation(&mut self, peer: PeerId) {
        let seen = self.reader.read(&self.engine, peer).await;
        if seen.talked {
            window::hint(&self.app, false);
        }
        let settings = self.settings();
        for (occasion, news) in seen.news {
            let attention = self.attention(occasion, Some(peer));
            let wanted = match occasion {
                Occasion::MissedCall => settings.missed_calls,
                _ => settings.messages,
            };
            if attention.flash && wanted {
                window::flash(&self.app, false);
            }
            if attention.notify && wanted {
                self.burst.add(Instant::now(), peer, news);
            }
        }
    }

    async fn requests(&mut self) -> Result<(), Error> {
        let requests = self.engine.requests().await?;
        let board = self.app.state::<Board>();
        let Some(newest) = requests.iter().max_by_key(|request| request.id) else {
            board.close(Subject::Requests);
            return Ok(());
        };
        let new = self.asked.is_none_or(|asked| newest.id > asked);
        self.asked = self.asked.max(Some(newest.id));
        let settings = self.settings();
        let attention = self.attention(Occasion::Request, None);
        if new && settings.requests && attention.notify {
            let name = settings.show_content.then_some(newest.name.as_str());
            board.show(Note::requests(requests.len(), name));
        }
        if new && settings.requests && attention.flash {
            window::flash(&self.app, false);
        }
        Ok(())
    }

    /// Takes back what was read in the meantime, and shows what is due.
    fn read(&mut self) {
        let board = self.app.state::<Board>();
        let unread = |id: PeerId| self.peers.iter().any(|peer| peer.id == id && peer.unread > 0);
        for peer in self.burst.people() {
            if !unread(peer) {
                if self.burst.read(peer) {
                    board.close(Subject::Conversation(peer));
                }
            } else if !self.attention(Occasion::Message, Some(peer)).notify {
                self.burst.hush(peer);
            }
        }
        let settings = self.settings();
        let peers = &self.peers;
        let name = |id| label(peers, id).filter(|_| settings.show_content);
        for note in self.burst.notes(Instant::now(), name) {
            board.show(note);
        }
    }

    fn show(&mut self) {
        let Some(status) = &self.status else { return };
        let settings = self.settings();
        let call = self.call.as_ref().map(|call| TrayCall {
            name: self.name(call.peer, &settings),
            incoming: call.phase == CallPhase::Incoming,
            muted: call.muted || call.deafened,
            alarm: self.ringing.is_some_and(|(.., attention)| attention.tray),
        });
        let unread = self.peers.iter().map(|peer| peer.unread).sum();
        let caller = call.as_ref().filter(|call| call.alarm).and_then(|call| call.name.as_deref());
        let title = window::title_with(&self.app, unread, caller);
        if title != self.title {
            window::set_title(&self.app, &title);
            self.title = title;
        }
        self.app.state::<Tray>().show(&Standing {
            phase: status.phase,
            name: status.name.clone(),
            unread,
            call,
            do_not_disturb: status.do_not_disturb,
        });
    }

    fn attention(&self, occasion: Occasion, peer: Option<PeerId>) -> Attention {
        let quiet = Quiet {
            do_not_disturb: self.status.as_ref().is_some_and(|status| status.do_not_disturb),
            peer_muted: peer.is_some_and(|id| self.peers.iter().any(|peer| peer.id == id && peer.muted)),
            in_view: peer.is_some_and(|peer| self.app.state::<View>().in_view(peer)),
            full_screen: self.app.state::<FullScreen>().quiet(),
        };
        attention(occasion, quiet)
    }

    fn settings(&self) -> Notifications {
        self.app.state::<Arc<Preferences>>().now().notifications
    }

    /// None where names are not to be seen.
    fn name(&self, peer: PeerId, settings: &Notifications) -> Option<String> {
        label(&self.peers, peer).filter(|_| settings.show_content)
    }
}

fn label(peers: &[PeerSnapshot], id: PeerId) -> Option<String> {
    peers.iter().find(|peer| peer.id == id).map(|peer| peer.label.clone())
}
