//! When to try to reach whom.

use crate::node::entry::DialState;
use crate::node::{Attempt, DialFailure, DialPhase, Event, Node, Output, Timer};
use crate::session::Session;
use p2p_comm_model::{Code, Notice, PeerAddress, PeerId};
use rand::RngExt as _;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Attempts begin at least this far apart.
const QUICK: Duration = Duration::from_secs(2);
/// For how long they stay that close after a loss, an addition or an act of the person.
const EAGER: Duration = Duration::from_secs(2 * 60);
/// The longest pause between attempts.
const SLOWEST: Duration = Duration::from_secs(60);
/// Failed pairings in a row after which we stop.
const GUESSES: u8 = 3;

impl Node {
    /// Dials now, quickly for two minutes, and forgets earlier failures.
    pub(crate) fn dial_afresh(&mut self, now: Instant, peer: PeerId) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        entry.dial.eager_until = now.checked_add(EAGER);
        entry.dial.pause = QUICK;
        entry.addresses.iter_mut().for_each(|listed| listed.taken = false);
        if matches!(entry.dial.state, DialState::Running(_)) {
            return;
        }
        entry.dial.guesses = 0;
        self.schedule(now, peer, Duration::ZERO, None);
    }

    /// Dials even beside a connection that looks open: the call over it has fallen quiet.
    pub(crate) fn dial_beside(&mut self, now: Instant, peer: PeerId) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        entry.dial.eager_until = now.checked_add(EAGER);
        entry.dial.pause = QUICK;
        if !matches!(entry.dial.state, DialState::Running(_) | DialState::Stopped(_)) {
            self.schedule(now, peer, Duration::ZERO, None);
        }
    }

    /// Dials at once if the peer is not connected: there is reason to believe that it is there. Also where failed
    /// pairings had stopped us, since whoever called from there has proved the password; one more failure stops us again.
    pub(crate) fn hasten(&mut self, now: Instant, peer: PeerId) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        let stopped = entry.dial.state == DialState::Stopped(Code::DialingStopped);
        if stopped || matches!(entry.dial.state, DialState::Idle | DialState::Scheduled { .. }) {
            entry.dial.eager_until = now.checked_add(EAGER);
            entry.dial.guesses = entry.dial.guesses.min(GUESSES.saturating_sub(1));
            let after = match entry.dial.state {
                DialState::Scheduled { after, .. } => after,
                _ => None,
            };
            self.schedule(now, peer, Duration::ZERO, after);
        }
    }

    /// The timer fired.
    pub(crate) fn dial(&mut self, now: Instant, peer: PeerId) {
        if !self.wants_dial(peer) {
            return self.dial_idle(peer);
        }
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        entry.dial.state = DialState::Running(DialPhase::Resolving);
        entry.dial.began = Some(now);
        entry.dial.number = entry.dial.number.wrapping_add(1);
        self.outputs.push_back(Output::Dial {
            attempt: Attempt { peer, number: entry.dial.number },
            addresses: entry.to_try().cloned().collect(),
            candidates: entry.candidates.clone(),
            guesses: GUESSES.saturating_sub(entry.dial.guesses),
        });
        self.event(Event::Peers);
    }

    /// Addresses are at different phases; the furthest counts.
    pub(crate) fn dial_phase(&mut self, attempt: Attempt, phase: DialPhase) {
        let Some(entry) = self.entries.get_mut(&attempt.peer) else { return };
        if let DialState::Running(before) = entry.dial.state
            && entry.dial.number == attempt.number
            && before < phase
        {
            entry.dial.state = DialState::Running(phase);
            self.event(Event::Peers);
        }
    }

    pub(crate) fn dial_resolved(&mut self, attempt: Attempt, address: &PeerAddress, ips: Vec<IpAddr>) {
        let Some(entry) = self.entries.get_mut(&attempt.peer) else { return };
        if let Some(listed) = entry.addresses.iter_mut().find(|listed| listed.address == *address)
            && listed.resolved != ips
        {
            listed.resolved = ips;
            // The gate is to know.
            self.event(Event::Peers);
        }
        self.dial_phase(attempt, DialPhase::Reaching);
    }

    pub(crate) fn dial_failed(&mut self, now: Instant, attempt: Attempt, failed: DialFailure) {
        let Attempt { peer, number } = attempt;
        let DialFailure { code, guesses, elsewhere } = failed;
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        // Guesses count, whatever became of the attempt in between.
        let first = entry.dial.guesses == 0;
        entry.dial.guesses = entry.dial.guesses.saturating_add(guesses);
        let eager = entry.dial.eager_until.is_some_and(|until| now < until);
        if elsewhere || !eager {
            entry.candidates.clear();
        }
        if entry.dial.number != number || !matches!(entry.dial.state, DialState::Running(_)) {
            return;
        }
        if guesses > 0 && entry.dial.guesses >= GUESSES {
            self.notice(peer, Notice::DialingStopped);
            self.stop_dialing(now, peer, Code::DialingStopped);
        } else {
            if code == Code::WrongPassword && first {
                self.notice(peer, Notice::WrongPassword);
            }
            self.dial_ended(now, peer, code);
        }
    }

    /// An attempt came to nothing: tries again, or not where that is of no use.
    pub(crate) fn dial_ended(&mut self, now: Instant, peer: PeerId, code: Code) {
        if code == Code::OwnAddress {
            self.notice(peer, Notice::OwnAddress);
            self.stop_dialing(now, peer, code);
        } else {
            self.dial_again(now, peer, code);
        }
    }

    /// Our own call proved the password.
    pub(crate) fn dial_proved(&mut self, peer: PeerId) {
        if let Some(entry) = self.entries.get_mut(&peer) {
            entry.dial.guesses = 0;
            self.dial_idle(peer);
        }
    }

    /// Tries again after the pause that is due.
    fn dial_again(&mut self, now: Instant, peer: PeerId, code: Code) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        let eager = entry.dial.eager_until.is_some_and(|until| now < until);
        let pause = if eager { QUICK } else { entry.dial.pause };
        entry.dial.pause = if eager { QUICK } else { pause.mul_f64(1.5).min(SLOWEST) };
        let jittered = pause.mul_f64(self.rng.random_range(1.0..1.25));
        self.schedule(now, peer, jittered, Some(code));
    }

    /// The connection in use is gone.
    pub(crate) fn redial_lost(&mut self, now: Instant, peer: PeerId) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        entry.dial.eager_until = now.checked_add(EAGER);
        entry.dial.pause = QUICK;
        if !matches!(entry.dial.state, DialState::Running(_) | DialState::Stopped(_)) {
            let pause = Duration::from_millis(self.rng.random_range(50..500));
            self.schedule(now, peer, pause, None);
        }
    }

    /// Nothing to dial for any more. An attempt whose pairing has begun is left to end by itself: breaking it off would
    /// cost the other side one of our guesses.
    pub(crate) fn dial_idle(&mut self, peer: PeerId) {
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        self.timers.stop(Timer::Dial(peer));
        if matches!(entry.dial.state, DialState::Running(_)) {
            self.outputs.push_back(Output::CancelDial { peer });
        }
        entry.dial.state = DialState::Idle;
    }

    pub(crate) fn stop_dialing(&mut self, now: Instant, peer: PeerId, code: Code) {
        self.dial_idle(peer);
        if let Some(entry) = self.entries.get_mut(&peer) {
            entry.dial.state = DialState::Stopped(code);
            self.event(Event::Peers);
        }
        self.call_unreachable(now, peer);
    }

    pub(crate) fn notice(&mut self, peer: PeerId, notice: Notice) {
        self.event(Event::Notice { peer, notice });
    }

    fn schedule(&mut self, now: Instant, peer: PeerId, pause: Duration, after: Option<Code>) {
        if !self.wants_dial(peer) {
            return self.dial_idle(peer);
        }
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        if entry.dial.guesses >= GUESSES {
            return self.stop_dialing(now, peer, Code::DialingStopped);
        }
        let earliest = entry.dial.began.and_then(|began| began.checked_add(QUICK)).unwrap_or(now);
        let at = now.checked_add(pause).unwrap_or(now).max(earliest);
        entry.dial.state = DialState::Scheduled { at, after };
        self.timers.set(Timer::Dial(peer), at);
        self.event(Event::Peers);
    }

    pub(crate) fn wants_dial(&self, peer: PeerId) -> bool {
        let Some(entry) = self.entries.get(&peer) else { return false };
        let session = entry.current.and_then(|conn| self.sessions.get(&conn));
        let beside = |session: &Session| session.profile.is_some() && self.calls.wants_dial(peer);
        let alive = session.is_some_and(|session| !session.stale && !beside(session));
        self.session.is_some() && !entry.blocked && !alive
    }
}
