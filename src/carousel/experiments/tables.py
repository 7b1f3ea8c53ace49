"""The tables of a run: which records of `columns` side by side make the columns of each."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple, get_args, get_type_hints

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


class Table(NamedTuple):
    """A table of a run: what one row is, and the records side by side that make its columns."""

    name: str
    row: str
    parts: tuple[type, ...]


class Column(NamedTuple):
    """One column. `type`: str, int, float or bool."""

    name: str
    type: type
    about: About


TRIALS = Table("trials", "one finished training", (Phase, Seeded, Measures, Exponent, Probed))
PROFILES = Table("profiles", "one lag of one lag profile", (Job, Setting, ProfilePoint))
SLOPES = Table("slopes", "one lag profile", (Job, Setting, Slope))
ONSETS = Table("onset", "one untrained network", (Job, OnsetGain))
OCCLUSION = Table(
    "occlusion", "one block of lags of one reporting trial on a user's file", (TrialName, Seeded, Occluded)
)
RIVALS = Table("rivals", "one simple method on one split of a user's file", (RivalName, RivalMeasures))
ANSWERS = Table(
    "answers", "one number that the network taken away answered on a test part of a user's file", (Answered,)
)
TABLES = (TRIALS, PROFILES, SLOPES, ONSETS, OCCLUSION, RIVALS, ANSWERS)


def columns(table: Table) -> list[Column]:
    """The columns of a table, in order."""
    return [column for part in table.parts for column in _columns(part)]


def _columns(part: type) -> list[Column]:
    hints = get_type_hints(part, include_extras=True)
    return [Column(field.name, *_read(hints[field.name])) for field in fields(part)]


def _read(hint: Any) -> tuple[type, About]:
    """float | None: a float that may be null; a Literal: text."""
    kind, about = get_args(hint)
    arms = [arm for arm in get_args(kind) if arm is not type(None)]
    if len(arms) < len(get_args(kind)):
        about = about._replace(null=about.null or "not measured, or it does not apply")
    found = arms[0] if arms else kind
    return (found if isinstance(found, type) else type(found)), about
