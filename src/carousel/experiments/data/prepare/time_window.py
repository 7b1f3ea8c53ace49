"""Which stretch of a series is used: all of it, or a part that is moved along it from seed to seed."""

from __future__ import annotations

from typing import NamedTuple


class TimeWindow(NamedTuple):
    """start: where the stretch begins, as a share of the room there is to move it. share: its length, of all
    moments."""

    start: float
    share: float

    @classmethod
    def at(cls, start: float, split: tuple[float, float, float]) -> TimeWindow:
        """The longest for which the test parts of its first and its last place are adjacent and do not overlap.

        A stretch of share u has a test part of u x (share of test) and room 1 - u to move; the two are equal at this u.
        """
        return cls(start, 1 / (1 + split[2]))

    def moments(self, count: int) -> tuple[int, int]:
        """(first moment, number of moments) of `count` in order of time."""
        used = round(self.share * count)
        return round(self.start * (count - used)), used


WHOLE = TimeWindow(0.0, 1.0)


def place_of(seed: int) -> float:
    """Where in [0, 1) the stretch of a seed begins: van der Corput's sequence (1935), the binary digits of the seed
    read backwards. Consecutive seeds get places far apart, and any run of them is spread evenly."""
    digits = f"{seed:b}"
    return int(digits[::-1], 2) / (1 << len(digits))
