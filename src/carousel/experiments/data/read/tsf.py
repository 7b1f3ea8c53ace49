"""The `.tsf` format of the Monash archive: @attribute lines, then a series a line, `name:start:value,value,...`.

It becomes a long table: a column for each attribute, one of `value`, and one for the moment of each step: `time`, or
`step` where the file tells no start or no frequency that is known. A missing value is '?'.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.native_child import most_values
from carousel.experiments.data.read.source import Source
from carousel.experiments.data.read.table import Table, make_table
from carousel.experiments.data.read.tsf_moments import Frequency, frequency_of, moments
from carousel.experiments.data.read.visible import visible

VALUE, TIME, STEP = "value", "time", "step"
_KINDS = ("string", "numeric", "date")
_FIX = "name each @attribute once, and write name:start:value,value,... after @data"


class _Header(NamedTuple):
    """attributes: (name, kind) in their order. horizon: steps ahead that the archive forecasts."""

    attributes: list[tuple[str, str]]
    frequency: Frequency | None
    horizon: int | None

    @property
    def start(self) -> int | None:
        """The place of the series' first moment; None where the steps have no moments."""
        dates = [place for place, (_, kind) in enumerate(self.attributes) if kind == "date"]
        return dates[0] if dates and self.frequency is not None else None

    @property
    def naming(self) -> list[str]:
        """The attributes that name a series together: those of words."""
        return [name for name, kind in self.attributes if kind == "string"]


class _Series(NamedTuple):
    line: int
    attributes: list[str]
    values: list[str]


def read_tsf(source: Source, options: DataOptions) -> Table:
    """A row a step, numbered by the line of its series. BadPlan where the options do not say what the file's header
    does: the fix is all of them."""
    text, notes = decode(source, options.encoding)
    numbered = [(number, line.strip()) for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1)]
    lines = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    at = next((place for place, (_, line) in enumerate(lines) if line.lower() == "@data"), None)
    if at is None:
        raise BadData(f"{source.name} has no @data line", fix=_FIX)
    header = _header(source, lines[:at])
    series = [_series(source, header, number, line) for number, line in lines[at + 1 :]]
    if not series:
        raise BadData(f"{source.name} has no series after @data", fix="give a file that holds data")
    _refuse_unsaid(source, header, options, len(series))
    frame, rows = _long(source, header, series)
    made = make_table(frame, rows, source.name, options.not_missing)
    told: list[Note] = (
        [{"key": "horizon_said", "count": header.horizon}] if header.horizon and not options.horizon else []
    )
    return replace(made, notes=[*notes, *told, *made.notes])


def _header(source: Source, lines: list[tuple[int, str]]) -> _Header:
    attributes, said = list[tuple[str, str]](), dict[str, str]()
    for number, line in lines:
        tag, *words = line.split()
        if tag.lower() != "@attribute":
            said[tag.lower()] = " ".join(words).lower()
            continue
        if len(words) != 2 or words[1].lower() not in _KINDS:
            raise BadData(f"line {number} of {source.name} names no attribute", allowed="@attribute NAME KIND, of "
                          + ", ".join(_KINDS), got=visible(line, 60), fix=_FIX)  # fmt: skip
        attributes.append((visible(words[0]), words[1].lower()))
    names = [name for name, _ in attributes]
    if not names or len({*names, VALUE, TIME, STEP}) < len(names) + 3:
        raise BadData(f"{source.name} does not tell its attributes apart", got=visible(", ".join(names), 200), fix=_FIX)
    horizon = re.fullmatch("[1-9][0-9]{0,5}", said.get("@horizon", ""))
    return _Header(attributes, frequency_of(said.get("@frequency", "")), int(horizon[0]) if horizon else None)


def _series(source: Source, header: _Header, number: int, line: str) -> _Series:
    *fields, values = line.split(":")
    if len(fields) != len(header.attributes):
        raise BadData(f"line {number} of {source.name} has not one field for each attribute",
                      allowed=f"{len(header.attributes)}, then the values", got=len(fields), fix=_FIX)  # fmt: skip
    return _Series(number, [field.strip() for field in fields], values.split(","))


def _refuse_unsaid(source: Source, header: _Header, options: DataOptions, count: int) -> None:
    """The header says it, and so must the plan, which is read without the file."""
    naming = header.naming if count > 1 else []
    if options.forecast and options.order and (options.group or not naming):
        return
    group = "".join(f" --group {shlex.quote(name)}" for name in naming)
    order = STEP if header.start is None else TIME
    horizon = f" --horizon {header.horizon}" if header.horizon else ""
    given = " ".join(f"{role} {name}" for role, name in options.roles() if name is not None)
    raise BadPlan(
        f"{source.name} holds series to forecast, {count} of them, and the options do not say so",
        got=given or "none of them",
        fix=f"give these alone: --forecast {VALUE}{group} --order {order}{horizon}",
    )


def _long(source: Source, header: _Header, series: list[_Series]) -> tuple[pl.DataFrame, np.ndarray]:
    lengths = np.array([len(each.values) for each in series])
    cells = int(lengths.sum()) * (len(header.attributes) + 2)
    if cells > most_values(source.data):
        raise BadData(f"{source.name} is too large to be read", allowed=f"{most_values(source.data):,} cells",
                      got=f"{cells:,}", fix="give fewer series, or attributes")  # fmt: skip
    of_row = np.repeat(np.arange(len(series)), lengths)
    step = np.arange(len(of_row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns = [
        pl.Series(name, [each.attributes[place] for each in series])[of_row]
        for place, (name, _) in enumerate(header.attributes)
        if place != header.start
    ]
    if header.start is None or header.frequency is None:
        columns.append(pl.Series(STEP, step + 1))
    else:
        starts = [(each.line, each.attributes[header.start]) for each in series]
        columns.append(moments(source, starts, header.frequency, of_row, step).alias(TIME))
    columns.append(pl.Series(VALUE, [cell for each in series for cell in each.values]))
    return pl.DataFrame(columns), np.array([each.line for each in series])[of_row]
