"""Checks the bench itself, without the program under test: `check.py`, about two minutes.

What it measures has a known answer: a path without delay, one of a known length, PulseAudio's own loopback, the room,
and the link between the namespaces.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from meter import RATE
from meter.delay import band, chirp_delays, rough_shift, shift, speech_delays
from meter.hearing import first_heard, level_db
from meter.score import mean, sentence_scores
from meter.stimulus import endless, mixed
from rig.card import Card
from rig.network import ADDRESS, Network
from rig.process import spawn, stop
from rig.room import DELAY_MS, ECHO_DB, Room
from runs.quality import located

CHIRPS = 4
KNOWN_MS = 123.5
LOOPBACK_MS = 40
# PulseAudio may need so much more than it is asked for.
LOOPBACK_MARGIN_MS = 40
PACKETS = 4000


def main():
    checks = [no_delay, known_delay, coming_back, loopback, room, drifting_room, bursts, delays_of_the_link]
    failed = 0
    for check in checks:
        try:
            print(f"passed  {check.__name__}: {check()}", flush=True)
        except (AssertionError, RuntimeError) as error:
            failed += 1
            print(f"FAILED  {check.__name__}: {error}", flush=True)
    return 1 if failed else 0


def expect(condition, seen):
    if not condition:
        raise AssertionError(seen)
    return seen


def no_delay():
    """The same samples at the mouth and at the ear, played and recorded."""
    stimulus = mixed(1, CHIRPS)
    recording = recorded({"micA": stimulus.samples, "spkB": stimulus.samples})
    delays, scores = judged(recording["micA"], recording["spkB"], stimulus)
    seen = f"{min(delays)} to {max(delays)} ms, PESQ {mean(scores, 'pesq'):.2f}, STOI {mean(scores, 'stoi'):.3f}"
    return expect(not any(delays) and min(one.pesq for one in scores) > 4.6, seen)


def known_delay():
    """The analysis alone: what was moved by 123.5 ms is found there, by chirps and by speech."""
    stimulus = mixed(1, CHIRPS)
    said = np.pad(stimulus.samples, RATE)
    heard = np.roll(said, int(KNOWN_MS * RATE / 1000))
    delays, scores = judged(said, heard, stimulus)
    words = speech_delays(said, heard)
    seen = f"chirps {np.median(delays)} ms, speech {np.median(words)} ms, PESQ {mean(scores, 'pesq'):.2f}"
    exact = all(abs(delay - KNOWN_MS) < 0.1 for delay in [*delays, *words])
    return expect(exact and mean(scores, "pesq") > 4.6, seen)


def coming_back():
    """Speech that comes back after a tone is found where it does."""
    said = endless(8)
    back, delay = int(3.2 * RATE), int(0.09 * RATE)
    tone = 0.05 * np.sin(2 * np.pi * 440 * np.arange(len(said)) / RATE)
    heard = np.where(np.arange(len(said)) < back, tone, np.roll(said, delay))
    found = first_heard(said, heard, 2 * RATE, 4)
    seen = "not found" if found is None else f"{(found - back) / RATE * 1000:.1f} ms beside the place"
    return expect(found is not None and abs(found - back) < 0.015 * RATE, seen)


def loopback():
    """A path through PulseAudio in real time."""
    stimulus = mixed(1, CHIRPS)
    with laboratory() as card:
        module = card.loopback("srcA", "spkB", LOOPBACK_MS)
        time.sleep(3)
        recording = record(card, {"micA": stimulus.samples})
        card.unload(module)
    delays, scores = judged(recording["micA"], recording["spkB"], stimulus)
    seen = f"{min(delays):.1f} to {max(delays):.1f} ms of {LOOPBACK_MS}, PESQ {mean(scores, 'pesq'):.2f}"
    return expect(0 < min(delays) and max(delays) < LOOPBACK_MS + LOOPBACK_MARGIN_MS, seen)


def room():
    delay, echo, _ = in_room(0)
    seen = f"{delay:.2f} ms, {echo:.1f} dB"
    return expect(abs(delay - DELAY_MS) < 0.05 and abs(echo - ECHO_DB) < 1, seen)


def drifting_room():
    """200 millionths: 0.2 ms more in each second."""
    delay, echo, later = in_room(200)
    seen = f"{delay:.2f} ms, 8 s later {later:.2f} ms, {echo:.1f} dB"
    return expect(abs(later - delay - 1.6) < 0.1 and abs(echo - ECHO_DB) < 1, seen)


def in_room(ppm):
    """Delay (ms) and level (dB) of the echo of noise, and the delay 8 s later."""
    noise = np.random.default_rng(1).normal(0, 0.05, 11 * RATE)
    with laboratory() as card, Room(card, "B", ppm):
        recording = record(card, {"spkB": noise})
    speaker, microphone = recording["spkB"], recording["micB"]
    begin, _ = shift(noise, speaker, len(speaker))
    delays = []
    for second in (1, 9):
        place = begin + second * RATE
        played = speaker[place : place + RATE]
        lag, _ = shift(band(played), band(microphone[place : place + RATE + RATE // 5]), RATE // 5)
        delays.append(lag / RATE * 1000)
    whole = slice(begin + RATE, begin + 10 * RATE)
    return delays[0], level_db(microphone[whole]) - level_db(speaker[whole]), delays[1]


def bursts():
    """Of numbered packets 20 % are lost, three at a time, the same ones each time."""
    with tempfile.TemporaryDirectory() as home:
        first, second = (lost_packets(home) for _ in range(2))
    runs = sum(1 for number in first if number - 1 not in first)
    share, length = 100 * len(first) / PACKETS, len(first) / max(1, runs)
    seen = f"{share:.1f} % lost, {length:.2f} at a time, {'the same' if first == second else 'others'} the second time"
    return expect(abs(share - 20) < 3 and abs(length - 3) < 0.4 and first == second, seen)


def lost_packets(home):
    with Network(home, 7) as network:
        network.impair("ab", loss=20, burst=3)
        numbers = [int(line) for line in exchange(network, PACKETS, 0.0002)]
    return set(range(PACKETS)) - set(numbers)


def delays_of_the_link():
    """20 ms and 0 to 40 ms of jitter."""
    with tempfile.TemporaryDirectory() as home, Network(home, 7) as network:
        network.impair("ab", delay=20, jitter=40)
        ways = [float(line) for line in exchange(network, 500, 0.002, "way")]
    seen = f"{min(ways):.1f} to {max(ways):.1f} ms, mean {np.mean(ways):.1f}"
    return expect(20 <= min(ways) < 22 and 58 < np.mean(ways) + 20 < 62 and max(ways) < 75, seen)


# Sends numbers and the time, or receives them and prints the number or the way in ms.
TALKER = """
import socket, struct, sys, time
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(int(sys.argv[3])):
    link.sendto(struct.pack("<Qq", number, time.monotonic_ns()), (sys.argv[1], int(sys.argv[2])))
    time.sleep(float(sys.argv[4]))
"""
LISTENER = """
import socket, struct, sys, time
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
link.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
link.settimeout(3)
try:
    while True:
        number, sent = struct.unpack("<Qq", link.recv(100))
        print((time.monotonic_ns() - sent) / 1e6 if sys.argv[3] == "way" else number)
        link.settimeout(1)
except TimeoutError:
    pass
"""


def exchange(network, count, pause_s, what="number"):
    """What the listener at B prints about the packets that A sends it."""
    place = [ADDRESS["B"], "5000"]
    listener = spawn(
        [sys.executable, "-c", LISTENER, *place, what],
        namespace=network.namespace["B"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        listener.stdout.readline()
        talker = spawn([sys.executable, "-c", TALKER, *place, count, pause_s], namespace=network.namespace["A"])
        talker.wait()
        return listener.stdout.read().split()
    finally:
        stop(listener)


class laboratory:
    """A card of its own, for as long as the context lasts."""

    def __enter__(self):
        self._home = tempfile.TemporaryDirectory(prefix="p2p-comm-sound-")
        self._card = Card(Path(self._home.name) / "card")
        return self._card.__enter__()

    def __exit__(self, *error):
        self._card.__exit__(*error)
        self._home.cleanup()


def recorded(sounds):
    with laboratory() as card:
        return record(card, sounds)


def record(card, sounds):
    recorder = card.recorder()
    time.sleep(0.5)
    card.play(sounds).wait()
    time.sleep(1)
    return recorder.finish()


def judged(said, heard, stimulus):
    begin = located(stimulus, said)
    lag = rough_shift(said, heard)
    delays = chirp_delays(said, heard, [begin + place for place in stimulus.chirps], lag)
    if None in delays:
        raise AssertionError("chirps were not heard")
    places = [(begin + first, begin + last) for first, last in stimulus.sentences]
    return delays, sentence_scores(said, heard, places, lag)


if __name__ == "__main__":
    sys.exit(main())
