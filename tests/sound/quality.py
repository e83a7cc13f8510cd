"""Compares a sound file with what became of it: `quality.py REF.wav DEG.wav` prints delay, PESQ and STOI as JSON.

Needs no sound card and no network. The reference is cut into sentences at its pauses; each is scored by itself.
`python -m meter.stimulus REF.wav` writes a reference.
"""

import argparse
import json

import numpy as np

from meter import RATE
from meter.delay import rough_shift, speech_delays
from meter.score import mean, sentence_scores
from meter.stimulus import load

PAUSE_S = 0.45
SHORTEST_S = 0.8
FRAME = RATE // 100
QUIET = 0.02


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("degraded")
    arguments = parser.parse_args()
    said, heard = load(arguments.reference), load(arguments.degraded)
    delays = speech_delays(said, heard)
    scores = sentence_scores(said, heard, sentences_of(said), rough_shift(said, heard))
    result = {
        "delay_ms": summary(delays),
        "pesq": round(mean(scores, "pesq"), 3),
        "stoi": round(mean(scores, "stoi"), 3),
        "sentences": [
            {"at_s": round(one.begins_s, 2), "pesq": round(one.pesq, 3), "stoi": round(one.stoi, 3)} for one in scores
        ],
    }
    print(json.dumps(result))


def summary(delays):
    if not delays:
        return None
    figures = {"median": np.median(delays), "p95": np.percentile(delays, 95), "min": min(delays), "max": max(delays)}
    return {name: round(float(value), 2) for name, value in figures.items()} | {"n": len(delays)}


def sentences_of(samples):
    """Where each stretch of speech between long pauses begins and ends, in samples."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    loudness = np.sqrt(np.mean(frames**2, axis=1))
    spoken = np.flatnonzero(loudness > QUIET * loudness.max())
    cuts = np.flatnonzero(np.diff(spoken) > PAUSE_S * 100)
    begins = [spoken[0], *spoken[cuts + 1]]
    ends = [*spoken[cuts], spoken[-1]]
    found = [(int(begin) * FRAME, int(end + 1) * FRAME) for begin, end in zip(begins, ends)]
    return [(begin, end) for begin, end in found if end - begin >= SHORTEST_S * RATE]


if __name__ == "__main__":
    main()
