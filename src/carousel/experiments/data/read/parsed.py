"""What a reader returns: the numbers as they are in the file, before splitting and scaling."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from carousel.experiments.data.arrays import Bools, Floats, Ints, Note
from carousel.experiments.data.card import Spacing
from carousel.experiments.data.options import TargetKind
from carousel.experiments.data.read.order import Times


@dataclass(frozen=True)
class ParsedSequences:
    """Sequences with one target each.

    x: [R, C], all steps concatenated, NaN where missing. lengths: [N]. names: how a person finds each in the file.
    labels: [N] targets without a gap, text or numbers. kind: where the format itself says it.
    part: [N] 2 where a file of its own holds the test part, 0 still to be split; None where all is to be split.
    blocks: [N] what no two parts may share, by the column `block`, or None. ranks: [N] the place of each in time where
    one ends before the next begins; None where sequences overlap in time, or no column orders their steps. spacing:
    of the steps, where one does.
    """

    x: Floats
    lengths: Ints
    names: list[str]
    channels: tuple[str, ...]
    target: str
    labels: pl.Series
    kind: TargetKind | None = None
    part: Ints | None = None
    notes: list[Note] = field(default_factory=list)
    block: str | None = None
    blocks: list[str] | None = None
    ranks: Ints | None = None
    spacing: Spacing | None = None

    def keep(self, kept: Bools) -> ParsedSequences:
        """Those alone of the sequences that `kept` [N] says."""
        where = np.flatnonzero(kept)
        return replace(
            self,
            x=self.x[np.repeat(kept, self.lengths)],
            lengths=self.lengths[kept],
            names=[self.names[i] for i in where],
            labels=self.labels.filter(pl.Series(kept)),
            part=self.part[kept] if self.part is not None else None,
            blocks=[self.blocks[i] for i in where] if self.blocks is not None else None,
            ranks=self.ranks[kept] if self.ranks is not None else None,
        )


@dataclass(frozen=True)
class ParsedSeries:
    """One or more series whose next values are asked for.

    x: [R, C] in order of time, NaN where missing. lengths: [N]. rows: [R] the row of each step in the file.
    times: [R] when, or None where the file's order is all there is. targets: places of the forecast channels.
    """

    x: Floats
    lengths: Ints
    names: list[str]
    channels: tuple[str, ...]
    rows: Ints
    times: Times | None
    targets: tuple[int, ...]
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class ParsedLabels:
    """Sequences with a target at each step.

    x: [R, C] in order, NaN where missing. lengths: [N]. names: how a person finds each in the file. rows: [R] the row
    of each step in it. labels: [R] targets, null where a step has none. times: [R] when, or None. grouped: whether
    a column tells the sequences apart. block, blocks, ranks: as of `ParsedSequences`.
    """

    x: Floats
    lengths: Ints
    names: list[str]
    rows: Ints
    channels: tuple[str, ...]
    target: str
    labels: pl.Series
    times: Times | None
    grouped: bool
    notes: list[Note] = field(default_factory=list)
    block: str | None = None
    blocks: list[str] | None = None
    ranks: Ints | None = None


@dataclass(frozen=True)
class ParsedRolls:
    """Piano rolls in the file's own parts. x: [R, keys] of 0 and 1; lengths, part: [N]."""

    x: Floats
    lengths: Ints
    part: Ints


Parsed = ParsedSequences | ParsedSeries | ParsedLabels | ParsedRolls
