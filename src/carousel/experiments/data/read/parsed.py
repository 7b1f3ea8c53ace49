"""What a reader returns: the numbers as they are in the file, before splitting and scaling."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from carousel.experiments.data.arrays import Floats, Ints, Note
from carousel.experiments.data.options import TargetKind
from carousel.experiments.data.read.order import Times


@dataclass(frozen=True)
class ParsedSequences:
    """Sequences with one target each.

    x: [R, C], all steps concatenated, NaN where missing. lengths: [N]. names: how a person finds each in the file.
    labels: [N] targets without a gap, text or numbers. kind: where the format itself says it.
    part: [N] 2 where a file of its own holds the test part, 0 still to be split; None where all is to be split.
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
class ParsedRolls:
    """Piano rolls in the file's own parts. x: [R, keys] of 0 and 1; lengths, part: [N]."""

    x: Floats
    lengths: Ints
    part: Ints


Parsed = ParsedSequences | ParsedSeries | ParsedRolls
