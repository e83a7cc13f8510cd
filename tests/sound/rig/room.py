"""A room with a loudspeaker and an open microphone: `python -m rig.room SIDE PPM` for side A or B.

What the speaker of that side plays comes back to its microphone 45 ms later, 10 dB weaker, with a decaying tail, and
mixes there with what the person says. With PPM the microphone's clock runs that much slower than the speaker's: the way
through the room grows by so many microseconds a second, as it does for a program with two real devices.

It prints "ready" once it has found out how far its own two streams are apart, and runs until it is ended.
"""

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy import fft, signal

from . import RATE
from .card import CHANNELS
from .process import spawn, stop
from .stream import PLAYBACK, RECORD, Stream

DELAY_MS = 45
ECHO_DB = -10
DECAY_S = 0.25
"""The time in which the tail loses 60 dB."""
TAIL_S = 0.15
# The tail together has this share of the power of the first arrival.
TAIL_SHARE = 0.5

PRIORITY = -10
"""The room has to be in time even where the programs in it are not."""
STEP = RATE // 100
HISTORY = RATE // 2
SPECTRUM = 8192
# What the room has written ahead while it looks for its own noise.
LEAD = 3 * STEP
BUFFER = 10 * STEP
NOISE_DB = -40
SEARCH_S = 0.5
KERNEL = 32
"""Taps of the interpolation between samples."""


def impulse_response():
    """From the first arrival on; its power is `ECHO_DB`."""
    time = np.arange(int(TAIL_S * RATE)) / RATE
    tail = np.random.default_rng(1).normal(size=len(time)) * 10 ** (-3 * time / DECAY_S)
    tail[: RATE // 500] = 0
    tail *= np.sqrt(TAIL_SHARE / np.sum(tail**2))
    tail[0] = 1
    return tail * 10 ** (ECHO_DB / 20) / np.sqrt(np.sum(tail**2))


class Room:
    """For as long as the context lasts, as a process of its own."""

    def __init__(self, card, side, ppm=0):
        self._card, self._side, self._ppm = card, side, ppm

    def __enter__(self):
        command = [sys.executable, "-m", "rig.room", self._side, self._ppm]
        environment = self._card.environment() | {"PYTHONPATH": str(Path(__file__).parents[1])}
        self._process = spawn(command, environment=environment, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        if self._process.stdout.readline() != "ready\n":
            self.__exit__()
            raise RuntimeError("the room could not be set up")
        return self

    def __exit__(self, *_):
        stop(self._process)


def main(side, ppm):
    gc.disable()
    os.nice(PRIORITY)
    speaker, microphone = (f"aux{CHANNELS.index(name + side)}" for name in ("spk", "mic"))
    ears = Stream(RECORD, "bench.monitor", (speaker, microphone), STEP)
    mouth = Stream(PLAYBACK, f"mic{side}", ("mono",), BUFFER)
    written, heard, offset = find_offset(ears, mouth)
    print("ready", flush=True)
    echo = Echo(heard, written, offset, ppm)
    while True:
        mouth.write(echo.after(ears.read(STEP)[:, 0]))


def find_offset(ears, mouth):
    """Plays a short noise and finds it in the recording. Returns the frames written, the frames read, and by how much
    the place of a sound in the recording is greater than its place in what was written."""
    noise = 10 ** (NOISE_DB / 20) * np.random.default_rng(2).normal(size=2 * STEP)
    said = np.concatenate([np.zeros(LEAD), noise, np.zeros(int(SEARCH_S * RATE))])
    mouth.write(said[:LEAD])
    written, heard = LEAD, []
    while written + STEP <= len(said):
        heard.append(ears.read(STEP)[:, 1])
        mouth.write(said[written : written + STEP])
        written += STEP
    heard = np.concatenate(heard)
    match = signal.correlate(heard, noise, mode="valid")
    best = int(np.argmax(np.abs(match)))
    if match[best] < 0.9 * np.sum(noise**2):
        raise RuntimeError("the room does not hear itself")
    return written, len(heard), best - LEAD


class Echo:
    """Turns what the speaker played into what comes back, block by block.

    What was at place n of the recording has to be in it again at n + delay: at n + delay - `offset` of what is written.
    """

    def __init__(self, heard, written, offset, ppm):
        response = impulse_response()
        self._spectrum = fft.rfft(response, SPECTRUM)
        self._drift = ppm * 1e-6
        self._way = offset - DELAY_MS * RATE // 1000
        self._origin = self._written = written
        # What was heard, from place `_first` of the recording on, as far as it is still needed; silence at the beginning.
        self._heard = np.zeros(HISTORY)
        self._first = heard - HISTORY
        self._arrived = np.zeros(SPECTRUM)

    def after(self, samples):
        """What is to be written next, now that `samples` have been heard."""
        self._heard = np.concatenate([self._heard[len(samples) :], samples])
        self._first += len(samples)
        # The interpolation looks half a kernel ahead.
        end = self._first + HISTORY - self._way - KERNEL // 2 - 1
        blocks = [self._block(begin, min(begin + STEP, end)) for begin in range(self._written, end, STEP)]
        self._written = max(self._written, end)
        return np.concatenate([np.zeros(0), *blocks])

    def _block(self, begin, end):
        places = np.arange(begin, end)
        arriving = self._at(places + self._way - self._drift * (places - self._origin) - self._first)
        self._arrived = np.concatenate([self._arrived[len(arriving) :], arriving])
        # A circular convolution: its last samples are right, since the response is short enough.
        return fft.irfft(fft.rfft(self._arrived) * self._spectrum)[-len(arriving) :]

    def _at(self, places):
        """What was heard at fractional places."""
        whole = np.floor(places).astype(int)
        part = places - whole
        if not part.any():
            return self._heard[whole]
        taps = np.arange(-KERNEL // 2 + 1, KERNEL // 2 + 1)
        distance = part[:, None] - taps
        window = np.cos(np.pi * distance / (KERNEL + 2)) ** 2
        return np.sum(self._heard[whole[:, None] + taps] * np.sinc(distance) * window, axis=1)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
