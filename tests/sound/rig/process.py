"""Child processes that never outlive the one who started them, and what they cost."""

import os
import signal
import subprocess
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
GOODBYE_S = 5


def spawn(command, *, namespace=None, environment=None, **options):
    """Starts a program, in a network namespace if one is named (a path). Call it from the main thread only.

    The kernel ends it when that thread ends. A Ctrl-C at the terminal does not reach it: its owner stops it.
    """
    inside = ["nsenter", f"--net={namespace}"] if namespace else []
    return subprocess.Popen(
        [*inside, "setpriv", "--pdeathsig", "TERM", "--", *map(str, command)],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        env=os.environ | (environment or {}),
        start_new_session=True,
        **options,
    )


def stop(process, with_signal=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def cpu_seconds(pid):
    """What a process has used of the processors since it began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_mib(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[21]) * PAGE_BYTES / 2**20


def machine_seconds():
    """What all processes and the kernel have used since the start of the machine."""
    times = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = times
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
