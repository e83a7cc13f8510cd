"""Everything for one call: card, network, recorder, alice (A) and bob (B). It is all made anew for each measurement."""

import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from . import RATE
from .card import Card
from .network import ADDRESS, Network
from .peer import PORT, Peer
from .process import cpu_seconds, machine_seconds, resident_mib
from .room import Room

START_S = 15
CONNECT_S = 30
TAIL_S = 1.0
# Until the player and the recorder run and the card's clock is steady.
RECORDER_S = 0.5
# The devices are open, the buffers have their size.
SETTLE_S = 2.0


@dataclass
class Bench:
    """What all measurements have in common."""

    program: str
    """The path of p2p-comm-cli."""
    keep: Path | None = None
    """Where recordings, events and logs are kept."""
    built: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="p2p-comm-sound-")))
    """What is compiled, and the sockets."""

    def close(self):
        shutil.rmtree(self.built, ignore_errors=True)


class Call:
    """For as long as the context lasts. A step at a time: `listen`, `record`, `call`, `talk`, `finish`."""

    def __init__(self, bench, name, seed, options=(), followers="", room=None, ppm=0, bind=None):
        """`options`: of both peers. `bind`: the local address of both, else that of the link. `followers`: whose devices are the card's default ones ("B"). `room`: on whose side
        there is one, with a difference of the clocks in `ppm`."""
        self._bench, self._name, self._seed = bench, name, seed
        self._options, self._followers = options, followers
        self._room_side, self._ppm = room, ppm
        self._bind = bind
        self._recorder = None
        self._peers = {}

    def __enter__(self):
        with ExitStack() as stack:
            self._home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._bench.built)))
            self._log = stack.enter_context(open(self._home / "peers.log", "w"))
            stack.callback(self._keep)
            self.card = stack.enter_context(Card(self._home / "card"))
            self.network = stack.enter_context(Network(self._bench.built, self._seed))
            if self._followers:
                self.card.make_default(self._followers)
            if self._room_side:
                stack.enter_context(Room(self.card, self._room_side, self._ppm))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def listen(self):
        """Starts bob, who answers by himself."""
        self.bob = self._start("B", "listen", "--accept-anyone", "--auto-answer")
        self.bob.wait(START_S, event="listening")

    def call(self):
        """Starts alice, who calls, and waits until both are connected."""
        self.alice = self._start("A", "call", "--peer", f"{ADDRESS['B']}:{PORT}")
        for peer in (self.alice, self.bob):
            peer.wait(CONNECT_S, event="call", phase="active")
        time.sleep(SETTLE_S)

    def record(self):
        self._recorder = self.card.recorder()
        self._stack.callback(self._recorder.stop)
        time.sleep(RECORDER_S)

    def start_talking(self, sounds):
        """Plays sounds of one length into the microphones, {channel: samples}. Returns the player, a process."""
        player = self.card.play(sounds)
        self._stack.callback(lambda: player.poll() is None and player.kill())
        return player

    def talk(self, sounds):
        """Plays sounds to their end and returns what both peers and the sound server cost meanwhile (`Cost`)."""
        before = Meter(self)
        if self.start_talking(sounds).wait() != 0:
            raise RuntimeError("the player failed")
        cost = before.cost()
        time.sleep(TAIL_S)
        return cost

    def finish(self):
        """Ends the recording and returns it."""
        recording = self._recorder.finish()
        if self._bench.keep:
            shape = {"samplerate": RATE, "subtype": "PCM_16"}
            soundfile.write(self._kept("recording.flac"), recording.samples, **shape)
        return recording

    def processes(self):
        """The peers that run, by side."""
        return self._peers

    def _start(self, side, command, *arguments):
        own = ["--name", {"A": "alice", "B": "bob"}[side], "--bind", self._bind or ADDRESS[side], "--json"]
        own += ["--port", str(PORT)] if command == "listen" else []
        devices = ["--mic", "default", "--speaker", "default"]
        environment = self.card.environment(None if side in self._followers else side)
        words = [command, *own, *arguments, *devices, *self._options]
        peer = Peer.start(self._bench.program, words, self.network.namespace[side], environment, self._log)
        self._peers[side] = peer
        self._stack.callback(peer.stop)
        return peer

    def _keep(self):
        if not self._bench.keep:
            return
        for peer in self._peers.values():
            lines = [json.dumps(event) + "\n" for event in peer.events]
            self._kept(f"{peer.name}.jsonl").write_text("".join(lines))
        shutil.copy(self._home / "peers.log", self._kept("peers.log"))

    def _kept(self, file):
        directory = self._bench.keep / f"{self._name}-{self._seed}"
        directory.mkdir(parents=True, exist_ok=True)
        return directory / file


@dataclass
class Cost:
    """Of a stretch of a call. Percent are of one core."""

    peer_percent: float
    """Of the peer that used more."""
    server_percent: float
    others_percent: float
    """Of everything that is neither peer nor server: the bench itself and the rest of the machine."""
    resident_mib: float
    """Of the larger peer."""
    wire_kbit_s: float
    """What A sent to B, IP headers included."""


class Meter:
    """Counts from its making on."""

    def __init__(self, call):
        self._call = call
        self._began = time.monotonic()
        self._before = self._used()
        call.network.reset_counters()

    def cost(self):
        seconds = time.monotonic() - self._began
        used = [100 * (now - before) / seconds for now, before in zip(self._used(), self._before)]
        machine, server, *peers = used
        sent = self._call.network.counters()["ab"]["in_bytes"]
        sizes = [resident_mib(peer.pid) for peer in self._call.processes().values()]
        return Cost(
            peer_percent=max(peers, default=0),
            server_percent=server,
            others_percent=machine - server - sum(peers),
            resident_mib=max(sizes, default=0),
            wire_kbit_s=sent * 8 / seconds / 1000,
        )

    def _used(self):
        peers = [peer.pid for peer in self._call.processes().values()]
        return [machine_seconds(), *(cpu_seconds(pid) for pid in (self._call.card.pid, *peers))]
