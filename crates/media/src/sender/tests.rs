mod alice;

use super::*;
use crate::{MAX_OFFSET, MAX_PACKET};
use alice::{Alice, CALL, Got, read};
use proptest::prelude::*;
use std::collections::HashMap;

/// What must be true of whatever is sent.
fn check(got: &[Got]) {
    let mut frames = HashMap::new();
    let mut end: HashMap<bool, u32> = HashMap::new();
    for (n, packet) in got.iter().enumerate() {
        assert_eq!(packet.sequence, got[0].sequence.wrapping_add(n as u32));
        assert!(packet.bytes <= MAX_PACKET);
        let opus = packet.codec == Codec::Opus;
        let least = end.insert(opus, packet.timestamp.wrapping_add(packet.duration));
        assert!(least.is_none_or(|end| packet.timestamp.wrapping_sub(end) < 1 << 31), "sound overlaps");
        let mut farthest = 0;
        for (offset, copy) in &packet.copies {
            assert!(*offset > farthest && *offset <= MAX_OFFSET);
            farthest = *offset;
            let begin = packet.timestamp.wrapping_sub(u32::from(*offset) * packet.duration);
            assert_eq!(frames.get(&(begin, packet.duration)), Some(copy), "a copy of what was never sent");
        }
        if opus {
            frames.insert((packet.timestamp, packet.duration), packet.frame.clone());
        }
    }
}

fn offsets(packet: &Got) -> Vec<u8> {
    packet.copies.iter().map(|(offset, _)| *offset).collect()
}

#[test]
fn speech_becomes_a_packet_each_ten_ms() {
    let mut alice = Alice::new(Quality::Auto);
    let got = alice.talk(1000);
    assert_eq!(got.len(), 100);
    check(&got);
    for (n, packet) in got.iter().enumerate() {
        assert_eq!((packet.timestamp, packet.duration), (n as u32 * 480, 480));
        assert_eq!(packet.flags, Flags { spurt: n < 3, ..Flags::default() });
        assert_eq!(packet.copies.len(), if n < 3 { n } else { 0 });
    }
    let stats = alice.sender.stats();
    assert_eq!((stats.packets, stats.packet_ms, stats.bitrate), (100, 10.0, 32_000));
    assert_eq!(stats.bytes, got.iter().map(|packet| packet.bytes as u64).sum::<u64>());
}

#[test]
fn economy_sends_a_packet_each_twenty_ms() {
    let got = Alice::new(Quality::Economy).talk(1000);
    assert_eq!(got.len(), 50);
    check(&got);
    assert!(got.iter().all(|packet| packet.duration == 960));
}

#[test]
fn loss_brings_copies_at_once_and_the_bitrate_stays() {
    let mut alice = Alice::new(Quality::Auto);
    alice.talk_and_lose(0, 0);
    alice.talk_and_lose(6, 0);
    for _ in 0..20 {
        alice.talk_and_lose(6, 0);
    }
    let got = alice.talk(200);
    assert!(got.iter().all(|packet| offsets(packet) == [1, 2, 3]));
    check(&alice.got);
    assert_eq!(alice.sender.stats().bitrate, 32_000);
    assert!((alice.sender.stats().loss_percent - 30.0).abs() < 2.0);
}

#[test]
fn losses_in_runs_spread_the_copies() {
    let mut alice = Alice::new(Quality::Auto);
    alice.report.burst_x16 = 48;
    for _ in 0..20 {
        alice.talk_and_lose(2, 0);
    }
    let got = alice.talk(200);
    assert!(got.iter().all(|packet| offsets(packet) == [3, 6]), "{:?}", offsets(&got[9]));
    check(&alice.got);
}

#[test]
fn a_queue_takes_copies_and_lengthens_packets_without_a_broken_copy() {
    let mut alice = Alice::new(Quality::Auto);
    for n in 0..150 {
        alice.talk_and_lose(if n < 20 { 5 } else { 1 }, if n < 20 { 0 } else { 200 });
    }
    let last = alice.got.last().unwrap();
    assert_eq!((last.duration, last.copies.len()), (2880, 0));
    assert_eq!(alice.sender.stats().bitrate, 16_000);
    for _ in 0..300 {
        alice.talk_and_lose(0, 0);
    }
    assert_eq!(alice.got.last().unwrap().duration, 480);
    check(&alice.got);
    let ticks: u32 = alice.got.iter().map(|packet| packet.duration).sum();
    assert_eq!(ticks, 450 * 9600, "all sound is sent once");
}

#[test]
fn muting_is_said_often_and_then_little_is_sent() {
    let mut alice = Alice::new(Quality::Auto);
    alice.talk(500);
    alice.sender.set_muted(true);
    let got = alice.talk(4000);
    let said = got.iter().filter(|packet| packet.timestamp < 24_000 + 10 * 480).count();
    assert!(said >= 5);
    assert!(got.len() < 20, "{}", got.len());
    assert!(got.iter().all(|packet| packet.flags.muted));
    assert!(got[1..].iter().all(|packet| packet.flags.silence));
    assert!(got.windows(2).all(|pair| pair[1].timestamp - pair[0].timestamp <= 400 * 48));
    alice.sender.set_muted(false);
    let got = alice.talk(100);
    assert_eq!(got.len(), 10);
    assert!(got[0].flags.spurt && !got[0].flags.muted && got[0].copies.is_empty());
    assert_eq!(offsets(&got[2]), [1, 2]);
    check(&alice.got);
}

#[test]
fn nothing_of_the_microphone_is_sent_while_muted() {
    let sent = |loud: f32| {
        let mut alice = Alice::new(Quality::Auto);
        alice.sender.set_muted(true);
        for _ in 0..200 {
            let block = alice.voice().map(|sample| sample * loud);
            alice.push(&block);
        }
        alice.got.into_iter().map(|packet| packet.frame).collect::<Vec<_>>()
    };
    assert_eq!(sent(0.0), sent(5.0));
}

#[test]
fn not_transmitting_is_silence_and_not_muted() {
    let mut alice = Alice::new(Quality::Auto);
    alice.talk(500);
    alice.sender.set_transmitting(false);
    let got = alice.talk(2000);
    assert!(got.len() < 12 && got.iter().all(|packet| !packet.flags.muted));
    alice.sender.set_deafened(true);
    let got = alice.talk(100);
    assert_eq!(got.len(), 5);
    assert!(got.iter().all(|packet| packet.flags.deafened && packet.flags.muted && packet.flags.silence));
    check(&alice.got);
}

#[test]
fn silence_is_left_out_at_a_low_bitrate_and_timestamps_jump_over_it() {
    let mut alice = Alice::new(Quality::Economy);
    alice.talk(1000);
    let from = alice.got.len();
    for _ in 0..400 {
        alice.push(&[0.0; BLOCK]);
    }
    let silence = &alice.got[from..];
    assert!(silence.len() < 40, "{}", silence.len());
    assert!(silence.last().unwrap().flags.silence);
    let got = alice.talk(1000);
    assert!(got.iter().any(|packet| packet.flags.spurt && packet.timestamp == 500 * 480));
    check(&alice.got);
    let mut alice = Alice::new(Quality::Auto);
    for _ in 0..400 {
        alice.push(&[0.0; BLOCK]);
    }
    assert_eq!(alice.got.len(), 400);
}

#[test]
fn uncompressed_sound_is_sent_when_both_chose_it() {
    let mut alice = Alice::new(Quality::Uncompressed);
    let got = alice.talk(1000);
    assert!(got.iter().all(|packet| packet.codec == Codec::Opus && packet.flags.uncompressed));
    alice.sender.set_quality(Quality::Uncompressed, true);
    let got = alice.talk(2000);
    assert!(got.iter().all(|packet| packet.codec == Codec::Pcm && packet.copies.is_empty()));
    assert_eq!(got[0].timestamp, 100 * 441);
    for (pair, n) in got.windows(2).zip(0..) {
        assert_eq!(pair[1].timestamp, pair[0].timestamp + pair[0].duration);
        assert_eq!(pair[0].duration, [342, 341, 341][n % 3]);
    }
    check(&alice.got);
    assert!(!alice.sender.fell_back());
    let stats = alice.sender.stats();
    assert_eq!((stats.codec, stats.bitrate), (Codec::Pcm, 705_600));
}

#[test]
fn uncompressed_sound_is_given_up_when_it_is_lost_until_chosen_again() {
    let mut alice = Alice::new(Quality::Uncompressed);
    alice.sender.set_quality(Quality::Uncompressed, true);
    for _ in 0..20 {
        alice.talk_and_lose(0, 0);
    }
    alice.talk_and_lose(1, 0);
    assert!(!alice.sender.fell_back(), "one loss");
    alice.talk_and_lose(4, 0);
    assert!(alice.sender.fell_back());
    let opus = |got: &[Got]| got.iter().all(|packet| packet.codec == Codec::Opus);
    let got = alice.talk(300);
    let rest: Vec<_> = got.iter().filter(|packet| packet.codec == Codec::Pcm).collect();
    assert!(rest.len() <= 3 && got.len() >= 30);
    let (end, begin) = (rest.last().unwrap(), got.iter().find(|packet| packet.codec == Codec::Opus).unwrap());
    let end = f64::from(end.timestamp + end.duration) / 44.1;
    assert!((end - f64::from(begin.timestamp) / 48.0).abs() < 2.0, "a hole between the two");
    check(&alice.got);
    for _ in 0..150 {
        alice.talk_and_lose(0, 0);
    }
    alice.sender.set_quality(Quality::Uncompressed, false);
    alice.sender.set_quality(Quality::Uncompressed, true);
    assert!(alice.sender.fell_back() && opus(&alice.talk(500)), "it stays so");
    alice.sender.set_quality(Quality::Auto, true);
    alice.sender.set_quality(Quality::Uncompressed, true);
    assert!(!alice.sender.fell_back() && !opus(&alice.talk(500)));
}

#[test]
fn the_first_packets_of_a_spurt_carry_copies_or_describe_the_past_but_not_both() {
    let mut alice = Alice::new(Quality::Auto);
    let described = |alice: &Alice| alice.sender.settings(alice.sender.offsets(10)).dred_ms > 0;
    let copied_in_spurt = |alice: &mut Alice| {
        alice.sender.set_muted(true);
        alice.talk(500);
        alice.sender.set_muted(false);
        alice.talk(100).iter().any(|packet| packet.flags.spurt && !packet.copies.is_empty())
    };
    alice.talk_and_lose(0, 0);
    assert!(!described(&alice) && copied_in_spurt(&mut alice));
    alice.talk(1800);
    alice.talk_and_lose(1, 0);
    assert!(described(&alice) && !copied_in_spurt(&mut alice));
}

#[test]
fn a_new_connection_goes_on_with_nothing_old() {
    let mut alice = Alice::new(Quality::Auto);
    for _ in 0..20 {
        alice.talk_and_lose(6, 0);
    }
    let before = alice.got.last().unwrap().clone();
    alice.now += Duration::from_secs(8);
    alice.sender.resume(alice.now);
    let got = alice.talk(200);
    assert_eq!(got[0].sequence, before.sequence + 1);
    assert_eq!(got[0].timestamp, before.timestamp + 801 * 480, "8 s of nothing");
    assert!(got[0].copies.is_empty() && got[0].flags.spurt);
    assert_eq!(offsets(&got[5]), [1, 2, 3], "what was learned stays");
    alice.talk_and_lose(0, 0);
    check(&alice.got);
}

#[test]
fn a_late_block_is_no_silence() {
    let mut alice = Alice::new(Quality::Auto);
    alice.talk(100);
    alice.now += Duration::from_millis(150);
    let got = alice.talk(100);
    assert_eq!(got[0].timestamp, 4800);
}

#[test]
fn copies_that_do_not_fit_are_left_out_farthest_first() {
    let mut history = History::new();
    let mut outbox = Outbox::new(CALL, 0);
    for n in 0..4 {
        history.room().fill(n);
        history.keep(u32::from(n) * 2880, 2880, 300);
    }
    let head = Head { codec: Codec::Opus, flags: Flags::default(), timestamp: 3 * 2880, duration: 2880 };
    let mut got = Vec::new();
    let offsets = repair::choose(3, false, 10);
    outbox.send_latest(Instant::now(), head, &history, offsets, &mut |bytes| got.push(read(bytes)));
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].copies, [(1, vec![2; 300])]);
}

#[test]
fn sound_that_is_no_number_is_silence() {
    let mut alice = Alice::new(Quality::Auto);
    alice.talk(100);
    for _ in 0..10 {
        alice.push(&[f32::NAN; BLOCK]);
        alice.push(&[f32::INFINITY; BLOCK]);
    }
    alice.talk(100);
    assert_eq!(alice.got.len(), 40);
}

#[derive(Debug, Clone)]
enum Act {
    Talk(u32),
    Quiet(u32),
    Wait(u64),
    Report([u32; 6], u16, u16),
    Honest(u32, u16, u16),
    Quality(u8, bool),
    Muted(bool),
    Deafened(bool),
    Transmitting(bool),
    Resume,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1u32..30).prop_map(Act::Talk),
        2 => (1u32..60).prop_map(Act::Quiet),
        1 => (0u64..2000).prop_map(Act::Wait),
        1 => (any::<[u32; 6]>(), any::<u16>(), any::<u16>()).prop_map(|(n, burst, queue)| Act::Report(n, burst, queue)),
        6 => (0u32..12, 16u16..100, 0u16..400).prop_map(|(lost, burst, queue)| Act::Honest(lost, burst, queue)),
        1 => (0u8..3, any::<bool>()).prop_map(|(quality, peer)| Act::Quality(quality, peer)),
        1 => any::<bool>().prop_map(Act::Muted),
        1 => any::<bool>().prop_map(Act::Deafened),
        1 => any::<bool>().prop_map(Act::Transmitting),
        1 => Just(Act::Resume),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_packets_are_right(acts in proptest::collection::vec(act(), 1..60)) {
        let mut alice = Alice::new(Quality::Auto);
        for act in acts {
            match act {
                Act::Talk(blocks) => drop(alice.talk(blocks * 10)),
                Act::Quiet(blocks) => (0..blocks).for_each(|_| alice.push(&[0.0; BLOCK])),
                Act::Wait(ms) => alice.now += Duration::from_millis(ms),
                Act::Report([highest, held_us, expected, lost, played, concealed], burst_x16, queue_ms) => {
                    let report =
                        Report { highest, held_us, expected, lost, played, concealed, burst_x16, queue_ms, ..alice.report };
                    alice.sender.report(alice.now, &report);
                }
                Act::Honest(lost, burst, queue) => {
                    alice.report.burst_x16 = burst;
                    alice.talk_and_lose(lost, queue);
                }
                Act::Quality(quality, peer) => {
                    let quality = [Quality::Auto, Quality::Economy, Quality::Uncompressed][usize::from(quality)];
                    alice.sender.set_quality(quality, peer);
                }
                Act::Muted(on) => alice.sender.set_muted(on),
                Act::Deafened(on) => alice.sender.set_deafened(on),
                Act::Transmitting(on) => alice.sender.set_transmitting(on),
                Act::Resume => alice.sender.resume(alice.now),
            }
            let stats = alice.sender.stats();
            prop_assert!((0.0..=100.0).contains(&stats.loss_percent));
            prop_assert!((16_000..=705_600).contains(&stats.bitrate));
            prop_assert!((7.0..=60.0).contains(&stats.packet_ms));
        }
        check(&alice.got);
    }
}
