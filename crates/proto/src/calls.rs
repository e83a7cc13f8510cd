use crate::call::{Call, Due, reason};
use crate::wire::{CallState, EndReason, Signal};
use p2p_comm_model::{CallEnd, CallId, CallNumber, Code, PeerId};
use past::Past;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

mod past;

/// The one call that there can be, and what is remembered of calls that are over.
///
/// Each side says how it stands in the call ([`Signal`]): when that changes, on each new connection, and every few
/// seconds. So nothing hangs on one signal: whoever is behind hears it again, and whoever is in a call that the other
/// side has left is told so. States only go forward (offer, ringing, active, ended), so order does not matter either.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    call: Option<Call>,
    begun: u32,
    past: BTreeMap<PeerId, Past>,
    actions: VecDeque<Action>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Tell the peer, if there is a connection.
    Say(PeerId, Signal),
    /// Reach the peer, although a connection to it is open.
    Dial(PeerId),
    /// That is not needed any more.
    Rest(PeerId),
    /// The call began, changed or ended.
    Changed,
    /// A call is over.
    Ended { peer: PeerId, number: CallNumber, outgoing: bool, end: CallEnd, seconds: Option<u32> },
}

impl Calls {
    pub(crate) fn current(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    /// Calls of a peer that are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self, peer: PeerId) -> usize {
        self.past.get(&peer).map_or(0, Past::len)
    }

    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`Calls::timeout`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.call.as_ref().map(Call::deadline)
    }

    /// Whether to dial this peer although a connection to it is open.
    pub(crate) fn wants_dial(&self, peer: PeerId) -> bool {
        self.call.as_ref().is_some_and(|call| call.peer == peer && call.is_dialing())
    }

    /// The person calls. To call whoever calls is to accept.
    pub(crate) fn start(&mut self, now: Instant, peer: PeerId, id: CallId) -> Result<CallNumber, Code> {
        match &self.call {
            Some(call) if call.peer == peer && call.standing() == CallState::Ringing => {
                let number = call.number;
                self.accept(now, number).map(|()| number)
            }
            Some(_) => Err(Code::InCall),
            None => {
                let number = self.number();
                self.call = Some(Call::start(now, number, peer, id));
                self.state();
                self.actions.push_back(Action::Changed);
                Ok(number)
            }
        }
    }

    /// The person accepts. Accepting twice changes nothing.
    pub(crate) fn accept(&mut self, now: Instant, number: CallNumber) -> Result<(), Code> {
        let call = self.call.as_mut().filter(|call| call.number == number).ok_or(Code::NoCall)?;
        match call.standing() {
            CallState::Ringing => self.accepted(now),
            CallState::Active => {}
            CallState::Offer | CallState::Ended | CallState::Unknown => return Err(Code::NoCall),
        }
        Ok(())
    }

    /// The person does not want to talk.
    pub(crate) fn reject(&mut self, now: Instant, number: CallNumber) -> Result<(), Code> {
        let rings = |call: &&Call| call.number == number && call.standing() == CallState::Ringing;
        self.call.as_ref().filter(rings).ok_or(Code::NoCall)?;
        self.end(now, number)
    }

    /// The person ends it, however far it is.
    pub(crate) fn end(&mut self, now: Instant, number: CallNumber) -> Result<(), Code> {
        let call = self.call.as_ref().filter(|call| call.number == number).ok_or(Code::NoCall)?;
        let end = call.end_by_person();
        self.finish(now, end);
        Ok(())
    }

    /// A peer says how it stands in a call. `wins`: its offer counts more than ours, if both call at once.
    pub(crate) fn signal(&mut self, now: Instant, peer: PeerId, wins: bool, signal: &Signal) {
        let Signal { call: id, state, reason, .. } = *signal;
        if let Some(call) = self.call.as_mut().filter(|call| call.peer == peer) {
            if call.heard(now) {
                self.actions.push_back(Action::Rest(peer));
            }
            if call.id == id {
                return self.of_call(now, state, reason.unwrap_or(EndReason::Unknown));
            }
        }
        match (state, self.over(peer, id)) {
            // Also of a call that has not arrived yet: it is not to ring any more.
            (CallState::Ended, None) => self.remember(peer, id, reason.unwrap_or(EndReason::Unknown)),
            (CallState::Ended, Some(_)) | (CallState::Unknown, _) => {}
            (_, Some(reason)) => self.say(peer, Signal::ended(id, reason)),
            (CallState::Offer, None) => self.offered(now, peer, wins, id),
            (CallState::Ringing | CallState::Active, None) => self.say(peer, Signal::ended(id, EndReason::Unknown)),
        }
    }

    /// There is a connection to this peer on which both may speak, perhaps another one than before.
    pub(crate) fn linked(&mut self, now: Instant, peer: PeerId) {
        if let Some(call) = self.with(peer) {
            call.linked(now);
            self.state();
        }
    }

    /// There is none, or nothing came over it for 10 s.
    pub(crate) fn lost(&mut self, now: Instant, peer: PeerId) {
        self.change(peer, |call| call.lost(now));
    }

    /// The peer said goodbye: it disconnected, or wants no more of us.
    pub(crate) fn goodbye(&mut self, now: Instant, peer: PeerId) {
        let Some(call) = self.with(peer) else { return };
        match call.standing() {
            CallState::Offer => self.lost(now, peer),
            _ => {
                let end = call.end_for(EndReason::HungUp);
                self.finish(now, end);
            }
        }
    }

    /// Another device is this peer from now on.
    pub(crate) fn rebound(&mut self, now: Instant, peer: PeerId) {
        let Some(call) = self.with(peer) else { return };
        match call.standing() {
            CallState::Offer => self.change(peer, |call| call.lost(now)),
            _ => {
                let end = call.end_for(EndReason::Unknown);
                self.finish(now, end);
            }
        }
    }

    /// There is no connection to the peer, and none is looked for.
    pub(crate) fn unreachable(&mut self, now: Instant, peer: PeerId) {
        if self.with(peer).is_some_and(|call| call.standing() == CallState::Offer) {
            self.finish(now, CallEnd::Unreachable);
        }
    }

    /// The peer's app cannot take calls.
    pub(crate) fn unsupported(&mut self, now: Instant, peer: PeerId) {
        if self.with(peer).is_some_and(|call| call.standing() == CallState::Offer) {
            self.finish(now, CallEnd::Unsupported);
        }
    }

    /// Disconnect, or the peer is removed or blocked.
    pub(crate) fn stop(&mut self, now: Instant, peer: Option<PeerId>) {
        if self.call.as_ref().is_some_and(|call| peer.is_none_or(|peer| call.peer == peer)) {
            self.finish(now, CallEnd::Stopped);
        }
        match peer {
            Some(peer) => drop(self.past.remove(&peer)),
            None => self.past.clear(),
        }
    }

    /// The engine: no voice came from this peer for 2 s.
    pub(crate) fn voice_quiet(&mut self, now: Instant, peer: PeerId) {
        self.change(peer, |call| call.voice_quiet(now));
    }

    /// The engine: voice comes from this peer again.
    pub(crate) fn voice_heard(&mut self, peer: PeerId) {
        let mut rest = false;
        self.change(peer, |call| rest = call.voice_heard());
        if rest {
            self.actions.push_back(Action::Rest(peer));
        }
    }

    /// Time passed.
    pub(crate) fn timeout(&mut self, now: Instant) {
        while let Some(call) = &mut self.call {
            let peer = call.peer;
            match call.due(now) {
                Some(Due::End(end)) => self.finish(now, end),
                Some(Due::Repeat) => self.state(),
                Some(Due::Show) => self.actions.push_back(Action::Changed),
                Some(Due::Dial) => self.actions.push_back(Action::Dial(peer)),
                None => return,
            }
        }
    }

    /// The peer says how it stands in the call that we are in, too.
    fn of_call(&mut self, now: Instant, state: CallState, reason: EndReason) {
        let Some(call) = &mut self.call else { return };
        match (state, call.standing()) {
            (CallState::Ended, _) => {
                let end = call.end_for(reason);
                self.over_for_both(now, end, reason);
            }
            // It is behind: said again, or sent before it heard of us.
            (CallState::Offer, CallState::Ringing | CallState::Active) => self.state(),
            (CallState::Ringing, CallState::Offer) => {
                let peer = call.peer;
                self.change(peer, |call| call.rings(now));
            }
            (CallState::Active, CallState::Offer) => self.accepted(now),
            // As it should be; or nonsense, which opens no microphone.
            _ => {}
        }
    }

    /// An offer of a call that we have not heard of.
    fn offered(&mut self, now: Instant, peer: PeerId, wins: bool, id: CallId) {
        let Some(call) = self.call.as_mut().filter(|call| call.peer == peer) else {
            return self.new_call(now, peer, id);
        };
        if call.standing() == CallState::Offer && wins {
            // Glare: both called. One of the two offers is enough, and nobody has to be asked.
            call.id = id;
            self.accepted(now);
        } else {
            // Ours wins, or their offer comes late, or they have left the call that we are in: what we are in shows it.
            self.state();
        }
    }

    fn new_call(&mut self, now: Instant, peer: PeerId, id: CallId) {
        if !self.past.entry(peer).or_default().admits(now) {
            return self.say(peer, Signal::ended(id, EndReason::Busy));
        }
        let number = self.number();
        if self.call.is_some() {
            self.remember(peer, id, EndReason::Busy);
            self.say(peer, Signal::ended(id, EndReason::Busy));
            let (outgoing, end, seconds) = (false, CallEnd::Busy, None);
            return self.actions.push_back(Action::Ended { peer, number, outgoing, end, seconds });
        }
        self.call = Some(Call::ring(now, number, peer, id));
        self.state();
        self.actions.push_back(Action::Changed);
    }

    fn accepted(&mut self, now: Instant) {
        if let Some(call) = &mut self.call {
            call.accept(now);
            self.state();
            self.actions.push_back(Action::Changed);
        }
    }

    /// Ends the call and tells the peer.
    fn finish(&mut self, now: Instant, end: CallEnd) {
        let Some(call) = &self.call else { return };
        let reason = reason(end, call.standing());
        // Who is removed or blocked while calling sees us vanish, as with everything else.
        if (end, call.standing()) != (CallEnd::Stopped, CallState::Ringing) {
            self.say(call.peer, Signal::ended(call.id, reason));
        }
        self.over_for_both(now, end, reason);
    }

    fn over_for_both(&mut self, now: Instant, end: CallEnd, reason: EndReason) {
        let Some(call) = self.call.take() else { return };
        let Call { peer, number, outgoing, .. } = call;
        self.remember(peer, call.id, reason);
        if call.is_dialing() {
            self.actions.push_back(Action::Rest(peer));
        }
        self.actions.push_back(Action::Ended { peer, number, outgoing, end, seconds: call.seconds(now, end) });
        self.actions.push_back(Action::Changed);
    }

    /// Says how we stand.
    fn state(&mut self) {
        if let Some(call) = &self.call {
            self.say(call.peer, Signal::new(call.id, call.standing()));
        }
    }

    fn say(&mut self, peer: PeerId, signal: Signal) {
        self.actions.push_back(Action::Say(peer, signal));
    }

    fn with(&mut self, peer: PeerId) -> Option<&mut Call> {
        self.call.as_mut().filter(|call| call.peer == peer)
    }

    fn change(&mut self, peer: PeerId, change: impl FnOnce(&mut Call)) {
        let Some(call) = self.with(peer) else { return };
        let before = call.phase();
        change(call);
        if call.phase() != before {
            self.actions.push_back(Action::Changed);
        }
    }

    fn number(&mut self) -> CallNumber {
        self.begun = self.begun.saturating_add(1);
        CallNumber(self.begun)
    }

    fn over(&self, peer: PeerId, id: CallId) -> Option<EndReason> {
        self.past.get(&peer).and_then(|past| past.over(id))
    }

    fn remember(&mut self, peer: PeerId, id: CallId, reason: EndReason) {
        self.past.entry(peer).or_default().remember(id, reason);
    }
}
