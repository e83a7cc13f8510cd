"""How good a sentence sounds: PESQ wide band (ITU-T P.862.2, 1.0 to 4.64) and STOI (Taal et al. 2011, 0 to 1)."""

from dataclasses import dataclass

import numpy as np
from pesq import PesqError, pesq
from pystoi import stoi
from scipy import signal

from . import RATE
from .delay import band, shift

MODEL_RATE = 16_000
MARGIN_S = 0.3
# RMS: nothing at all was heard.
SILENCE = 1e-4
WORST = (1.0, 0.0)


@dataclass
class Score:
    """Of one sentence."""

    begins_s: float
    pesq: float
    stoi: float


def sentence_scores(said, heard, places, lag):
    """The scores of the sentences at `places`, pairs of samples in `said`, which are heard about `lag` samples later.

    What is missing counts as the worst.
    """
    return [one_score(said, heard, begin, end, lag) for begin, end in places]


def one_score(said, heard, begin, end, lag):
    margin = int(MARGIN_S * RATE)
    low, high = max(0, begin - margin), min(len(said), end + margin)
    reference = said[low:high]
    begins = max(0, low + lag - margin)
    candidate = heard[begins : high + lag + margin]
    candidate = np.pad(candidate, (0, len(reference) + 2 * margin - len(candidate)))
    # Each sentence is brought into step by itself: the delay may change from one to the next.
    place, _ = shift(band(reference), band(candidate), len(candidate) - len(reference))
    return Score(begin / RATE, *judge(reference, candidate[place : place + len(reference)]))


def judge(reference, heard):
    """PESQ and STOI of two sounds of one length that are in step."""
    reference, heard = (signal.resample_poly(samples, MODEL_RATE, RATE) for samples in (reference, heard))
    if np.sqrt(np.mean(heard**2)) < SILENCE:
        return WORST
    try:
        quality = float(pesq(MODEL_RATE, reference, heard, "wb"))
    except PesqError:  # it finds no speech in what was heard
        return WORST
    return quality, max(0.0, float(stoi(reference, heard, MODEL_RATE)))


def mean(scores, name):
    return float(np.mean([getattr(score, name) for score in scores]))
