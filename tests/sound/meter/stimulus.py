"""What is said into the microphones: chirps to measure delay, eight sentences to judge quality, and endless speech.

`python -m meter.stimulus OUT.wav` writes the sentences, as one stretch of speech, for tuning with files.
"""

import functools
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

from . import RATE

CHIRP_S = 0.08
CHIRP_HZ = (300, 3400)
SPEECH_DB = -23.0
"""The RMS of a sentence where somebody speaks, dB below full scale."""
PAUSE_S = 0.4
EDGE = 0.01
"""What is quieter than this share of the peak, before and after a sentence, is cut off."""
QUIET = 0.05
FRAME = RATE // 100

# Voice, words a minute, pitch and text for espeak-ng.
SYNTHETIC = [
    ("en-gb", 150, 45, "The birch canoe slid on the smooth planks, and nobody saw it go."),
    ("en-us", 155, 38, "Please meet me at seven twenty five, near the old stone bridge."),
    ("en-us+f3", 150, 55, "She packed thirty boxes of fresh fish before the ship set sail."),
    ("en-gb+f2", 145, 60, "A quick voice check: can you hear the rain on the window?"),
    ("en-us+m3", 160, 35, "Four hours of steady work faced us when the lights went out."),
    ("en-gb-scotland", 150, 50, "Turn the volume down a little, and tell me what you think."),
]
# A human voice: the channel names of alsa-utils.
HUMAN_DIRECTORY = Path("/usr/share/sounds/alsa")
HUMAN = [("Front_Left", "Rear_Right", "Side_Left"), ("Front_Center", "Side_Right", "Rear_Left")]


@dataclass
class Stimulus:
    """A sound and what is where in it, in samples."""

    samples: np.ndarray
    chirps: list
    """Where each chirp begins."""
    sentences: list
    """Where each sentence begins and ends."""


def chirp():
    """A logarithmic sweep through the band of speech, with soft ends."""
    time = np.arange(int(CHIRP_S * RATE)) / RATE
    sweep = signal.chirp(time, CHIRP_HZ[0], CHIRP_S, CHIRP_HZ[1], method="logarithmic")
    return 0.5 * sweep * signal.windows.tukey(len(sweep), 0.15)


def mixed(seed, chirps=12):
    """Chirps for the delay, then the sentences for the quality. About 40 s."""
    builder = Builder()
    builder.silence(0.5)
    random = np.random.default_rng(seed)
    for _ in range(chirps):
        builder.chirp(random)
    builder.sentences(sentences())
    return builder.build()


def spoken(first=0, wait_s=0.5, pause_s=PAUSE_S):
    """The sentences alone, beginning with the one of number `first`, after some silence."""
    builder = Builder()
    builder.silence(wait_s)
    said = sentences()
    builder.sentences(said[first:] + said[:first], pause_s)
    return builder.build()


def ticking(seed, seconds):
    """Nothing but chirps, two a second or so."""
    builder = Builder()
    random = np.random.default_rng(seed)
    while builder.length < seconds * RATE:
        builder.chirp(random)
    return builder.build()


def endless(seconds, first=0):
    """Speech without a pause for breath, so that its coming back is heard at once."""
    said = sentences()
    once = np.concatenate([breathless(one) for one in said[first:] + said[:first]])
    return np.resize(once, int(seconds * RATE))


class Builder:
    def __init__(self):
        self._parts, self._chirps, self._sentences = [], [], []
        self.length = 0

    def chirp(self, random):
        """Irregular gaps: all phases of the packets are met, and no delay is taken for another."""
        self._chirps.append(self.length)
        self._add(chirp())
        self.silence(0.42 + 0.16 * random.random())

    def sentences(self, sentences, pause_s=PAUSE_S):
        for sentence in sentences:
            self._sentences.append((self.length, self.length + len(sentence)))
            self._add(sentence)
            self.silence(pause_s)

    def silence(self, seconds):
        self._add(np.zeros(int(seconds * RATE)))

    def build(self):
        return Stimulus(np.concatenate(self._parts), self._chirps, self._sentences)

    def _add(self, samples):
        self._parts.append(samples)
        self.length += len(samples)


@functools.cache
def sentences():
    """Eight sentences of three to five seconds, at one level."""
    synthetic = [synthesise(*voice) for voice in SYNTHETIC]
    human = [np.concatenate([load(HUMAN_DIRECTORY / f"{name}.wav") for name in names]) for names in HUMAN]
    return [levelled(trimmed(samples)) for samples in synthetic + human]


def synthesise(voice, speed, pitch, text):
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name, text]
        subprocess.run(command, check=True)
        return load(file.name)


def load(path):
    """The first channel of a sound file at 48 kHz."""
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    mono = samples[:, 0]
    return mono if rate == RATE else signal.resample_poly(mono, RATE, rate)


def trimmed(samples):
    loud = np.flatnonzero(np.abs(samples) > EDGE * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def levelled(samples):
    loud = samples[np.abs(samples) > 0.02 * np.abs(samples).max()]
    gain = 10 ** (SPEECH_DB / 20) / np.sqrt(np.mean(loud**2))
    return np.clip(samples * gain, -0.95, 0.95)


def breathless(samples):
    """Without the frames of 10 ms in which next to nothing is said."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    loudness = np.sqrt(np.mean(frames**2, axis=1))
    return frames[loudness > QUIET * loudness.max()].ravel()


if __name__ == "__main__":
    soundfile.write(sys.argv[1], spoken().samples, RATE, subtype="PCM_16")
