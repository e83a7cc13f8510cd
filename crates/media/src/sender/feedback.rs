use crate::Report;
use std::time::{Duration, Instant};

/// Packets whose time of sending is remembered: 8 s of 10 ms packets or of runs.
const REMEMBERED: usize = 1024;
/// A round trip that is longer is a report that lies.
const MAX_RTT: Duration = Duration::from_secs(10);
/// Packets that a report may count beside those since the one before, because it counts late or early.
const SLACK: u32 = 256;
/// Blocks played between two reports at most: 60 s.
const MAX_PLAYED: u32 = 6000;

/// What was sent and when, and what reports say of it. Believes no number that cannot be.
pub(crate) struct Feedback {
    sent: Box<[Option<Instant>; REMEMBERED]>,
    /// Sequence of the packet sent next.
    next: u32,
    /// Packets sent.
    count: u64,
    last: Option<Report>,
    /// Reports that know only packets before this sequence are of no use.
    from: u32,
    rtt: Option<Duration>,
}

/// What a report adds to those before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct News {
    /// Packets that should have come.
    pub(crate) expected: u32,
    /// Of those, how many did not; negative if some that were counted came late.
    pub(crate) lost: i32,
    /// Blocks played.
    pub(crate) played: u32,
    /// Of those, blocks that nothing could restore.
    pub(crate) concealed: u32,
}

impl Feedback {
    pub(crate) fn new(first: u32) -> Self {
        Self { sent: Box::new([None; REMEMBERED]), next: first, count: 0, last: None, from: first, rtt: None }
    }

    /// The sequence of a packet that is sent now.
    pub(crate) fn send(&mut self, now: Instant) -> u32 {
        let sequence = self.next;
        self.sent[sequence as usize % REMEMBERED] = Some(now);
        self.next = self.next.wrapping_add(1);
        self.count += 1;
        sequence
    }

    /// Packets sent.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Round trip, smoothed (RFC 6298, 2.3).
    pub(crate) fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// A new connection: what was lost before it says nothing about it.
    pub(crate) fn resume(&mut self) {
        self.from = self.next;
        self.last = None;
        self.rtt = None;
    }

    /// Takes a report. Nothing if it is older than the one before, cannot be true, or only sets the mark for the next.
    pub(crate) fn report(&mut self, now: Instant, report: &Report) -> Option<News> {
        let age = self.next.wrapping_sub(1).wrapping_sub(report.highest);
        if u64::from(age) >= self.count.min(REMEMBERED as u64) || before(report.highest, self.from) {
            return None;
        }
        let Some(last) = self.last.replace(*report) else {
            self.measure(now, report);
            return self.first(report);
        };
        if before(report.highest, last.highest) {
            self.last = Some(last);
            return None;
        }
        let ahead = report.highest.wrapping_sub(last.highest);
        if ahead > 0 {
            self.measure(now, report);
        }
        let expected = report.expected.wrapping_sub(last.expected);
        if expected > ahead.saturating_add(SLACK) {
            return None;
        }
        let played = report.played.wrapping_sub(last.played);
        let concealed = report.concealed.wrapping_sub(last.concealed);
        Some(News::new(expected, report.lost.wrapping_sub(last.lost), played, concealed))
    }

    /// Nothing came before the first report of a call, so that it can be judged at once. After an outage it cannot.
    fn first(&self, report: &Report) -> Option<News> {
        let all =
            u64::from(self.next.wrapping_sub(self.from)) == self.count && u64::from(report.expected) <= self.count;
        all.then(|| News::new(report.expected, report.lost, report.played, report.concealed))
    }

    fn measure(&mut self, now: Instant, report: &Report) {
        let Some(sent) = self.sent[report.highest as usize % REMEMBERED] else { return };
        let passed = now.saturating_duration_since(sent);
        let Some(rtt) = passed.checked_sub(Duration::from_micros(report.held_us.into())) else { return };
        if rtt <= MAX_RTT {
            self.rtt = Some(self.rtt.map_or(rtt, |smooth| (smooth * 7 + rtt) / 8));
        }
    }
}

impl News {
    /// Differences of counts, as far as they can be true.
    fn new(expected: u32, lost: u32, played: u32, concealed: u32) -> Self {
        let most = i32::try_from(expected).unwrap_or(i32::MAX);
        let lost = (lost as i32).clamp(-most, most);
        // Counts that run backwards, or of more missing than was played, count nothing.
        let (played, concealed) = if played > MAX_PLAYED || concealed > played { (0, 0) } else { (played, concealed) };
        Self { expected, lost, played, concealed }
    }
}

fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends `count` packets, 10 ms apart.
    fn send(feedback: &mut Feedback, now: &mut Instant, count: u32) -> u32 {
        (0..count).fold(0, |_, _| {
            *now += ms(10);
            feedback.send(*now)
        })
    }

    fn report(highest: u32, expected: u32, lost: u32) -> Report {
        Report { highest, expected, lost, ..Report::default() }
    }

    #[test]
    fn a_report_says_what_was_lost_since_the_one_before_across_the_wrap() {
        let (mut now, mut feedback) = (Instant::now(), Feedback::new(u32::MAX - 30));
        let highest = send(&mut feedback, &mut now, 20);
        let news = feedback.report(now, &report(highest, 20, 3)).unwrap();
        assert_eq!((news.expected, news.lost), (20, 3));
        let highest = send(&mut feedback, &mut now, 20);
        let news = feedback.report(now, &report(highest, 40, 4)).unwrap();
        assert_eq!((news.expected, news.lost), (20, 1));
    }

    #[test]
    fn the_round_trip_leaves_out_the_time_at_the_other_side() {
        let (mut now, mut feedback) = (Instant::now(), Feedback::new(0));
        let highest = send(&mut feedback, &mut now, 5);
        now += ms(100);
        feedback.report(now, &Report { held_us: 40_000, ..report(highest, 5, 0) });
        assert_eq!(feedback.rtt(), Some(ms(60)));
        // Held longer than it is gone.
        let highest = send(&mut feedback, &mut now, 5);
        feedback.report(now, &Report { held_us: u32::MAX, ..report(highest, 10, 0) });
        assert_eq!(feedback.rtt(), Some(ms(60)));
    }

    #[test]
    fn reports_that_cannot_be_true_say_nothing() {
        let (mut now, mut feedback) = (Instant::now(), Feedback::new(7));
        assert_eq!(feedback.report(now, &report(6, 0, 0)), None);
        let highest = send(&mut feedback, &mut now, 50);
        for wrong in [highest + 1, highest.wrapping_add(1 << 31), highest - 50, u32::MAX] {
            assert_eq!(feedback.report(now, &report(wrong, 50, 9)), None, "{wrong}");
        }
        feedback.report(now, &report(highest, 50, 5));
        let later = send(&mut feedback, &mut now, 50);
        assert_eq!(feedback.report(now, &report(highest - 1, 60, 50)), None, "older");
        assert_eq!(feedback.report(now, &report(later, 50 + (1 << 31), 50)), None, "a jump");
        let later = send(&mut feedback, &mut now, 10);
        let news = feedback.report(now, &report(later, 60 + (1 << 31), 5000)).unwrap();
        assert_eq!((news.expected, news.lost), (10, 10), "more lost than sent");
        let later = send(&mut feedback, &mut now, 10);
        let news = feedback.report(now, &report(later, 70 + (1 << 31), 0)).unwrap();
        assert_eq!((news.expected, news.lost), (10, -10), "backwards");
    }

    #[test]
    fn losses_of_an_outage_are_not_held_against_the_new_connection() {
        let (mut now, mut feedback) = (Instant::now(), Feedback::new(0));
        let highest = send(&mut feedback, &mut now, 20);
        feedback.report(now, &report(highest, 20, 0));
        let outage = send(&mut feedback, &mut now, 500);
        feedback.resume();
        assert_eq!(feedback.report(now, &report(outage, 520, 500)), None);
        let highest = send(&mut feedback, &mut now, 10);
        assert_eq!(feedback.report(now, &report(highest, 530, 500)), None);
        let highest = send(&mut feedback, &mut now, 10);
        let news = feedback.report(now, &report(highest, 540, 501)).unwrap();
        assert_eq!((news.expected, news.lost), (10, 1));
    }
}
