"""The contract of an example: a table made from a seed, what is hidden in it, and the command that asks about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import polars as pl

from carousel.experiments.data.options import DataOptions


class Example(ABC):
    """A generated file as a user would have it.

    name: what `carousel example` lists. summary: one line. options: how `carousel compare` is to read it.
    decimals: digits written after the point.
    """

    name: ClassVar[str]
    options: ClassVar[DataOptions]
    decimals: ClassVar[int] = 3

    @abstractmethod
    def table(self, rng: np.random.Generator) -> pl.DataFrame:
        """The rows; the same generator state gives the same rows."""

    def csv(self, seed: int = 0) -> str:
        """The file as text: the same seed gives the same bytes."""
        return self.table(np.random.default_rng(seed)).write_csv(float_precision=self.decimals)

    def command(self, path: str) -> str:
        """The command line that compares networks on the file at `path`."""
        roles = (f"{option} {name}" for option, name in self.options.roles() if name is not None)
        return " ".join(("carousel compare", path, *roles))


def stacked(groups: list[dict[str, object]]) -> pl.DataFrame:
    """One table of many sequences: columns of each, one below the other."""
    return pl.concat([pl.DataFrame(group) for group in groups])
