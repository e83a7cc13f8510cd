"""Two honest peers: one of them ours, the other the real one."""

import asyncio
import socket
from contextlib import asynccontextmanager
from itertools import count

from cli import HOST, PASSWORD, calling, free_port
from peer.frames import Code
from peer.quic import Closed, dial, listen
from peer.session import Person, Session, pair_as_dialer, pair_as_listener

LINK = "https://example.org/x"
# Hardly any other device key is larger than one that begins like this.
LARGEST = b"\xff"
SOURCES = (f"127.0.0.{host}" for host in count(2))


def fresh():
    """A loopback address from which nobody has dialled yet: the real listener remembers who did."""
    return next(SOURCES)


def has_many_sources():
    """Whether more of 127.0.0.0/8 than its first address can be used, as everywhere but on macOS."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((fresh(), 0))
        except OSError:
            return False
    return True


@asynccontextmanager
async def call(address, person, source):
    """A session with the listener at `address`, from whom we have heard hello."""
    async with dial(address, person.certificate, source) as connection:
        pairing = await pair_as_dialer(connection, person.password)
        async with Session(connection, person, pairing) as session:
            await session.receive("hello")
            yield session


@asynccontextmanager
async def answer(arrivals, person):
    """A session with the next dialer that arrives, from whom we have heard hello."""
    async with await arrivals.get() as connection:
        pairing = await pair_as_listener(connection, person.password, person.salt)
        async with Session(connection, person, pairing) as session:
            await session.receive("hello")
            yield session


async def get_acquainted(session):
    """Both add each other. Returns the other side's profile."""
    session.add()
    return await session.receive("profile")


async def with_ourselves():
    """Both sides are ours: if this fails, so will everything else."""
    alice, bob = Person("alice", PASSWORD), Person("bob", PASSWORD)
    address = HOST, free_port()

    async def answering(arrivals):
        async with answer(arrivals, bob) as session:
            assert (await get_acquainted(session))["name"] == "alice"
            return (await session.receive("text"))["text"]

    async with listen(address, bob.certificate) as arrivals:
        answered = asyncio.create_task(answering(arrivals))
        async with call(address, alice, HOST) as session:
            assert (await get_acquainted(session))["name"] == "bob"
            await session.acknowledged(session.send("text", text="hello myself"))
        assert await answered == "hello myself"


async def as_dialer(bob, address):
    alice = Person("alice", PASSWORD)
    text = "hello bob, ünïcödé 👋"
    async with call(address, alice, HOST) as session:
        profile = await get_acquainted(session)
        assert profile["name"] == "bob", profile
        assert {"text", "link"} <= set(profile["features"]), profile
        assert profile["observed"].startswith(f"{HOST}:"), profile
        assert (await bob.event(event="phrase", name="alice"))["words"] == session.phrase
        session.send("text", text=text)
        await session.acknowledged(session.send("link", url=LINK))
        assert (await bob.event(event="message", name="alice"))["text"] == text
        assert (await bob.event(event="message", name="alice"))["url"] == LINK
        await session.ping()
        assert not session.connection.quic.tickets, "session tickets or NEW_TOKENs"


async def over_two_connections(bob, address):
    """What was received is remembered: a message sent once more is acknowledged, not shown."""
    alice = Person("alice, twice", PASSWORD)
    source = fresh()
    async with call(address, alice, source) as session:
        await get_acquainted(session)
        await session.acknowledged(session.send("text", text="before"))
    alice.sent.clear()
    async with call(address, alice, source) as session:
        await get_acquainted(session)
        session.send("text", text="before")
        await session.acknowledged(session.send("text", text="after"))
    shown = [await bob.event(event="message", name=alice.name) for _ in range(2)]
    assert [one["text"] for one in shown] == ["before", "after"], shown


async def with_messages_that_disappear(bob, address):
    """The real peer lists the feature, takes the time and messages that carry one, and shows none that it could not delete."""
    alice = Person("alice in a hurry", PASSWORD)
    async with call(address, alice, fresh()) as session:
        assert "vanish" in (await get_acquainted(session))["features"]
        session.send("vanish", life=3600)
        session.send("text", text="soon gone", life=300)
        await session.acknowledged(session.send("text", text="never shown", life=2_419_201))
    shown = [await bob.event(event="message", name=alice.name) for _ in range(3)]
    assert [one["kind"] for one in shown] == ["vanishing", "text", "unknown"], shown
    assert shown[0]["after"] == 3600, shown
    assert shown[1]["text"] == "soon gone", shown


async def with_messages_to_skip(bob, address):
    """What the other side cannot show is acknowledged all the same, and answered if it must be shown."""
    alice = Person("alice from the future", PASSWORD)
    async with call(address, alice, fresh()) as session:
        await get_acquainted(session)
        session.control.send("fanfare", volume=11)
        session.send("link", url="javascript:alert(1)")
        session.send("text", text="")
        session.send("smell")
        counter = session.send("hologram", must=True)
        await session.acknowledged(counter)
        assert (await session.receive("unsupported"))["counter"] == counter
        await session.acknowledged(session.send("text", text="that was odd"))
        await session.ping()
    shown = [await bob.event(event="message", name=alice.name) for _ in range(5)]
    assert [one["kind"] for one in shown] == ["unknown"] * 4 + ["text"], shown


async def without_consent(bob, address):
    """Whoever writes before the other side's profile has come breaks the protocol; afterwards it is read."""
    mallory = Person("mallory", PASSWORD)
    async with call(address, mallory, fresh()) as session:
        session.send("text", text="uninvited")
        await closed_with(session.connection, Code.PROTOCOL_ERROR)
    async with call(address, mallory, fresh()) as session:
        profile = await get_acquainted(session)
        assert profile["name"] == "bob", profile
        await session.acknowledged(session.send("text", text="invited"))
    assert (await bob.event(event="message", name=mallory.name))["text"] == "invited"


async def with_two_connections_at_once(_bob, address):
    """The side with the smaller device key keeps the one that was confirmed last."""
    alice = Person("alice at two places", PASSWORD)
    while not alice.device.public.startswith(LARGEST):
        alice = Person(alice.name, PASSWORD)
    source = fresh()
    async with call(address, alice, source) as first:
        await get_acquainted(first)
        async with call(address, alice, source) as second:
            await closed_with(first.connection, Code.REPLACED)
            await get_acquainted(second)
            await second.acknowledged(second.send("text", text="on the second"))


async def as_listener(program):
    """The real peer sends a text and then, as a new process with new keys, a link."""
    bob = Person("bob", PASSWORD)
    address = HOST, free_port()
    async with listen(address, bob.certificate) as arrivals:
        for command, content in ("send", "hello stranger"), ("link", LINK):
            async with calling(program, command, address, content) as alice:
                async with answer(arrivals, bob) as session:
                    profile = await get_acquainted(session)
                    assert profile["name"] == "alice", profile
                    message = await session.receive("text" if command == "send" else "link")
                    assert content in (message.get("text"), message.get("url")), message
                    code = await alice.exit_code()
                    assert code == 0, f"exit code {code}: {await alice.complaints()}"
                    await closed_with(session.connection, Code.BYE)


async def closed_with(connection, code, why=""):
    """Waits until the other side has closed the connection, and with this code."""
    closed = Closed(await connection.ended)
    assert closed.code == code, f"{why}: {closed}, not {code!r}"
