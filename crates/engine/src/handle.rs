use crate::actor::{Actor, Command};
use crate::changes::ChangesReceiver;
use crate::conversation::Ask;
use crate::keep::blocking;
use crate::{Error, echo};
use p2p_comm_crypto::Password;
use p2p_comm_model::{
    AudioDevices, AudioSettings, CallNumber, CallSnapshot, Code, Content, Link, MicTest, Name, NodeStatus, Page,
    PeerAddress, PeerId, PeerSnapshot, RequestId, RequestSnapshot, Text, VoiceStats, limits,
};
use p2p_comm_net::Config;
use std::sync::PoisonError;
use tokio::sync::{mpsc, oneshot, watch};

/// The way to a running engine, for every shell. Cheap to clone; the engine ends with the last one.
#[derive(Clone)]
pub struct Handle(mpsc::Sender<Command>);

/// A message on its way.
pub struct Receipt {
    counter: u64,
    acked: watch::Receiver<u64>,
}

impl Receipt {
    /// Waits until the peer's app has acknowledged the message; an error if the conversation ends first.
    pub async fn delivered(mut self) -> Result<(), Error> {
        let counter = self.counter;
        self.acked.wait_for(|acked| *acked >= counter).await.map(|_| ()).map_err(|_| Code::NotFound.into())
    }
}

impl Handle {
    pub(crate) fn new(commands: mpsc::Sender<Command>) -> Self {
        Self(commands)
    }

    /// Runs something inside the actor.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Actor) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let command: Command = Box::new(move |actor| {
            let _ = reply.send(command(actor));
        });
        self.0.send(command).await.map_err(|_| Error::stopped())?;
        answer.await.map_err(|_| Error::stopped())
    }

    pub(crate) async fn try_call<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Actor) -> Result<T, Code> + Send + 'static,
    ) -> Result<T, Error> {
        self.call(command).await?.map_err(Error::from)
    }

    /// Begins a session: derives the key, opens the socket, dials everybody on the list.
    pub async fn connect(&self, name: &str, password: Password, config: Config) -> Result<(), Error> {
        let name = Name::parse(name)?;
        let (reply, answer) = oneshot::channel();
        self.call(move |actor| actor.connect(name, password, config, reply)).await?;
        answer.await.unwrap_or_else(|_| Err(Code::NotConnected.into()))
    }

    /// Ends the session and waits until everybody was told, a second at most. The peer list and the conversations stay in
    /// memory.
    pub async fn disconnect(&self) -> Result<(), Error> {
        self.call(Actor::disconnect).await?.done().await;
        Ok(())
    }

    /// Follows what changes; everything that changed before is not in it.
    pub async fn changes(&self) -> Result<ChangesReceiver, Error> {
        self.call(|actor| actor.changes.subscribe()).await
    }

    /// What the status bar shows.
    pub async fn status(&self) -> Result<NodeStatus, Error> {
        self.call(|actor| actor.status()).await
    }

    /// The peer list: who is pinned first, each group in the order of adding.
    pub async fn peers(&self) -> Result<Vec<PeerSnapshot>, Error> {
        self.call(|actor| actor.peers()).await
    }

    /// Requests that wait for an answer, oldest first.
    pub async fn requests(&self) -> Result<Vec<RequestSnapshot>, Error> {
        self.call(|actor| actor.requests()).await
    }

    /// Adds somebody and dials all their addresses, 1 to [`crate::limits::INVITED`]; the first is the one shown. Addresses that
    /// are on the list already are left out; fails with [`Code::DuplicatePeer`] if that leaves none.
    pub async fn add_peer(&self, label: &str, addresses: Vec<PeerAddress>) -> Result<PeerId, Error> {
        let label = Name::parse(label)?;
        self.try_call(move |actor| actor.node.add_peer(actor.now(), label, addresses)).await
    }

    /// Calls somebody by another name, on this computer only.
    pub async fn rename_peer(&self, peer: PeerId, label: &str) -> Result<(), Error> {
        let label = Name::parse(label)?;
        self.try_call(move |actor| actor.node.rename_peer(peer, label)).await
    }

    /// Lets somebody ring, pop up and notify, or not.
    pub async fn set_peer_muted(&self, peer: PeerId, muted: bool) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_peer_muted(peer, muted)).await
    }

    /// Puts somebody before those who are not pinned, or back among them.
    pub async fn set_peer_pinned(&self, peer: PeerId, pinned: bool) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_peer_pinned(peer, pinned)).await
    }

    /// The four words of the connection to this peer, which it sees as well; none while it is not [`p2p_comm_model::PeerState::Connected`].
    pub async fn phrase(&self, peer: PeerId) -> Result<Option<String>, Error> {
        self.call(move |actor| actor.node.phrase(peer).map(|phrase| phrase.as_str().to_owned())).await
    }

    /// Marks the device of this peer as verified, with the words that were `compared`, or takes the mark back. Fails with
    /// [`Code::WordsChanged`] unless these are the words of the connection there is.
    pub async fn set_verified(&self, peer: PeerId, compared: Option<String>) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.set_verified(peer, compared.as_deref())).await
    }

    /// Keeps what is written and not sent; empty: nothing. At most [`crate::limits::TEXT`] bytes.
    pub async fn set_draft(&self, peer: PeerId, text: &str) -> Result<(), Error> {
        let text = text.to_owned();
        self.try_call(move |actor| actor.set_draft(peer, text)).await
    }

    /// What was kept of it.
    pub async fn draft(&self, peer: PeerId) -> Result<String, Error> {
        self.try_call(move |actor| actor.draft(peer)).await
    }

    /// My own invite, for others to paste ([`p2p_comm_model::Invite`]).
    pub async fn invite(&self) -> Result<String, Error> {
        self.try_call(|actor| actor.invite()).await
    }

    /// Lets nothing ring, pop up or notify, or all of it again. Also while offline.
    pub async fn set_do_not_disturb(&self, on: bool) -> Result<(), Error> {
        self.call(move |actor| actor.set_do_not_disturb(on)).await
    }

    /// Another program fills the screen and nothing may disturb meanwhile, or it does so no more. Also while offline.
    pub async fn set_full_screen(&self, on: bool) -> Result<(), Error> {
        self.call(move |actor| actor.set_full_screen(on)).await
    }

    /// Asks the router to let others in while connected, or takes that back. Off at first.
    pub async fn set_port_mapping(&self, on: bool) -> Result<(), Error> {
        self.call(move |actor| actor.set_port_mapping(on)).await
    }

    /// Takes somebody off the list, silently.
    pub async fn remove_peer(&self, peer: PeerId) -> Result<(), Error> {
        self.try_call(move |actor| {
            actor.node.remove_peer(actor.now(), peer)?;
            actor.forget_removed();
            Ok(())
        })
        .await
    }

    /// Takes a removal back, conversation included.
    pub async fn restore_peer(&self, peer: PeerId) -> Result<(), Error> {
        self.try_call(move |actor| {
            actor.node.restore_peer(actor.now(), peer)?;
            // The person may have begun to be remembered meanwhile, or chosen something else for all.
            actor.keep_all(peer);
            Ok(())
        })
        .await
    }

    /// Cuts somebody off, silently.
    pub async fn block_peer(&self, peer: PeerId) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.block_peer(actor.now(), peer)).await
    }

    /// Takes a block back.
    pub async fn unblock_peer(&self, peer: PeerId) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.unblock_peer(actor.now(), peer)).await
    }

    /// Dials again now, also where dialling had stopped.
    pub async fn retry_peer(&self, peer: PeerId) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.retry_peer(actor.now(), peer)).await
    }

    /// Accepts a request; gives the new entry.
    pub async fn accept_request(&self, request: RequestId) -> Result<PeerId, Error> {
        self.try_call(move |actor| actor.node.accept_request(actor.now(), request)).await
    }

    /// Drops a request, silently, and later ones of the same device or address.
    pub async fn ignore_request(&self, request: RequestId) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.ignore_request(actor.now(), request)).await
    }

    /// Drops a request, silently, and later ones of the same device or host.
    pub async fn block_request(&self, request: RequestId) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.block_request(actor.now(), request)).await
    }

    /// Shows or hides requests of people who are not on the list.
    pub async fn allow_requests(&self, allowed: bool) -> Result<(), Error> {
        self.call(move |actor| {
            actor.node.allow_requests(actor.now(), allowed);
            actor.changes.status();
        })
        .await
    }

    /// Sends a text; it waits in memory until the peer is there.
    pub async fn send_text(&self, peer: PeerId, text: &str) -> Result<Receipt, Error> {
        self.send(peer, Text::parse(text)?.into()).await
    }

    /// Sends a link.
    pub async fn send_link(&self, peer: PeerId, url: &str) -> Result<Receipt, Error> {
        self.send(peer, Link::from_typed(url)?.into()).await
    }

    async fn send(&self, peer: PeerId, content: Content) -> Result<Receipt, Error> {
        self.try_call(move |actor| {
            let counter = actor.send(peer, content)?;
            let acked = actor.acked(peer).ok_or(Code::NotFound)?;
            Ok(Receipt { counter, acked })
        })
        .await
    }

    /// Up to 200 lines that end just before line `before`, or at the newest.
    pub async fn page(&self, peer: PeerId, before: Option<u64>) -> Result<Page, Error> {
        self.read_page(peer, Ask::Before(before, limits::PAGE)).await
    }

    /// Up to 200 lines from line `from` on. Lines that disappeared leave gaps in their numbers.
    pub async fn page_from(&self, peer: PeerId, from: u64) -> Result<Page, Error> {
        self.read_page(peer, Ask::From(from, limits::PAGE)).await
    }

    async fn read_page(&self, peer: PeerId, ask: Ask) -> Result<Page, Error> {
        let (plan, reader) = self.try_call(move |actor| actor.plan(peer, ask).ok_or(Code::NotFound)).await?;
        match (plan.ready(), reader) {
            (Ok(page), _) => Ok(page),
            (Err(_), None) => Err(Code::StoreGone.into()),
            (Err(plan), Some(reader)) => {
                blocking(move || Ok(plan.read(&reader.lock().unwrap_or_else(PoisonError::into_inner))?)).await
            }
        }
    }

    /// Marks a conversation as read.
    pub async fn mark_read(&self, peer: PeerId) -> Result<(), Error> {
        self.try_call(move |actor| actor.mark_read(peer).ok_or(Code::NotFound)).await
    }

    /// Calls somebody.
    pub async fn start_call(&self, peer: PeerId) -> Result<CallNumber, Error> {
        self.try_call(move |actor| actor.node.start_call(actor.now(), peer)).await
    }

    /// Accepts the call that rings here.
    pub async fn accept_call(&self, call: CallNumber) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.accept_call(actor.now(), call)).await
    }

    /// Rejects the call that rings here.
    pub async fn reject_call(&self, call: CallNumber) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.reject_call(actor.now(), call)).await
    }

    /// Hangs up, or gives up calling.
    pub async fn end_call(&self, call: CallNumber) -> Result<(), Error> {
        self.try_call(move |actor| actor.node.end_call(actor.now(), call)).await
    }

    /// The call there is.
    pub async fn current_call(&self) -> Result<Option<CallSnapshot>, Error> {
        self.call(|actor| actor.current_call()).await
    }

    /// What is measured of it.
    pub async fn voice_stats(&self) -> Result<Option<VoiceStats>, Error> {
        self.call(Actor::voice_stats).await
    }

    /// How long the packets of this call waited between the voice thread and QUIC: `share` (0 to 1) of them no longer,
    /// µs.
    pub async fn voice_wait_us(&self, share: f64) -> Result<Option<f64>, Error> {
        self.call(move |actor| actor.voice_wait_us(share)).await
    }

    /// Mutes the microphone of the call.
    pub async fn set_muted(&self, muted: bool) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_muted(muted)).await
    }

    /// Plays nothing of the call.
    pub async fn set_deafened(&self, deafened: bool) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_deafened(deafened)).await
    }

    /// The key of [`p2p_comm_model::Transmit::PushToTalk`] went down or up.
    pub async fn push_to_talk(&self, down: bool) -> Result<(), Error> {
        self.call(move |actor| actor.push_to_talk(down)).await
    }

    /// How sound is taken, sent and played.
    pub async fn audio_settings(&self) -> Result<AudioSettings, Error> {
        self.call(|actor| actor.audio_settings()).await
    }

    /// Changes that, in a running call, too. Numbers out of range are brought into it.
    pub async fn set_audio_settings(&self, settings: AudioSettings) -> Result<(), Error> {
        self.call(move |actor| actor.set_audio_settings(settings)).await
    }

    /// How much louder somebody is played, dB (-40 to 20).
    pub async fn set_peer_gain(&self, peer: PeerId, gain_db: f32) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_peer_gain(peer, gain_db)).await
    }

    /// The sound devices of this computer.
    pub async fn audio_devices(&self) -> Result<AudioDevices, Error> {
        let sound = self.call(|actor| actor.options.sound.clone()).await?;
        // Asking the sound server may take a while.
        tokio::task::spawn_blocking(move || sound.devices()).await.map_err(|_| Code::Internal.into())
    }

    /// Opens microphone and speaker and records; starts over if it was recording or playing. Not in a call.
    pub async fn start_mic_test(&self) -> Result<(), Error> {
        self.try_call(Actor::start_mic_test).await
    }

    /// Plays what was recorded.
    pub async fn play_mic_test(&self) -> Result<(), Error> {
        self.call(|actor| actor.play_mic_test()).await
    }

    /// Closes both and forgets the recording.
    pub async fn stop_mic_test(&self) -> Result<(), Error> {
        self.call(Actor::stop_mic_test).await
    }

    /// How the microphone test goes, while there is one.
    pub async fn mic_test(&self) -> Result<Option<MicTest>, Error> {
        self.call(|actor| actor.mic_test()).await
    }

    /// Starts the built-in second node and adds it as a peer.
    pub async fn start_echo(&self) -> Result<PeerId, Error> {
        echo::start(self).await
    }

    /// Stops the built-in second node and takes it off the list.
    pub async fn stop_echo(&self) -> Result<(), Error> {
        self.call(Actor::stop_echo).await
    }
}
