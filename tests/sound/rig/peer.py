"""The program under test: p2p-comm-cli as alice or bob, and what it says about itself."""

import json
import queue
import signal
import subprocess
import threading
import time

from .process import spawn, stop

PASSWORD = "seven quiet harbours"
PORT = 47800
HANG_UP_S = 1


class Peer:
    """One running p2p-comm-cli, from `start` until `stop`."""

    def __init__(self, name, process):
        self.name = name
        self.pid = process.pid
        self.events = []
        """Every event so far. `time_ns` is added to each: when it happened, CLOCK_MONOTONIC."""
        self._process = process
        self._arrivals = queue.Queue()
        self._clock = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def start(cls, program, arguments, namespace, environment, log):
        name = arguments[arguments.index("--name") + 1]
        process = spawn(
            [program, *arguments],
            namespace=namespace,
            environment=environment | {"P2P_COMM_PASSWORD": PASSWORD},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        return cls(name, process)

    def wait(self, seconds, **members):
        """The next event with these members that has not been waited for yet."""
        end = time.monotonic() + seconds
        while True:
            try:
                event = self._arrivals.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                event = None
            if event is None:
                state = "ended" if self._process.poll() is not None else f"said nothing for {seconds} s"
                last = self.events[-1] if self.events else "nothing"
                raise RuntimeError(f"{self.name} {state} without {members}; last came {last}")
            if members.items() <= event.items():
                return event

    def said(self, **members):
        """All events so far that have these members."""
        return [event for event in list(self.events) if members.items() <= event.items()]

    def stop(self):
        """As with Ctrl-C: it says goodbye."""
        stop(self._process, signal.SIGINT)
        self._reader.join()

    def _read(self):
        for line in self._process.stdout:
            arrived = time.monotonic_ns()
            event = json.loads(line)
            # Its own clock starts with the process. The line that was quickest to arrive tells best when that was.
            began = arrived - event["at"]
            self._clock = began if self._clock is None else min(self._clock, began)
            event["time_ns"] = self._clock + event["at"]
            self.events.append(event)
            self._arrivals.put(event)
        self._arrivals.put(None)
