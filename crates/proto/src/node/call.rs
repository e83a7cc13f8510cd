//! The call, joined to the connections under it.

use crate::calls::Action;
use crate::node::{ConnId, Event, Node, Timer};
use crate::session::{CALL, Close};
use crate::wire::Signal;
use p2p_comm_crypto::{Opener, Sealer, Voice};
use p2p_comm_model::{CallId, CallNumber, CallPhase, Code, PeerId};
use rand::RngExt as _;
use std::time::Instant;

/// The call there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallView {
    /// Names it in commands.
    pub number: CallNumber,
    /// Names it in voice packets. Two who call each other at once begin with one each: it may change until the call is
    /// accepted.
    pub id: CallId,
    /// With whom.
    pub peer: PeerId,
    /// Whether we called.
    pub outgoing: bool,
    /// How far it is.
    pub phase: CallPhase,
    /// The connection that our voice goes over now; none before the call is accepted and while there is none. Theirs
    /// may come over any connection of the peer.
    pub conn: Option<ConnId>,
    /// When it began.
    pub started: Instant,
    /// When it was accepted.
    pub accepted: Option<Instant>,
}

impl Node {
    /// The call there is. At most one.
    pub fn call(&self) -> Option<CallView> {
        let call = self.calls.current()?;
        let accepted = call.accepted();
        let conn = accepted.and_then(|_| self.entries.get(&call.peer)?.current);
        Some(CallView {
            number: call.number,
            id: call.id,
            peer: call.peer,
            outgoing: call.outgoing,
            phase: call.phase(),
            conn,
            started: call.started,
            accepted,
        })
    }

    /// Calls somebody; looks for them for 45 s. To call whoever is calling us is to accept.
    pub fn start_call(&mut self, now: Instant, peer: PeerId) -> Result<CallNumber, Code> {
        if self.session.is_none() {
            return Err(Code::NotConnected);
        }
        let entry = self.entries.get(&peer).filter(|entry| !entry.blocked).ok_or(Code::NotFound)?;
        let session = entry.current.and_then(|conn| self.sessions.get(&conn));
        if session.and_then(|session| session.lists(CALL)) == Some(false) {
            return Err(Code::CallsUnsupported);
        }
        let alive = session.is_some_and(|session| !session.stale);
        let number = self.calls.start(now, peer, CallId(self.rng.random()))?;
        if !alive {
            self.dial_afresh(now, peer);
        }
        self.call_actions(now);
        Ok(number)
    }

    /// Accepts the call that rings.
    pub fn accept_call(&mut self, now: Instant, number: CallNumber) -> Result<(), Code> {
        let done = self.calls.accept(now, number);
        self.call_actions(now);
        done
    }

    /// Rejects the call that rings.
    pub fn reject_call(&mut self, now: Instant, number: CallNumber) -> Result<(), Code> {
        let done = self.calls.reject(now, number);
        self.call_actions(now);
        done
    }

    /// Ends the call, however far it is.
    pub fn end_call(&mut self, now: Instant, number: CallNumber) -> Result<(), Code> {
        let done = self.calls.end(now, number);
        self.call_actions(now);
        done
    }

    /// What seals and opens the voice datagrams of one connection of a peer on the list.
    pub fn voice_keys(&self, conn: ConnId) -> Option<(Sealer<Voice>, Opener<Voice>)> {
        self.sessions.get(&conn).filter(|session| session.entry.is_some()).map(|session| session.voice())
    }

    /// A peer says how it stands in a call.
    pub(crate) fn call_signal(&mut self, now: Instant, conn: ConnId, signal: &Signal) {
        let Some(session) = self.sessions.get(&conn).filter(|session| session.can_call()) else { return };
        let (Some(peer), Some(theirs), Some(identity)) = (session.entry, session.device(), &self.session) else {
            return;
        };
        let wins = theirs < identity.device.public();
        self.calls.signal(now, peer, wins, signal);
        self.call_actions(now);
    }

    /// The connection to a peer is another one, is ready to be used, fell silent or woke up.
    pub(crate) fn call_link(&mut self, now: Instant, peer: PeerId) {
        let current = self.entries.get(&peer).and_then(|entry| entry.current);
        match current.and_then(|conn| self.sessions.get(&conn)) {
            Some(session) if session.stale => self.calls.lost(now, peer),
            Some(session) => match session.lists(CALL) {
                Some(true) => self.calls.linked(now, peer),
                Some(false) => self.calls.unsupported(now, peer),
                // Until it says whether it has added us, nothing is lost.
                None => {}
            },
            None => self.calls.lost(now, peer),
        }
        self.call_actions(now);
    }

    /// A connection of a peer is gone.
    pub(crate) fn call_closed(&mut self, now: Instant, peer: PeerId, conn: ConnId, reason: Option<Close>) {
        let current = self.entries.get(&peer).is_some_and(|entry| entry.current == Some(conn));
        if current && reason == Some(Close::Bye) {
            self.calls.goodbye(now, peer);
            self.call_actions(now);
        }
    }

    /// Nobody looks for the peer any more.
    pub(crate) fn call_unreachable(&mut self, now: Instant, peer: PeerId) {
        if self.entries.get(&peer).is_some_and(|entry| entry.current.is_none()) {
            self.calls.unreachable(now, peer);
            self.call_actions(now);
        }
    }

    /// Another device is this peer from now on.
    pub(crate) fn call_rebound(&mut self, now: Instant, peer: PeerId) {
        self.calls.rebound(now, peer);
        self.call_actions(now);
    }

    /// The peer is removed or blocked.
    pub(crate) fn call_stop(&mut self, now: Instant, peer: PeerId) {
        self.calls.stop(now, Some(peer));
        self.call_actions(now);
    }

    /// Only the connection that we would use is missed.
    pub(crate) fn voice_quiet(&mut self, now: Instant, conn: ConnId) {
        let peer = self.peer_of(conn);
        let current = peer.and_then(|peer| self.entries.get(&peer)).and_then(|entry| entry.current);
        if let Some(peer) = peer.filter(|_| current == Some(conn)) {
            self.calls.voice_quiet(now, peer);
            self.call_actions(now);
        }
    }

    /// Voice shows that the other side is there, whatever it comes over.
    pub(crate) fn voice_heard(&mut self, now: Instant, conn: ConnId) {
        if let Some(peer) = self.peer_of(conn) {
            self.calls.voice_heard(peer);
            self.call_actions(now);
        }
    }

    pub(crate) fn call_timeout(&mut self, now: Instant) {
        self.calls.timeout(now);
        self.call_actions(now);
    }

    /// Carries out what the call wants, and sets its clock.
    pub(crate) fn call_actions(&mut self, now: Instant) {
        while let Some(action) = self.calls.next_action() {
            match action {
                Action::Say(peer, signal) => {
                    // What finds no connection is said again on the next one.
                    let Some(conn) = self.entries.get(&peer).and_then(|entry| entry.current) else { continue };
                    if let Some(session) = self.sessions.get_mut(&conn).filter(|session| session.can_call()) {
                        session.say_call(signal);
                        self.produce(now, conn);
                    }
                }
                Action::Dial(peer) => self.dial_beside(now, peer),
                Action::Rest(peer) => {
                    if !self.wants_dial(peer) {
                        self.dial_idle(peer);
                    }
                }
                Action::Changed => self.event(Event::Call),
                Action::Ended { peer, number, outgoing, end, seconds } => {
                    self.event(Event::CallEnded { peer, number, outgoing, end, seconds });
                }
            }
        }
        match self.calls.deadline() {
            Some(at) => self.timers.set(Timer::Call, at),
            None => self.timers.stop(Timer::Call),
        }
    }
}
