//! Two sides of a call without a network: every order of a few events, and random orders of many.

use crate::calls::{Action, Calls};
use crate::wire::{CallState, EndReason, Signal};
use p2p_comm_model::{CallEnd, CallId, CallNumber, PeerId};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

const OTHER: PeerId = PeerId(1);

/// Side 0 has the smaller device key.
#[derive(Clone)]
struct Pair {
    now: Instant,
    sides: [Calls; 2],
    /// On the way to each side. Over two connections at once they arrive in any order.
    flying: [Vec<Signal>; 2],
    linked: bool,
    next: u64,
    ends: [Vec<(bool, CallEnd)>; 2],
}

impl Pair {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            sides: Default::default(),
            flying: Default::default(),
            linked: true,
            next: 0,
            ends: Default::default(),
        }
    }

    fn start(&mut self, side: usize) {
        self.next += 1;
        let id = CallId(self.next.to_be_bytes());
        let _ = self.sides[side].start(self.now, OTHER, id);
        self.drain(side);
    }

    fn act(&mut self, side: usize, act: impl FnOnce(&mut Calls, Instant, CallNumber) -> bool) {
        if let Some(number) = self.sides[side].current().map(|call| call.number) {
            act(&mut self.sides[side], self.now, number);
            self.drain(side);
        }
    }

    fn accept(&mut self, side: usize) {
        self.act(side, |calls, now, number| calls.accept(now, number).is_ok());
    }

    fn end(&mut self, side: usize) {
        self.act(side, |calls, now, number| calls.end(now, number).is_ok());
    }

    fn deliver(&mut self, side: usize, at: usize) {
        if at < self.flying[side].len() {
            let signal = self.flying[side].remove(at);
            self.hear(side, signal);
        }
    }

    fn hear(&mut self, side: usize, signal: Signal) {
        self.sides[side].signal(self.now, OTHER, side == 1, &signal);
        self.drain(side);
    }

    /// The connection breaks, with all that is on the way.
    fn cut(&mut self) {
        self.flying = Default::default();
        self.linked = false;
        for side in 0..2 {
            self.sides[side].lost(self.now, OTHER);
            self.drain(side);
        }
    }

    fn link(&mut self) {
        self.linked = true;
        for side in 0..2 {
            self.sides[side].linked(self.now, OTHER);
            self.drain(side);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for side in 0..2 {
            self.sides[side].timeout(self.now);
            self.drain(side);
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(action) = self.sides[side].next_action() {
            match action {
                Action::Say(_, signal) if self.linked => self.flying[1 - side].push(signal),
                Action::Ended { outgoing, end, .. } => self.ends[side].push((outgoing, end)),
                _ => {}
            }
        }
    }

    /// With a connection and a few seconds, both sides must come to one view.
    fn settle(&mut self) {
        if !self.linked {
            self.link();
        }
        for _ in 0..6 {
            for rounds in 0.. {
                assert!(rounds < 100, "they go on answering each other");
                if self.flying.iter().all(Vec::is_empty) {
                    break;
                }
                self.deliver(0, 0);
                self.deliver(1, 0);
            }
            self.pass(Duration::from_millis(2500));
        }
        while self.flying.iter().any(|flying| !flying.is_empty()) {
            self.deliver(0, 0);
            self.deliver(1, 0);
        }
    }

    fn views(&self) -> [Option<(CallId, CallState)>; 2] {
        [0, 1].map(|side| self.sides[side].current().map(|call| (call.id, call.standing())))
    }

    fn agree(&self) -> bool {
        match self.views() {
            [None, None] => true,
            [Some((a, in_a)), Some((b, in_b))] => {
                let states = (in_a, in_b);
                a == b
                    && (states == (CallState::Active, CallState::Active)
                        || states == (CallState::Offer, CallState::Ringing)
                        || states == (CallState::Ringing, CallState::Offer))
            }
            _ => false,
        }
    }

    fn both_accepted(&self) -> bool {
        self.sides.iter().all(|calls| calls.current().is_some_and(|call| call.accepted().is_some()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Start(usize),
    Accept(usize),
    End(usize),
    /// The oldest on the way.
    First(usize),
    /// The newest on the way.
    Last(usize),
    Cut,
    Pass,
}

fn step(pair: &mut Pair, step: Step) {
    match step {
        Step::Start(side) => pair.start(side),
        Step::Accept(side) => pair.accept(side),
        Step::End(side) => pair.end(side),
        Step::First(side) => pair.deliver(side, 0),
        Step::Last(side) => {
            let newest = pair.flying[side].len().saturating_sub(1);
            pair.deliver(side, newest);
        }
        Step::Cut => {
            pair.cut();
            pair.link();
        }
        Step::Pass => pair.pass(Duration::from_secs(2)),
    }
}

/// Tries all orders of `steps` left, each as often as it is in it, and deliveries in between.
fn explore(
    pair: &Pair,
    left: &mut Vec<Step>,
    taken: &mut Vec<Step>,
    depth: usize,
    check: &mut dyn FnMut(&Pair, &[Step]),
) {
    check(pair, taken);
    if depth == 0 {
        return;
    }
    let mut tried = Vec::new();
    for at in 0..left.len() {
        let next = left[at];
        if tried.contains(&next) {
            continue;
        }
        tried.push(next);
        left.remove(at);
        let mut then = pair.clone();
        step(&mut then, next);
        taken.push(next);
        explore(&then, left, taken, depth - 1, check);
        taken.pop();
        left.insert(at, next);
    }
    for side in 0..2 {
        let waiting = pair.flying[side].len();
        for next in [Step::First(side), Step::Last(side)].into_iter().take(waiting.min(2)) {
            let mut then = pair.clone();
            step(&mut then, next);
            taken.push(next);
            explore(&then, left, taken, depth - 1, check);
            taken.pop();
        }
    }
}

#[test]
fn two_who_call_each_other_at_once_are_in_one_call_in_every_order() {
    let mut orders = 0;
    let mut steps = vec![Step::Start(0), Step::Start(1), Step::Cut, Step::Pass];
    explore(&Pair::new(), &mut steps, &mut Vec::new(), 9, &mut |pair, taken| {
        let both = taken.contains(&Step::Start(0)) && taken.contains(&Step::Start(1));
        // A side that rings when its person calls accepts; both are then in it without being asked again.
        if both {
            orders += 1;
            let mut pair = pair.clone();
            pair.settle();
            assert!(pair.both_accepted() && pair.agree(), "{taken:?} leads to {:?}", pair.views());
            assert!(pair.ends.iter().all(Vec::is_empty), "{taken:?}: no line of a missed call");
        }
    });
    assert!(orders > 1000, "{orders}");
}

#[test]
fn no_order_of_calling_accepting_ending_and_losing_leaves_the_two_with_different_views() {
    let mut orders = 0;
    let mut steps =
        vec![Step::Start(0), Step::Start(1), Step::Accept(1), Step::End(0), Step::End(1), Step::Start(0), Step::Cut];
    explore(&Pair::new(), &mut steps, &mut Vec::new(), 7, &mut |pair, taken| {
        orders += 1;
        let mut pair = pair.clone();
        pair.settle();
        assert!(pair.agree(), "{taken:?} leads to {:?}", pair.views());
    });
    assert!(orders > 10_000, "{orders}");
}

#[test]
fn an_offer_that_comes_after_its_end_rings_nobody() {
    let mut pair = Pair::new();
    pair.start(0);
    pair.end(0);
    pair.deliver(1, 1);
    pair.deliver(1, 0);
    assert_eq!(pair.views()[1], None);
    assert_eq!(pair.ends[1], []);
}

#[test]
fn no_word_of_the_caller_accepts_for_the_one_who_is_called() {
    let mut pair = Pair::new();
    pair.start(0);
    pair.deliver(1, 0);
    let (id, _) = pair.views()[1].unwrap();
    for state in [CallState::Active, CallState::Ringing, CallState::Offer, CallState::Unknown] {
        pair.hear(1, Signal::new(id, state));
        assert_eq!(pair.views()[1], Some((id, CallState::Ringing)));
    }
}

#[test]
fn random_signals_neither_panic_nor_grow_nor_put_the_two_apart() {
    for seed in 0..3000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let lies = seed % 2 == 0;
        let mut pair = Pair::new();
        for _ in 0..rng.random_range(1..80) {
            let side = rng.random_range(0..2);
            match rng.random_range(0..16) {
                0 | 1 => pair.start(side),
                2 | 3 => pair.accept(side),
                4 => pair.end(side),
                5 => pair.cut(),
                6 => pair.link(),
                7 => pair.pass(Duration::from_millis(rng.random_range(0..12_000))),
                8 if lies => {
                    let signal = random_signal(&mut rng);
                    pair.hear(side, signal);
                }
                9 => pair.sides[side].voice_quiet(pair.now, OTHER),
                10 => pair.sides[side].voice_heard(OTHER),
                11 if rng.random() => pair.sides[side].goodbye(pair.now, OTHER),
                12 => drop(pair.flying[side].pop()),
                _ => {
                    let at = rng.random_range(0..pair.flying[side].len().max(1));
                    pair.deliver(side, at);
                }
            }
            pair.drain(side);
        }
        pair.settle();
        assert!(lies || pair.agree(), "seed {seed}: {:?}", pair.views());
        assert!(pair.sides.iter().all(|calls| calls.remembered(OTHER) <= 16), "seed {seed}");
        pair.cut();
        pair.pass(Duration::from_secs(46));
        assert_eq!(pair.views(), [None, None], "seed {seed}: whoever lies, it ends");
    }
}

#[test]
fn ten_thousand_offers_of_one_peer_bother_the_person_a_few_times_and_take_no_memory() {
    for in_a_call in [false, true] {
        let mut pair = Pair::new();
        if in_a_call {
            pair.sides[0].start(pair.now, PeerId(2), CallId([0xff; 8])).unwrap();
        }
        let mut rang = 0;
        for n in 0..10_000u64 {
            let id = CallId((n + 1).to_be_bytes());
            pair.hear(0, Signal::new(id, CallState::Offer));
            rang += usize::from(pair.views()[0].is_some_and(|(ringing, _)| ringing == id));
            pair.hear(0, Signal::ended(id, EndReason::Cancelled));
            pair.flying[1].clear();
        }
        assert_eq!(pair.ends[0].len(), 6);
        assert_eq!(rang, if in_a_call { 0 } else { 6 });
        assert!(pair.sides[0].remembered(OTHER) <= 16);
        pair.pass(Duration::from_secs(61));
        if !in_a_call {
            pair.hear(0, Signal::new(CallId([0xee; 8]), CallState::Offer));
            assert!(pair.views()[0].is_some(), "a minute later it may ring again");
        }
    }
}

fn random_signal(rng: &mut StdRng) -> Signal {
    let id = CallId(rng.random_range(0..6u64).to_be_bytes());
    let states = [CallState::Offer, CallState::Ringing, CallState::Active, CallState::Ended, CallState::Unknown];
    let reasons = [
        EndReason::HungUp,
        EndReason::Rejected,
        EndReason::Busy,
        EndReason::Cancelled,
        EndReason::Unanswered,
        EndReason::Lost,
        EndReason::Unknown,
    ];
    let reason = rng.random::<bool>().then(|| reasons[rng.random_range(0..reasons.len())]);
    Signal { reason, ..Signal::new(id, states[rng.random_range(0..states.len())]) }
}

proptest! {
    #[test]
    fn whatever_the_persons_and_the_network_do_the_two_agree_in_the_end(
        steps in proptest::collection::vec((0..8u8, 0..2usize, 0..5000u64), 1..60)
    ) {
        let mut pair = Pair::new();
        for (kind, side, number) in steps {
            match kind {
                0 => pair.start(side),
                1 => pair.accept(side),
                2 => pair.end(side),
                3 => { pair.cut(); pair.link(); }
                4 => pair.pass(Duration::from_millis(number)),
                _ => { let at = number as usize % pair.flying[side].len().max(1); pair.deliver(side, at); }
            }
        }
        pair.settle();
        prop_assert!(pair.agree(), "{:?}", pair.views());
        // And nothing goes on for ever: without voice or an answer every call comes to its end.
        pair.cut();
        pair.pass(Duration::from_secs(46));
        prop_assert_eq!(pair.views(), [None, None]);
    }
}
