//! Traces as networks make them, and what comes of them. Delays are those of network and buffer together; device, frame,
//! processing and codec take about 58 ms of what is allowed from mouth to ear.

use super::world::{Speaker, World};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// The same traces each time: these bounds are about them.
const SEED: u64 = 1;
const MINUTE: f64 = 60_000.0;
/// After which the first word is over.
const SETTLED: f64 = 5_000.0;

fn run(ms: usize, offsets: &[u8], network: impl FnMut(&mut StdRng, f64) -> Option<f64>) -> World {
    let mut world = World::seeded(SEED);
    world.run(MINUTE, &mut Speaker::new(ms, offsets), network);
    assert!(world.stretched_percent() <= 5.0, "seed {}: {} %", world.seed, world.stretched_percent());
    world
}

fn expect(world: &World, delay_ms: f64, concealed_percent: f64) {
    let (delay, concealed) = (world.delay_since(SETTLED), world.concealed_since(SETTLED));
    assert!(delay <= delay_ms, "seed {}: delay {delay} ms, {:?}", world.seed, world.receiver);
    assert!(concealed <= concealed_percent, "seed {}: concealed {concealed} %, {:?}", world.seed, world.receiver);
}

fn jitter(random: &mut StdRng, loss: f64) -> Option<f64> {
    (!random.random_bool(loss)).then(|| random.random_range(0.0..40.0))
}

#[test]
fn a_clean_link_waits_for_less_than_10_ms_and_conceals_nothing() {
    for ms in [10, 20, 60] {
        expect(&run(ms, &[], |random, _| Some(5.0 + random.random_range(0.0..1.0))), 5.0 + 10.0, 0.0);
    }
}

#[test]
fn copies_repair_loss_at_the_delay_they_need() {
    // Of n + 1 independent packets all are lost with probability lossⁿ⁺¹.
    for (loss, offsets, delay, concealed) in [
        (0.05, &[1][..], 18.0, 0.5),
        (0.1, &[1, 2], 30.0, 0.3),
        (0.2, &[1, 2], 30.0, 1.6),
        (0.3, &[1, 2, 3], 40.0, 1.6),
    ] {
        expect(&run(10, offsets, |random, _| (!random.random_bool(loss)).then_some(0.0)), delay, concealed);
    }
    expect(&run(20, &[1, 2], |random, _| (!random.random_bool(0.2)).then_some(0.0)), 50.0, 1.9);
    expect(&run(20, &[1, 2, 3], |random, _| (!random.random_bool(0.3)).then_some(0.0)), 70.0, 1.9);
}

#[test]
fn packets_that_overtake_each_other_are_put_in_order() {
    for ms in [10, 20] {
        expect(&run(ms, &[], |random, _| jitter(random, 0.0)), 50.0, 0.1);
    }
}

#[test]
fn loss_with_jitter_is_repaired_within_the_budget() {
    expect(&run(20, &[1, 2], |random, _| jitter(random, 0.2)), 92.0, 2.2);
    expect(&run(20, &[1, 2, 3], |random, _| jitter(random, 0.3)), 102.0, 2.5);
    expect(&run(10, &[1, 2, 3], |random, _| jitter(random, 0.3)), 80.0, 2.0);
}

#[test]
fn losses_in_bursts_are_repaired_as_far_as_copies_reach() {
    let mut bad = false;
    let world = run(20, &[1, 3], |random, _| {
        // Runs of 3 on average, 10 % in all.
        bad = random.random_bool(if bad { 2.0 / 3.0 } else { 1.0 / 27.0 });
        (!bad).then_some(0.0)
    });
    expect(&world, 75.0, 6.0);
    let stats = world.receiver.stats();
    // The mean of the last runs only: it wanders.
    assert!((1.5..6.0).contains(&stats.burst), "seed {}: {stats:?}", world.seed);
}

#[test]
fn a_radio_that_stalls_now_and_then_costs_little() {
    let mut stall: f64 = 0.0;
    let world = run(10, &[], |random, at| {
        if at > stall + 60.0 && random.random_bool(0.01) {
            stall = at + random.random_range(20.0..60.0);
        }
        Some((stall - at).max(0.0) + random.random_range(0.0..2.0))
    });
    expect(&world, 65.0, 1.5);
}

#[test]
fn a_queue_that_fills_and_drains_is_followed() {
    let queue = |at: f64| ((at - 5_000.0) / 10.0).clamp(0.0, 400.0).min(((20_000.0 - at) / 5.0).max(0.0));
    let world = run(20, &[], |_, at| Some(queue(at)));
    let worst = world.seen.iter().map(|seen| seen.delay_ms - queue(seen.at_ms)).fold(0.0, f64::max);
    assert!(worst < 420.0, "seed {}: {worst} ms", world.seed);
    assert!(world.concealed_since(0.0) < 1.5, "seed {}: {} %", world.seed, world.concealed_since(0.0));
    assert!(world.delay_since(30_000.0) < 15.0, "seed {}: {} ms", world.seed, world.delay_since(30_000.0));
}

#[test]
fn ten_seconds_after_a_burst_of_jitter_the_delay_is_back() {
    let world = run(20, &[], |random, at| {
        Some(if (10_000.0..20_000.0).contains(&at) { random.random_range(0.0..200.0) } else { 1.0 })
    });
    let during = world.since(15_000.0).map(|seen| seen.delay_ms).fold(0.0, f64::max);
    assert!(during > 150.0, "seed {}: there was no burst, {during} ms", world.seed);
    let after = world.since(30_000.0).map(|seen| seen.delay_ms).fold(0.0, f64::max);
    assert!(after < 20.0, "seed {}: {after} ms", world.seed);
}

#[test]
fn clocks_that_differ_by_200_ppm_for_ten_minutes_need_no_stretch() {
    for skew in [200.0, -200.0] {
        let mut world = World::new();
        world.skew_ppm = skew;
        let network = |random: &mut StdRng, _: f64| Some(random.random_range(0.0..1.0));
        let mut speaker = Speaker::new(20, &[]);
        // Until the delay at which the first word began is at its target.
        world.run(MINUTE, &mut speaker, network);
        let stretched = world.receiver.stats().stretched;
        world.run(10.0 * MINUTE, &mut speaker, network);
        let waits = || world.since(MINUTE).map(|seen| seen.wait_ms);
        let (least, most) = (waits().fold(f64::MAX, f64::min), waits().fold(0.0, f64::max));
        assert!(most - least < 3.0, "seed {}, {skew} ppm: {least} to {most} ms", world.seed);
        assert!(most < 7.0, "seed {}, {skew} ppm: {most} ms", world.seed);
        assert_eq!(world.receiver.stats().stretched, stretched, "seed {}, {skew} ppm", world.seed);
        assert_eq!(world.concealed_since(1_000.0), 0.0, "seed {}, {skew} ppm", world.seed);
        let found = f64::from(world.receiver.stats().skew_ppm);
        assert!((found - skew).abs() < 20.0, "seed {}, {skew} ppm: {found}", world.seed);
    }
}

#[test]
fn a_playback_that_takes_two_blocks_at_a_time_is_waited_for() {
    let mut world = World::new();
    let mut speaker = Speaker::new(10, &[]);
    // The world pulls in step; here both blocks of 20 ms are asked for at the end of them.
    world.run_with(MINUTE, 10.0, |world, at| {
        let sent = speaker.next();
        world.send(at, sent);
        world.pairs = true;
    });
    assert_eq!(world.concealed_since(SETTLED), 0.0, "seed {}", world.seed);
    assert!(world.delay_since(SETTLED) < 30.0, "seed {}: {} ms", world.seed, world.delay_since(SETTLED));
}
