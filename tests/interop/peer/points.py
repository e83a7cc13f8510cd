"""Which points of the Ed25519 curve may stand for an element or a key."""

from spake2 import ed25519_basic as curve

from .frames import Violation

COFACTOR = 8


def check_element(data):
    """Refuses what is not a point, is the identity or lies outside the prime-order subgroup."""
    try:
        # Knows the identity only by its usual encoding, so the point is encoded again.
        identity = curve.bytes_to_element(data).to_bytes() == curve.Zero.to_bytes()
    except (ValueError, curve.NotOnCurve) as error:
        raise Violation("not an element of the group") from error
    if identity:
        raise Violation("the identity as an element")


def check_key(data):
    """Refuses a public key of small order: a signature by it would prove nothing."""
    try:
        point = curve.bytes_to_unknown_group_element(data)
    except curve.NotOnCurve as error:
        raise Violation("not a public key") from error
    if point.scalarmult(COFACTOR).to_bytes() == curve.Zero.to_bytes():
        raise Violation("a public key of small order")
