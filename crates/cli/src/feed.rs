use crate::event::{Event, name_of};
use crate::failure::Failure;
use crate::output::Output;
use p2p_comm_engine::{
    CallPhase, CallRecord, CallSnapshot, Changes, ChangesReceiver, Content, Error, FailedCaller, Handle, PeerId,
    PeerSnapshot, PeerState, PortMapping, RequestId, Sender,
};
use std::collections::{BTreeMap, BTreeSet};

/// Reads what changed in the engine and prints each thing once.
pub(crate) struct Feed {
    handle: Handle,
    changes: ChangesReceiver,
    peers: BTreeMap<PeerId, PeerSnapshot>,
    /// The words that were told of each connection.
    phrases: BTreeMap<PeerId, String>,
    requests: BTreeSet<RequestId>,
    failed: Vec<FailedCaller>,
    /// What was told of the router, IPv4 and IPv6.
    router: (PortMapping, Option<String>),
    /// The first line of each conversation that was not printed yet.
    next: BTreeMap<PeerId, u64>,
    /// The call as it was last shown.
    call: Option<CallSnapshot>,
    /// The call that ended last; taken by whoever waits for it.
    pub(crate) ended: Option<CallRecord>,
}

impl Feed {
    pub(crate) async fn new(handle: &Handle) -> Result<Self, Error> {
        let changes = handle.changes().await?;
        let (peers, phrases, requests, failed, router, mut next) = <(_, _, _, _, _, BTreeMap<_, _>)>::default();
        // What is kept of before was printed then.
        for peer in handle.peers().await? {
            next.insert(peer.id, handle.page(peer.id, None).await?.end);
        }
        let handle = handle.clone();
        Ok(Self { handle, changes, peers, phrases, requests, failed, router, next, call: None, ended: None })
    }

    /// Waits until something changed. Cancel safe.
    pub(crate) async fn changed(&mut self) -> Changes {
        self.changes.next().await
    }

    /// Prints what changed.
    pub(crate) async fn show(&mut self, changes: Changes, out: &mut Output) -> Result<(), Failure> {
        if changes.status {
            self.show_status(out).await?;
        }
        if changes.requests {
            self.show_requests(out).await?;
        }
        if changes.peers {
            self.show_peers(out).await?;
        }
        if changes.call {
            self.show_call(out).await?;
        }
        for change in changes.conversations {
            self.show_lines(change.peer, out).await?;
        }
        out.flush().await
    }

    /// Prints what is measured of the call.
    pub(crate) async fn show_voice(&self, out: &mut Output) -> Result<(), Failure> {
        let accepted = |call: &CallSnapshot| matches!(call.phase, CallPhase::Active | CallPhase::Reconnecting);
        if !self.call.as_ref().is_some_and(accepted) {
            return Ok(());
        }
        if let Some(stats) = self.handle.voice_stats().await? {
            out.put(&Event::Voice(&stats));
        }
        out.flush().await
    }

    async fn show_call(&mut self, out: &mut Output) -> Result<(), Failure> {
        let call = self.handle.current_call().await?;
        if let Some(now) = &call {
            let before = self.call.as_ref().filter(|before| before.number == now.number);
            let name = self.peers.get(&now.peer).map_or("", name_of);
            if before.is_none_or(|before| before.phase != now.phase) {
                out.put(&Event::Call { call: now, name });
            }
            if before.is_none_or(|before| before.hearing != now.hearing) {
                out.put(&Event::Hearing { call: now, name });
            }
            if before.is_none_or(|before| (&before.microphone, &before.speaker) != (&now.microphone, &now.speaker)) {
                out.put(&Event::Devices(now));
            }
        }
        self.call = call;
        Ok(())
    }

    /// How it stood with a peer when it was last shown.
    pub(crate) fn state(&self, peer: PeerId) -> PeerState {
        self.peers.get(&peer).map_or(PeerState::Offline, |peer| peer.state)
    }

    async fn show_status(&mut self, out: &mut Output) -> Result<(), Failure> {
        let status = self.handle.status().await?;
        let router = (status.mapping.clone(), status.pinhole.clone());
        if router != self.router {
            out.put(&Event::Router(&status));
            self.router = router;
        }
        let callers = status.failed_callers;
        for caller in callers.iter().rev().filter(|caller| !self.failed.contains(caller)) {
            out.put(&Event::FailedCall(caller));
        }
        self.failed = callers;
        Ok(())
    }

    async fn show_requests(&mut self, out: &mut Output) -> Result<(), Failure> {
        let requests = self.handle.requests().await?;
        for request in requests.iter().filter(|request| !self.requests.contains(&request.id)) {
            out.put(&Event::Request(request));
        }
        self.requests = requests.into_iter().map(|request| request.id).collect();
        Ok(())
    }

    async fn show_peers(&mut self, out: &mut Output) -> Result<(), Failure> {
        let peers = self.handle.peers().await?;
        for peer in &peers {
            if self.peers.get(&peer.id).is_none_or(|before| differs(before, peer)) {
                out.put(&Event::Peer(peer));
            }
            // Whoever compares them wants to know with whom: a moment later they have told.
            let known = !peer.echo && peer.name.is_some();
            let words = if known { self.handle.phrase(peer.id).await? } else { None };
            if let Some(words) = words
                && self.phrases.get(&peer.id) != Some(&words)
            {
                out.put(&Event::Phrase { peer: peer.id, name: name_of(peer), words: &words });
                self.phrases.insert(peer.id, words);
            }
        }
        self.peers = peers.into_iter().map(|peer| (peer.id, peer)).collect();
        Ok(())
    }

    async fn show_lines(&mut self, peer: PeerId, out: &mut Output) -> Result<(), Failure> {
        loop {
            let next = self.next.entry(peer).or_default();
            let page = self.handle.page_from(peer, *next).await?;
            let Some(last) = page.lines.last() else { return Ok(()) };
            *next = last.seq + 1;
            let name = self.peers.get(&peer).map_or("", name_of);
            for line in &page.lines {
                match (&line.sender, &line.content) {
                    (Sender::App, Content::Notice { notice }) => {
                        out.put(&Event::Notice { peer, name, notice: *notice });
                    }
                    (_, Content::Call { call: record }) => {
                        let outgoing = line.sender == Sender::Me;
                        out.put(&Event::CallEnded { peer, name, outgoing, record: *record });
                        self.ended = Some(*record);
                    }
                    (Sender::Them, _) => out.put(&Event::Message { peer, name, line }),
                    (Sender::App | Sender::Me, _) => {}
                }
            }
            // Page by page, so that much does not pile up here.
            out.flush().await?;
            // What was printed was read; of somebody who was removed meanwhile nothing is left to be read.
            let _ = self.handle.mark_read(peer).await;
        }
    }
}

/// Whether it is worth telling: the time of the next attempt alone is not.
fn differs(before: &PeerSnapshot, now: &PeerSnapshot) -> bool {
    let state = match (before.state, now.state) {
        (PeerState::Failed { code: before, .. }, PeerState::Failed { code: now, .. }) => before != now,
        (before, now) => before != now,
    };
    state || before.name != now.name || before.label != now.label
}
