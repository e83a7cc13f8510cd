"""Section 2: the six frames of a pairing and the keys that come out of it. Knows no network and no clock."""

import hashlib
import hmac
import os
import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from mnemonic import Mnemonic
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError

from .frames import Code, Violation, from_base64, from_json, member, to_base64, to_json
from .points import check_element

ROUNDS = 100_000
SALT_LENGTH = 16
ELEMENT_LENGTH = 33
CONFIRMATION_LENGTH = 32
COMMITMENT_LENGTH = 32
WORDS = Mnemonic("english").wordlist
EXPORTER_LABEL = b"EXPORTER-p2p-comm/1"
IDENTITIES = {"idA": b"p2p-comm/1 dialer", "idB": b"p2p-comm/1 listener"}
HANDSHAKE = to_json({"stream": "handshake"})


@dataclass(frozen=True)
class Channel:
    """What TLS tells: SHA-256 of both certificates, A's first, and 32 bytes of its exporter (E)."""

    digests: tuple[bytes, bytes]
    exported: bytes


@dataclass(frozen=True)
class Secrets:
    """T, S and E, from which all keys are derived."""

    transcript: bytes
    shared: bytes
    exported: bytes

    def key(self, purpose, sender):
        return self._expand(f"{purpose} {sender}", 32)

    def phrase(self):
        bits = int.from_bytes(self._expand("phrase", 6)) >> 4
        return " ".join(WORDS[bits >> shift & 0x7FF] for shift in (33, 22, 11, 0))

    def confirmation(self, sender):
        return hmac.digest(self.key("confirm", sender), self.transcript, "sha256")

    def check(self, confirmation, sender):
        if not hmac.compare_digest(confirmation, self.confirmation(sender)):
            raise Violation("a wrong confirmation", Code.UNPROVEN)

    def _expand(self, label, length):
        # HKDF-Extract is one HMAC, keyed with the salt.
        prk = hmac.digest(self.transcript, self.shared + self.exported, "sha256")
        return HKDFExpand(SHA256(), length, f"p2p-comm/1 {label}".encode()).derive(prk)


class Dialer:
    """Side A. Takes the listener's frames in their order and answers with its own."""

    side = "A"

    def __init__(self, password, entropy=os.urandom):
        self._password = password
        self._entropy = entropy
        self._frames = [HANDSHAKE]

    def start(self):
        return self._frames[0]

    def answer_salts(self, frame):
        salts = member(from_json(frame), "salts", list)
        if len(salts) < 1 or not isinstance(salts[0], dict):
            raise Violation("no salt")
        salt = from_base64(salts[0].get("salt"), SALT_LENGTH)
        self._commit = from_base64(salts[0].get("commit"), COMMITMENT_LENGTH)
        self._spake = SPAKE2_A(password_key(self._password, salt), **IDENTITIES, entropy_f=self._entropy)
        self._frames += [frame, to_json({"x": to_base64(self._spake.start())})]
        return self._frames[2]

    def answer_element(self, frame, channel):
        if commitment(frame) != self._commit:
            raise Violation("another element than the one committed to")
        element = from_base64(from_json(frame).get("y"), ELEMENT_LENGTH)
        self._frames.append(frame)
        self.secrets = derive(finish(self._spake, element), self._frames, channel)
        return confirmation_frame(self.secrets.confirmation("A"))

    def take_confirmation(self, frame):
        self.secrets.check(confirmation_in(frame), "B")


class Listener:
    """Side B. Takes the dialer's frames in their order and answers with its own."""

    side = "B"

    def __init__(self, password, salt, entropy=os.urandom):
        self._salt = salt
        self._spake = SPAKE2_B(password_key(password, salt), **IDENTITIES, entropy_f=entropy)
        self.element = to_json({"y": to_base64(self._spake.start())})
        self._frames = []

    def answer_start(self, frame):
        self._frames += [frame, salts_frame(self._salt, self.element)]
        return self._frames[1]

    def answer_element(self, frame, channel):
        element = from_base64(from_json(frame).get("x"), ELEMENT_LENGTH)
        self._frames += [frame, self.element]
        self.secrets = derive(finish(self._spake, element), self._frames, channel)
        return self._frames[3]

    def answer_confirmation(self, frame):
        self.secrets.check(confirmation_in(frame), "A")
        return confirmation_frame(self.secrets.confirmation("B"))


def password_key(password, salt):
    """K"""
    return hashlib.pbkdf2_hmac("sha256", unicodedata.normalize("NFC", password).encode(), salt, ROUNDS, 32)


def finish(spake, element):
    """S. The library also refuses our own side byte and our own element."""
    check_element(element[1:])
    try:
        return spake.finish(element)
    except SPAKEError as error:
        raise Violation("an element that SPAKE2 refuses") from error


def derive(shared, frames, channel):
    parts = b"".join(map(lp, [*frames, *channel.digests]))
    transcript = hashlib.sha256(b"p2p-comm/1 pairing" + parts).digest()
    return Secrets(transcript, shared, channel.exported)


def lp(data):
    return len(data).to_bytes(4, "big") + data


def salts_frame(salt, element_frame):
    commit = to_base64(commitment(element_frame))
    return to_json({"salts": [{"salt": to_base64(salt), "commit": commit}]})


def commitment(element_frame):
    return hashlib.sha256(b"p2p-comm/1 commit" + element_frame).digest()


def confirmation_frame(confirmation):
    return to_json({"confirm": to_base64(confirmation)})


def confirmation_in(frame):
    return from_base64(from_json(frame).get("confirm"), CONFIRMATION_LENGTH)
