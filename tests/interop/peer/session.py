"""Sections 2 to 4 on a connection: pairing, getting acquainted, messages."""

import asyncio
import os
import time
from collections import defaultdict

from .frames import HANDSHAKE_CAP, Code, Violation, from_base64, from_json, member, to_base64, to_json
from .pairing import SALT_LENGTH, Dialer, Listener
from .quic import Certificate, Closed, Ended
from .sealed import Device, Opener, Sealer, device_of

EPOCH_LENGTH = 16
CONVERSATION = "direct"
FEATURES = ["text", "link", "call"]
TEXT_CAP = 65_536
LINK_CAP = 4096
CONTENT = {"text": "text", "link": "url"}
SCHEMES = {"http", "https", "mailto", "tel", "sip", "xmpp", "matrix", "magnet"}
LIST_CAP = 32
CALL_ID_LENGTH = 8
PING_AFTER_SILENCE = 3
PING_WHILE_UNACKNOWLEDGED = 0.5


class Person:
    """Somebody between Connect and Disconnect, and what they remember of every device."""

    def __init__(self, name, password):
        self.name = name
        self.password = password
        self.certificate = Certificate()
        self.device = Device()
        self.salt = os.urandom(SALT_LENGTH)
        self.epoch = os.urandom(EPOCH_LENGTH)
        self.sent = defaultdict(int)
        self.received = {}


async def pair_as_dialer(connection, password):
    """A pairing that has been confirmed from both sides."""
    dialer = Dialer(password)
    stream = connection.open(unidirectional=False)
    stream.send(dialer.start())
    stream.send(dialer.answer_salts(await stream.receive(HANDSHAKE_CAP)))
    stream.send(dialer.answer_element(await stream.receive(HANDSHAKE_CAP), connection.quic.channel()))
    dialer.take_confirmation(await stream.receive(HANDSHAKE_CAP))
    stream.finish()
    connection.confirmed()
    return dialer


async def pair_as_listener(connection, password, salt):
    """A pairing that has been confirmed from both sides."""
    listener = Listener(password, salt)
    stream = await connection.accept()
    start = await stream.receive(HANDSHAKE_CAP)
    if member(from_json(start), "stream", str) != "handshake":
        raise Violation("another stream before the handshake")
    stream.send(listener.answer_start(start))
    stream.send(listener.answer_element(await stream.receive(HANDSHAKE_CAP), connection.quic.channel()))
    # Granted before the last frame, so that the dialer may open its streams as soon as it has read it.
    confirmation = listener.answer_confirmation(await stream.receive(HANDSHAKE_CAP))
    connection.confirmed()
    stream.send(confirmation)
    stream.finish()
    return listener


class Session:
    """A confirmed connection. As a context: says hello at its beginning and reads until its end."""

    def __init__(self, connection, person, pairing):
        self.connection = connection
        self.device = None
        self.unacknowledged = set()
        self.control = None
        self.chat = None
        self._person = person
        self._side = pairing.side
        self._other = "B" if pairing.side == "A" else "A"
        self._secrets = pairing.secrets
        self._inbox = defaultdict(asyncio.Queue)
        self._heard = time.monotonic()
        self._opened = set()
        self._added = False

    async def __aenter__(self):
        self.control = Outgoing(self.connection, "control", self._secrets.key("control", self._side))
        self.control.send("hello", **self._person.device.hello(self._side, self._secrets))
        self._tasks = [asyncio.create_task(self._accept()), asyncio.create_task(self._ping())]
        return self

    async def __aexit__(self, *_error):
        await end(self._tasks)

    @property
    def phrase(self):
        return self._secrets.phrase()

    def key_of_ours(self, purpose):
        return self._secrets.key(purpose, self._side)

    def key_of_theirs(self, purpose):
        return self._secrets.key(purpose, self._other)

    async def receive(self, kind):
        """The next message of this kind."""
        return await self.connection.until_ended(self._inbox[kind].get())

    def add(self):
        """The person adds the device at the other end: sends the profile."""
        self._added = True
        self.control.send(
            "profile",
            name=self._person.name,
            features=FEATURES,
            limits={"text": TEXT_CAP},
            observed=self.connection.peer_address(),
            candidates=[],
        )

    def send(self, kind, **members):
        """Sends a message, which only somebody who has added us will take. Returns its counter."""
        if self.chat is None:
            self.chat = Outgoing(self.connection, "chat", self._secrets.key("chat", self._side))
        self._person.sent[self.device] += 1
        counter = self._person.sent[self.device]
        self.unacknowledged.add(counter)
        epoch = to_base64(self._person.epoch)
        now = int(time.time() * 1000)
        self.chat.send(kind, conv=CONVERSATION, epoch=epoch, counter=counter, at=now, **members)
        return counter

    async def acknowledged(self, counter):
        """Waits until the other side has every message up to this one."""
        while counter in self.unacknowledged:
            ack = await self.receive("ack")
            if ack["epoch"] == to_base64(self._person.epoch):
                self.unacknowledged = {one for one in self.unacknowledged if one > ack["counter"]}

    async def ping(self):
        """Waits for a sign of life."""
        self._inbox["pong"] = asyncio.Queue()
        self.control.send("ping")
        await self.receive("pong")

    async def _accept(self):
        streams = set()
        try:
            while True:
                streams.add(asyncio.create_task(self._read(await self.connection.accept())))
        except Closed:
            pass
        finally:
            await end(streams)

    async def _read(self, stream):
        """Reads one stream of the other side's to its end."""
        try:
            kind = member(from_json(await stream.receive()), "stream", str)
            take = {"control": self._take_control, "chat": self._take_chat}.get(kind)
            if take is None:
                stream.refuse(Code.UNKNOWN_KIND)
                return
            if kind in self._opened:
                raise Violation(f"a second {kind} stream")
            self._opened.add(kind)
            opener = Opener(self._secrets.key(kind, self._other))
            while True:
                message = opener.open(await stream.receive())
                self._heard = time.monotonic()
                take(message)
        except Violation as error:
            self.connection.close(error.code)
            raise
        except (Closed, Ended):
            pass

    def _take_control(self, message):
        kind = message["kind"]
        if (kind == "hello") != (self.device is None):
            raise Violation("hello is the first message and no other")
        match kind:
            case "hello":
                self.device = device_of(message, self._other, self._secrets)
                if self.device == self._person.device.public:
                    raise Violation("our own device")
            case "profile":
                check_profile(message)
            case "ping":
                self.control.send("pong")
            case "ack" | "unsupported":
                check_name(message)
            case "call":
                if not self._added:
                    raise Violation("a call before our profile")
                check_signal(message)
        self._inbox[kind].put_nowait(message)

    def _take_chat(self, message):
        if not self._added:
            return
        member(message, "at", int)
        epoch, counter = check_name(message)
        name = {one: message[one] for one in ("conv", "epoch", "counter")}
        last_epoch, last_counter = self._person.received.get(self.device, (None, 0))
        if epoch != last_epoch or counter > last_counter:
            self._person.received[self.device] = (epoch, counter)
            if can_show(message):
                self._inbox[message["kind"]].put_nowait(message)
            elif message.get("must") is True:
                self.control.send("unsupported", **name)
        self.control.send("ack", **name)

    async def _ping(self):
        while True:
            await asyncio.sleep(PING_WHILE_UNACKNOWLEDGED)
            if self.unacknowledged or time.monotonic() - self._heard > PING_AFTER_SILENCE:
                self.control.send("ping")


class Outgoing:
    """A stream of ours, whose tokens nobody but the other side reads."""

    def __init__(self, connection, kind, key):
        self.stream = connection.open()
        self.stream.send(to_json({"stream": kind}))
        self._sealer = Sealer(key)

    def send(self, kind, **members):
        """Sends a message and returns its token."""
        token = self._sealer.seal(kind, **members)
        self.stream.send(token)
        return token


async def end(tasks):
    """Cancels the tasks; raises what one of them failed with before."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def can_show(message):
    """Whether the message is of a kind that we know and keeps that kind's limits."""
    text = message.get(CONTENT.get(message["kind"]))
    if message["conv"] != CONVERSATION or not isinstance(text, str):
        return False
    if message["kind"] == "link":
        return len(text.encode()) <= LINK_CAP and text.partition(":")[0].lower() in SCHEMES
    return 1 <= len(text.encode()) <= TEXT_CAP


def check_profile(message):
    member(message, "name", str)
    member(message, "observed", str)
    member(member(message, "limits", dict), "text", int)
    for name in ("features", "candidates"):
        items = member(message, name, list)
        if len(items) > LIST_CAP or not all(isinstance(item, str) for item in items):
            raise Violation(f"{name} is no list of at most {LIST_CAP} strings")


def check_signal(message):
    """How the other side stands in a call."""
    member(message, "conv", str)
    from_base64(message.get("call"), CALL_ID_LENGTH)
    if member(message, "state", str) == "ended":
        member(message, "reason", str)


def check_name(message):
    """The part of a message's name that it carries itself."""
    member(message, "conv", str)
    return from_base64(message.get("epoch"), EPOCH_LENGTH), member(message, "counter", int)
