"""Calls between our peer and the real one, with files in place of microphone and speaker."""

import asyncio
import math
import os
import struct
import wave
from array import array
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cli import HOST, PASSWORD, calling, free_port, listening
from conversations import answer, call, get_acquainted
from peer.call import Call, say
from peer.frames import from_base64
from peer.quic import listen
from peer.sealed import fernet
from peer.session import Person
from peer.voice import PCM_RATE, RUNS, Codec, Flag, Voice

OURS, THEIRS = 500, 440
LOUD = 6000
WAV_RATE = 48_000
CALL_ID = 8
SECONDS = 1.5


def hum(pitch, rate):
    return lambda n: round(LOUD * math.sin(2 * math.pi * pitch * n / rate))


@asynccontextmanager
async def sound():
    """The arguments with which the real peer hums at one pitch, and the file of its speaker."""
    with TemporaryDirectory() as directory:
        microphone, speaker = Path(directory, "microphone.wav"), Path(directory, "speaker.wav")
        tone = hum(THEIRS, WAV_RATE)
        with wave.open(str(microphone), "wb") as file:
            file.setparams((1, 2, WAV_RATE, 0, "NONE", None))
            file.writeframes(struct.pack(f"<{15 * WAV_RATE}h", *map(tone, range(15 * WAV_RATE))))
        chosen = ["--processing", "off", "--quality", "uncompressed"]
        yield ["--mic", str(microphone), "--speaker", str(speaker), *chosen], speaker


async def as_caller(program):
    """We call, the real peer accepts, both hear each other, we hang up."""
    alice = Person("alice", PASSWORD)
    async with sound() as (devices, speaker), listening(program, "--auto-answer", *devices) as (bob, address):
        async with call(address, alice, HOST) as session:
            profile = await get_acquainted(session)
            assert "call" in profile["features"], profile
            async with Call(session, os.urandom(CALL_ID), "offer") as with_bob:
                await with_bob.until("active")
                # It may have been accepted before there was a chance to say that it rings.
                assert with_bob.heard in (["ringing", "active"], ["active"]), with_bob.heard
                async with Voice(session, with_bob.number, hum(OURS, PCM_RATE)) as voice:
                    await talk(voice, bob)
                    await send_what_does_not_open(session, voice, bob)
                    with_bob.say("ended", reason="hungup")
                    over = await bob.event(event="callEnded")
                    assert over["end"] == "hungUp" and over["outgoing"] is False, over
            await ask_about_what_is_over(session, with_bob.number)
        assert is_hum(played(speaker), WAV_RATE, OURS), "what bob's speaker played"


async def as_callee(program):
    """The real peer calls, we let it ring and accept, both hear each other, it hangs up."""
    bob = Person("bob", PASSWORD)
    address = HOST, free_port()
    async with sound() as (devices, speaker), listen(address, bob.certificate) as arrivals:
        async with calling(program, "call", address, "--for", "3", *devices) as alice, answer(arrivals, bob) as session:
            await get_acquainted(session)
            offer = await session.receive("call")
            assert offer["state"] == "offer", offer
            async with Call(session, from_base64(offer["call"], CALL_ID), "ringing") as with_alice:
                await alice.event(event="call", phase="ringing")
                with_alice.say("active")
                await with_alice.until("active")
                async with Voice(session, with_alice.number, hum(OURS, PCM_RATE)) as voice:
                    await talk(voice, alice)
                    assert await with_alice.ended() == "hungup"
                code = await alice.exit_code()
                assert code == 0, f"exit code {code}: {await alice.complaints()}"
        assert is_hum(played(speaker), WAV_RATE, OURS), "what alice's speaker played"


async def busy_for_a_second_caller(program):
    """While bob talks with alice, carol hears that he is busy, and he that he missed her."""
    alice, carol = Person("alice", PASSWORD), Person("carol", PASSWORD)
    async with sound() as (devices, _), listening(program, "--auto-answer", *devices) as (bob, address):
        async with call(address, alice, HOST) as session, call(address, carol, HOST) as other:
            await get_acquainted(session)
            await get_acquainted(other)
            async with Call(session, os.urandom(CALL_ID), "offer") as with_bob:
                await with_bob.until("active")
                async with Voice(session, with_bob.number, hum(OURS, PCM_RATE)) as voice:
                    async with Call(other, os.urandom(CALL_ID), "offer") as refused:
                        assert await refused.ended() == "busy"
                        assert refused.heard == ["ended"], refused.heard
                    missed = await bob.event(event="callEnded")
                    assert missed["end"] == "busy" and missed["seconds"] is None, missed
                    count = voice.packets.total()
                    await voice.until(lambda: voice.packets.total() > count + 20)
                    assert with_bob.heard[-1] == "active", with_bob.heard


async def talk(voice, real):
    """Both say that they want uncompressed sound, get it, and know that they are heard."""
    await real.event(event="hearing", hearing="heard")
    await voice.until(lambda: len(voice.samples) >= SECONDS * PCM_RATE)
    assert Flag.UNCOMPRESSED in voice.last.flags and voice.last.codec is Codec.PCM, voice.last
    assert len(voice.last.frame) // 2 in RUNS, len(voice.last.frame)
    assert is_hum(voice.samples, PCM_RATE, THEIRS), "what came from the real microphone"
    before = voice.report
    await voice.until(lambda: voice.report is not before)
    report = voice.report
    assert voice.sent - report.highest < 30 and report.lost <= report.expected // 20, report
    assert report.played > 50 and report.speaker == 1 and report.muted == report.deafened == 0, report
    assert 0 < report.level < 40, report


async def send_what_does_not_open(session, voice, real):
    """Noise, a token under another key, one's own token back: counted, and the call goes on."""
    dropped = (await real.event(event="voice"))["malformed"]
    for datagram in (
        b"\x00",
        os.urandom(1000),
        fernet(session.key_of_ours("chat")).encrypt(b"\x01" * 30),
        fernet(session.key_of_theirs("voice")).encrypt(b"\x01" * 30),
    ):
        session.connection.send_datagram(datagram)
    # These open. Another call, a copy that is longer than the packet, a codec that does not exist.
    other_call = bytes([1]) + bytes(8) + bytes(20)
    for packet in (other_call, packet_of(voice, 0, 1, 1, b"\x01\xff\xff"), packet_of(voice, 9, 1, 0, b"xx")):
        voice.send_packet(packet)
    while True:
        event = await real.event(event="voice")
        if event["malformed"] >= dropped + 7:
            break
    assert event["malformed"] == dropped + 7, event
    count = len(voice.samples)
    await voice.until(lambda: len(voice.samples) > count + PCM_RATE // 10)


def packet_of(voice, codec, duration, copies, rest):
    return struct.pack("!B8sIIBBBB", 1, voice.call, voice.sent, 0, codec, 0, duration, copies) + rest


async def ask_about_what_is_over(session, number):
    """Whoever speaks of a call that is over, or was never there, hears that it has ended, and why."""
    unknown = b"unknown!", "active", "unknown"
    for one, state, reason in (number, "active", "hungup"), (number, "offer", "hungup"), unknown:
        say(session, one, state)
        answered = await session.receive("call")
        while from_base64(answered["call"], CALL_ID) != one:
            answered = await session.receive("call")
        assert (answered["state"], answered["reason"]) == ("ended", reason), (state, answered)


def played(path):
    """What a speaker's file holds: the other side, between sounds of the program's own."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (WAV_RATE, 1, 2)
        return array("h", file.readframes(file.getnframes()))


def is_hum(samples, rate, pitch):
    """Whether there is half a second of this pitch at about the right level."""
    span = rate // 2
    return any(
        abs(strength(samples[start : start + span], rate, pitch) / LOUD - 1) < 0.3
        for start in range(0, len(samples) - span + 1, span // 5)
    )


def strength(samples, rate, pitch):
    """The amplitude of one pitch."""
    turn = 2 * math.pi * pitch / rate
    sine = sum(sample * math.sin(turn * n) for n, sample in enumerate(samples))
    cosine = sum(sample * math.cos(turn * n) for n, sample in enumerate(samples))
    return 2 * math.hypot(sine, cosine) / len(samples)
