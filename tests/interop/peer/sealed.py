"""Section 3: numbered messages in Fernet tokens, and the device key that signs a pairing."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .frames import Violation, from_base64, from_json, member, to_base64, to_json
from .points import check_key

DEVICE_LENGTH = 32
SIGNATURE_LENGTH = 64


class Sealer:
    """Numbers and seals what we send on one stream."""

    def __init__(self, key):
        self._fernet = fernet(key)
        self._next = 0

    def seal(self, kind, **members):
        token = self._fernet.encrypt(to_json({"n": self._next, "kind": kind, **members}))
        self._next += 1
        return token


class Opener:
    """Opens what arrives on one stream, in its order."""

    def __init__(self, key):
        self._fernet = fernet(key)
        self._next = 0

    def open(self, token):
        try:
            message = from_json(self._fernet.decrypt(token))
        except InvalidToken as error:
            raise Violation("a token under another key") from error
        if member(message, "n", int) != self._next:
            raise Violation("a token out of its order")
        self._next += 1
        member(message, "kind", str)
        return message


class Device:
    """Our device key."""

    def __init__(self, private=None):
        self._private = private or Ed25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, sender, secrets):
        return self._private.sign(signed_bytes(sender, secrets))

    def hello(self, sender, secrets):
        """The members of `hello`."""
        signature = self.sign(sender, secrets)
        return {"v": 1, "key": "session", "device": to_base64(self.public), "signature": to_base64(signature)}


def device_of(hello, sender, secrets):
    """The device that a `hello` proves; `sender` is the side that sent it."""
    if member(hello, "v", int) != 1 or member(hello, "key", str) not in ("session", "kept"):
        raise Violation("a hello of another version")
    device = from_base64(hello.get("device"), DEVICE_LENGTH)
    signature = from_base64(hello.get("signature"), SIGNATURE_LENGTH)
    check_key(device)
    try:
        Ed25519PublicKey.from_public_bytes(device).verify(signature, signed_bytes(sender, secrets))
    except InvalidSignature as error:
        raise Violation("a device that did not sign this pairing") from error
    return device


def signed_bytes(sender, secrets):
    return b"p2p-comm/1 device" + sender.encode() + secrets.transcript


def fernet(key):
    return Fernet(base64.urlsafe_b64encode(key))
