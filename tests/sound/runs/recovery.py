"""How long the delay of a call remembers a few bad seconds."""

import time

import numpy as np

from meter import RATE
from meter.delay import chirp_delays, rough_shift
from meter.stimulus import ticking
from rig.call import Call

from . import Run
from .quality import located

CALM_S = 8
JITTER = {"jitter": 100}
JITTER_S = 4
AFTER_S = 25
# As far from the delay before as is still the same.
SAME_MS = 10


def jitter_burst(bench, seed):
    stimulus = ticking(seed, CALM_S + JITTER_S + AFTER_S)
    with Call(bench, "recovery", seed) as call:
        call.listen()
        call.call()
        call.record()
        player = call.start_talking({"micA": stimulus.samples})
        time.sleep(CALM_S)
        began = time.monotonic_ns()
        call.network.impair(**JITTER)
        time.sleep(JITTER_S)
        call.network.clear()
        ended = time.monotonic_ns()
        player.wait()
        recording = call.finish()
    return {"delay_recovery_s": recovery_s(recording, stimulus, began, ended)}


def recovery_s(recording, stimulus, began_ns, ended_ns):
    """From the end of the jitter to the first chirp since which the delay is what it was before. None: never."""
    said = recording["micA"]
    first = located(stimulus, said)
    chirps = [first + place for place in stimulus.chirps]
    heard = recording["spkB"]
    all_delays = zip(chirps, chirp_delays(said, heard, chirps, rough_shift(said, heard)))
    delays = [(place, delay) for place, delay in all_delays if delay is not None]
    began, ended = recording.position(began_ns), recording.position(ended_ns)
    before = np.median([delay for place, delay in delays if place < began])
    late = [place for place, delay in delays if place >= began and delay > before + SAME_MS]
    if late and late[-1] == delays[-1][0]:
        return None
    if not late or late[-1] < ended:
        return 0.0
    return (min(place for place, _ in delays if place > late[-1]) - ended) / RATE


RUNS = [Run({"delay_recovery_s": "s"}, jitter_burst)]
