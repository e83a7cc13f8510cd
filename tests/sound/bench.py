"""Measures calls between two p2p-comm-cli on a virtual sound card and an impaired network.

Every figure is the median over the seeds: one JSON object per line on standard output ({"name","value","unit","n"}) and
a row of a table on standard error. Needs Linux, root, PulseAudio, espeak-ng, alsa-utils and a C compiler.
"""

import argparse
import json
import signal
import statistics
import sys
import time
from pathlib import Path

from rig.call import Bench
from runs import address, device, doubletalk, outage, quality, recovery

RUNS = [*quality.RUNS, *doubletalk.RUNS, *outage.RUNS, *device.RUNS, *address.RUNS, *recovery.RUNS]


def main():
    arguments = parse()
    # Whatever ends this program ends everything that it has started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, signal.default_int_handler)
    bench = Bench(arguments.cli, arguments.keep)
    figures, whole = [], True
    try:
        for run in (run for run in RUNS if run.matches(arguments.only)):
            results = [measure(run, bench, seed) for seed in range(1, arguments.seeds + 1)]
            for figure in medians(run, results):
                print(json.dumps(figure), flush=True)
                figures.append(figure)
                whole &= figure["n"] == arguments.seeds
    except KeyboardInterrupt:
        whole = False
    finally:
        bench.close()
    for figure in figures:
        value = "-" if figure["value"] is None else f"{figure['value']:.2f}"
        print(f"{figure['name']:<32} {value:>10} {figure['unit']:<7} n = {figure['n']}", file=sys.stderr)
    return 0 if whole else 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", required=True, help="the program p2p-comm-cli, a release build")
    parser.add_argument("--only", default="", metavar="NAME", help="only figures whose name begins with this")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how often each run is made (default: 5)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep recordings, events and logs here")
    return parser.parse_args()


def measure(run, bench, seed):
    """{name: value} of one run, empty if it failed."""
    began = time.monotonic()
    try:
        result = run.measure(bench, seed)
    except (RuntimeError, ValueError, OSError) as error:
        print(f"seed {seed}: FAILED {next(iter(run.units))}: {error}", file=sys.stderr)
        return {}
    words = [f"{name} {'-' if value is None else format(value, '.2f')}" for name, value in result.items()]
    print(f"seed {seed}: {', '.join(words)} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    return result


def medians(run, results):
    for name, unit in run.units.items():
        values = [result[name] for result in results if result.get(name) is not None]
        value = round(statistics.median(values), 3) if values else None
        yield {"name": name, "value": value, "unit": unit, "n": len(values)}


if __name__ == "__main__":
    sys.exit(main())
