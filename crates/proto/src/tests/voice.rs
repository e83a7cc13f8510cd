//! A stand-in for the engine's voice: packets each way ten times a second, and the word that none come.

use super::world::World;
use crate::{CallView, ConnId, Input};
use p2p_comm_model::CallPhase;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(100);
const QUIET: Duration = Duration::from_secs(2);

/// What the engine knows of the voice of one node.
#[derive(Clone, Copy)]
pub(super) struct Ear {
    heard: Instant,
    over: Option<ConnId>,
    told_quiet: Option<ConnId>,
    /// Its voice does not go out.
    pub(super) dumb: bool,
}

impl Ear {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, over: None, told_quiet: None, dumb: false }
    }
}

impl World {
    pub(super) fn view(&self, node: usize) -> Option<CallView> {
        self.nodes[node].call()
    }

    pub(super) fn phase(&self, node: usize) -> Option<CallPhase> {
        self.view(node).map(|view| view.phase)
    }

    pub(super) fn phases(&self) -> (Option<CallPhase>, Option<CallPhase>) {
        (self.phase(0), self.phase(1))
    }

    /// Lets time pass while those in an accepted call talk.
    pub(super) fn talk(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.run(STEP.min(end - self.now));
            for node in 0..self.nodes.len() {
                self.speak(node);
            }
            for node in 0..self.nodes.len() {
                self.listen(node);
            }
        }
    }

    /// Talks until both are in one of these phases; says how long that took.
    pub(super) fn talk_until(&mut self, phases: (Option<CallPhase>, Option<CallPhase>), most: Duration) -> Duration {
        let start = self.now;
        while self.phases() != phases {
            assert!(self.now - start <= most, "{:?} and not {phases:?} after {most:?}", self.phases());
            self.talk(STEP);
        }
        self.now - start
    }

    /// Both are in one call, and their voice goes over the two ends of one connection that works.
    pub(super) fn is_one_call(&self) -> bool {
        let (Some(a), Some(b)) = (self.view(0), self.view(1)) else { return false };
        let (Some(ours), Some(theirs)) = (a.conn, b.conn) else { return false };
        let active = self.phases() == (Some(CallPhase::Active), Some(CallPhase::Active));
        active && a.id == b.id && self.conns.get(&ours) == Some(&(0, theirs)) && !self.dead.contains(&ours)
    }

    /// Talks until both are in one call again; says how long that took.
    pub(super) fn talk_until_healed(&mut self, most: Duration) -> Duration {
        let start = self.now;
        while !self.is_one_call() {
            let views = (self.view(0), self.view(1));
            assert!(self.now - start <= most, "after {most:?}: {views:?}");
            self.talk(STEP);
        }
        self.now - start
    }

    fn speak(&mut self, node: usize) {
        let Some(view) = self.view(node).filter(|view| view.accepted.is_some() && !self.ears[node].dumb) else {
            return;
        };
        let Some((conn, far_conn)) = view.conn.and_then(|conn| Some((conn, self.conns.get(&conn)?.1))) else { return };
        let Some((far, _)) = self.conns.get(&far_conn).copied() else { return };
        let passes = !self.dead.contains(&conn) && self.outage <= self.now;
        let theirs = self.view(far).filter(|theirs| theirs.accepted.is_some() && theirs.id == view.id);
        let known = |theirs: CallView| self.nodes[far].connections().any(|at| at == (far_conn, Some(theirs.peer)));
        if passes && theirs.is_some_and(known) {
            let ear = &mut self.ears[far];
            ear.heard = self.now;
            let news = ear.told_quiet.take().is_some() | (ear.over.replace(far_conn) != Some(far_conn));
            if news {
                self.nodes[far].handle(self.now, Input::VoiceHeard { conn: far_conn });
                self.drain(far);
            }
        }
    }

    fn listen(&mut self, node: usize) {
        let Some(view) = self.view(node) else {
            self.ears[node] = Ear { dumb: self.ears[node].dumb, ..Ear::new(self.now) };
            return;
        };
        let since = view.accepted.unwrap_or(self.now).max(self.ears[node].heard);
        if self.now - since >= QUIET
            && let Some(conn) = view.conn.filter(|conn| self.ears[node].told_quiet != Some(*conn))
        {
            self.ears[node].told_quiet = Some(conn);
            self.nodes[node].handle(self.now, Input::VoiceQuiet { conn });
            self.drain(node);
        }
    }
}
