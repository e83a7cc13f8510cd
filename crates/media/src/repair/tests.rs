use super::*;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

struct Line {
    now: Instant,
    losses: Losses,
    repair: Repair,
    rng: ChaCha8Rng,
    packet_ms: u32,
}

impl Line {
    fn new(packet_ms: u32) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(1);
        Self { now: Instant::now(), losses: Losses::new(), repair: Repair::new(), rng, packet_ms }
    }

    /// One report on 200 ms of packets.
    fn report(&mut self, lost: u32, burst: f32) -> u8 {
        self.now += Duration::from_millis(200);
        self.losses.add(self.now, 200 / self.packet_ms, lost as i32, burst);
        self.repair.update(self.now, &self.losses, self.packet_ms, true);
        self.repair.level()
    }

    /// Levels seen while packets are lost by chance.
    fn run(&mut self, loss: f32, seconds: u32) -> Vec<u8> {
        (0..seconds * 5)
            .map(|_| {
                let packets = 200 / self.packet_ms;
                let lost = (0..packets).filter(|_| self.rng.next_u32() as f32 / (u32::MAX as f32) < loss).count();
                self.report(lost as u32, 1.0 / (1.0 - loss))
            })
            .collect()
    }
}

#[test]
fn copies_follow_the_table() {
    for (loss, packet_ms, clustered, offsets) in [
        (0.009, 10, false, &[][..]),
        (0.01, 10, false, &[1]),
        (0.08, 10, false, &[1, 2]),
        (0.16, 10, false, &[1, 2, 3]),
        (0.24, 20, false, &[1, 2]),
        (0.25, 20, false, &[1, 2, 3]),
        (0.10, 20, true, &[2, 4]),
        (0.10, 10, true, &[3, 6]),
        (0.30, 10, true, &[2, 4, 6]),
        (1.0, 60, true, &[1, 2]),
    ] {
        assert_eq!(choose(level(loss, packet_ms), clustered, packet_ms).as_slice(), offsets, "{loss} {packet_ms}");
    }
}

#[test]
fn one_report_of_loss_is_enough_for_copies() {
    let mut line = Line::new(10);
    line.run(0.0, 30);
    assert_eq!(line.report(2, 1.0), 1);
    assert!(line.report(8, 1.3) >= 2);
}

#[test]
fn copies_stay_for_seconds_after_the_last_loss_and_then_go() {
    let mut line = Line::new(10);
    line.run(0.3, 5);
    assert_eq!(line.repair.level(), 3);
    assert!(line.run(0.0, 4).into_iter().all(|level| level == 3));
    assert_eq!(line.run(0.0, 36).last(), Some(&0));
}

#[test]
fn a_silence_does_not_unlearn_the_loss() {
    let mut line = Line::new(10);
    line.run(0.3, 10);
    for n in 0..100 {
        line.now += Duration::from_millis(200);
        line.losses.add(line.now, n % 2, 0, 1.0);
        line.repair.update(line.now, &line.losses, 10, true);
    }
    assert_eq!(line.repair.level(), 3);
}

#[test]
fn steady_loss_settles_on_its_level() {
    for (loss, packet_ms, least, most) in
        [(0.04, 20, 1, 2), (0.05, 10, 1, 2), (0.1, 10, 2, 3), (0.2, 10, 3, 3), (0.3, 20, 3, 3)]
    {
        let mut line = Line::new(packet_ms);
        line.run(loss, 5);
        let levels = line.run(loss, 60);
        assert!(levels.iter().all(|level| (least..=most).contains(level)), "seed 1, {loss}: {levels:?}");
    }
}

#[test]
fn loss_under_one_percent_mostly_sends_no_copies() {
    let mut levels = Line::new(10).run(0.003, 120);
    levels.sort_unstable();
    assert_eq!(levels[levels.len() / 2], 0);
}

#[test]
fn runs_of_losses_spread_the_copies() {
    let mut line = Line::new(10);
    for _ in 0..10 {
        line.report(3, 3.0);
    }
    assert!(line.repair.clustered());
    let mut line = Line::new(10);
    line.run(0.3, 20);
    assert!(!line.repair.clustered());
}

#[test]
fn a_delay_that_rises_adds_no_copies() {
    let mut line = Line::new(10);
    line.losses.add(line.now, 20, 10, 1.0);
    line.repair.update(line.now, &line.losses, 10, false);
    assert_eq!(line.repair.level(), 0);
}

#[test]
fn sound_that_is_still_missing_adds_a_copy() {
    let mut line = Line::new(10);
    for n in 0..40 {
        line.losses.add_missing(20, 2);
        line.report(u32::from(n % 2 == 0), 1.0);
    }
    assert!(line.repair.level() > 1, "{}", line.repair.level());
}

proptest! {
    #[test]
    fn anything_reported_keeps_every_number_in_range(
        reports in proptest::collection::vec((any::<u32>(), any::<i32>(), any::<u16>(), 0u64..3000), 0..50)
    ) {
        let mut line = Line::new(10);
        for (expected, lost, burst, ms) in reports {
            line.now += Duration::from_millis(ms);
            line.losses.add(line.now, expected, lost, f32::from(burst) / 16.0);
            line.losses.add_missing(lost as u32, expected);
            line.repair.update(line.now, &line.losses, 10, true);
            for part in [line.losses.now(), line.losses.mean(), line.losses.residual()] {
                prop_assert!((0.0..=1.0).contains(&part), "{}", part);
            }
            prop_assert!((1.0..=100.0).contains(&line.losses.burst()));
            prop_assert!(line.repair.level() <= MAX_LEVEL);
        }
    }
}
