"""What is to be predicted for each sequence: a class or a number, guessed from the values or as the user says."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Floats, Ints, Note
from carousel.experiments.data.options import TargetKind
from carousel.experiments.data.read.table import as_numbers, is_numeric
from carousel.experiments.data.read.visible import all_visible, renamed_note

_LARGEST_WHOLE = 2**63
FEW = 20  # whole numbers of at most so many values are read as classes, unless nearly each value occurs once


@dataclass(frozen=True)
class Classes:
    """names: in order of size (numbers) or of the alphabet. codes: [N] place of each sequence's class."""

    names: list[str]
    codes: Ints
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Values:
    """values: [N], in the file's own unit."""

    values: Floats
    notes: list[Note] = field(default_factory=list)


def read_target(labels: pl.Series, names: list[str], kind: TargetKind | None) -> Classes | Values:
    """The target of each sequence. BadData where it is the same for all, or text where numbers are asked for."""
    if labels.n_unique() == 1:
        raise BadData(
            f"the target {labels.name!r} has the same value in all {len(labels)} sequences",
            got=repr(str(labels[0])),
            fix="there is nothing to predict: choose another --target",
        )
    if (kind or _guess(labels)) == "classification":
        return _classes(labels)
    return Values(_values(labels, names), _perhaps_classes(labels) if kind is None else [])


def _perhaps_classes(labels: pl.Series) -> list[Note]:
    """Whole numbers that recur, too many to be read as classes, may be names all the same: only the user knows."""
    numbers = as_numbers(labels)
    distinct = numbers.n_unique()
    if distinct > len(numbers) // 2 or (numbers != numbers.round()).any():
        return []
    return [{"key": "whole_numbers", "column": labels.name, "count": distinct, "most": FEW}]


def taken(target: Classes | Values, kept: Bools) -> Classes | Values:
    """Of those sequences alone that `kept` [N] says; the classes stay."""
    if isinstance(target, Classes):
        return Classes(target.names, target.codes[kept], target.notes)
    return Values(target.values[kept], target.notes)


def _guess(labels: pl.Series) -> TargetKind:
    if labels.dtype == pl.Boolean or not is_numeric(labels):
        return "classification"
    numbers = as_numbers(labels).drop_nulls()
    distinct = numbers.n_unique()
    whole = bool((numbers == numbers.round()).all())
    return "classification" if whole and distinct <= min(FEW, len(numbers) // 2) else "regression"


def _classes(labels: pl.Series) -> Classes:
    text = _as_text(labels)
    unique = text.unique()
    numbers = as_numbers(unique)
    size = numbers if not numbers.null_count() else unique
    names = pl.DataFrame({"name": unique, "size": size}).sort("size", "name")["name"].to_list()
    place = pl.DataFrame({"label": names, "code": np.arange(len(names))})
    joined = text.alias("label").to_frame().join(place, on="label", how="left", maintain_order="left")
    shown = all_visible(names)
    return Classes(shown, joined["code"].cast(pl.Int64).to_numpy(), renamed_note(names, shown))


def _as_text(labels: pl.Series) -> pl.Series:
    whole = labels.dtype.is_float() and bool((labels == labels.round()).all())
    if whole and bool((labels.abs() < _LARGEST_WHOLE).all()):
        return labels.cast(pl.Int64).cast(pl.String)  # class 1, not class 1.0
    return labels.cast(pl.String)


def _values(labels: pl.Series, names: list[str]) -> Floats:
    values = as_numbers(labels).fill_null(float("nan")).to_numpy()
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise BadData(
            f"the target {labels.name!r} of {names[bad[0]]} is no finite number",
            allowed="numbers, for regression",
            got=repr(str(labels[int(bad[0])])),
            fix="correct it, or say --kind classification if these are classes",
        )
    return values
