"""What is measured. A run is one call, or two, and yields one value for each of its names."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Run:
    units: dict
    """The names of its figures and their units."""
    measure: Callable
    """(Bench, seed) -> {name: value}; None for what did not happen."""

    def matches(self, prefix):
        return any(name.startswith(prefix) for name in self.units)
