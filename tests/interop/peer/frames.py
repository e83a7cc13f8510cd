"""Section 1: frames, their JSON, and the codes that close a connection."""

import base64
import binascii
import json
from enum import IntEnum

HANDSHAKE_CAP = 4096
CAP = 1_048_576
LENGTH = 4


class Code(IntEnum):
    """Application error codes of a closed connection, and the one of a refused stream."""

    BYE = 0
    REPLACED = 1
    UNPROVEN = 2
    PROTOCOL_ERROR = 3
    TIMEOUT = 4
    CANCELLED = 5
    BUSY = 6
    OWN_ADDRESS = 7
    UNKNOWN_KIND = 0x10


class Violation(Exception):
    """The other side broke the rules; the connection is to be closed with `code`."""

    def __init__(self, reason, code=Code.PROTOCOL_ERROR):
        super().__init__(reason)
        self.code = code


def encode(body):
    return len(body).to_bytes(LENGTH, "big") + body


def decode_length(prefix, cap):
    length = int.from_bytes(prefix, "big")
    if not 1 <= length <= cap:
        raise Violation(f"a frame of {length} bytes")
    return length


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(body):
    """An object with at least the members that its reader goes on to take."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Violation("not JSON") from error
    if not isinstance(value, dict):
        raise Violation("not a JSON object")
    return value


def to_base64(data):
    return base64.b64encode(data).decode()


def from_base64(text, length):
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise Violation("not Base64") from error
    if len(data) != length:
        raise Violation(f"{len(data)} bytes where {length} belong")
    return data


def member(value, name, kind):
    """The member `name` of an object, which must be there and of this type."""
    found = value.get(name)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise Violation(f"{name} is missing or of the wrong type")
    return found
