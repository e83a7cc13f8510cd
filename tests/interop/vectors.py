"""Section 5: the test vectors, read from the document itself and computed anew."""

import asyncio
import re
from itertools import product
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from peer import pairing
from peer.pairing import Channel, Dialer, Listener
from peer.sealed import Device

DOCUMENT = Path(__file__).parents[2] / "docs/protocol.md"
PASSWORD = "correct horse battery staple"
SALT = bytes(range(16))
CHANNEL = Channel(digests=(b"\xaa" * 32, b"\xbb" * 32), exported=b"\xcc" * 32)
DEVICE_SEED = b"\x33" * 32
ENTROPY_KEYS = {"A": b"\x11" * 32, "B": b"\x22" * 32}
ROW = re.compile(r"^\| (.+?) \| `(.+)` \|$", re.MULTILINE)


async def agree():
    """Raises AssertionError with the name of the first row that differs."""
    written = dict(ROW.findall(DOCUMENT.read_text(encoding="utf-8").partition("## 5.")[2]))
    computed = compute()
    assert written.keys() == computed.keys(), f"rows: {sorted(written.keys() ^ computed.keys())}"
    for name, value in computed.items():
        assert written[name] == value, f"{name}: {value}, not {written[name]}"


def compute():
    """The rows of the table, out of a whole pairing between our two sides."""
    dialer = Dialer(PASSWORD, entropy("A"))
    listener = Listener(PASSWORD, SALT, entropy("B"))
    frames = [dialer.start()]
    frames.append(listener.answer_start(frames[0]))
    frames.append(dialer.answer_salts(frames[1]))
    frames.append(listener.answer_element(frames[2], CHANNEL))
    frames.append(dialer.answer_element(frames[3], CHANNEL))
    frames.append(listener.answer_confirmation(frames[4]))
    dialer.take_confirmation(frames[5])
    assert dialer.secrets == listener.secrets, "our own two sides do not agree"
    assert frames[0] == b'{"stream":"handshake"}'

    secrets = dialer.secrets
    device = Device(Ed25519PrivateKey.from_private_bytes(DEVICE_SEED))
    rows = {f"frame {number}": frame.decode() for number, frame in enumerate(frames, 1) if number > 1}
    for purpose, side in product(("control", "chat", "voice"), "AB"):
        rows[f"key({purpose}, {side})"] = secrets.key(purpose, side).hex()
    return rows | {
        "K": pairing.password_key(PASSWORD, SALT).hex(),
        "T": secrets.transcript.hex(),
        "S": secrets.shared.hex(),
        "phrase": secrets.phrase(),
        "device of A": device.public.hex(),
        "signature of A": device.sign("A", secrets).hex(),
    }


def entropy(side):
    """What SPAKE2 reads instead of random bytes: a big-endian number for it, a little-endian one for the table."""
    cipher = Cipher(ChaCha20(ENTROPY_KEYS[side], bytes(16)), mode=None)
    return lambda length: cipher.encryptor().update(bytes(length))[::-1]


if __name__ == "__main__":
    asyncio.run(agree())
    print("every vector of docs/protocol.md agrees")
