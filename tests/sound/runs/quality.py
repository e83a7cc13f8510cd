"""Alice talks, bob listens: delay, quality and cost on networks of all kinds."""

import time
from dataclasses import dataclass

import numpy as np

from meter import RATE
from meter.delay import chirp_delays, rough_shift, shift
from meter.hearing import level_db
from meter.score import mean, sentence_scores
from meter.stimulus import endless, mixed
from rig.call import Call, Cost

from . import Run

# Long enough for the peers to find out about the network and to adapt.
ADAPT_S = 5
IDLE_S = 5
ECONOMY_S = 15
SAME_DB = 20
"""What the microphone gave may differ by so much less."""

IMPAIRMENTS = {f"loss{percent}": {"loss": percent} for percent in (5, 10, 20, 30)}
IMPAIRMENTS |= {f"{name}_jitter": how | {"jitter": 40} for name, how in list(IMPAIRMENTS.items())}
IMPAIRMENTS |= {f"burst{percent}": {"loss": percent, "burst": 3} for percent in (10, 20)}


@dataclass
class Heard:
    """What became of alice's voice at bob's speaker."""

    delay_ms: float
    """The median of the chirps."""
    missed: int
    """Chirps that were not recognised."""
    pesq: float
    stoi: float
    cost: Cost

    def figures(self, name):
        """With two values that only say how much to believe the others."""
        return {
            f"m2e_ms_{name}": self.delay_ms,
            f"voice_pesq_{name}": self.pesq,
            f"voice_stoi_{name}": self.stoi,
            "chirps_missed": self.missed,
            "others_cpu_percent": self.cost.others_percent,
        }


def units(name):
    return {f"m2e_ms_{name}": "ms", f"voice_pesq_{name}": "MOS", f"voice_stoi_{name}": "ratio"}


def heard(recording, stimulus, cost):
    said, ear = recording["micA"], recording["spkB"]
    begin = located(stimulus, said)
    lag = rough_shift(said, ear)
    delays = chirp_delays(said, ear, [begin + place for place in stimulus.chirps], lag)
    recognised = [delay for delay in delays if delay is not None]
    places = [(begin + first, begin + last) for first, last in stimulus.sentences]
    scores = sentence_scores(said, ear, places, lag)
    return Heard(
        delay_ms=float(np.median(recognised)) if recognised else None,
        missed=len(delays) - len(recognised),
        pesq=mean(scores, "pesq"),
        stoi=mean(scores, "stoi"),
        cost=cost,
    )


def located(stimulus, microphone):
    """Where the stimulus begins in what the microphone gave."""
    begin, _ = shift(stimulus.samples, microphone, len(microphone))
    said = microphone[begin : begin + len(stimulus.samples)]
    if len(said) < len(stimulus.samples) or level_db(said - stimulus.samples) > level_db(said) - SAME_DB:
        raise RuntimeError("the microphone did not get the stimulus whole: the machine is too busy")
    return begin


def clean(bench, seed):
    """On a perfect network, and what it costs. The sound server's share is half of what it uses more than without a call:
    it serves both."""
    stimulus = mixed(seed)
    with Call(bench, "clean", seed) as call:
        call.record()
        idle = call.talk({"micA": np.zeros(IDLE_S * RATE)})
        call.listen()
        call.call()
        cost = call.talk({"micA": stimulus.samples})
        recording = call.finish()
    return heard(recording, stimulus, cost).figures("clean") | {
        "call_cpu_percent": cost.peer_percent,
        "call_rss_mib": cost.resident_mib,
        "call_wire_kbit_s": cost.wire_kbit_s,
        "sound_server_cpu_percent": (cost.server_percent - idle.server_percent) / 2,
    }


def economy(bench, seed):
    """What packets of 20 ms cost."""
    speech = endless(ECONOMY_S)
    with Call(bench, "economy", seed, ["--quality", "economy"]) as call:
        call.listen()
        call.call()
        cost = call.talk({"micA": speech})
    return {"call_cpu_percent_economy": cost.peer_percent, "call_wire_kbit_s_economy": cost.wire_kbit_s}


def impaired(name, impairment, options=()):
    def measure(bench, seed):
        stimulus = mixed(seed)
        with Call(bench, name, seed, options) as call:
            call.listen()
            call.call()
            if impairment:
                call.network.impair(**impairment)
                time.sleep(ADAPT_S)
            call.record()
            cost = call.talk({"micA": stimulus.samples})
            recording = call.finish()
        return heard(recording, stimulus, cost).figures(name)

    return Run(units(name), measure)


COST = {
    "call_cpu_percent": "%",
    "call_rss_mib": "MiB",
    "call_wire_kbit_s": "kbit/s",
    "sound_server_cpu_percent": "%",
}
RUNS = [
    Run(units("clean") | COST, clean),
    impaired("clean_off", None, ["--processing", "off"]),
    *(impaired(name, impairment) for name, impairment in IMPAIRMENTS.items()),
    Run({"call_cpu_percent_economy": "%", "call_wire_kbit_s_economy": "kbit/s"}, economy),
]
