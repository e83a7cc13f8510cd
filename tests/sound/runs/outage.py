"""How long it takes until there is sound: at the beginning of a call, and after the network was away."""

import time

from meter import RATE
from meter.hearing import first_heard
from meter.stimulus import endless
from rig.call import Call

from . import Run

OUTAGES_S = (2, 10, 28)
RECOVER_S = 8
"""How long to wait for the sound after each."""
# Longer than all of it takes; the player is ended with the call.
SPEECH_S = sum(OUTAGES_S) + len(OUTAGES_S) * RECOVER_S + 40
# Packets that were on their way have arrived.
EMPTY_S = 0.5


def outages(bench, seed):
    with Call(bench, "outage", seed) as call:
        call.listen()
        call.record()
        call.start_talking({"micA": endless(SPEECH_S)})
        call.call()
        time.sleep(RECOVER_S - EMPTY_S)
        returns = [outage(call, seconds) for seconds in OUTAGES_S]
        searching, active = (call.alice.said(event="call", phase=phase) for phase in ("searching", "active"))
        accepted = call.bob.said(event="call", phase="active")
        recording = call.finish()
    figures = {
        "call_setup_ms": (active[0]["time_ns"] - searching[0]["time_ns"]) / 1e6,
        "call_accept_to_sound_ms": until_heard(recording, accepted[0]["time_ns"]),
    }
    for seconds, returned in zip(OUTAGES_S, returns):
        figures[f"outage_{seconds}s_ms"] = until_heard(recording, returned) if returned else None
    return figures


def outage(call, seconds):
    """Cuts the network for a time. Returns when the first packet passed again, CLOCK_MONOTONIC ns, 0 for never."""
    call.network.impair(loss=100)
    time.sleep(EMPTY_S)
    call.network.reset_counters()
    time.sleep(seconds - EMPTY_S)
    call.network.clear()
    time.sleep(RECOVER_S)
    firsts = [direction["first_ns"] for direction in call.network.counters().values()]
    return min((first for first in firsts if first), default=0)


def until_heard(recording, since_ns):
    """ms from then until alice is heard at bob's speaker, None if she is not."""
    since = recording.position(since_ns)
    heard = first_heard(recording["micA"], recording["spkB"], since, RECOVER_S)
    return None if heard is None else (heard - since) / RATE * 1000


RUNS = [
    Run(
        {"call_setup_ms": "ms", "call_accept_to_sound_ms": "ms"} | {f"outage_{s}s_ms": "ms" for s in OUTAGES_S},
        outages,
    )
]
