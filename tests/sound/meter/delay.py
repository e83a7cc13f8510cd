"""How much later a sound is heard than it was said.

The chirps are found with a matched filter; speech with the correlation of short windows. Both work on the band of
telephone speech, which every codec keeps.
"""

import numpy as np
from scipy import signal

from . import RATE
from .stimulus import chirp

BAND_HZ = (250, 3600)
LONGEST_DELAY_S = 2.0
# A chirp lies within this distance of where the rest of the recording lets it be expected.
CHIRP_MARGIN_S = 0.4
CHIRP_SAID = 0.8
EDGE = RATE // 50
"""Samples that the filter needs to settle."""
CHIRP_HEARD = 0.5
SPEECH_WINDOW_S = 0.4
SPEECH_HOP_S = 0.2
SPEECH_HEARD = 0.6


def band(samples):
    """Everything that is compared goes through it, so that its phase does not matter."""
    sections = signal.butter(4, BAND_HZ, "bandpass", fs=RATE, output="sos")
    return signal.sosfilt(sections, samples)


def shift(reference, heard, longest):
    """By how many samples (0 to `longest`) `heard` lags, and the normalised correlation there."""
    size = 1 << (len(reference) + len(heard) - 1).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    correlation = np.fft.irfft(spectrum, size)[: longest + 1]
    best = int(np.argmax(correlation))
    power = np.sqrt(np.sum(reference**2) * np.sum(heard**2)) + 1e-12
    return best, float(correlation[best] / power)


def rough_shift(reference, heard):
    """The lag of the whole recording in samples, to a millisecond, from its envelopes: it survives any codec."""
    step = RATE // 1000
    envelopes = [signal.decimate(np.abs(samples), step, ftype="fir", zero_phase=True) for samples in (reference, heard)]
    lag, _ = shift(*(envelope - envelope.mean() for envelope in envelopes), int(LONGEST_DELAY_S * 1000))
    return lag * step


def chirp_delays(said, heard, begins, lag):
    """For each chirp that was said at about `begins`, and is heard about `lag` later (samples): the delay in ms, None
    where it was not heard."""
    template = band(np.pad(chirp(), (0, EDGE)))
    delays = []
    for begin in begins:
        mouth, likeness = find(template, said, begin, int(0.05 * RATE))
        if likeness < CHIRP_SAID:
            raise ValueError("a chirp is not in the microphone's channel: the player was held up")
        ear, likeness = find(template, heard, mouth + lag, int(CHIRP_MARGIN_S * RATE))
        delays.append((ear - mouth) / RATE * 1000 if likeness >= CHIRP_HEARD else None)
    return delays


def find(template, samples, about, margin):
    """Where the template is within `margin` of `about`, and how much it is like it (0 to 1)."""
    low = max(0, about - margin)
    lead = min(low, EDGE)
    window = band(samples[low - lead : about + margin + len(template)])[lead:]
    if len(window) <= len(template):
        return low, 0.0
    # The envelope of the correlation: a codec may turn the phase.
    analytic = signal.hilbert(template / np.sqrt(np.sum(template**2)))
    match = np.abs(signal.fftconvolve(window, np.conj(analytic[::-1]), mode="valid"))
    energy = signal.fftconvolve(window**2, np.ones(len(template)), mode="valid")
    best = int(np.argmax(match))
    return low + best, float(match[best] / (np.sqrt(max(energy[best], 0)) + 1e-4))


def speech_delays(said, heard):
    """The delays in ms of all windows of speech that are heard clearly enough to be recognised."""
    lag = rough_shift(said, heard)
    said, heard = band(said), band(heard)
    window, margin = int(SPEECH_WINDOW_S * RATE), int(0.3 * RATE)
    loud = 0.1 * np.abs(said).max()
    delays = []
    for begin in range(0, len(said) - window, int(SPEECH_HOP_S * RATE)):
        words = said[begin : begin + window]
        if np.abs(words).max() < loud:
            continue
        low = max(0, begin + lag - margin)
        place, likeness = best_match(words, heard[low : begin + lag + window + margin])
        if likeness > SPEECH_HEARD:
            delays.append((low + place - begin) / RATE * 1000)
    return delays


def best_match(pattern, samples):
    """Where in `samples` the pattern is, and the normalised correlation there; (0, 0) where there is no room for it."""
    if len(samples) < len(pattern):
        return 0, 0.0
    match = signal.fftconvolve(samples, pattern[::-1], mode="valid")
    energy = signal.fftconvolve(samples**2, np.ones(len(pattern)), mode="valid")
    power = np.sqrt(np.maximum(energy, 1e-9) * np.sum(pattern**2)) + 1e-12
    likeness = match / power
    best = int(np.argmax(likeness))
    return best, float(likeness[best])
