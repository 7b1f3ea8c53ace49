"""Cases of a `.ts` file with time stamps: `(stamp,value),(stamp,value):...:target`, a dimension after the other."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Ints, starts_of
from carousel.experiments.data.read.order import read_times
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.steps import Steps, uneven
from carousel.experiments.data.read.table import make_table

_PAIR = re.compile(r"\s*\(([^(),]*(?:,[^(),]*)*)\)\s*([,:]?)")
STAMPS = "time stamp"


def stamped_case(source: Source, line: int, text: str) -> tuple[list[str], list[str], str]:
    """(dimensions, each its values separated by commas; the stamps; the target). BadData for another shape, and for
    dimensions that are not measured at the same times."""
    dimensions: list[list[tuple[str, str]]] = [[]]
    at, mark = 0, ","
    while found := _PAIR.match(text, at):
        stamp, comma, value = found[1].rpartition(",")
        if not comma or not mark:
            raise _no_pair(source, line, found[1])
        if mark == ":":
            dimensions.append([])
        dimensions[-1].append((stamp.strip(), value.strip()))
        at, mark = found.end(), found[2]
    if mark != ":" or not dimensions[0]:
        raise _no_pair(source, line, text[at:].strip())
    stamps = [[stamp for stamp, _ in pairs] for pairs in dimensions]
    if any(each != stamps[0] for each in stamps):
        raise BadData(
            f"the dimensions in line {line} of {source.name} have not the same time stamps",
            fix="write a value for each time, '?' where it is missing",
        )
    return [",".join(value for _, value in pairs) for pairs in dimensions], stamps[0], text[at:]


def _no_pair(source: Source, line: int, got: str) -> BadData:
    return BadData(
        f"line {line} of {source.name} is not written with time stamps",
        allowed="(time,value),(time,value):target",
        got=repr(got[:40]),
        fix="correct it, or say @timeStamps false",
    )


def timed(source: Source, stamps: list[list[str]], lines: list[int]) -> Steps:
    """The steps of all cases in time, each case in its own order. BadData where a stamp is no time, and where one is
    not later than the one before it."""
    lengths: Ints = np.array([len(each) for each in stamps], dtype=np.int64)
    rows, codes = np.repeat(lines, lengths), np.repeat(np.arange(len(lines)), lengths)
    table = make_table(pl.DataFrame({STAMPS: [s for each in stamps for s in each]}), rows, source.name)
    times, notes = read_times(table, STAMPS, codes)
    back = np.flatnonzero((np.diff(times.values) <= 0) & (np.diff(codes) == 0))
    if len(back):
        earlier = int(back[0])
        raise BadData(
            f"the time stamps in line {rows[earlier]} of {source.name} do not go up",
            got=f"{table.frame[STAMPS][earlier]}, then {table.frame[STAMPS][earlier + 1]}",
            fix="write the steps in the order of time",
        )
    notes += uneven(STAMPS, times, lengths)
    names = [f"line {line}" for line in lines]
    return Steps(table, names, starts_of(lengths), lengths, times, notes)
