"""In a call one of the two gets another address: first the one who called, then the one who was called."""

import time

from meter import RATE
from meter.hearing import longest_quiet
from meter.stimulus import endless
from rig.call import Call

from . import Run

BEFORE_S = 4
AFTER_S = 15
SPEECH_S = BEFORE_S + AFTER_S + 20
NAMES = {"A": "address_change_ms", "B": "address_change_called_ms"}


def moved(bench, seed):
    return {name: silence_ms(bench, seed, side) for side, name in NAMES.items()}


def silence_ms(bench, seed, side):
    """The longest silence that either of the two hears of the other afterwards. None: it stays silent."""
    with Call(bench, f"address_change_{side}", seed, bind="0.0.0.0") as call:
        call.listen()
        call.call()
        call.record()
        call.start_talking({"micA": endless(SPEECH_S), "micB": endless(SPEECH_S, first=4)})
        time.sleep(BEFORE_S)
        began = time.monotonic_ns()
        call.network.move(side)
        time.sleep(AFTER_S)
        recording = call.finish()
    place = recording.position(began)
    ears = [recording[ear] for ear in ("spkA", "spkB")]
    quiet = [longest_quiet(ear[place - 2 * RATE : place], ear[place : place + (AFTER_S - 1) * RATE]) for ear in ears]
    return max(ms for ms, _ in quiet) if all(ended for _, ended in quiet) else None


RUNS = [Run(dict.fromkeys(NAMES.values(), "ms"), moved)]
