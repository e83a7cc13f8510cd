use p2p_comm_model::{canonical, limits};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Guesses per source within [`SOURCE_WINDOW`].
const SOURCE_BUDGET: usize = 5;
const SOURCE_WINDOW: Duration = Duration::from_secs(10 * 60);
/// Calls per source within [`IDLE_WINDOW`] that came to nothing before they could be a guess.
const IDLE_BUDGET: usize = 30;
const IDLE_WINDOW: Duration = Duration::from_secs(60);
/// Of the places for pairings under way, those that only sources on the peer list get.
const RESERVED: usize = 8;
/// Guesses in all within [`TOTAL_WINDOW`], before unknown sources are slowed down.
const TOTAL_BUDGET: usize = 100;
const TOTAL_WINDOW: Duration = Duration::from_secs(60 * 60);
/// Then unknown sources come in this far apart, all together.
const SLOW: Duration = Duration::from_secs(10);
/// Sources remembered; beyond that the one that was quiet for longest is forgotten.
const SOURCES: usize = 4096;

/// Who may begin a pairing with us now: the budget of guesses (`docs/protocol.md`, "Guesses").
#[derive(Debug, Default)]
pub struct Gate {
    sources: BTreeMap<Source, Budget>,
    /// Times of the newest [`TOTAL_BUDGET`] guesses.
    total: VecDeque<Instant>,
    last_slow: Option<Instant>,
    listed: BTreeSet<Source>,
    under_way: usize,
    dropped: u64,
}

#[derive(Debug, Default)]
struct Budget {
    guesses: VecDeque<Instant>,
    idle: VecDeque<Instant>,
    under_way: usize,
}

/// How a pairing that somebody else began ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The password was proved.
    Proven,
    /// They could have tried a guess, as [`crate::Handshake::is_guess`] says.
    Guess,
    /// It ended before that.
    Idle,
}

/// What to do with somebody who wants to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Begin the pairing; [`Gate::finished`] must follow.
    Accept,
    /// Let them prove their address first.
    Retry,
    /// Drop the packet.
    Drop,
}

/// A source that shares one budget: an IPv4 address or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    V4([u8; 4]),
    V6([u16; 4]),
}

impl Gate {
    /// Replaces the sources that are on the peer list.
    pub fn set_listed(&mut self, listed: impl IntoIterator<Item = IpAddr>) {
        self.listed = listed.into_iter().map(Source::of).collect();
    }

    /// Somebody wants to connect from `ip`; `validated` says that they proved to be there.
    pub fn admit(&mut self, now: Instant, ip: IpAddr, validated: bool) -> Admission {
        let source = Source::of(ip);
        let listed = self.listed.contains(&source);
        let places = limits::UNPROVEN_INCOMING.saturating_sub(if listed { 0 } else { RESERVED });
        if self.under_way >= places || !self.has_budget(now, source, listed) {
            self.dropped = self.dropped.saturating_add(1);
            return Admission::Drop;
        }
        if !validated {
            return Admission::Retry;
        }
        if !listed && self.slowed(now) {
            if self.last_slow.is_some_and(|last| now.saturating_duration_since(last) < SLOW) {
                self.dropped = self.dropped.saturating_add(1);
                return Admission::Drop;
            }
            self.last_slow = Some(now);
        }
        self.under_way = self.under_way.saturating_add(1);
        let budget = self.sources.entry(source).or_default();
        budget.under_way = budget.under_way.saturating_add(1);
        Admission::Accept
    }

    /// A pairing that was accepted is over.
    pub fn finished(&mut self, now: Instant, ip: IpAddr, ending: Ending) {
        let source = Source::of(ip);
        self.under_way = self.under_way.saturating_sub(1);
        let budget = self.sources.entry(source).or_default();
        budget.under_way = budget.under_way.saturating_sub(1);
        match ending {
            Ending::Guess => {
                push_capped(&mut budget.guesses, now, SOURCE_BUDGET);
                push_capped(&mut self.total, now, TOTAL_BUDGET);
            }
            Ending::Idle => push_capped(&mut budget.idle, now, IDLE_BUDGET),
            Ending::Proven => {}
        }
        if budget.under_way == 0 && budget.guesses.is_empty() && budget.idle.is_empty() {
            self.sources.remove(&source);
        }
        self.forget_one();
    }

    /// Pairings under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Connections dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn has_budget(&mut self, now: Instant, source: Source, listed: bool) -> bool {
        let Some(budget) = self.sources.get_mut(&source) else { return true };
        forget_before(&mut budget.guesses, now, SOURCE_WINDOW);
        forget_before(&mut budget.idle, now, IDLE_WINDOW);
        let guesses = budget.guesses.len().saturating_add(budget.under_way);
        guesses < SOURCE_BUDGET && (listed || budget.idle.len() < IDLE_BUDGET)
    }

    fn slowed(&self, now: Instant) -> bool {
        let oldest = self.total.front();
        self.total.len() >= TOTAL_BUDGET && oldest.is_some_and(|at| now.saturating_duration_since(*at) < TOTAL_WINDOW)
    }

    fn forget_one(&mut self) {
        if self.sources.len() > SOURCES {
            let idle = self.sources.iter().filter(|(_, budget)| budget.under_way == 0);
            let newest = |budget: &Budget| budget.guesses.back().max(budget.idle.back()).copied();
            if let Some(source) = idle.min_by_key(|(_, budget)| newest(budget)).map(|(source, _)| *source) {
                self.sources.remove(&source);
            }
        }
    }
}

impl Source {
    fn of(ip: IpAddr) -> Self {
        match canonical(ip) {
            IpAddr::V4(ip) => Self::V4(ip.octets()),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

fn forget_before(times: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    while times.front().is_some_and(|at| now.saturating_duration_since(*at) >= window) {
        times.pop_front();
    }
}

fn push_capped(times: &mut VecDeque<Instant>, now: Instant, cap: usize) {
    times.push_back(now);
    if times.len() > cap {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn guess(gate: &mut Gate, now: Instant, from: IpAddr) -> Admission {
        let admission = gate.admit(now, from, true);
        if admission == Admission::Accept {
            gate.finished(now, from, Ending::Guess);
        }
        admission
    }

    #[test]
    fn an_unproven_address_gets_a_retry_first() {
        let mut gate = Gate::default();
        assert_eq!(gate.admit(Instant::now(), ip("10.0.0.1"), false), Admission::Retry);
        assert_eq!(gate.admit(Instant::now(), ip("10.0.0.1"), true), Admission::Accept);
    }

    #[test]
    fn five_guesses_close_the_gate_for_ten_minutes_and_for_that_source_only() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(guess(&mut gate, now, ip("10.0.0.1")), Admission::Accept);
        }
        assert_eq!(gate.admit(now, ip("10.0.0.1"), false), Admission::Drop);
        assert_eq!(gate.admit(now, ip("::ffff:10.0.0.1"), true), Admission::Drop);
        assert_eq!(guess(&mut gate, now, ip("10.0.0.2")), Admission::Accept);
        assert_eq!(guess(&mut gate, now + SOURCE_WINDOW, ip("10.0.0.1")), Admission::Accept);
        assert_eq!(gate.dropped(), 2);
    }

    #[test]
    fn pairings_under_way_count_against_the_budget() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(gate.admit(now, ip("10.0.0.1"), true), Admission::Accept);
        }
        assert_eq!(gate.admit(now, ip("10.0.0.1"), true), Admission::Drop);
        gate.finished(now, ip("10.0.0.1"), Ending::Proven);
        assert_eq!(gate.admit(now, ip("10.0.0.1"), true), Admission::Accept);
    }

    #[test]
    fn a_pairing_that_proves_the_password_costs_nothing() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        for _ in 0..1000 {
            assert_eq!(gate.admit(now, ip("10.0.0.1"), true), Admission::Accept);
            gate.finished(now, ip("10.0.0.1"), Ending::Proven);
        }
    }

    #[test]
    fn calls_that_come_to_nothing_have_a_budget_too_unless_the_source_is_listed() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        let idle = |gate: &mut Gate, now, from| {
            let admission = gate.admit(now, from, true);
            if admission == Admission::Accept {
                gate.finished(now, from, Ending::Idle);
            }
            admission
        };
        for _ in 0..30 {
            assert_eq!(idle(&mut gate, now, ip("10.0.0.1")), Admission::Accept);
        }
        assert_eq!(idle(&mut gate, now, ip("10.0.0.1")), Admission::Drop);
        assert_eq!(idle(&mut gate, now + IDLE_WINDOW, ip("10.0.0.1")), Admission::Accept);
        gate.set_listed([ip("10.0.0.2")]);
        for _ in 0..100 {
            assert_eq!(idle(&mut gate, now, ip("10.0.0.2")), Admission::Accept);
        }
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        for host in 1..=5 {
            assert_eq!(guess(&mut gate, now, ip(&format!("2001:db8::{host}"))), Admission::Accept);
        }
        assert_eq!(guess(&mut gate, now, ip("2001:db8::99")), Admission::Drop);
        assert_eq!(guess(&mut gate, now, ip("2001:db8:0:1::99")), Admission::Accept);
    }

    #[test]
    fn past_a_hundred_guesses_strangers_are_slowed_and_listed_peers_are_not() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        gate.set_listed([ip("192.0.2.1")]);
        for n in 0..100u8 {
            assert_eq!(guess(&mut gate, now, IpAddr::from([10, 0, n, 1])), Admission::Accept);
        }
        assert_eq!(guess(&mut gate, now, ip("10.1.0.1")), Admission::Accept);
        assert_eq!(guess(&mut gate, now, ip("10.1.0.2")), Admission::Drop);
        assert_eq!(guess(&mut gate, now, ip("192.0.2.1")), Admission::Accept);
        assert_eq!(guess(&mut gate, now + SLOW, ip("10.1.0.2")), Admission::Accept);
        assert_eq!(guess(&mut gate, now + TOTAL_WINDOW, ip("10.1.0.3")), Admission::Accept);
    }

    #[test]
    fn at_most_32_pairings_are_under_way_eight_of_them_for_listed_peers_and_memory_stays_bounded() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        gate.set_listed((0..9).map(|n| IpAddr::from([192, 0, 2, n])));
        for n in 0..24u8 {
            assert_eq!(gate.admit(now, IpAddr::from([10, 0, n, 1]), true), Admission::Accept);
        }
        assert_eq!(gate.admit(now, ip("10.9.0.1"), true), Admission::Drop);
        for n in 0..8u8 {
            assert_eq!(gate.admit(now, IpAddr::from([192, 0, 2, n]), true), Admission::Accept);
        }
        assert_eq!(gate.admit(now, ip("192.0.2.8"), true), Admission::Drop);
        for n in 0..10_000u32 {
            gate.finished(now, IpAddr::from(n.to_be_bytes()), Ending::Guess);
        }
        assert!(gate.sources.len() <= SOURCES + 1);
    }
}
