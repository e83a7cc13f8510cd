//! The built-in peer: a second node of this program on loopback that answers what one writes to it, so that somebody
//! alone can try everything over the real protocol and the real network.

use crate::actor::Actor;
use crate::engine::{Engine, Options};
use crate::{Error, Handle};
use p2p_comm_media as media;
use p2p_comm_model::{AudioSettings, CallPhase, Code, Content, Host, Name, PeerAddress, PeerId, Sender};
use p2p_comm_net::Config;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use tokio::task::JoinSet;

const NAME: &str = "Echo";

/// The running second node, and its entry on our list. Dropping it ends the node.
pub(crate) struct EchoNode {
    peer: PeerId,
    _tasks: JoinSet<()>,
}

/// Accepts every request, now and later, until the engine ends.
pub async fn accept_everyone(handle: Handle) -> Result<(), Error> {
    let mut changes = handle.changes().await?;
    loop {
        for request in handle.requests().await? {
            // Not found: somebody else has answered it in between.
            if let Err(error) = handle.accept_request(request.id).await
                && error.code != Code::NotFound
            {
                tracing::warn!(%error, "a request could not be accepted");
            }
        }
        while !changes.next().await.requests {}
    }
}

pub(crate) async fn start(handle: &Handle) -> Result<PeerId, Error> {
    let prepared = handle.call(|actor| {
        if let Some(echo) = &actor.echo {
            return Ok(Prepared::Running(echo.peer));
        }
        let online = actor.online().ok_or(Code::NotConnected)?;
        Ok::<_, Code>(Prepared::New(
            Engine::spawn(Options::default().with_sound(media::device::echo())),
            online.kdf.password().clone(),
        ))
    });
    let (echo, password) = match prepared.await?? {
        Prepared::Running(peer) => return Ok(peer),
        Prepared::New(echo, password) => (echo, password),
    };
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
    echo.connect(NAME, password, Config { bind: Some(loopback), ..Config::default() }).await?;
    echo.set_audio_settings(AudioSettings::unprocessed()).await?;
    let port = echo.status().await?.port.ok_or(Code::Internal)?;
    let address = PeerAddress { host: Host::Ip(loopback), port };
    let peer = handle.call(move |actor| {
        let peer = actor.node.add_echo(actor.now(), Name::parse(NAME).map_err(|_| Code::Internal)?, address)?;
        let mut tasks = JoinSet::new();
        let accepting = echo.clone();
        tasks.spawn(async move {
            let _ = accept_everyone(accepting).await;
        });
        let answering = echo.clone();
        tasks.spawn(async move {
            let _ = answer_everyone(answering).await;
        });
        tasks.spawn(async move {
            let _ = answer_calls(echo).await;
        });
        actor.echo = Some(EchoNode { peer, _tasks: tasks });
        actor.changes.status();
        Ok::<_, Code>(peer)
    });
    Ok(peer.await??)
}

enum Prepared {
    Running(PeerId),
    New(Handle, p2p_comm_crypto::Password),
}

impl Actor {
    /// Ends the second node, if it runs.
    pub(crate) fn stop_echo(&mut self) {
        if let Some(echo) = self.echo.take() {
            let _ = self.node.remove_peer(self.now(), echo.peer);
            self.changes.status();
        }
    }
}

/// Answers every call, until the engine ends.
pub async fn answer_calls(handle: Handle) -> Result<(), Error> {
    let mut changes = handle.changes().await?;
    loop {
        if let Some(call) = handle.current_call().await?.filter(|call| call.phase == CallPhase::Incoming)
            && let Err(error) = handle.accept_call(call.number).await
            && error.code != Code::NoCall
        {
            tracing::warn!(%error, "a call could not be answered");
        }
        while !changes.next().await.call {}
    }
}

/// Sends back every text and link that comes in, until the engine ends.
pub async fn answer_everyone(echo: Handle) -> Result<(), Error> {
    let mut changes = echo.changes().await?;
    let mut answered: BTreeMap<PeerId, u64> = BTreeMap::new();
    loop {
        for change in changes.next().await.conversations {
            let next = answered.entry(change.peer).or_default();
            loop {
                let page = echo.page_from(change.peer, *next).await?;
                let Some(last) = page.lines.last() else { break };
                *next = last.seq + 1;
                for line in page.lines.into_iter().filter(|line| line.sender == Sender::Them) {
                    let sent = match line.content {
                        Content::Text { text } => echo.send_text(change.peer, text.as_str()).await,
                        Content::Link { url, .. } => echo.send_link(change.peer, url.as_str()).await,
                        Content::Call { .. }
                        | Content::Notice { .. }
                        | Content::Vanishing { .. }
                        | Content::Unknown => continue,
                    };
                    if let Err(error) = sent {
                        tracing::debug!(%error, "echo could not answer");
                    }
                }
                echo.mark_read(change.peer).await?;
            }
        }
    }
}
