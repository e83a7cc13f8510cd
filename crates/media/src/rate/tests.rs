use super::*;
use proptest::prelude::*;

struct Line {
    now: Instant,
    rate: Rate,
    loss: f32,
    level: u8,
}

impl Line {
    fn new(quality: Quality) -> Self {
        Self { now: Instant::now(), rate: Rate::new(quality), loss: 0.0, level: 0 }
    }

    fn run(&mut self, seconds: u32, queue_ms: impl FnMut(u32) -> f32) {
        self.reports(seconds * 5, queue_ms);
    }

    /// One each 200 ms.
    fn reports(&mut self, count: u32, mut queue_ms: impl FnMut(u32) -> f32) {
        for n in 0..count {
            self.now += Duration::from_millis(200);
            let path = Path {
                queue_ms: queue_ms(n),
                loss: self.loss,
                rtt: Some(Duration::from_millis(60)),
                level: self.level,
            };
            self.rate.update(self.now, path);
        }
    }

    fn state(&self) -> (u8, u32, u32) {
        (self.rate.copies(), self.rate.bitrate(), self.rate.packet_ms())
    }
}

#[test]
fn loss_without_delay_never_lowers_the_rate() {
    for loss in [0.05, 0.3, 0.9] {
        let mut line = Line::new(Quality::Auto);
        (line.loss, line.level) = (loss, 3);
        line.run(60, |_| 3.0);
        assert_eq!(line.state(), (3, 32_000, 10));
    }
}

#[test]
fn steady_jitter_is_no_queue() {
    let mut line = Line::new(Quality::Auto);
    (line.loss, line.level) = (0.3, 3);
    line.run(60, |n| (n * 17 % 41) as f32);
    assert_eq!(line.state(), (3, 32_000, 10));
}

#[test]
fn one_late_report_changes_nothing() {
    let mut line = Line::new(Quality::Auto);
    (line.loss, line.level) = (0.1, 2);
    line.run(60, |n| if n % 10 == 9 { 400.0 } else { 2.0 });
    assert_eq!(line.state(), (3, 32_000, 10));
}

#[test]
fn a_queue_takes_copies_then_bitrate_then_longer_packets() {
    let mut line = Line::new(Quality::Auto);
    (line.loss, line.level) = (0.1, 2);
    line.run(2, |_| 0.0);
    let mut seen = vec![line.state()];
    for _ in 0..100 {
        line.reports(1, |_| 150.0);
        if seen.last() != Some(&line.state()) {
            seen.push(line.state());
        }
    }
    assert_eq!(&seen[..3], [(3, 32_000, 10), (1, 32_000, 10), (0, 32_000, 10)]);
    for pair in seen[2..].windows(2) {
        let ((copies, bitrate, packet), (_, lower, longer)) = (pair[0], pair[1]);
        assert_eq!(copies, 0);
        assert!((lower < bitrate && longer == packet) || (lower == MIN_BITRATE && longer > packet), "{seen:?}");
    }
    assert_eq!(line.state(), (0, MIN_BITRATE, 60));
}

#[test]
fn a_deep_queue_needs_no_loss() {
    let mut line = Line::new(Quality::Auto);
    line.run(2, |_| 0.0);
    line.run(3, |_| 100.0);
    assert_eq!(line.rate.bitrate(), 32_000);
    line.run(3, |_| 250.0);
    assert!(line.rate.bitrate() < 32_000);
}

#[test]
fn it_comes_back_in_the_reverse_order_and_slowly() {
    let mut line = Line::new(Quality::Auto);
    (line.loss, line.level) = (0.1, 2);
    line.run(1, |_| 0.0);
    line.run(30, |_| 200.0);
    assert_eq!(line.state(), (0, MIN_BITRATE, 60));
    let mut seen = Vec::new();
    for _ in 0..80 {
        line.run(1, |_| 0.0);
        seen.push(line.state());
    }
    assert_eq!(seen[3], (0, MIN_BITRATE, 60));
    let shorter = seen.iter().position(|s| s.2 == 10).unwrap();
    let faster = seen.iter().position(|s| s.1 > MIN_BITRATE).unwrap();
    let full = seen.iter().position(|s| s.1 == 32_000).unwrap();
    let copies = seen.iter().position(|s| s.0 > 0).unwrap();
    assert!(shorter <= faster && full >= faster + 6 && full <= copies, "{seen:?}");
    assert_eq!(seen.last(), Some(&(3, 32_000, 10)));
}

#[test]
fn the_delay_of_longer_packets_is_no_queue() {
    let mut line = Line::new(Quality::Auto);
    line.loss = 0.1;
    line.run(1, |_| 0.0);
    line.rate.set_packet(3);
    line.run(6, |_| 50.0);
    assert!(!line.rate.queued());
    assert_eq!(line.rate.packet_ms(), 40, "calm enough to come back");
}

#[test]
fn a_rise_that_was_too_early_is_tried_again_later() {
    let mut line = Line::new(Quality::Auto);
    (line.loss, line.level) = (0.1, 0);
    let mut times = Vec::new();
    line.run(1, |_| 0.0);
    for n in 0..2000 {
        let before = line.rate.bitrate();
        // More than 24 kbit/s fill the line.
        line.run(1, |_| if before > 24_000 { 200.0 } else { 0.0 });
        if before <= 24_000 && line.rate.bitrate() > 24_000 {
            times.push(n);
        }
    }
    assert!(times[1] - times[0] < 20 && times[times.len() - 1] - times[times.len() - 2] > 55, "{times:?}");
}

#[test]
fn a_clean_line_gets_more() {
    let mut line = Line::new(Quality::Auto);
    line.run(60, |_| 5.0);
    assert_eq!(line.rate.bitrate(), MAX_BITRATE);
    let mut line = Line::new(Quality::Economy);
    line.run(60, |_| 5.0);
    assert_eq!(line.state(), (3, 24_000, 20));
}

#[test]
fn another_choice_takes_its_own_bounds() {
    let mut line = Line::new(Quality::Auto);
    line.run(60, |_| 5.0);
    line.rate.choose(Quality::Economy);
    assert_eq!(line.state(), (3, 24_000, 20));
    line.rate.choose(Quality::Auto);
    assert_eq!(line.state(), (3, 32_000, 10));
}

proptest! {
    #[test]
    fn anything_reported_keeps_every_value_in_range(
        reports in proptest::collection::vec((any::<u16>(), 0.0f32..=1.0, 0u8..=3, 0u64..5000, any::<bool>()), 0..80)
    ) {
        let mut line = Line::new(Quality::Auto);
        for (queue, loss, level, ms, other) in reports {
            line.now += Duration::from_millis(ms);
            let path = Path { queue_ms: queue.into(), loss, rtt: None, level };
            line.rate.update(line.now, path);
            if other {
                line.rate.choose(Quality::Economy);
                line.rate.soften(line.now);
            }
            prop_assert!((MIN_BITRATE..=MAX_BITRATE).contains(&line.rate.bitrate()));
            prop_assert!(PACKETS_MS.contains(&line.rate.packet_ms()));
            prop_assert!(line.rate.copies() <= MAX_LEVEL);
        }
    }
}
