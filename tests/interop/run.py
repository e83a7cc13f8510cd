"""Holds a second implementation of docs/protocol.md against the real one: `python run.py [--cli PATH]`.

The real one is p2p-comm-cli: --cli, else P2P_COMM_CLI, else the debug build. Only the loopback is used.
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

import attacks
import calls
import cli
import conversations
import vectors

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 20
DEADLINE_OF_ALL = 90

ALONE = {
    "the test vectors of section 5": vectors.agree,
    "our dialer and our listener": conversations.with_ourselves,
}
WITH_DIALER = {
    "our listener: the real dialer sends a text and a link": conversations.as_listener,
    "our listener knows another password: three guesses": attacks.real_dialer_against_wrong_password,
    "our listener shows another's certificate": attacks.real_dialer_against_stolen_certificate,
    "our listener sends lengths that are to be refused": attacks.real_dialer_against_bad_lengths,
    "our listener sends elements that are to be refused": attacks.real_dialer_against_bad_elements,
    "we call: sound in both directions, datagrams that do not open, the end": calls.as_caller,
    "we are called: it rings, is accepted, heard, and ended by the real peer": calls.as_callee,
    "a second caller finds the real peer busy": calls.busy_for_a_second_caller,
}
# In this order: after all that happened, an honest peer must still get through.
WITH_LISTENER = {
    "our dialer: text, link, acknowledgement": conversations.as_dialer,
    "a message sent once more over a second connection": conversations.over_two_connections,
    "messages that disappear": conversations.with_messages_that_disappear,
    "messages that are to be skipped": conversations.with_messages_to_skip,
    "messages without consent": conversations.without_consent,
    "two connections at once": conversations.with_two_connections_at_once,
    "limits before confirmation": attacks.limits_before_confirmation,
    "certificates and protocols that are to be refused": attacks.bad_tls,
    "first frames that are to be refused": attacks.bad_first_frames,
    "lengths of frames that are to be refused": attacks.bad_lengths,
    "elements that are to be refused": attacks.bad_elements,
    "a wrong password": attacks.wrong_password,
    "a dialer that hangs up after frame 4": attacks.hanging_up,
    "dialers that stall": attacks.stalling,
    "the sixth guess from one source": attacks.guessing,
    "the sixth pairing at once from one source": attacks.guessing_at_once,
    "a hello that proves nothing": attacks.bad_hello,
    "a replayed token": attacks.replayed_tokens,
    "streams that break the rules": attacks.bad_streams,
    "a stream of an unknown kind": attacks.unknown_stream,
    "our dialer after all this": conversations.as_dialer,
}


class Results:
    def __init__(self):
        self.passed = self.failed = 0
        self._end = time.monotonic() + DEADLINE_OF_ALL

    async def check(self, name, check, *arguments):
        began = time.monotonic()
        deadline = min(DEADLINE, self._end - began)
        try:
            await asyncio.wait_for(check(*arguments), deadline)
        except asyncio.TimeoutError:
            self.fail(name, f"not done after {max(deadline, 0):.0f} s")
        except Exception as error:
            self.fail(name, f"{type(error).__name__} {error}")
        else:
            self.passed += 1
            print(f"passed  {name} ({time.monotonic() - began:.1f} s)", flush=True)

    def fail(self, name, why):
        self.failed += 1
        print(f"FAILED  {name}: {why}", flush=True)


async def run(program):
    results = Results()
    for name, check in ALONE.items():
        await results.check(name, check)
    for name, check in WITH_DIALER.items():
        await results.check(name, check, program)
    await run_with_listener(program, results)
    print(f"{results.passed} passed, {results.failed} failed")
    return 0 if results.failed == 0 else 1


async def run_with_listener(program, results):
    if not conversations.has_many_sources():
        print(f"skipped {len(WITH_LISTENER)} checks: only {cli.HOST} is a loopback address here")
        return
    try:
        async with cli.listening(program) as (bob, address):
            for name, check in WITH_LISTENER.items():
                await results.check(name, check, bob, address)
    except Exception as error:
        results.fail("the real listener", f"{type(error).__name__} {error}")


def program():
    parser = argparse.ArgumentParser(description="Tests the real peer against a second implementation.")
    parser.add_argument("--cli", metavar="PATH", default=os.environ.get("P2P_COMM_CLI"))
    path = parser.parse_args().cli
    if path is None:
        target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
        path = Path(target, "debug", "p2p-comm-cli.exe" if os.name == "nt" else "p2p-comm-cli")
    if not Path(path).is_file():
        sys.exit(f"{path} is not there; build it with `cargo build -p p2p-comm-cli`")
    return str(path)


if __name__ == "__main__":
    sys.exit(asyncio.run(run(program())))
