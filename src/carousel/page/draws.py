"""The random numbers of the lab page, to the last bit: sfc32 (Doty-Humphrey, PractRand), as in web/src/nn/random.ts."""

from __future__ import annotations

import math

_WORD = 0xFFFFFFFF
_WARM_UP = 15


class Draws:
    """Numbers from a seed of 32 bits."""

    def __init__(self, seed: int):
        self._a, self._b, self._c, self._counter = 0x9E3779B9, 0x243F6A88, 0xB7E15162 ^ seed, 1
        for _ in range(_WARM_UP):
            self._word()

    def uniform(self) -> float:
        """In [0, 1), 53 bits."""
        high = self._word() >> 5
        return (high * 2**26 + (self._word() >> 6)) / 2**53

    def normal(self) -> float:
        """Mean 0, variance 1 (Box, Muller 1958)."""
        length = math.sqrt(-2 * math.log(1 - self.uniform()))
        return length * math.cos(2 * math.pi * self.uniform())

    def integer(self, below: int) -> int:
        """0, ..., below - 1."""
        return math.floor(self.uniform() * below)

    def _word(self) -> int:
        found = (self._a + self._b + self._counter) & _WORD
        self._counter = (self._counter + 1) & _WORD
        self._a = self._b ^ (self._b >> 9)
        self._b = (self._c + (self._c << 3)) & _WORD
        self._c = (((self._c << 21) & _WORD | self._c >> 11) + found) & _WORD
        return found
