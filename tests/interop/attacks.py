"""Peers of ours that break the rules, and what the real one does about it.

Dialers come from a loopback address of their own each, because the real listener counts guesses by address.
"""

import asyncio
import os
import socket
import time
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from spake2 import ed25519_basic as curve

from cli import HOST, PASSWORD, calling, free_port
from conversations import call, closed_with, fresh, get_acquainted
from peer.frames import CAP, HANDSHAKE_CAP, Code, Violation, encode, to_base64, to_json
from peer.pairing import Dialer, Listener
from peer.quic import Certificate, Closed, Ended, Insistent, Quic, configuration, dial, listen
from peer.sealed import Sealer
from peer.session import Outgoing, Person, pair_as_dialer, pair_as_listener

GUESSES_PER_SOURCE = 5
GUESSES_PER_PEER = 3
PAIRING_TAKES = 10
FIRST_FRAME_TAKES = 5
WINDOW = 16 * 1024
SILENCE = 2
WRONG = "not the password"


@asynccontextmanager
async def half_paired(address, source, password=PASSWORD):
    """A pairing in which the listener has sent frame 4 and waits: connection, stream, dialer, frame 4."""
    async with salted(address, source, password) as (connection, stream, dialer, element):
        stream.send(element)
        yield connection, stream, dialer, await stream.receive(HANDSHAKE_CAP)


@asynccontextmanager
async def salted(address, source, password=PASSWORD):
    """A pairing in which frame 3 is made, but not sent: connection, stream, dialer, frame 3."""
    async with dial(address, Certificate(), source) as connection:
        dialer = Dialer(password)
        stream = connection.open(unidirectional=False)
        stream.send(dialer.start())
        yield connection, stream, dialer, dialer.answer_salts(await stream.receive(HANDSHAKE_CAP))


# Before confirmation


async def limits_before_confirmation(_bob, address):
    async with dial(address, Certificate(), fresh()) as connection:
        assert connection.quic.was_retried(), "no Retry"
        stream = connection.open(unidirectional=False)
        stream.send(Dialer(PASSWORD).start())
        await stream.receive(HANDSHAKE_CAP)
        assert connection.quic.granted() == (1, 0, WINDOW), connection.quic.granted()


async def bad_tls(_bob, address):
    source = fresh()
    without, stolen = Certificate(), Certificate()
    without.x509 = None
    stolen.key = Certificate().key
    elliptic = Certificate(ec.generate_private_key(ec.SECP256R1()), SHA256())
    for name, certificate, changes in (
        ("no certificate", without, {}),
        ("another's certificate", stolen, {}),
        ("a certificate of another kind", elliptic, {"kind": Insistent}),
        ("another protocol", Certificate(), {"alpn_protocols": ["p2p-comm/0"]}),
    ):
        try:
            async with dial(address, certificate, source, **changes) as connection:
                stream = connection.open(unidirectional=False)
                stream.send(Dialer(PASSWORD).start())
                await stream.receive(HANDSHAKE_CAP)
        except Closed as closed:
            assert closed.code is None, f"{name}: {closed}"
        except ConnectionError:
            pass
        else:
            raise AssertionError(f"{name} was good enough")


async def bad_first_frames(_bob, address):
    await refused_at_first(
        address,
        {
            "not JSON": encode(b"handshake"),
            "not an object": encode(b"[]"),
            "another kind of stream": encode(b'{"stream":"chat"}'),
        },
    )


async def bad_lengths(_bob, address):
    await refused_at_first(
        address,
        {
            "too long": (HANDSHAKE_CAP + 1).to_bytes(4, "big") + bytes(HANDSHAKE_CAP + 1),
            "much too long": b"\xff" * 4,
            "empty": bytes(4),
        },
    )


async def refused_at_first(address, first_bytes):
    source = fresh()
    for name, data in first_bytes.items():
        async with dial(address, Certificate(), source) as connection:
            connection.open(unidirectional=False).send_bytes(data)
            await closed_with(connection, Code.PROTOCOL_ERROR, name)


async def bad_elements(_bob, address):
    """Many from one source: the listener has sent no frame 4, so that none of them counts as a guess."""
    source = fresh()
    elements = [b"A" + point for point in bad_points()] + [b"B" + curve.Base.to_bytes(), b"A" + bytes(31)]
    assert len(elements) > GUESSES_PER_SOURCE
    for element in elements:
        async with salted(address, source) as (connection, stream, *_):
            stream.send(to_json({"x": to_base64(element)}))
            await nothing_more(stream)
            await closed_with(connection, Code.PROTOCOL_ERROR, element.hex())


def bad_points():
    """Encodings of what is no point, of the eight points of small order, of the identity in other ways, of a sum."""
    unknown = next(y for y in count(2) if not curve.isoncurve((curve.xrecover(y), y)))
    on_curve = next(y for y in count(2) if curve.isoncurve((curve.xrecover(y), y)))
    point = curve.bytes_to_unknown_group_element(on_curve.to_bytes(32, "little"))
    small = point.scalarmult(curve.L)
    order_8 = small if small.scalarmult(4) != curve.Zero else None
    assert order_8 is not None
    return [
        unknown.to_bytes(32, "little"),
        *(order_8.scalarmult(factor).to_bytes() for factor in range(8)),
        (1 | 1 << 255).to_bytes(32, "little"),
        (curve.Q + 1).to_bytes(32, "little"),
        order_8.add(curve.Base).to_bytes(),
    ]


async def wrong_password(_bob, address, source=None):
    async with half_paired(address, source or fresh(), WRONG) as (connection, stream, dialer, element):
        stream.send(dialer.answer_element(element, connection.quic.channel()))
        await nothing_more(stream)
        await closed_with(connection, Code.UNPROVEN)


async def hanging_up(_bob, address, source=None):
    async with half_paired(address, source or fresh()):
        pass


async def breaking_off(_bob, address, source):
    async with half_paired(address, source) as (connection, stream, *_):
        stream.send_bytes(bytes(4))
        await connection.ended


async def stalling(_bob, address):
    """Three that stall, after nothing, after frame 1 and after frame 3."""

    async def let_go(stage):
        began = time.monotonic()
        async with stage(address, fresh()) as (connection, *_):
            await closed_with(connection, Code.TIMEOUT, stage.__name__)
        took = time.monotonic() - began
        limit = FIRST_FRAME_TAKES if stage is connected else PAIRING_TAKES
        assert limit - 1 < took < limit + 3, f"{stage.__name__}: let go after {took:.1f} s"

    await asyncio.gather(*map(let_go, (connected, salted, half_paired)))


@asynccontextmanager
async def connected(address, source):
    async with dial(address, Certificate(), source) as connection:
        yield (connection,)


async def guessing(bob, address):
    """Whoever guesses five times is not even answered the sixth time; others are."""
    source = fresh()
    ways = wrong_password, hanging_up, breaking_off
    for guess in range(GUESSES_PER_SOURCE):
        assert await is_answered(address, source), f"guess {guess + 1} is not answered"
        await ways[guess % len(ways)](bob, address, source)
    assert not await is_answered(address, source), "the sixth guess is answered"
    assert await is_answered(address, fresh()), "another source is not answered"


async def guessing_at_once(_bob, address):
    """A pairing under way counts, too."""
    source = fresh()
    async with AsyncExitStack() as stack:
        for _ in range(GUESSES_PER_SOURCE):
            await stack.enter_async_context(half_paired(address, source))
        assert not await is_answered(address, source), "the sixth pairing is answered"


async def is_answered(address, source):
    """Whether anything comes back after the first packet of a connection."""
    quic = Quic(configuration=configuration(Certificate(), is_client=True))
    now = time.monotonic()
    quic.connect(address, now)
    packets = [data for data, _ in quic.datagrams_to_send(now)]
    return await asyncio.to_thread(answered, packets, address, source)


def answered(packets, address, source):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((source, 0))
        udp.settimeout(SILENCE)
        for packet in packets:
            udp.sendto(packet, address)
        try:
            return len(udp.recv(2048)) > 0
        except TimeoutError:
            return False


async def nothing_more(stream):
    try:
        frame = await stream.receive(HANDSHAKE_CAP)
    except (Closed, Ended):
        return
    raise AssertionError(f"another frame: {frame}")


# After confirmation


async def bad_hello(_bob, address):
    person = Person("mallory", PASSWORD)
    other = Person("another", PASSWORD).device
    for name in ("another's device", "the listener's side", "small order", "no hello"):
        async with dial(address, person.certificate, fresh()) as connection:
            secrets = (await pair_as_dialer(connection, PASSWORD)).secrets
            hello = person.device.hello("B" if name == "the listener's side" else "A", secrets)
            if name == "another's device":
                hello["device"] = to_base64(other.public)
            if name == "small order":
                # With the identity as key, this is a valid signature of everything.
                hello |= {"device": to_base64(identity()), "signature": to_base64(identity() + bytes(32))}
            control = Outgoing(connection, "control", secrets.key("control", "A"))
            control.send("ping" if name == "no hello" else "hello", **hello)
            await closed_with(connection, Code.PROTOCOL_ERROR, name)


def identity():
    return curve.Zero.to_bytes()


async def replayed_tokens(_bob, address):
    for send in (lambda session: session.control, lambda session: session.chat):
        async with call(address, Person("mallory", PASSWORD), fresh()) as session:
            await get_acquainted(session)
            await session.acknowledged(session.send("text", text="once"))
            outgoing = send(session)
            outgoing.stream.send(outgoing.send("ping"))
            await closed_with(session.connection, Code.PROTOCOL_ERROR)


async def bad_streams(_bob, address):
    for name, data in (
        ("a frame that is too long", (CAP + 1).to_bytes(4, "big")),
        ("an empty frame", bytes(4)),
        ("a token under another key", encode(Sealer(os.urandom(32)).seal("ping"))),
        ("no token", encode(b'{"n":1,"kind":"ping"}')),
    ):
        async with call(address, Person("mallory", PASSWORD), fresh()) as session:
            session.control.stream.send_bytes(data)
            await closed_with(session.connection, Code.PROTOCOL_ERROR, name)
    async with call(address, Person("mallory", PASSWORD), fresh()) as session:
        session.connection.open().send(b'{"stream":"control"}')
        await closed_with(session.connection, Code.PROTOCOL_ERROR, "a second control stream")


async def unknown_stream(_bob, address):
    async with call(address, Person("alice from the future", PASSWORD), fresh()) as session:
        stream = session.connection.open()
        stream.send(b'{"stream":"carrier pigeon"}')
        assert await stream.refused == Code.UNKNOWN_KIND, stream.refused
        await session.ping()


# Listeners


async def real_dialer_against_stolen_certificate(program):
    stolen = Certificate()
    stolen.key = Certificate().key
    address = HOST, free_port()
    async with listen(address, stolen) as arrivals, calling(program, "send", address, "hello"):
        try:
            await asyncio.wait_for(arrivals.get(), SILENCE)
        except asyncio.TimeoutError:
            return
        raise AssertionError("a certificate whose key we do not have was good enough")


async def real_dialer_against_bad_lengths(program):
    lengths = {"too long": HANDSHAKE_CAP + 1, "empty": 0}
    for name, length in lengths.items():
        address = HOST, free_port()
        async with listen(address, Certificate()) as arrivals, calling(program, "send", address, "hello"):
            async with await arrivals.get() as connection:
                stream = await connection.accept()
                await stream.receive(HANDSHAKE_CAP)
                stream.send_bytes(length.to_bytes(4, "big"))
                await closed_with(connection, Code.PROTOCOL_ERROR, name)


async def real_dialer_against_bad_elements(program):
    # One that was not committed to, and two that were.
    points = [None, identity(), bad_points()[2]]

    async def answer(connection):
        listener, point = Listener(PASSWORD, os.urandom(16)), points.pop(0)
        if point:
            listener.element = to_json({"y": to_base64(b"B" + point)})
        stream = await connection.accept()
        stream.send(listener.answer_start(await stream.receive(HANDSHAKE_CAP)))
        await stream.receive(HANDSHAKE_CAP)
        stream.send(listener.element if point else Listener(PASSWORD, os.urandom(16)).element)
        await nothing_more(stream)
        await closed_with(connection, Code.PROTOCOL_ERROR)

    await real_dialer_gives_up(program, answer)


async def real_dialer_against_wrong_password(program):
    async def answer(connection):
        try:
            await pair_as_listener(connection, WRONG, os.urandom(16))
        except Violation as error:
            assert error.code is Code.UNPROVEN, error
            connection.close(error.code)

    await real_dialer_gives_up(program, answer)


async def real_dialer_gives_up(program, answer):
    """It stops after three guesses in a row."""
    guesses = 0
    address = HOST, free_port()
    async with listen(address, Certificate()) as arrivals, calling(program, "send", address, "hello") as alice:
        ended = asyncio.create_task(alice.exit_code())
        while True:
            arrival = asyncio.create_task(arrivals.get())
            await asyncio.wait({arrival, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not arrival.done():
                arrival.cancel()
                break
            async with arrival.result() as connection:
                await answer(connection)
            guesses += 1
        assert guesses == GUESSES_PER_PEER, f"{guesses} guesses"
        assert ended.result() == 1, f"exit code {ended.result()}"
        assert "dialingStopped" in await alice.complaints(), await alice.complaints()
