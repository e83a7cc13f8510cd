//! What happens in any call sooner or later: pauses, outages, changes of format, wraps.

use super::world::{CALL, Sent, Speaker, World};
use crate::stretch::loudness;
use crate::test_signal::voice;
use crate::{Codec, Flags, Report};

#[test]
fn sound_comes_out_as_late_as_it_is_said_to_and_unharmed() {
    let mut world = World::new();
    world.run(21_000.0, &mut Speaker::new(20, &[]), |_, _| Some(30.0));
    // The last second, against the voice; both repeat every second.
    let heard = &world.heard[world.heard.len() - 48_000..];
    let first_ms = world.seen[world.seen.len() - 100].at_ms;
    let said: Vec<f32> = (0..96_000).map(|at| voice(at, 48_000)).collect();
    let alike = |delay: usize| -> f32 {
        let from = ((first_ms * 48.0) as usize + 480_000 - delay) % 48_000;
        heard.iter().zip(&said[from..]).map(|(heard, said)| heard * said).sum()
    };
    let delay = (0..5_000).max_by(|&a, &b| alike(a).total_cmp(&alike(b))).unwrap() as f64 / 48.0;
    let said = world.seen.last().unwrap().delay_ms;
    // Opus takes 6.5 ms.
    assert!((delay - said - 6.5).abs() < 1.5, "seed {}: {delay} {said}", world.seed);
    let all: f32 = heard.iter().map(|sample| sample * sample).sum();
    let likeness = alike((delay * 48.0).round() as usize) / all;
    assert!((0.85..1.15).contains(&likeness), "seed {}: {likeness}", world.seed);
}

#[test]
fn duplicates_change_nothing() {
    let mut world = World::new();
    let mut speaker = Speaker::new(10, &[1, 2]);
    world.run_with(10_000.0, 10.0, |world, at| {
        let sent = speaker.next();
        for delay in [5.0, 5.0, 30.0, 300.0] {
            world.send(at + delay, sent.clone());
        }
    });
    let (stats, report) = (world.receiver.stats(), report(&mut world));
    assert_eq!((world.concealed_since(500.0), report.lost), (0.0, 0), "seed {}", world.seed);
    assert!(world.delay_since(5_000.0) < 16.0, "seed {}: {} ms", world.seed, world.delay_since(5_000.0));
    assert!(stats.dropped > 2_900, "{stats:?}");
}

#[test]
fn sequence_and_timestamp_wrap_unheard() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[1]);
    (speaker.sequence, speaker.timestamp) = (u32::MAX - 200, u32::MAX - 48_000 * 7);
    world.run(15_000.0, &mut speaker, |_, _| Some(5.0));
    assert!(speaker.sequence < 1_000 && speaker.timestamp < 48_000 * 10);
    assert_eq!((world.concealed_since(500.0), report(&mut world).lost), (0.0, 0), "seed {}", world.seed);
}

#[test]
fn a_pause_that_is_not_sent_is_neither_loss_nor_concealed() {
    for flagged in [true, false] {
        let mut world = World::new();
        let mut speaker = Speaker::new(20, &[1]);
        let mut spoken = 0;
        world.run_with(20_000.0, 20.0, |world, at| {
            spoken += 1;
            if spoken % 50 >= 40 {
                // The voice pauses then, as well.
                return speaker.skip(1);
            }
            let mut sent = speaker.next();
            sent.flags.silence = flagged && spoken % 50 == 39;
            sent.flags.spurt = spoken % 50 < 3;
            world.send(at + 5.0, sent);
        });
        let concealed = world.receiver.stats().concealed;
        // Unannounced, a pause is known as one only when the next packet is there.
        assert!(concealed <= if flagged { 0 } else { 20 * 20 }, "seed {}: {concealed}", world.seed);
        let report = report(&mut world);
        assert_eq!(report.lost, 0, "seed {}", world.seed);
        assert!(report.expected > 750, "{report:?}");
        assert!(world.delay_since(5_000.0) < 20.0, "seed {}: {} ms", world.seed, world.delay_since(5_000.0));
    }
}

#[test]
fn a_word_after_a_pause_is_not_cut() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[]);
    let mut spoken = 0;
    world.run_with(10_100.0, 20.0, |world, at| {
        spoken += 1;
        if spoken % 50 > 40 {
            return speaker.skip(1);
        }
        let mut sent = speaker.next();
        sent.flags.silence = spoken % 50 == 40;
        world.send(at + 5.0, sent);
    });
    // The energy of the words against that of the voice.
    let heard = loudness(&world.heard[48_000..480_000]);
    let said = loudness(&(0..48_000).map(|at| voice(at, 48_000)).collect::<Vec<_>>());
    assert!((heard / said - 1.0).abs() < 0.1, "seed {}: {heard} {said}", world.seed);
}

#[test]
fn after_an_outage_sound_is_back_with_the_first_packets_and_none_of_it_is_old() {
    for (outage, heap) in [(2_000.0, false), (2_000.0, true), (10_000.0, false), (10_000.0, true), (28_000.0, true)] {
        let mut world = World::new();
        let back = 10_000.0 + outage;
        world.run(back + 5_000.0, &mut Speaker::new(20, &[]), |_, at| match at {
            at if (10_000.0..back).contains(&at) => heap.then_some(back - at + 20.0),
            _ => Some(20.0),
        });
        let what = format!("seed {}: outage of {outage} ms, heap {heap}", world.seed);
        let first = world.since(back + 20.0).find(|seen| !seen.concealed && seen.delay_ms.is_finite()).unwrap();
        assert!(first.at_ms < back + 20.0 + 60.0, "{what}: {first:?}");
        let oldest = world.since(back + 20.0).map(|seen| seen.delay_ms).fold(0.0, f64::max);
        assert!(oldest < 20.0 + 60.0, "{what}: {oldest} ms");
        assert!(world.delay_since(back + 1_000.0) < 45.0, "{what}: {} ms", world.delay_since(back + 1_000.0));
        assert!(world.receiver.stats().loss_percent < 5.0, "{what}");
    }
}

#[test]
fn a_new_connection_goes_on_at_once_with_another_delay_or_another_timeline() {
    for (delay, jump) in [(5.0, 0), (300.0, 0), (5.0, 1 << 31), (150.0, 48_000 * 30)] {
        let mut world = World::new();
        let mut speaker = Speaker::new(20, &[1]);
        world.run(5_000.0, &mut speaker, |_, _| Some(100.0));
        world.run(3_000.0, &mut speaker, |_, _| None);
        world.receiver.resume();
        speaker.timestamp = speaker.timestamp.wrapping_add(jump);
        let back = world.now_ms;
        world.run(5_000.0, &mut speaker, |_, _| Some(delay));
        let what = format!("seed {}: {delay} ms, jump {jump}", world.seed);
        let first = world.since(back).find(|seen| seen.delay_ms.is_finite()).unwrap();
        assert!(first.at_ms < back + delay + 60.0, "{what}: {first:?}");
        let waits = world.since(back + 1_000.0).map(|seen| seen.wait_ms).fold(0.0, f64::max);
        assert!(waits < 40.0, "{what}: {waits} ms");
        let lost = report(&mut world).lost;
        assert_eq!(lost, 0, "{what}");
    }
}

#[test]
fn a_sender_that_starts_anew_is_followed_within_a_few_packets() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[1]);
    world.run(5_000.0, &mut speaker, |_, _| Some(5.0));
    speaker.sequence = speaker.sequence.wrapping_add(1 << 31);
    speaker.timestamp = speaker.timestamp.wrapping_add(1 << 31);
    let from = world.now_ms;
    world.run(5_000.0, &mut speaker, |_, _| Some(5.0));
    let silent = world.since(from).filter(|seen| !seen.delay_ms.is_finite() || seen.concealed).count();
    assert!(silent <= 8, "seed {}: {silent} blocks", world.seed);
    assert!(report(&mut world).lost <= 1);
}

#[test]
fn frames_of_another_length_follow_without_a_gap() {
    let mut world = World::new();
    let mut sequence = 0;
    let mut timestamp = 0;
    for ms in [20, 10, 40, 60, 20] {
        let mut speaker = Speaker::new(ms, &[]);
        (speaker.sequence, speaker.timestamp) = (sequence, timestamp);
        world.run(3_000.0, &mut speaker, |_, _| Some(5.0));
        (sequence, timestamp) = (speaker.sequence, speaker.timestamp);
    }
    assert!(world.concealed_since(500.0) < 0.7, "seed {}: {} %", world.seed, world.concealed_since(500.0));
    assert_eq!(report(&mut world).lost, 0);
}

/// Chunks of 1024 samples as three runs.
struct Uncompressed {
    sequence: u32,
    at: u32,
}

const CHUNK_MS: f64 = 1_024.0 / 44.1;

impl Uncompressed {
    fn next(&mut self) -> Vec<Sent> {
        let runs = [341, 341, 342].map(|duration: u32| {
            let samples = self.at..self.at + duration;
            let frame = samples.flat_map(|at| ((voice(at as usize, 44_100) * 32_767.0) as i16).to_be_bytes()).collect();
            let (sequence, timestamp, codec, flags) = (self.sequence, self.at, Codec::Pcm, Flags::default());
            (self.sequence, self.at) = (self.sequence + 1, self.at + duration);
            Sent { sequence, timestamp, codec, flags, duration, frame, copies: Vec::new() }
        });
        runs.into()
    }
}

#[test]
fn uncompressed_sound_is_played_and_its_losses_are_concealed_one_by_one() {
    use rand::RngExt as _;
    for loss in [0.0, 0.01] {
        let mut world = World::new();
        let mut sender = Uncompressed { sequence: 0, at: 0 };
        world.run_with(30_000.0, CHUNK_MS, |world, at| {
            for sent in sender.next() {
                if !world.random.random_bool(loss) {
                    world.send(at + 5.0, sent);
                }
            }
        });
        let concealed = world.concealed_since(500.0);
        assert!(concealed <= loss * 300.0, "seed {}: {concealed} % at {loss}", world.seed);
        assert!(world.delay_since(5_000.0) < 40.0, "seed {}: {} ms", world.seed, world.delay_since(5_000.0));
        let steepest = |sound: &[f32]| sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        let voice: Vec<f32> = (0..48_000).map(|at| voice(at, 48_000)).collect();
        let click = steepest(&world.heard[48_000..]) / steepest(&voice);
        assert!(click < 1.6, "seed {}: {click}", world.seed);
    }
}

#[test]
fn from_uncompressed_to_opus_and_back_the_sound_goes_on() {
    let mut world = World::new();
    let mut pcm = Uncompressed { sequence: 0, at: 0 };
    let mut opus = Speaker::new(20, &[]);
    opus.timestamp = 123_456;
    for _ in 0..3 {
        world.run_with(2_000.0, CHUNK_MS, |world, at| {
            for sent in pcm.next() {
                world.send(at + 5.0, sent);
            }
        });
        opus.sequence = pcm.sequence;
        world.run(2_000.0, &mut opus, |_, _| Some(5.0));
        pcm.sequence = opus.sequence;
    }
    let silent = world.since(1_000.0).filter(|seen| !seen.delay_ms.is_finite() || seen.concealed).count();
    assert!(silent < 40, "seed {}: {silent} blocks of 1100", world.seed);
    let waits = world.since(1_000.0).map(|seen| seen.wait_ms).fold(0.0, f64::max);
    assert!(waits < 70.0, "seed {}: {waits} ms", world.seed);
}

#[test]
fn a_report_says_what_came_and_how_it_was_played() {
    let mut world = World::new();
    let mut count = 0;
    world.run(20_000.0, &mut Speaker::new(20, &[]), |_, _| {
        count += 1;
        (count % 10 > 1).then_some(10.0)
    });
    let report = report(&mut world);
    assert!((980..=1_000).contains(&report.expected), "{report:?}");
    assert_eq!((report.lost * 5).abs_diff(report.expected) / 20, 0, "{report:?}");
    assert!((30..=33).contains(&report.burst_x16), "{report:?}");
    assert!((990..=999).contains(&report.highest) && report.held_us < 60_000, "{report:?}");
    assert!((1_990..=2_001).contains(&report.played), "{report:?}");
    assert!((300..=600).contains(&report.concealed), "{report:?}");
    assert!((10..=35).contains(&report.level) && report.queue_ms == 0, "{report:?}");
    assert!(!report.speaker && !report.muted && !report.deafened);
}

#[test]
fn a_queue_on_the_way_is_reported_and_its_absence_as_well() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[]);
    world.run(10_000.0, &mut speaker, |_, _| Some(20.0));
    assert_eq!(report(&mut world).queue_ms, 0);
    world.run(5_000.0, &mut speaker, |_, _| Some(120.0));
    let queue = report(&mut world).queue_ms;
    assert!((98..=102).contains(&queue), "seed {}: {queue}", world.seed);
}

fn report(world: &mut World) -> Report {
    assert_eq!(world.receiver.call, CALL);
    let now = world.at(world.now_ms);
    world.receiver.report(now)
}
