"""The tables of a run: what one row of each holds, made of the records of `columns`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_type_hints

from carousel.experiments.answer_columns import Answered
from carousel.experiments.columns import (
    About,
    Exponent,
    Job,
    Measures,
    Occluded,
    OnsetGain,
    Phase,
    Probed,
    ProfilePoint,
    RivalMeasures,
    RivalName,
    Seeded,
    Setting,
    Slope,
    TrialName,
)

if TYPE_CHECKING:
    import polars as pl

_Row = TypeVar("_Row")


# The fields of the last base come first, so that the columns of a table begin with where its numbers come from.
@dataclass(frozen=True, kw_only=True)
class TrialRow(Probed, Exponent, Measures, Seeded, Phase):
    """One finished training."""


@dataclass(frozen=True, kw_only=True)
class ProfileRow(ProfilePoint, Setting, Job):
    """One lag of one lag profile."""


@dataclass(frozen=True, kw_only=True)
class SlopeRow(Slope, Setting, Job):
    """One lag profile."""


@dataclass(frozen=True, kw_only=True)
class OnsetRow(OnsetGain, Job):
    """One untrained network."""


@dataclass(frozen=True, kw_only=True)
class OcclusionRow(Occluded, Seeded, TrialName):
    """One block of lags of one reporting trial on a user's file."""


@dataclass(frozen=True, kw_only=True)
class RivalRow(RivalMeasures, RivalName):
    """One simple method on one split of a user's file."""


class Table(NamedTuple):
    """A table of a run, and what a row of it holds."""

    name: str
    row: type

    @property
    def about(self) -> str:
        """What one row is: "one lag profile"."""
        words = (self.row.__doc__ or "").rstrip(".")
        return words[:1].lower() + words[1:]


class Column(NamedTuple):
    """One column. `type`: str, int, float or bool."""

    name: str
    type: type
    about: About


TRIALS = Table("trials", TrialRow)
PROFILES = Table("profiles", ProfileRow)
SLOPES = Table("slopes", SlopeRow)
ONSETS = Table("onset", OnsetRow)
OCCLUSION = Table("occlusion", OcclusionRow)
RIVALS = Table("rivals", RivalRow)
ANSWERS = Table("answers", Answered)
TABLES = (TRIALS, PROFILES, SLOPES, ONSETS, OCCLUSION, RIVALS, ANSWERS)


def rows_of(frame: pl.DataFrame, row: type[_Row]) -> list[_Row]:
    """The rows of a table of the evidence as what they hold. polars' ColumnNotFoundError where a column is missing.

    The values are taken over as they are: to set sixty fields of a frozen row one by one takes ten times as long, and
    calibration reads millions of rows.
    """
    if frame.is_empty():
        return []
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]
    held = zip(*(frame.get_column(name).to_list() for name in names), strict=True)
    return [_holding(row, zip(names, values, strict=True)) for values in held]


def _holding(row: type[_Row], values: Iterable[tuple[str, Any]]) -> _Row:
    made = object.__new__(row)
    made.__dict__.update(values)
    return made


@cache
def columns(table: Table) -> tuple[Column, ...]:
    """The columns of a table, in order."""
    hints = get_type_hints(table.row, include_extras=True)
    return tuple(Column(field.name, *_read(hints[field.name])) for field in fields(table.row))


def _read(hint: Any) -> tuple[type, About]:
    """float | None: a float that may be null; a Literal: text."""
    kind, about = get_args(hint)
    arms = [arm for arm in get_args(kind) if arm is not type(None)]
    if len(arms) < len(get_args(kind)):
        about = about._replace(null=about.null or "not measured, or it does not apply")
    found = arms[0] if arms else kind
    return (found if isinstance(found, type) else type(found)), about
