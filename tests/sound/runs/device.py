"""Bob, whose program follows the system's default devices, loses first his speaker, then his microphone."""

import time

import numpy as np

from meter import RATE
from meter.hearing import first_heard, longest_quiet
from meter.stimulus import endless
from rig.call import Call

from . import Run

BEFORE_S = 4
AFTER_S = 6
SPEECH_S = 60


def switch(bench, seed):
    bobs_voice = endless(SPEECH_S, first=4)
    with Call(bench, "device_switch", seed, followers="B") as call:
        call.listen()
        call.call()
        call.record()
        # Both of bob's microphones hear him.
        call.start_talking({"micA": endless(SPEECH_S), "micB": bobs_voice, "micC": bobs_voice})
        time.sleep(BEFORE_S)
        call.card.unplug("spkB")
        time.sleep(AFTER_S)
        unplugged = time.monotonic_ns()
        call.card.unplug("micB")
        time.sleep(AFTER_S)
        recording = call.finish()
    return {
        "device_switch_ms": without_speaker_ms(recording),
        "device_switch_microphone_ms": without_microphone_ms(recording, unplugged),
    }


def without_speaker_ms(recording):
    """From the last sound of the speaker that went away until bob hears alice at the spare one."""
    played = np.flatnonzero(recording["spkB"])
    if len(played) == 0:
        return None
    gone = int(played[-1])
    heard = first_heard(recording["micA"], recording["spkC"], gone, AFTER_S)
    return None if heard is None else (heard - gone) / RATE * 1000


def without_microphone_ms(recording, unplugged_ns):
    """The longest time in which alice hears nothing of bob, after his microphone went away. None if for good."""
    begin = recording.position(unplugged_ns)
    ear = recording["spkA"]
    before, after = ear[begin - 2 * RATE : begin], ear[begin : begin + (AFTER_S - 1) * RATE]
    quiet_ms, ended = longest_quiet(before, after)
    return quiet_ms if ended else None


RUNS = [Run({"device_switch_ms": "ms", "device_switch_microphone_ms": "ms"}, switch)]
