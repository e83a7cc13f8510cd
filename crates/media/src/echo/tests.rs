use super::*;
use std::f32::consts::PI;

/// White noise in syllables, -1 to 1 at most.
struct Voice {
    seed: u64,
    rate: f32,
    at: usize,
}

impl Voice {
    fn new(seed: u64) -> Self {
        Self { seed: seed * 0x9E37_79B9 + 1, rate: 3.0 + (seed % 7) as f32 * 0.31, at: 0 }
    }

    fn block(&mut self) -> Block {
        std::array::from_fn(|_| {
            self.seed ^= self.seed << 13;
            self.seed ^= self.seed >> 7;
            self.seed ^= self.seed << 17;
            self.at += 1;
            let swell = (PI * self.rate * self.at as f32 / RATE as f32).sin().powi(2);
            0.1 * swell * ((self.seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
        })
    }
}

/// Delays by so many samples, at most 2000.
struct Line(Vec<f32>, usize);

impl Line {
    fn new(delay: usize) -> Self {
        Self(vec![0.0; 2000 + BLOCK], delay)
    }

    fn process(&mut self, block: &Block) -> Block {
        self.0.copy_within(BLOCK.., 0);
        self.0[2000..].copy_from_slice(block);
        std::array::from_fn(|i| self.0[2000 - self.1 + i])
    }
}

/// When (in blocks) the path is first seen, and what is seen then.
fn first_seen(
    canceller: &mut Canceller,
    blocks: usize,
    mut next: impl FnMut(usize) -> (Block, Block),
) -> Option<(usize, Path)> {
    (0..blocks).find_map(|k| {
        let (played, heard) = next(k);
        canceller.render(&played);
        let path = canceller.search(&heard, 0);
        matches!(path, Path::Present(_)).then_some((k, path))
    })
}

#[test]
fn an_echo_is_found_within_a_third_of_a_second_where_it_is() {
    for delay in [100, 777, 1999] {
        let (mut far, mut near, mut line) = (Voice::new(1), Voice::new(2), Line::new(delay));
        let seen = first_seen(&mut Canceller::new(), 100, |_| {
            let played = far.block();
            let (echo, voice) = (line.process(&played), near.block());
            (played, std::array::from_fn(|i| 0.5 * echo[i] + 0.3 * voice[i]))
        });
        let Some((block, Path::Present(lag))) = seen else { panic!("{delay} {seen:?}") };
        assert!(block < 33, "{delay} {block}");
        assert!(lag.abs_diff(delay) <= 6, "{delay} {lag}");
    }
}

#[test]
fn two_people_who_talk_at_once_are_no_echo() {
    for seed in 1..6 {
        let (mut far, mut near) = (Voice::new(seed), Voice::new(seed + 100));
        let mut canceller = Canceller::new();
        let seen = first_seen(&mut canceller, 2000, |_| (far.block(), near.block()));
        assert_eq!(seen, None, "seed {seed}");
        assert_eq!(canceller.path, Path::Absent);
        assert!(canceller.asleep());
    }
}

#[test]
fn an_echo_that_goes_is_noticed() {
    let (mut far, mut near, mut line) = (Voice::new(1), Voice::new(2), Line::new(900));
    let mut canceller = Canceller::new();
    let paths: Vec<Path> = (0..1500)
        .map(|k| {
            let played = far.block();
            let (echo, voice) = (line.process(&played), near.block());
            canceller.render(&played);
            canceller.search(&std::array::from_fn(|i| 0.3 * voice[i] + if k < 500 { echo[i] } else { 0.0 }), 0)
        })
        .collect();
    assert!(matches!(paths[499], Path::Present(_)));
    assert_eq!(paths[1499], Path::Absent);
}

/// dB taken away in the last two of six seconds; `renders` blocks are played before as many are heard.
fn reduction(burst: usize) -> f32 {
    let (mut far, mut line) = (Voice::new(1), Line::new(900));
    let (mut canceller, mut split) = (Canceller::new(), Splitter::new());
    let (mut before, mut after) = (1e-9, 1e-9);
    let mut waiting = VecDeque::new();
    for k in 0..600 {
        let played = far.block();
        canceller.render(&played);
        waiting.push_back(line.process(&played));
        if (k + 1) % burst > 0 {
            continue;
        }
        while let Some(heard) = waiting.pop_front() {
            canceller.search(&heard, 0);
            let mut bands = SILENT;
            split.split(&heard, &mut bands);
            let power = |bands: &Bands| bands[0].iter().map(|x| x * x).sum::<f32>();
            before += if k > 400 { power(&bands) } else { 0.0 };
            canceller.process(&mut bands);
            after += if k > 400 { power(&bands) } else { 0.0 };
        }
    }
    10.0 * (before / after).log10()
}

#[test]
fn blocks_that_come_in_bursts_are_matched_in_order() {
    let (even, bursts) = (reduction(1), reduction(4));
    assert!(even > 30.0, "{even}");
    assert!((even - bursts).abs() < 0.5, "{even} {bursts}");
}

#[test]
fn a_microphone_that_is_ahead_of_the_speaker_by_a_block_is_made_up_for() {
    let mut canceller = Canceller::new();
    canceller.search(&[0.0; BLOCK], 0);
    canceller.render(&[0.1; BLOCK]);
    canceller.render(&[0.2; BLOCK]);
    assert_eq!(canceller.played.len(), 1);
    for _ in 0..100 {
        canceller.search(&[0.0; BLOCK], 0);
    }
    assert!(canceller.owed <= QUEUE);
    (0..100).for_each(|_| canceller.render(&[0.1; BLOCK]));
    assert_eq!(canceller.played.len(), QUEUE);
}

#[test]
fn the_reference_is_delayed_exactly_and_by_fractions_smoothly() {
    let mut reference = Reference::new();
    let wave = |n: f64| (n * 0.2).sin() as f32;
    let mut out = [0.0; BLOCK];
    for k in 0..20 {
        if k == 10 {
            reference.set_delay(100);
            reference.set_drift(0.000_5);
        }
        reference.push(&std::array::from_fn(|i| wave((k * BLOCK + i) as f64)));
        reference.pull(&mut out);
        for (i, sample) in out.iter().enumerate() {
            let n = (k * BLOCK + i) as f64;
            let expected = if k < 10 { wave(n) } else { wave(n - 100.0 - 0.000_5 * (n - (10 * BLOCK) as f64 + 1.0)) };
            assert!((sample - expected).abs() < 0.001, "block {k} sample {i}: {sample} {expected}");
        }
    }
}
