"""The project's own peer, p2p-comm-cli, as a child process on the loopback."""

import asyncio
import json
import os
import socket
from contextlib import asynccontextmanager

HOST = "127.0.0.1"
PASSWORD = "correct horse battery staple"
GOODBYE = 5
LONGEST_LINE = 1024 * 1024


class Cli:
    def __init__(self, process):
        self._process = process
        self._complaints = asyncio.create_task(process.stderr.read())

    async def event(self, **wanted):
        """The next event that has these members; those before it are dropped."""
        while line := await self._process.stdout.readline():
            event = json.loads(line)
            if wanted.items() <= event.items():
                return event
        raise AssertionError(f"the CLI ended without {wanted}: {await self.complaints()}")

    async def exit_code(self):
        await self._process.stdout.read()
        return await self._process.wait()

    async def complaints(self):
        """What it said on standard error, once it has ended."""
        return (await self._complaints).decode(errors="replace").strip()

    async def stop(self):
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self.exit_code(), GOODBYE)
            except asyncio.TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._complaints.cancel()


@asynccontextmanager
async def start(program, *arguments):
    """Runs `p2p-comm-cli ARGUMENTS` for as long as the context lasts."""
    pipe = asyncio.subprocess.PIPE
    environment = os.environ | {"P2P_COMM_PASSWORD": PASSWORD}
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        env=environment,
        limit=LONGEST_LINE,
    )
    cli = Cli(process)
    try:
        yield cli
    finally:
        await cli.stop()


@asynccontextmanager
async def listening(program, *arguments):
    """`p2p-comm-cli listen` as bob, ready for calls, and its address."""
    port = str(free_port())
    own = ["--name", "bob", "--bind", HOST, "--port", port, "--json"]
    async with start(program, "listen", *own, "--accept-anyone", *arguments) as cli:
        event = await asyncio.wait_for(cli.event(event="listening"), 10)
        yield cli, (HOST, event["port"])


def calling(program, command, address, *arguments):
    """`p2p-comm-cli COMMAND` as alice, who calls the peer at `address`."""
    own = ["--name", "alice", "--bind", HOST, "--port", str(free_port()), "--json"]
    return start(program, command, *own, "--peer", "{}:{}".format(*address), "--timeout", "10", *arguments)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
