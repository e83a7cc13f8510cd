//! Senders that lie, and arrivals without any order.

use super::world::{CALL, Sent, Speaker, World};
use crate::stretch::loudness;
use crate::{Codec, Copies, Flags, MAX_PACKET, Packet, Receiver, Sound};
use p2p_comm_model::CallId;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// What a hostile sender may put into a packet.
fn packet() -> impl Strategy<Value = Sent> {
    let numbers = prop_oneof![Just(0), 0..2_000_u32, any::<u32>()];
    let bytes = || proptest::collection::vec(any::<u8>(), 1..40);
    let copies = proptest::collection::vec((1_u8..16, bytes()), 0..4);
    let flags = (any::<bool>(), any::<bool>());
    (numbers.clone(), numbers, any::<bool>(), 1_u32..7, bytes(), copies, flags).prop_map(
        |(sequence, timestamp, opus, tens, mut frame, copies, (silence, spurt))| {
            let codec = if opus { Codec::Opus } else { Codec::Pcm };
            frame.truncate(frame.len() / 2 * 2);
            frame.extend([0, 0]);
            let duration = if opus { tens * 480 } else { frame.len() as u32 / 2 };
            let timestamp = timestamp.wrapping_mul(160);
            let flags = Flags { silence, spurt, ..Flags::default() };
            Sent { sequence, timestamp, codec, flags, duration, frame, copies: if opus { copies } else { Vec::new() } }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_arrives_whenever_the_sound_stays_finite_and_the_delay_bounded(
        packets in proptest::collection::vec((packet(), 0_u64..200), 1..150),
    ) {
        let (start, mut now) = (Instant::now(), Duration::ZERO);
        let mut receiver = Receiver::new(CALL).unwrap();
        let mut out = [0.0; 480];
        for (sent, wait) in packets {
            // Time may stand still, run backwards a little, and jump.
            sent.hand_to(&mut receiver, start + now);
            for _ in 0..wait % 13 {
                receiver.pull(start + now, &mut out);
                prop_assert!(out.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
                now += Duration::from_millis(wait);
            }
            now = now.saturating_sub(Duration::from_millis(wait / 3));
            let stats = receiver.stats();
            prop_assert!((0.0..=502.0).contains(&stats.target_ms), "{stats:?}");
            prop_assert!((0.999_5..=1.000_5).contains(&receiver.ratio()));
            receiver.report(start + now);
        }
    }
}

#[test]
fn ten_times_the_expected_rate_neither_grows_the_delay_nor_lasts() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[1, 2, 3]);
    world.run(5_000.0, &mut speaker, |_, _| Some(5.0));
    world.run_with(10_000.0, 2.0, |world, at| {
        let sent = speaker.next();
        world.send(at + 5.0, sent);
    });
    let waits = world.since(5_000.0).map(|seen| seen.wait_ms).fold(0.0, f64::max);
    assert!(waits < 1_000.0, "seed {}: {waits} ms", world.seed);
    // It speaks sanely again, far ahead.
    let from = world.now_ms;
    world.run(3_000.0, &mut speaker, |_, _| Some(5.0));
    let silent = world.since(from + 100.0).filter(|seen| !seen.delay_ms.is_finite() || seen.concealed).count();
    assert!(silent < 10, "seed {}: {silent} blocks", world.seed);
    let waits = world.since(from + 1_500.0).map(|seen| seen.wait_ms).fold(0.0, f64::max);
    assert!(waits < 40.0, "seed {}: {waits} ms", world.seed);
}

#[test]
fn single_packets_from_elsewhere_in_time_harm_nothing() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[1]);
    world.run_with(20_000.0, 20.0, |world, at| {
        let sent = speaker.next();
        if world.random.random_bool(0.1) {
            let mut wild = sent.clone();
            wild.sequence = wild.sequence.wrapping_add(1 << 31);
            wild.timestamp = wild
                .timestamp
                .wrapping_add([1 << 31, 48_000 * 5, 0_u32.wrapping_sub(48_000 * 5)][sent.sequence as usize % 3]);
            world.send(at + 4.0, wild);
        }
        world.send(at + 5.0, sent);
    });
    assert!(world.concealed_since(500.0) < 0.1, "seed {}: {} %", world.seed, world.concealed_since(500.0));
    assert!(world.delay_since(5_000.0) < 20.0, "seed {}: {} ms", world.seed, world.delay_since(5_000.0));
    let now = world.at(world.now_ms);
    assert_eq!(world.receiver.report(now).lost, 0, "seed {}", world.seed);
}

#[test]
fn random_payloads_are_concealed_and_never_loud() {
    for codec in [Codec::Opus, Codec::Pcm] {
        let mut world = World::new();
        let mut speaker = Speaker::new(20, &[]);
        world.run(5_000.0, &mut speaker, |_, _| Some(5.0));
        let before = world.heard.chunks(4_800).map(loudness).fold(0.0, f32::max);
        let from = world.heard.len();
        world.run(5_000.0, &mut speaker, |_, _| None);
        world.run_with(10_000.0, 20.0, |world, at| {
            let mut sent = speaker.next();
            sent.codec = codec;
            sent.frame = vec![0; 100];
            world.random.fill_bytes(&mut sent.frame);
            sent.duration = if codec == Codec::Opus { 960 } else { 50 };
            world.send(at + 5.0, sent);
        });
        let after = world.heard[from..].chunks(4_800).map(loudness).fold(0.0, f32::max);
        assert!(after < 1.5 * before.max(0.1), "seed {}: {after} after {before}", world.seed);
        assert!(world.receiver.stats().malformed > 100, "seed {}: {:?}", world.seed, world.receiver);
    }
}

#[test]
fn packets_of_another_call_are_counted_and_dropped() {
    let mut receiver = Receiver::new(CALL).unwrap();
    let sound = Sound {
        call: CallId([9; 8]),
        sequence: 0,
        timestamp: 0,
        codec: Codec::Opus,
        flags: Flags::default(),
        duration: 960,
        frame: &[0; 4],
        copies: Copies::default(),
    };
    receiver.sound(Instant::now(), &sound);
    let stats = receiver.stats();
    assert_eq!((stats.packets, stats.dropped, stats.codec), (1, 1, None));
    let mut out = [0; MAX_PACKET];
    let len = sound.write(&mut out).unwrap();
    assert!(matches!(Packet::parse(&out[..len]), Ok(Packet::Sound(_))));
}

#[test]
fn a_playback_that_stood_still_goes_on_with_new_sound() {
    let mut world = World::new();
    let mut speaker = Speaker::new(20, &[]);
    world.run(5_000.0, &mut speaker, |_, _| Some(5.0));
    // Packets come, nobody asks for sound: a device that is being changed.
    let resumes = world.now_ms + 3_000.0;
    world.now_ms = resumes;
    world.run(5_000.0, &mut speaker, |_, _| Some(5.0));
    let oldest = world.since(resumes + 20.0).map(|seen| seen.delay_ms).fold(0.0, f64::max);
    assert!(oldest < 60.0, "seed {}: {oldest} ms", world.seed);
    assert!(world.concealed_since(resumes + 20.0) < 1.0, "seed {}", world.seed);
}
