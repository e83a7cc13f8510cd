"""A stream of sound to or from PulseAudio, by its simple interface (libpulse-simple)."""

import ctypes
import ctypes.util

import numpy as np

from . import RATE

PLAYBACK, RECORD = 1, 2
FLOAT32LE = 5
DEFAULT = 0xFFFFFFFF


class SampleSpec(ctypes.Structure):
    _fields_ = [("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8)]


class ChannelMap(ctypes.Structure):
    _fields_ = [("channels", ctypes.c_uint8), ("map", ctypes.c_int * 32)]


class BufferAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")]


def library():
    pulse = ctypes.CDLL(ctypes.util.find_library("pulse-simple") or "libpulse-simple.so.0")
    pulse.pa_simple_new.restype = ctypes.c_void_p
    text, pointer = ctypes.c_char_p, ctypes.c_void_p
    pulse.pa_simple_new.argtypes = [text, text, ctypes.c_int, text, text, pointer, pointer, pointer, pointer]
    for call in (pulse.pa_simple_read, pulse.pa_simple_write):
        call.argtypes = [pointer, pointer, ctypes.c_size_t, pointer]
    return pulse


class Stream:
    """`channels`: names of PulseAudio's channel positions, "mono" or "aux0" and so on. `buffer`: samples."""

    _pulse = None

    def __init__(self, direction, device, channels, buffer):
        Stream._pulse = Stream._pulse or library()
        self._pulse.pa_channel_map_parse = ctypes.CDLL("libpulse.so.0").pa_channel_map_parse
        self._pulse.pa_channel_map_parse.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        shape = ChannelMap()
        self._pulse.pa_channel_map_parse(ctypes.byref(shape), ",".join(channels).encode())
        size = buffer * 4 * len(channels)
        # Without a "prebuf" the server's clock of a stream goes on through an underrun: what comes late is left out, and
        # what comes after is in its place.
        attributes = BufferAttributes(DEFAULT, size, 0, DEFAULT, size)
        spec = SampleSpec(FLOAT32LE, RATE, len(channels))
        error = ctypes.c_int()
        self._channels = len(channels)
        self._stream = self._pulse.pa_simple_new(
            None,
            b"bench",
            direction,
            device.encode(),
            b"room",
            ctypes.byref(spec),
            ctypes.byref(shape),
            ctypes.byref(attributes),
            ctypes.byref(error),
        )
        if not self._stream:
            raise OSError(f"PulseAudio refuses {device}: error {error.value}")

    def read(self, frames):
        """Waits for that many frames. Returns them as columns."""
        samples = np.empty((frames, self._channels), "<f4")
        self._transfer(self._pulse.pa_simple_read, samples)
        return samples

    def write(self, samples):
        """Waits until there is room."""
        self._transfer(self._pulse.pa_simple_write, np.ascontiguousarray(samples, "<f4"))

    def _transfer(self, call, samples):
        error = ctypes.c_int()
        if call(self._stream, samples.ctypes.data, samples.nbytes, ctypes.byref(error)) < 0:
            raise OSError(f"PulseAudio: error {error.value}")
