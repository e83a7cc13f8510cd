"""Section 3, "Voice": packets of sound and reports, each in a token and a datagram of its own."""

import asyncio
import struct
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from cryptography.fernet import InvalidToken

from .frames import Violation
from .sealed import fernet
from .session import end

PACKET_CAP = 780
SOUND = struct.Struct("!B8sIIBBBB")
COPY = struct.Struct("!BH")
REPORT = struct.Struct("!B8sIIIIIIHHHBBBB")
COPIES_CAP = 3
OFFSET_CAP = 15
DURATION_CAP = 6
# In both directions the samples of a chunk go in three packets.
RUNS = 342, 341, 341
PCM_RATE = 44_100
OPUS_RATE = 48_000
OPUS_FRAME = 0.01
# RFC 6716, section 3.1: CELT, full band, 10 ms, mono, one frame; the rest is digital silence.
OPUS_SILENCE = bytes([30 << 3, 0xFF, 0xFE])
REPORTS = 0.2


class Kind(IntEnum):
    SOUND = 1
    REPORT = 2


class Codec(IntEnum):
    OPUS = 0
    PCM = 1


class Flag(IntFlag):
    SPURT = 1
    SILENCE = 2
    MUTED = 4
    DEAFENED = 8
    UNCOMPRESSED = 16


@dataclass
class Sound:
    """A packet of sound, read as strictly as the document says."""

    call: bytes
    sequence: int
    timestamp: int
    codec: Codec
    flags: Flag
    frame: bytes
    copies: list = field(default_factory=list)

    @classmethod
    def parse(cls, packet):
        _, call, sequence, timestamp, codec, flags, duration, count = SOUND.unpack_from(packet)
        rest = memoryview(packet)[SOUND.size :]
        codec = Codec(codec)
        if count > COPIES_CAP or (codec is Codec.PCM and (count or duration)):
            raise Violation(f"{count} copies in a packet of {codec.name} of {duration}")
        if codec is Codec.OPUS and not 1 <= duration <= DURATION_CAP:
            raise Violation(f"a frame of {duration}0 ms")
        heads = [COPY.unpack_from(rest, COPY.size * n) for n in range(count)]
        rest = rest[COPY.size * count :]
        copies = []
        for offset, length in heads:
            if not 1 <= offset <= OFFSET_CAP or length > len(rest):
                raise Violation(f"a copy of {length} bytes at {offset}")
            copies.append((offset, bytes(rest[:length])))
            rest = rest[length:]
        if len(rest) == 0 or (codec is Codec.PCM and len(rest) % 2):
            raise Violation(f"{len(rest)} bytes of {codec.name}")
        return cls(call, sequence, timestamp, codec, Flag(flags & 31), bytes(rest), copies)

    def write(self):
        duration = 1 if self.codec is Codec.OPUS else 0
        head = Kind.SOUND, self.call, self.sequence, self.timestamp, self.codec, self.flags, duration, 0
        return SOUND.pack(*head) + self.frame


@dataclass
class Report:
    """How the other side's sound is received."""

    call: bytes
    highest: int
    held: int
    expected: int
    lost: int
    played: int
    concealed: int
    burst: int = 16
    queue: int = 0
    playout: int = 20
    level: int = 20
    speaker: int = 1
    muted: int = 0
    deafened: int = 0

    @classmethod
    def parse(cls, packet):
        _, *values = REPORT.unpack_from(packet)
        return cls(*values)

    def write(self):
        return REPORT.pack(Kind.REPORT, *vars(self).values())


class Voice:
    """The sound of an accepted call. As a context: hums, and plays what comes, which is to say: keeps it.

    Chooses uncompressed sound, and until the other side has said the same it sends silence in Opus.
    """

    def __init__(self, session, call, tone):
        self._connection = session.connection
        self._seal = fernet(session.key_of_ours("voice"))
        self._open = fernet(session.key_of_theirs("voice"))
        self.call = call
        # Sample number n of our sound, from -32768 to 32767.
        self._tone = tone
        self._sequence = 0
        self._began = time.monotonic()
        self._arrived = None
        # What they sent: packets of each codec, the last packet of sound, uncompressed samples, the last report.
        self.packets = Counter()
        self.last = None
        self.samples = array("h")
        self.report = None
        self._news = asyncio.Event()

    async def __aenter__(self):
        self._tasks = [asyncio.create_task(task()) for task in (self._receive, self._send, self._tell)]
        return self

    async def __aexit__(self, *_error):
        await end(self._tasks)

    async def until(self, holds):
        """Waits until `holds` is true of what has come."""
        while not holds():
            self._news.clear()
            await self._connection.until_ended(self._news.wait())

    @property
    def sent(self):
        """Packets of sound sent so far."""
        return self._sequence

    def send_packet(self, packet):
        assert len(packet) <= PACKET_CAP
        self._connection.send_datagram(self._seal.encrypt(packet))

    async def _send(self):
        position = 0.0
        while True:
            await asyncio.sleep(self._began + position - time.monotonic())
            if self.last is not None and Flag.UNCOMPRESSED in self.last.flags:
                self._send_chunk(round(position * PCM_RATE))
                position += sum(RUNS) / PCM_RATE
            else:
                self._send_sound(round(position * OPUS_RATE), Codec.OPUS, Flag.SILENCE, OPUS_SILENCE)
                position += OPUS_FRAME

    def _send_chunk(self, first):
        for run in RUNS:
            samples = [self._tone(n) for n in range(first, first + run)]
            self._send_sound(first, Codec.PCM, Flag(0), struct.pack(f"!{run}h", *samples))
            first += run

    def _send_sound(self, timestamp, codec, flags, frame):
        sound = Sound(self.call, self._sequence, timestamp, codec, flags | Flag.UNCOMPRESSED, frame)
        self._sequence += 1
        self.send_packet(sound.write())

    async def _tell(self):
        while True:
            await asyncio.sleep(REPORTS)
            if self.last is None:
                continue
            now = time.monotonic()
            highest, expected = self.last.sequence, self.last.sequence + 1
            held, played = int((now - self._arrived) * 1e6), int((now - self._began) / OPUS_FRAME)
            lost = max(expected - self.packets.total(), 0)
            self.send_packet(Report(self.call, highest, held, expected, lost, played, concealed=0).write())

    async def _receive(self):
        while True:
            token = await self._connection.receive_datagram()
            try:
                packet = self._open.decrypt(token)
            except InvalidToken:
                raise Violation("a datagram under another key") from None
            if len(packet) > PACKET_CAP or packet[1:9] != self.call:
                raise Violation("a packet that is too long, or of another call")
            self._take(packet)
            self._news.set()

    def _take(self, packet):
        if packet[0] == Kind.REPORT:
            self.report = Report.parse(packet)
            return
        if packet[0] != Kind.SOUND:
            raise Violation(f"a packet of kind {packet[0]}")
        sound = Sound.parse(packet)
        self.packets[sound.codec] += 1
        if self.last is not None and sound.sequence <= self.last.sequence:
            return
        if self.last is not None and sound.codec is self.last.codec and sound.timestamp <= self.last.timestamp:
            raise Violation("a timestamp that does not grow")
        self.last, self._arrived = sound, time.monotonic()
        if sound.codec is Codec.PCM:
            self.samples.extend(struct.unpack(f"!{len(sound.frame) // 2}h", sound.frame))
