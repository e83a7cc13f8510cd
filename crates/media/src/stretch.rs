//! Time stretching: one period of the voice less or more, blended over where it repeats itself best (WSOLA: Verhelst and
//! Roelands, 1993); any length in a pause, where nobody hears it.

mod line;
mod pace;

pub(crate) use line::Line;
pub(crate) use pace::{Change, Pace};

/// Samples that are compared and blended: 5 ms.
pub(crate) const SEAM: usize = 240;
/// Shortest period: 2.5 ms, a child's voice.
const SHORTEST: usize = 120;
/// Longest period: 15 ms, a deep voice.
pub(crate) const LONGEST: usize = 720;
/// Loudness below which all is a pause, root mean square: -60 dB.
const SILENCE: f32 = 1e-3;
/// How much louder than the background a pause may be.
const PAUSE: f32 = 1.6;
/// How alike two parts of a voice must be for one to take the place of the other (1: the same).
const ALIKE: f32 = 0.8;

/// What is done to the time of a voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// Only in pauses.
    Pauses,
    /// In the voice, too.
    Voice,
}

/// Takes up to `most` samples out of what waits. Gives how many, and whether it was in a pause.
pub(crate) fn shorten(line: &mut Line, most: usize, background: f32, place: Where) -> (usize, bool) {
    let ahead = line.ahead();
    let longest = ahead.len().saturating_sub(SEAM).min(most).min(LONGEST);
    let pause = longest > 0 && is_pause(&ahead[..longest + SEAM], background);
    let len = match place {
        _ if pause => longest,
        Where::Voice => best(longest, |len| alike(&ahead[..SEAM], &ahead[len..len + SEAM])),
        Where::Pauses => 0,
    };
    if len == 0 {
        return (0, pause);
    }
    for at in 0..SEAM {
        ahead[len + at] = blend(ahead[at], ahead[len + at], at);
    }
    line.skip(len);
    (len, pause)
}

/// Adds up to `most` samples before what waits. Gives how many, and whether it was in a pause.
pub(crate) fn lengthen(line: &mut Line, most: usize, background: f32, place: Where) -> (usize, bool) {
    let past = line.past().min(LONGEST);
    let longest = if line.len() < SEAM { 0 } else { most.min(past) };
    let around = line.around(past);
    let pause = longest > 0 && is_pause(&around[past - longest..past + SEAM], background);
    let len = match place {
        _ if pause => longest,
        Where::Voice => {
            best(longest, |len| alike(&around[LONGEST..LONGEST + SEAM], &around[LONGEST - len..LONGEST - len + SEAM]))
        }
        Where::Pauses => 0,
    };
    if len == 0 {
        return (0, pause);
    }
    for at in past..past + SEAM {
        around[at - len] = blend(around[at], around[at - len], at - past);
    }
    line.rewind(len);
    (len, pause)
}

/// Root mean square.
pub(crate) fn loudness(sound: &[f32]) -> f32 {
    (sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len().max(1) as f32).sqrt()
}

fn is_pause(sound: &[f32], background: f32) -> bool {
    // Each part of it: a beginning word is short at first.
    sound.chunks(SEAM / 2).all(|part| loudness(part) < (background * PAUSE).max(SILENCE))
}

fn blend(from: f32, to: f32, at: usize) -> f32 {
    let share = (at as f32 + 0.5) / SEAM as f32;
    from * (1.0 - share) + to * share
}

/// The period with the best likeness, if that is good enough.
fn best(longest: usize, alike: impl Fn(usize) -> f32) -> usize {
    (SHORTEST..=longest)
        .map(|len| (len, alike(len)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(len, found)| if found > ALIKE { len } else { 0 })
}

/// Normalised correlation.
fn alike(a: &[f32], b: &[f32]) -> f32 {
    let (mut product, mut first, mut second) = (0.0, 1e-9, 1e-9);
    for (a, b) in a.iter().zip(b) {
        product += a * b;
        first += a * a;
        second += b * b;
    }
    product / (first * second).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BLOCK, test_signal::voice};

    fn filled(samples: std::ops::Range<usize>) -> Line {
        let mut line = Line::new();
        samples.for_each(|at| line.push(voice(at, 48_000)));
        line
    }

    fn steepest(sound: &[f32]) -> f32 {
        sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_voice_loses_and_gains_whole_periods_without_a_click() {
        // 140 Hz: a period is 343 samples.
        for change in [shorten, lengthen] {
            let mut line = filled(9_600..9_600 + 5 * BLOCK);
            line.pop(&mut [0.0; BLOCK]);
            line.pop(&mut [0.0; BLOCK]);
            let usual = steepest(line.ahead());
            let before = line.len();
            let (len, pause) = change(&mut line, LONGEST, 0.0, Where::Voice);
            assert!(!pause && (len % 343 < 4 || len % 343 > 339), "{len}");
            assert_eq!(line.len().abs_diff(before), len);
            assert!(steepest(line.around(SEAM)) < 1.05 * usual);
        }
    }

    #[test]
    fn a_pause_changes_by_exactly_what_is_asked_for() {
        // The voice pauses for the last fifth of each second.
        let mut line = filled(39_000..39_000 + 5 * BLOCK);
        line.pop(&mut [0.0; BLOCK]);
        assert_eq!(shorten(&mut line, 700, 1e-4, Where::Pauses), (700, true));
        assert_eq!(lengthen(&mut line, 131, 1e-4, Where::Pauses), (131, true));
        assert_eq!(line.len(), 4 * BLOCK - 700 + 131);
    }

    #[test]
    fn a_voice_is_left_alone_where_only_pauses_may_change_and_where_nothing_repeats() {
        let mut line = filled(9_600..9_600 + 5 * BLOCK);
        assert_eq!(shorten(&mut line, LONGEST, 1e-4, Where::Pauses), (0, false));
        let mut noise = Line::new();
        let mut state = 1_u32;
        for _ in 0..4 * BLOCK {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.push(state as f32 / u32::MAX as f32 - 0.5);
        }
        assert_eq!(shorten(&mut noise, LONGEST, 1e-4, Where::Voice), (0, false));
        noise.pop(&mut [0.0; BLOCK]);
        noise.pop(&mut [0.0; BLOCK]);
        assert_eq!(lengthen(&mut noise, LONGEST, 1e-4, Where::Voice), (0, false));
    }

    #[test]
    fn too_little_sound_is_left_alone() {
        let mut line = filled(0..100);
        assert_eq!(shorten(&mut line, LONGEST, 1.0, Where::Voice).0, 0);
        assert_eq!(lengthen(&mut line, LONGEST, 1.0, Where::Voice).0, 0);
    }
}
