"""When somebody is heard again: speech told from tones, comfort noise and rests of other speech."""

import numpy as np

from . import RATE
from .delay import band, best_match

WINDOW_S = 0.12
HOP_S = 0.01
FINE_S = 0.02
STEP_S = 0.005
LONGEST_DELAY_S = 0.8
RECOGNISED = 0.65
PRESENT = 0.6
# Below this (RMS) there is nothing to recognise.
SILENCE = 1e-4
FRAME_S = 0.01
QUIET = 0.1


def first_heard(said, heard, begin, longest_s):
    """The position in `heard` at or after `begin` where what was `said` at most 0.8 s before begins to be heard.

    None where that does not happen within `longest_s`.
    """
    margin = RATE // 2
    low = max(0, begin - margin - int(LONGEST_DELAY_S * RATE))
    high = min(len(heard), begin + int((longest_s + 1) * RATE))
    said, heard = band(said[low:high]), band(heard[low:high])
    start = begin - low
    window, hop = int(WINDOW_S * RATE), int(HOP_S * RATE)
    for place in range(start, min(start + int(longest_s * RATE), len(heard) - window), hop):
        delay = recognised(said, heard, place, window)
        if delay is not None:
            return low + beginning(said, heard, place, delay, start)
    return None


def recognised(said, heard, place, window):
    """The delay (samples) with which the window at `place` repeats what was said, or None."""
    words = heard[place : place + window]
    if np.sqrt(np.mean(words**2)) < SILENCE:
        return None
    low = max(0, place - int(LONGEST_DELAY_S * RATE))
    at, likeness = best_match(words, said[low : place + window])
    return place - (low + at) if likeness > RECOGNISED else None


def beginning(said, heard, place, delay, start):
    """Where the words of a recognised window begin: it may have begun before them, or they before it."""
    window, fine, step = (int(seconds * RATE) for seconds in (WINDOW_S, FINE_S, STEP_S))
    first = max(start, place - window, delay)
    for candidate in range(first, place + window, step):
        if all(is_same(said, heard, at, delay, fine) for at in (candidate, candidate + fine)):
            return candidate
    return place


def is_same(said, heard, place, delay, length):
    words, source = heard[place : place + length], said[place - delay : place - delay + length]
    power = np.sqrt(np.sum(words**2) * np.sum(source**2))
    return np.sqrt(np.mean(words**2)) > SILENCE and np.sum(words * source) > PRESENT * power


def longest_quiet(before, after):
    """The longest stretch of `after` that is 20 dB quieter than `before`, both endless speech: ms, and whether it ends."""
    loudness = frame_levels(after)
    quiet = loudness < QUIET * np.median(frame_levels(before))
    longest = run = 0
    for frame in quiet:
        run = run + 1 if frame else 0
        longest = max(longest, run)
    return longest * FRAME_S * 1000, run < longest or not run


def frame_levels(samples):
    """The RMS of each frame of 10 ms."""
    frame = int(FRAME_S * RATE)
    return np.sqrt(np.mean(samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2, axis=1))


def level_db(samples):
    """RMS, dB below full scale, -120 at least."""
    return float(20 * np.log10(max(np.sqrt(np.mean(samples**2)), 1e-6)))
