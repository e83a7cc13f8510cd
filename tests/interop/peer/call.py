"""Section 3, "Calls": where each side stands."""

import asyncio

from .frames import to_base64
from .session import CONVERSATION, end

REPEAT = 2
REPEAT_ACTIVE = 5


class Call:
    """One side of a call. As a context: says how it stands when asked, when it changes and now and then."""

    def __init__(self, session, number, state):
        self.number = number
        self.state = state
        # Everything that the other side has said of it, in order.
        self.heard = []
        self._session = session
        self._ended = asyncio.get_running_loop().create_future()
        self._news = asyncio.Event()

    async def __aenter__(self):
        self.say(self.state)
        self._tasks = [asyncio.create_task(task()) for task in (self._follow, self._repeat)]
        return self

    async def __aexit__(self, *_error):
        await end(self._tasks)

    def say(self, state, **members):
        self.state = state
        say(self._session, self.number, state, **members)

    async def until(self, state):
        """Waits until the other side has said so."""
        while state not in self.heard:
            self._news.clear()
            await self._session.connection.until_ended(self._news.wait())

    async def ended(self):
        """Waits for the end, and gives the reason."""
        return await self._session.connection.until_ended(asyncio.shield(self._ended))

    async def _follow(self):
        while True:
            signal = await self._session.receive("call")
            state = signal["state"]
            if signal["call"] != to_base64(self.number):
                if state != "ended":
                    raise AssertionError(f"another call: {signal}")
                continue
            self.heard.append(state)
            self._news.set()
            if state == "ended":
                self._ended.set_result(signal["reason"])
                return
            if state == "offer" or (state == "active" and self.state == "offer"):
                self.say("active" if state == "active" else self.state)

    async def _repeat(self):
        while not self._ended.done():
            await asyncio.sleep(REPEAT_ACTIVE if self.state == "active" else REPEAT)
            self.say(self.state)


def say(session, number, state, **members):
    session.control.send("call", conv=CONVERSATION, call=to_base64(number), state=state, **members)
