"""Two network namespaces and the impaired link between them (link/main.c)."""

import hashlib
import json
import subprocess
from pathlib import Path

from .process import spawn, stop

SOURCES = Path(__file__).parent / "link"
ADDRESS = {"A": "10.77.0.1", "B": "10.77.0.2"}
NEW_ADDRESS = {"A": "10.77.0.11", "B": "10.77.0.12"}
DEVICE = "call0"


class Network:
    """For as long as the context lasts. `home`: a directory to build in."""

    def __init__(self, home, seed):
        self._home = home
        self._seed = seed

    def __enter__(self):
        command = [build(self._home), ADDRESS["A"], ADDRESS["B"], self._seed]
        self._link = spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            places = self._answer()
        except BaseException:
            stop(self._link)
            raise
        self.namespace = {"A": places["a"], "B": places["b"]}
        self.pid = self._link.pid
        return self

    def __exit__(self, *_):
        stop(self._link)

    def impair(self, direction="both", **settings):
        """Sets delay, jitter (ms), loss (percent), burst (packets), rate (kbit/s) or queue (ms); see link/path.h."""
        words = [f"{name}={value}" for name, value in settings.items()]
        self._say("set", direction, *words)

    def move(self, side):
        """One side gets another address, as when a laptop goes to another network."""
        other = "B" if side == "A" else "A"
        old, new, theirs = ADDRESS[side], NEW_ADDRESS[side], ADDRESS[other]
        self._ip(other, "route", "add", f"{new}/32", "dev", DEVICE)
        self._ip(side, "address", "add", f"{new}/32", "dev", DEVICE)
        self._ip(side, "address", "delete", old, "peer", f"{theirs}/32", "dev", DEVICE)
        self._ip(side, "route", "add", f"{theirs}/32", "dev", DEVICE, "src", new)

    def _ip(self, side, *words):
        subprocess.run(["nsenter", f"--net={self.namespace[side]}", "ip", *words], check=True)

    def clear(self):
        self._say("clear")

    def reset_counters(self):
        self._say("reset")

    def counters(self):
        """{"ab": {...}, "ba": {...}} with the names of `struct counters` in link/path.h."""
        return self._say("stats")

    def _say(self, *words):
        self._link.stdin.write(" ".join(words) + "\n")
        self._link.stdin.flush()
        answer = self._answer()
        if answer.get("ok") is False:
            raise ValueError(f"the link does not know {words}")
        return answer

    def _answer(self):
        line = self._link.stdout.readline()
        if not line:
            raise RuntimeError("the link has ended")
        return json.loads(line)


def build(home):
    """Compiles the link into `home`, once for each state of its sources."""
    sources = sorted(SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    program = Path(home) / f"link-{digest[:16]}"
    if not program.exists():
        code = [path for path in sources if path.suffix == ".c"]
        subprocess.run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-o", program, *code], check=True)
    return program
