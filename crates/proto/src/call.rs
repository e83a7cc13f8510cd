use crate::wire::{CallState, EndReason};
use p2p_comm_model::{CallEnd, CallId, CallNumber, CallPhase, PeerId};
use std::time::{Duration, Instant};

/// For so long we search, and for so long it rings.
const PATIENCE: Duration = Duration::from_secs(45);
/// A call keeps its place for so long while nothing comes through.
const SURVIVES: Duration = Duration::from_secs(30);
/// What we say of a call is said again this often before it is accepted,
const REPEAT: Duration = Duration::from_secs(2);
/// and this often afterwards.
const REPEAT_ACTIVE: Duration = Duration::from_secs(5);
/// After so much quiet we dial beside a connection that is still open: one of the two may have moved.
const QUIET: Duration = Duration::from_secs(4);
/// And then again and again: a new connection may die before it is of use.
const REDIAL: Duration = Duration::from_secs(2);
/// One connection may follow another with a gap in between; a longer one is shown.
const GAP: Duration = Duration::from_secs(1);
/// So much of it has passed when the engine says that no voice comes.
const VOICE_QUIET: Duration = Duration::from_secs(2);

/// A call as one side of it sees it. It belongs to the two devices; connections come and go under it.
///
/// ```text
///  the person calls ──▶ Searching ───"active"───▶ Active ◀──they accepted── Incoming ◀── "offer"
///                        │    ▲    or glare       ▲ │ ▲                      (the person accepts)
///               "ringing"│    │no connection      │ │ │
///                        ▼    │                   │ │ │voice
///                       Ringing ─────"active"─────┘ │ │
///                                                   ▼ │
///                                            Reconnecting (no voice for 2 s, no connection for 1 s)
///
///  over   from any state, for one of these reasons:
///         the other side says "ended", or goodbye       as it says: HungUp, Rejected, Busy, Cancelled, NoAnswer, Lost
///         the person ends it                            Cancelled before, HungUp after; Rejected from Incoming
///         Searching for 45 s, or dialling stops         Unreachable
///         Ringing or Incoming for 45 s                  NoAnswer
///         Incoming without a connection for 30 s,
///         Reconnecting for 30 s                         Lost
///         the peer's app lists no "call"                Unsupported
///         Disconnect; the peer is removed or blocked    Stopped
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) number: CallNumber,
    pub(crate) peer: PeerId,
    pub(crate) id: CallId,
    /// The person here called. In a glare both did.
    pub(crate) outgoing: bool,
    pub(crate) started: Instant,
    state: State,
    repeat_at: Instant,
    /// When to dial, even if there is a connection.
    dial_at: Option<Instant>,
    dialing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Searching { until: Instant, rang: bool },
    Ringing { until: Instant },
    Incoming { until: Instant, lost: Option<Instant> },
    Accepted { since: Instant, quiet: Option<Quiet> },
}

/// Nothing comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quiet {
    since: Instant,
    /// It lasts long enough to speak of it.
    shown: bool,
}

/// What a call wants when its time came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// It is over.
    End(CallEnd),
    /// Say again how it stands.
    Repeat,
    /// Show that nothing comes through.
    Show,
    /// Dial, whatever the connection looks like.
    Dial,
}

impl Call {
    /// The person calls.
    pub(crate) fn start(now: Instant, number: CallNumber, peer: PeerId, id: CallId) -> Self {
        Self::new(now, number, peer, id, true, State::Searching { until: after(now, PATIENCE), rang: false })
    }

    /// Their offer came.
    pub(crate) fn ring(now: Instant, number: CallNumber, peer: PeerId, id: CallId) -> Self {
        Self::new(now, number, peer, id, false, State::Incoming { until: after(now, PATIENCE), lost: None })
    }

    fn new(now: Instant, number: CallNumber, peer: PeerId, id: CallId, outgoing: bool, state: State) -> Self {
        let (repeat_at, dial_at) = (after(now, REPEAT), Some(after(now, QUIET)));
        Self { number, peer, id, outgoing, started: now, state, repeat_at, dial_at, dialing: false }
    }

    pub(crate) fn phase(&self) -> CallPhase {
        match self.state {
            State::Searching { .. } => CallPhase::Searching,
            State::Ringing { .. } => CallPhase::Ringing,
            State::Incoming { .. } => CallPhase::Incoming,
            State::Accepted { quiet: Some(Quiet { shown: true, .. }), .. } => CallPhase::Reconnecting,
            State::Accepted { .. } => CallPhase::Active,
        }
    }

    /// What we say of it.
    pub(crate) fn standing(&self) -> CallState {
        match self.state {
            State::Searching { .. } | State::Ringing { .. } => CallState::Offer,
            State::Incoming { .. } => CallState::Ringing,
            State::Accepted { .. } => CallState::Active,
        }
    }

    pub(crate) fn accepted(&self) -> Option<Instant> {
        match self.state {
            State::Accepted { since, .. } => Some(since),
            _ => None,
        }
    }

    /// How long the two were connected, when it ends now, s. Quiet at the end does not count if it was the reason.
    pub(crate) fn seconds(&self, now: Instant, end: CallEnd) -> Option<u32> {
        let State::Accepted { since, quiet } = self.state else { return None };
        let until = quiet.filter(|_| end == CallEnd::Lost).map_or(now, |quiet| quiet.since);
        u32::try_from(until.saturating_duration_since(since).as_secs()).ok()
    }

    /// We dial although a connection is open.
    pub(crate) fn is_dialing(&self) -> bool {
        self.dialing
    }

    /// Both want to talk.
    pub(crate) fn accept(&mut self, now: Instant) {
        let lost = matches!(self.state, State::Incoming { lost: Some(_), .. });
        let quiet = lost.then_some(Quiet { since: now, shown: true });
        self.state = State::Accepted { since: now, quiet };
        self.repeat_at = after(now, REPEAT_ACTIVE);
        self.dial_at = self.dial_at.filter(|_| lost);
    }

    /// It rings there.
    pub(crate) fn rings(&mut self, now: Instant) {
        if let State::Searching { until, rang } = self.state {
            self.state = State::Ringing { until: if rang { until } else { after(now, PATIENCE) } };
        }
    }

    /// The peer said something about a call. Says whether dialling beside the connection is of no more use.
    pub(crate) fn heard(&mut self, now: Instant) -> bool {
        if self.accepted().is_some() {
            return false;
        }
        self.dial_at = Some(after(now, QUIET));
        std::mem::take(&mut self.dialing)
    }

    /// There is a connection on which both may speak, perhaps another one than before.
    pub(crate) fn linked(&mut self, now: Instant) {
        self.dialing = false;
        self.dial_at = Some(after(now, QUIET));
        match &mut self.state {
            State::Incoming { lost, .. } => *lost = None,
            State::Accepted { quiet: None, .. } => self.dial_at = None,
            _ => {}
        }
    }

    /// There is none, or nothing came over it for 10 s.
    pub(crate) fn lost(&mut self, now: Instant) {
        self.dialing = false;
        self.dial_at = Some(after(now, REDIAL));
        match &mut self.state {
            State::Ringing { until } => self.state = State::Searching { until: *until, rang: true },
            State::Incoming { lost, .. } => *lost = lost.or(Some(now)),
            State::Accepted { quiet, .. } => *quiet = quiet.or(Some(Quiet { since: now, shown: false })),
            State::Searching { .. } => {}
        }
    }

    /// No voice came for [`VOICE_QUIET`].
    pub(crate) fn voice_quiet(&mut self, now: Instant) {
        if let State::Accepted { quiet, .. } = &mut self.state {
            let since = quiet.map_or(now, |quiet| quiet.since);
            *quiet = Some(Quiet { since, shown: true });
            self.dial_at.get_or_insert_with(|| after(now, QUIET.saturating_sub(VOICE_QUIET)));
        }
    }

    /// Voice comes. Says whether dialling beside the connection is of no more use.
    pub(crate) fn voice_heard(&mut self) -> bool {
        let State::Accepted { quiet, .. } = &mut self.state else { return false };
        *quiet = None;
        self.dial_at = None;
        std::mem::take(&mut self.dialing)
    }

    /// When to call [`Call::due`].
    pub(crate) fn deadline(&self) -> Instant {
        let others = [self.dial_at, self.shows_at(), self.ends().map(|(at, _)| at)];
        others.into_iter().flatten().fold(self.repeat_at, Instant::min)
    }

    /// What time has brought, one thing at a time.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Due> {
        if let Some((_, end)) = self.ends().filter(|(at, _)| *at <= now) {
            return Some(Due::End(end));
        }
        if self.dial_at.is_some_and(|at| at <= now) {
            self.dial_at = Some(after(now, REDIAL));
            self.dialing = true;
            return Some(Due::Dial);
        }
        if self.shows_at().is_some_and(|at| at <= now)
            && let State::Accepted { quiet: Some(quiet), .. } = &mut self.state
        {
            quiet.shown = true;
            return Some(Due::Show);
        }
        if self.repeat_at <= now {
            let pause = if self.accepted().is_some() { REPEAT_ACTIVE } else { REPEAT };
            self.repeat_at = after(now, pause);
            return Some(Due::Repeat);
        }
        None
    }

    /// When it ends by itself, and how.
    fn ends(&self) -> Option<(Instant, CallEnd)> {
        match self.state {
            State::Searching { until, rang: false } => Some((until, CallEnd::Unreachable)),
            State::Searching { until, rang: true } | State::Ringing { until } => Some((until, CallEnd::NoAnswer)),
            State::Incoming { until, lost } => match lost.map(|lost| after(lost, SURVIVES)) {
                Some(at) if at < until => Some((at, CallEnd::Lost)),
                _ => Some((until, CallEnd::NoAnswer)),
            },
            State::Accepted { quiet, .. } => quiet.map(|quiet| (after(quiet.since, SURVIVES), CallEnd::Lost)),
        }
    }

    fn shows_at(&self) -> Option<Instant> {
        match self.state {
            State::Accepted { quiet: Some(Quiet { since, shown: false }), .. } => Some(after(since, GAP)),
            _ => None,
        }
    }

    /// What it means for this side that the other one is out of the call.
    pub(crate) fn end_for(&self, reason: EndReason) -> CallEnd {
        let before = !matches!(self.state, State::Accepted { .. });
        let incoming = matches!(self.state, State::Incoming { .. });
        match reason {
            EndReason::Unanswered => CallEnd::NoAnswer,
            EndReason::Lost => CallEnd::Lost,
            EndReason::Cancelled => CallEnd::Cancelled,
            _ if incoming => CallEnd::Cancelled,
            EndReason::Rejected if before => CallEnd::Rejected,
            EndReason::Busy if before => CallEnd::Busy,
            EndReason::HungUp | EndReason::Rejected | EndReason::Busy => CallEnd::HungUp,
            EndReason::Unknown if before => CallEnd::Rejected,
            EndReason::Unknown => CallEnd::Lost,
        }
    }

    /// What the person means by ending it.
    pub(crate) fn end_by_person(&self) -> CallEnd {
        match self.state {
            State::Searching { .. } | State::Ringing { .. } => CallEnd::Cancelled,
            State::Incoming { .. } => CallEnd::Rejected,
            State::Accepted { .. } => CallEnd::HungUp,
        }
    }
}

/// What the other side is told about an end of ours.
pub(crate) fn reason(end: CallEnd, standing: CallState) -> EndReason {
    match end {
        CallEnd::Stopped if standing == CallState::Offer => EndReason::Cancelled,
        CallEnd::HungUp | CallEnd::Stopped => EndReason::HungUp,
        CallEnd::Rejected => EndReason::Rejected,
        CallEnd::Busy => EndReason::Busy,
        CallEnd::Cancelled | CallEnd::Unreachable | CallEnd::Unsupported => EndReason::Cancelled,
        CallEnd::NoAnswer => EndReason::Unanswered,
        CallEnd::Lost => EndReason::Lost,
    }
}

fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}
