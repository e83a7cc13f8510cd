use crate::Report;
use p2p_comm_model::Hearing;
use std::time::{Duration, Instant};

/// Reports come several times a second; without one for this long nothing is known.
const STALE: Duration = Duration::from_secs(3);
/// A microphone that gives less than [`SILENT_DB`] for this long is broken or muted elsewhere.
const SILENT: Duration = Duration::from_secs(4);
/// No microphone of this world is that quiet, dBFS: only zeros are.
const SILENT_DB: f32 = -100.0;

/// Whether the other side hears us: judged by what their app proves, and by our own side where the fault is ours.
pub(super) struct HearingJudge {
    /// When we began to send.
    since: Instant,
    /// The last time the microphone gave anything.
    alive: Instant,
    report: Option<(Instant, Report)>,
    /// When a report last proved that more of our packets had come, and more sound than what filled gaps been played.
    proved: Option<Instant>,
}

/// Our own side.
#[derive(Clone, Copy)]
pub(super) struct OwnSide {
    pub(super) muted: bool,
    pub(super) microphone: bool,
}

impl HearingJudge {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, alive: now, report: None, proved: None }
    }

    /// The microphone gave 10 ms of this level, dBFS.
    pub(super) fn microphone(&mut self, now: Instant, level_db: f32) {
        if level_db > SILENT_DB {
            self.alive = now;
        }
    }

    pub(super) fn report(&mut self, now: Instant, report: Report) {
        let before = self.report.map(|(_, report)| report).unwrap_or_default();
        if report.played < before.played {
            // An older one that was overtaken.
            return;
        }
        let came = |report: &Report| report.expected.saturating_sub(report.lost);
        // The silence of a pause is heard as it was meant.
        let heard = |report: &Report| report.played.saturating_sub(report.concealed);
        if came(&report) > came(&before) && heard(&report) > heard(&before) && report.speaker && !report.deafened {
            self.proved = Some(now);
        }
        self.report = Some((now, report));
    }

    pub(super) fn judge(&self, now: Instant, own: OwnSide) -> Hearing {
        let recent = |at: Instant, span| now.saturating_duration_since(at) < span;
        let heard = self.proved.is_some_and(|at| recent(at, STALE));
        let fresh = self.report.filter(|(at, _)| recent(*at, STALE)).map(|(_, report)| report);
        match fresh {
            _ if own.muted => Hearing::Muted,
            _ if !own.microphone => Hearing::NoMicrophone,
            _ if !recent(self.alive, SILENT) => Hearing::MicrophoneSilent,
            None if recent(self.since, STALE) => Hearing::Connecting,
            None => Hearing::NotArriving,
            Some(report) if !report.speaker || report.deafened => Hearing::SpeakerOff,
            Some(_) if heard => Hearing::Heard,
            Some(_) if recent(self.since, STALE) => Hearing::Connecting,
            Some(_) => Hearing::NotArriving,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALKING: OwnSide = OwnSide { muted: false, microphone: true };

    fn played(blocks: u32) -> Report {
        Report { expected: blocks, played: blocks, speaker: true, ..Report::default() }
    }

    fn judge_at(reports: &[(u64, Report)], at: u64) -> Hearing {
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        let mut judge = HearingJudge::new(start);
        for (at, report) in reports {
            judge.report(ms(*at), *report);
        }
        judge.microphone(ms(at), -40.0);
        judge.judge(ms(at), TALKING)
    }

    #[test]
    fn they_hear_us_only_once_their_app_has_played_something() {
        assert_eq!(judge_at(&[], 100), Hearing::Connecting);
        assert_eq!(judge_at(&[(200, played(0))], 300), Hearing::Connecting);
        assert_eq!(judge_at(&[(200, played(0)), (400, played(20))], 500), Hearing::Heard);
    }

    #[test]
    fn a_proof_goes_stale() {
        assert_eq!(judge_at(&[(400, played(20))], 4000), Hearing::NotArriving);
        let frozen = [(400, played(20)), (3000, played(20)), (5000, played(20))];
        assert_eq!(judge_at(&frozen, 5100), Hearing::NotArriving);
    }

    #[test]
    fn packets_that_come_and_are_no_sound_are_not_heard() {
        let nonsense = |blocks| Report { concealed: blocks - 1, ..played(blocks) };
        let reports = [(400, nonsense(20)), (3000, nonsense(200)), (3800, nonsense(280))];
        assert_eq!(judge_at(&reports, 3900), Hearing::NotArriving);
    }

    #[test]
    fn an_older_report_proves_nothing_and_takes_nothing_back() {
        let closed = Report { speaker: false, ..played(10) };
        assert_eq!(judge_at(&[(400, played(20)), (500, closed)], 600), Hearing::Heard);
        let older = [(400, played(20)), (2000, played(10)), (3000, played(20)), (3300, played(10)), (3400, played(20))];
        assert_eq!(judge_at(&older, 3500), Hearing::NotArriving);
    }

    #[test]
    fn a_pause_of_ours_is_heard() {
        let pause = |signs, blocks| Report { expected: signs, ..played(blocks) };
        assert_eq!(
            judge_at(&[(400, pause(10, 20)), (2400, pause(15, 220)), (4400, pause(20, 420))], 4500),
            Hearing::Heard
        );
    }

    #[test]
    fn a_closed_speaker_is_theirs() {
        let closed = Report { speaker: false, ..played(20) };
        assert_eq!(judge_at(&[(400, closed)], 500), Hearing::SpeakerOff);
        let deaf = Report { deafened: true, ..played(20) };
        assert_eq!(judge_at(&[(400, deaf)], 500), Hearing::SpeakerOff);
    }

    #[test]
    fn our_own_faults_come_first() {
        let start = Instant::now();
        let mut judge = HearingJudge::new(start);
        judge.report(start, played(20));
        let later = start + Duration::from_secs(5);
        assert_eq!(judge.judge(later, OwnSide { muted: true, microphone: true }), Hearing::Muted);
        assert_eq!(judge.judge(later, OwnSide { muted: false, microphone: false }), Hearing::NoMicrophone);
        assert_eq!(judge.judge(later, TALKING), Hearing::MicrophoneSilent);
        judge.microphone(later, -95.0);
        assert_ne!(judge.judge(later, TALKING), Hearing::MicrophoneSilent);
    }
}
