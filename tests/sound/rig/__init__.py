"""The place of the measurements: a virtual sound card, an impaired network, a room, and two peers in a call."""

RATE = 48_000
"""Samples a second of every sound here."""
