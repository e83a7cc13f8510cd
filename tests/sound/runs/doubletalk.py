"""Both talk at once: with a headset at bob's side, and with a loudspeaker in a room. What alice hears of bob.

The reference is what bob says, not his microphone, which in a room hears alice, too.
"""

import numpy as np

from meter import RATE
from meter.delay import rough_shift
from meter.hearing import level_db
from meter.score import mean, sentence_scores
from meter.stimulus import Stimulus, endless, spoken
from rig.call import Call

from . import Run
from .quality import located

CALM_S = 3
"""The time a canceller gets before the mean begins."""
ALONE_S = 13
"""How long alice talks before bob does, in a room."""
ECHO_S = (6, 12)
"""The part of it in which the echo is measured."""
CLOCKS_PPM = 200
DRIFT_S = 20
PAUSE_OF_ALICE_S = 0.2


def headset(bench, seed):
    name = "doubletalk_headset"
    alice, bob = conversation(0)
    recording, begin = talk(Call(bench, name, seed), alice, bob)
    scores = judged(recording, bob, begin)
    calm = [score for score in scores if score.begins_s >= begin / RATE + CALM_S]
    return {f"voice_pesq_{name}": mean(calm, "pesq"), f"voice_pesq_{name}_min": min(one.pesq for one in scores)}


def speaker(bench, seed):
    name = "doubletalk_speaker"
    alice, bob = conversation(ALONE_S)
    recording, begin = talk(Call(bench, name, seed, room="B"), alice, bob)
    scores = judged(recording, bob, begin)
    return {
        f"voice_pesq_{name}": mean(scores, "pesq"),
        f"voice_pesq_{name}_min": min(one.pesq for one in scores),
        "echo_erle_db": echo_reduction_db(recording, begin, ECHO_S),
    }


def two_clocks(bench, seed):
    """The echo alone, while bob's microphone and speaker drift apart."""
    alice = Stimulus(endless(DRIFT_S), [], [])
    recording, begin = talk(Call(bench, "echo_200ppm", seed, room="B", ppm=CLOCKS_PPM), alice, None)
    return {"echo_erle_200ppm_db": echo_reduction_db(recording, begin, (ECHO_S[0], DRIFT_S - 1))}


def talk(call, alice, bob):
    """The recording, and where in it the sounds begin."""
    sounds = {"micA": alice.samples} | ({"micB": bob.samples} if bob else {})
    with call:
        call.listen()
        call.call()
        call.record()
        call.talk(sounds)
        recording = call.finish()
    return recording, located(alice, recording["micA"])


def conversation(alone_s):
    """Alice's and bob's part, of one length; alice talks without a rest from the beginning, bob after `alone_s`."""
    bob = spoken(wait_s=0.5 + alone_s)
    said = spoken(first=4, pause_s=PAUSE_OF_ALICE_S).samples
    return Stimulus(np.resize(said, len(bob.samples)), [], []), bob


def judged(recording, bob, begin):
    """The scores of bob's sentences at alice's ear."""
    said = np.zeros(len(recording.samples))
    said[begin : begin + len(bob.samples)] = bob.samples
    places = [(begin + first, begin + last) for first, last in bob.sentences]
    heard = recording["spkA"]
    return sentence_scores(said, heard, places, rough_shift(said, heard))


def echo_reduction_db(recording, begin, seconds):
    """By how much weaker alice hears herself than bob's microphone does, while she alone talks."""
    first, last = (begin + int(second * RATE) for second in seconds)
    return level_db(recording["micB"][first:last]) - level_db(recording["spkA"][first:last])


def names(name):
    return {f"voice_pesq_{name}": "MOS", f"voice_pesq_{name}_min": "MOS"}


RUNS = [
    Run(names("doubletalk_headset"), headset),
    Run(names("doubletalk_speaker") | {"echo_erle_db": "dB"}, speaker),
    Run({"echo_erle_200ppm_db": "dB"}, two_clocks),
]
