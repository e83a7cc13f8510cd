use super::*;
use std::f32::consts::{PI, TAU};

/// Blocks a second.
const SECOND: usize = 100;

/// Numbers from a seed, -1 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// Something like a voice: noise with the long-term slope of speech, in syllables and with pauses between phrases, at about
/// -26 dB.
fn speech(seed: u64, blocks: usize) -> Vec<f32> {
    let mut noise = Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let rate = 3.0 + noise.next();
    let (mut low, mut lower) = (0.0, 0.0);
    (0..blocks * BLOCK)
        .map(|i| {
            let t = i as f32 / RATE as f32;
            let phrase = ((t + seed as f32 * 0.7) % 3.1) < 2.5;
            let syllable = (PI * rate * t).sin().abs().powi(2);
            let white = noise.next();
            low += 0.15 * (white - low);
            lower += 0.01 * (low - lower);
            if phrase { 0.45 * syllable * (low - lower) } else { 0.0 }
        })
        .collect()
}

/// What a microphone hears of a loudspeaker: 45 ms, reflections that die away over 100 ms, a little distortion.
fn room(played: &[f32]) -> Vec<f32> {
    let mut noise = Noise(77);
    let mut taps = vec![(2160, 0.8f32)];
    taps.extend((0..60).map(|k| (2160 + 30 + k * 79, 0.25 * noise.next() * (-(k as f32) / 18.0).exp())));
    (0..played.len())
        .map(|i| {
            let sum: f32 = taps.iter().filter(|(lag, _)| *lag <= i).map(|(lag, gain)| gain * played[i - lag]).sum();
            (0.5 * sum).tanh()
        })
        .collect()
}

fn hiss(seed: u64, len: usize, db: f32) -> Vec<f32> {
    let mut noise = Noise(seed | 1);
    let gain = db_to_gain(db) * 3f32.sqrt();
    (0..len).map(|_| gain * noise.next()).collect()
}

fn add(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn level(sound: &[f32]) -> f32 {
    power_to_db(sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32)
}

fn seconds(sound: &[f32], from: usize, to: usize) -> &[f32] {
    &sound[from * RATE as usize..to * RATE as usize]
}

fn plain() -> AudioSettings {
    AudioSettings { gain: Switch::Off, noise: Switch::Off, ..AudioSettings::default() }
}

/// Runs the chain; `change` may do something before each block.
fn run_with(
    settings: &AudioSettings,
    played: &[f32],
    heard: &[f32],
    mut change: impl FnMut(usize, &mut Microphone),
) -> (Vec<f32>, Vec<Captured>) {
    let mut microphone = Microphone::new(settings);
    let (mut out, mut all) = (Vec::new(), Vec::new());
    for (k, (played, heard)) in played.chunks_exact(BLOCK).zip(heard.chunks_exact(BLOCK)).enumerate() {
        change(k, &mut microphone);
        let mut block: Block = heard.try_into().unwrap();
        microphone.render(played.try_into().unwrap());
        all.push(microphone.capture(&mut block, 40));
        out.extend(block);
    }
    (out, all)
}

fn run(settings: &AudioSettings, played: &[f32], heard: &[f32]) -> (Vec<f32>, Vec<Captured>) {
    run_with(settings, played, heard, |_, _| {})
}

/// By how many samples `late` follows `sound`, up to 1500.
fn lag(sound: &[f32], late: &[f32]) -> usize {
    let product = |lag: usize| sound.iter().zip(&late[lag..]).map(|(a, b)| a * b).sum::<f32>();
    (0..1500).max_by(|a, b| product(*a).total_cmp(&product(*b))).unwrap()
}

/// Behind the high-pass alone.
fn filtered(heard: &[f32]) -> Vec<f32> {
    let mut filter = HighPass::new(CUTOFF);
    let mut expected = Vec::new();
    for block in heard.chunks_exact(BLOCK) {
        let mut block: Block = block.try_into().unwrap();
        filter.process(&mut block);
        expected.extend(block);
    }
    expected
}

/// The greatest second difference, where a click would stand out of a low tone.
fn roughness(sound: &[f32]) -> f32 {
    sound.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max)
}

#[test]
fn an_echo_is_taken_away() {
    let played = speech(1, 15 * SECOND);
    let heard = add(&room(&played), &hiss(3, played.len(), -80.0));
    let (out, all) = run(&plain(), &played, &heard);
    let removed = |from, to| level(seconds(&heard, from, to)) - level(seconds(&out, from, to));
    assert!(removed(0, 2) > 25.0, "{}", removed(0, 2));
    assert!(removed(5, 15) > 35.0, "{}", removed(5, 15));
    assert!(all.last().unwrap().echo_reduction_db.unwrap() > 30.0);
}

#[test]
fn an_echo_is_taken_away_when_the_clocks_differ_by_200_ppm() {
    let played = speech(2, 30 * SECOND);
    let echo = room(&played);
    let slow: Vec<f32> = (0..echo.len() - 600)
        .map(|i| {
            let at = i as f64 * 1.000_2;
            let (whole, part) = (at as usize, at.fract() as f32);
            let point = |k: usize| echo[(whole + k).saturating_sub(1).min(echo.len() - 1)];
            let (a, b, c, d) = (point(0), point(1), point(2), point(3));
            // Catmull-Rom: the voice here has nothing left where this is poor.
            b + 0.5 * part * (c - a + part * (2.0 * a - 5.0 * b + 4.0 * c - d + part * (3.0 * (b - c) + d - a)))
        })
        .collect();
    let heard = add(&slow, &hiss(3, slow.len(), -80.0));
    let (out, _) = run(&plain(), &played, &heard);
    let removed = level(seconds(&heard, 18, 29)) - level(seconds(&out, 18, 29));
    assert!(removed > 35.0, "{removed}");
}

#[test]
fn a_voice_in_the_room_survives_the_echo_of_another() {
    let (played, voice) = (speech(1, 20 * SECOND), speech(5, 20 * SECOND));
    let silent = 8 * RATE as usize;
    let voice: Vec<f32> = voice.iter().enumerate().map(|(i, x)| if i < silent { 0.0 } else { *x }).collect();
    let heard = add(&add(&room(&played), &voice), &hiss(3, played.len(), -80.0));
    let (out, _) = run(&plain(), &played, &heard);
    let (voice, out) = (seconds(&voice, 10, 19), &out[10 * RATE as usize..]);
    let late = lag(voice, out);
    let out = &out[late..late + voice.len()];
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let gain = dot(voice, out) / dot(voice, voice);
    let rest: Vec<f32> = voice.iter().zip(out).map(|(voice, out)| out - gain * voice).collect();
    assert!((0.8..1.05).contains(&gain), "{gain}");
    let clean = level(voice) - level(&rest);
    assert!(clean > 8.0, "{clean}");
}

#[test]
fn without_an_echo_the_voice_passes_untouched_and_at_a_constant_delay() {
    let (played, voice) = (speech(1, 12 * SECOND), speech(5, 12 * SECOND));
    let heard = add(&voice, &hiss(3, voice.len(), -80.0));
    let (out, all) = run(&plain(), &played, &heard);
    let expected = filtered(&heard);
    let late = lag(seconds(&expected, 4, 5), &out[4 * RATE as usize..]);
    let (from, to) = (3 * RATE as usize, 11 * RATE as usize);
    assert!(expected[from..to] == out[from + late..to + late]);
    assert!(all.iter().all(|captured| captured.delay_ms == all[0].delay_ms));
    assert_eq!(all[0].delay_ms, late as f32 / 48.0);
    assert!(all[0].delay_ms < 6.0);
}

#[test]
fn an_echo_that_appears_is_gone_within_half_a_second_and_the_voice_does_not_move() {
    let (played, voice) = (speech(1, 14 * SECOND), speech(5, 14 * SECOND));
    let (plugged, quiet) = (6 * RATE as usize, 5 * RATE as usize);
    let mut echo = room(&played);
    echo[..plugged].fill(0.0);
    // The voice pauses while the echo appears, and comes back.
    let voice: Vec<f32> = voice
        .iter()
        .enumerate()
        .map(|(i, x)| if (quiet..quiet + 5 * 48_000).contains(&i) { 0.0 } else { *x })
        .collect();
    let heard = add(&add(&echo, &voice), &hiss(3, voice.len(), -80.0));
    let (out, all) = run(&plain(), &played, &heard);
    let soon = plugged + RATE as usize / 2;
    let removed = level(&heard[soon..soon + 48_000]) - level(&out[soon..soon + 48_000]);
    assert!(removed > 15.0, "{removed}");
    let late = |second: usize| lag(seconds(&voice, second, second + 1), &out[second * RATE as usize..]);
    assert_eq!(late(3), late(12));
    assert!(all.iter().all(|captured| captured.delay_ms == all[0].delay_ms));
}

#[test]
fn noise_suppression_comes_to_a_noisy_room_once_and_stays_away_from_a_quiet_one() {
    let settings = AudioSettings { noise: Switch::Auto, gain: Switch::Off, ..AudioSettings::default() };
    let voice = speech(5, 20 * SECOND);
    let silence = vec![0.0; voice.len()];
    let delays = |db: f32| {
        let (out, all) = run(&settings, &silence, &add(&voice, &hiss(3, voice.len(), db)));
        let mut delays: Vec<f32> = all.iter().map(|captured| captured.delay_ms).collect();
        delays.dedup();
        // The end of a phrase's pause.
        let pause = (0..40).map(|k| level(&out[15 * 48_000 + k * 4800..][..4800])).fold(0.0, f32::min);
        (delays, pause)
    };
    let (quiet, floor) = delays(-70.0);
    assert_eq!(quiet.len(), 1);
    assert!((floor + 70.0).abs() < 2.0, "{floor}");
    let (noisy, floor) = delays(-45.0);
    assert_eq!(noisy.len(), 2, "{noisy:?}");
    assert!((noisy[1] - noisy[0] - 6.0).abs() < 0.01, "{noisy:?}");
    assert!(floor < -53.0, "{floor}");
}

#[test]
fn when_neither_echo_nor_noise_is_left_the_voice_passes_behind_both_delays() {
    let settings = AudioSettings { noise: Switch::Auto, gain: Switch::Off, ..AudioSettings::default() };
    let (played, voice) = (speech(1, 40 * SECOND), speech(5, 40 * SECOND));
    let half = voice.len() / 2;
    let noise: Vec<f32> = [hiss(3, half, -45.0), hiss(4, voice.len() - half, -85.0)].concat();
    let heard = add(&voice, &noise);
    let (out, all) = run(&settings, &played, &heard);
    assert!((all[all.len() - 1].delay_ms - 11.96).abs() < 0.01, "{:?}", all[all.len() - 1]);
    let expected = filtered(&heard);
    let late = lag(seconds(&expected, 36, 37), &out[36 * RATE as usize..]);
    assert_eq!(all[all.len() - 1].delay_ms, late as f32 / 48.0);
    let (from, to) = (36 * RATE as usize, 39 * RATE as usize);
    assert!(expected[from..to] == out[from + late..to + late]);
}

#[test]
fn nothing_is_changed_or_delayed_when_all_is_off() {
    let off = AudioSettings { echo: Switch::Off, ..plain() };
    let voice = speech(5, SECOND);
    let (out, all) = run(&off, &voice, &voice);
    assert!(out[FADE_IN..] == voice[FADE_IN..]);
    assert_eq!(all[50].delay_ms, 0.0);
}

#[test]
fn headphones_take_the_canceller_and_its_delay_out_of_the_way() {
    let settings = AudioSettings { headphones: true, ..plain() };
    let (_, all) = run(&AudioSettings { gain: Switch::Auto, ..settings }, &speech(1, SECOND), &speech(5, SECOND));
    assert!(all.iter().all(|captured| captured.delay_ms == 0.0));
}

#[test]
fn no_change_of_the_settings_clicks() {
    let tone: Vec<f32> = (0..30 * 48_000).map(|i| 0.2 * (TAU * 200.0 * i as f32 / 48_000.0).sin()).collect();
    let noise = hiss(3, tone.len(), -90.0);
    let heard = add(&tone, &noise);
    let switches = [Switch::Auto, Switch::On, Switch::Off];
    let (out, all) = run_with(&plain(), &noise, &heard, |k, microphone| {
        if k % 37 == 20 {
            let n = k / 37;
            microphone.set(&AudioSettings {
                echo: switches[n % 3],
                noise: switches[(n / 3 + 1) % 3],
                gain: switches[(n / 2 + 2) % 3],
                headphones: n % 5 == 4,
                input_gain_db: [0.0, 3.0, -6.0][n % 3],
                ..AudioSettings::default()
            });
        }
    });
    // A tone of twice the amplitude has 0.00027; a step of 1 % of full scale would have 0.01.
    assert!(roughness(&out[FADE_IN..]) < 0.004, "{}", roughness(&out[FADE_IN..]));
    let mut delays: Vec<u32> = all.iter().map(|captured| captured.delay_ms.round() as u32).collect();
    delays.sort_unstable();
    delays.dedup();
    assert_eq!(delays, [0, 6, 7, 12], "every combination was in use");
}

#[test]
fn after_a_reset_the_sound_comes_in_softly_and_the_old_one_does_not_break_off() {
    let tone: Vec<f32> = (0..2 * 48_000).map(|i| 0.2 * (TAU * 200.0 * i as f32 / 48_000.0).cos()).collect();
    let silence = vec![0.0; tone.len()];
    let (out, _) = run_with(&plain(), &silence, &tone, |k, microphone| {
        if k == 100 {
            microphone.reset();
        }
    });
    let start = 100 * BLOCK;
    assert!(roughness(&out[start - 100..]) < 0.015, "{}", roughness(&out[start - 100..]));
    assert!(level(&out[start + 150..start + 350]) < -40.0, "{}", level(&out[start + 150..start + 350]));
    let after = level(&out[start + 2 * FADE_IN..start + 3 * FADE_IN]);
    // The split into bands takes half a dB from low tones.
    assert!(after > -18.0, "{after}");
}

#[test]
fn a_voice_is_told_from_noise_and_clipping_is_seen_before_the_gain() {
    let settings = AudioSettings { input_gain_db: -10.0, ..plain() };
    let mut heard = add(&speech(5, 5 * SECOND), &hiss(3, 5 * SECOND * BLOCK, -60.0));
    heard[4 * 48_000] = 1.0;
    let (_, all) = run(&settings, &vec![0.0; heard.len()], &heard);
    let spoken = all[100..].iter().filter(|captured| captured.voice).count();
    assert!((150..380).contains(&spoken), "{spoken}");
    assert!(!all[399].clipped && all[400].clipped && all[499].clipped);
}

#[test]
fn nonsense_from_a_device_stays_silence() {
    let mut microphone =
        Microphone::new(&AudioSettings { echo: Switch::On, noise: Switch::On, ..AudioSettings::default() });
    for k in 0..300 {
        let value = [f32::NAN, f32::INFINITY, 1e30, -1e30, 0.1][k % 5];
        let mut block = [value; BLOCK];
        microphone.render(&[value; BLOCK]);
        microphone.capture(&mut block, u32::MAX);
        assert!(block.iter().all(|sample| sample.abs() <= 1.0), "block {k}");
    }
    let tone: Block = std::array::from_fn(|i| 0.1 * (i as f32 * 0.1).sin());
    let heard = (0..500).any(|_| {
        let mut block = tone;
        microphone.render(&[0.0; BLOCK]);
        microphone.capture(&mut block, 0).level_db > -40.0
    });
    assert!(heard, "it recovers");
}
