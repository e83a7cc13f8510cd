"""A recording of every channel of the card, and when each sample of it was played."""

import os
import threading
import time

import numpy as np

from . import RATE
from .process import stop

BYTES_OF_SAMPLE = 2
LARGEST_READ = 1 << 16
# The server hands out whole blocks of 10 ms at most; what comes later than this share of its neighbours was held up.
PUNCTUAL = 10
NEIGHBOURHOOD_NS = 3_000_000_000


class Recorder:
    """Reads `process`, which writes raw samples, in a thread of its own until `finish`."""

    def __init__(self, process, channels):
        self._process = process
        self._channels = channels
        self._blocks = []
        self._arrivals = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def finish(self):
        """Stops and returns the `Recording`."""
        self.stop()
        frame = BYTES_OF_SAMPLE * len(self._channels)
        data = b"".join(self._blocks)
        samples = np.frombuffer(data[: len(data) // frame * frame], "<i2").reshape(-1, len(self._channels))
        return Recording(samples, self._channels, np.array(self._arrivals, dtype=np.int64).reshape(-1, 2))

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
        self._thread.join()
        stop(self._process)

    def _read(self):
        frame = BYTES_OF_SAMPLE * len(self._channels)
        source = self._process.stdout.fileno()
        taken = 0
        while block := os.read(source, LARGEST_READ):
            self._arrivals.append((time.monotonic_ns(), taken // frame))
            self._blocks.append(block)
            taken += len(block)


class Recording:
    """`samples`: 16-bit, a column for each channel. `arrivals`: rows of (CLOCK_MONOTONIC ns, first frame of a block)."""

    def __init__(self, samples, channels, arrivals):
        self.samples = samples
        self.channels = channels
        self._arrivals = arrivals

    def __getitem__(self, channel):
        """The samples of one channel, ±1."""
        return self.samples[:, self.channels.index(channel)] / 32768

    def position(self, time_ns):
        """The frame that was played at a time of CLOCK_MONOTONIC, true to one block of the server (10 ms)."""
        times, frames = self._arrivals.T
        near = np.abs(times - time_ns) < NEIGHBOURHOOD_NS
        if not near.any():
            raise ValueError("nothing was recorded at that time")
        ahead = frames[near] - (times[near] - time_ns) * (RATE / 1e9)
        return round(np.percentile(ahead, 100 - PUNCTUAL))
