"""A polars or pandas frame with a row a step, as the sequences of an estimator: split by its columns, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from carousel.common.errors import BadCall, UnknownName, UserError
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.read import steps as order_of_rows
from carousel.experiments.data.read.layouts import one_each
from carousel.experiments.data.read.table import Table, make_table
from carousel.experiments.estimators.arrays import Steps

_ROLES = {"y": "target", "groups": "block"}  # as a table names them
_ONE_EACH = "give one value a sequence, or choose another group"


class Layout(NamedTuple):
    """The column that names the sequence of a row, and the one that orders its steps; None where there is none."""

    group: str | None
    order: str | None

    @property
    def roles(self) -> list[str]:
        """Those that are there."""
        return [name for name in self if name is not None]


def is_frame(X: Any) -> bool:
    """Whether it is a frame of polars or of pandas."""
    return isinstance(X, pl.DataFrame) or (type(X).__module__.startswith("pandas") and hasattr(X, "columns"))


def read_frame(
    X: Any, layout: Layout, channels: Sequence[str] | None = None, **each: Any
) -> tuple[Steps, dict[str, np.ndarray]]:
    """The sequences of a frame, by the size or the alphabet of their names, and of each its value in the columns `each`
    (a name, or a value a row; None is left out).

    channels: the columns that are inputs; None: all that have no role. Raises BadCall (ValueError).
    """
    if not is_frame(X):
        raise BadCall("group names a column, and X is no frame", allowed="a polars or pandas frame, a row a step",
                      got=type(X).__name__, fix="give the frame, or leave group out")  # fmt: skip
    frame = _as_polars(X)
    asked = {role: _Column(frame, given, role) for role, given in each.items() if given is not None}
    taken = {*layout.roles, *(column.name for column in asked.values())}
    names = list(channels or [name for name in frame.columns if name not in taken])
    coded = {role: np.unique(column.values, return_inverse=True) for role, column in asked.items()}
    with _in_words_of_a_call():
        rows = _rows(frame, [*layout.roles, *names])
        codes = [pl.Series(_beside(frame, role), at) for role, (_, at) in coded.items()]
        table = make_table(rows.with_columns(codes), np.arange(frame.height), "X")
        ordered = order_of_rows.in_order(table, *layout)
        found = {role: values[one_each(ordered, _beside(frame, role), _ROLES[role], _ONE_EACH).to_numpy()]
                 for role, (values, _) in coded.items()}  # fmt: skip
        return Steps(_numbers(ordered.table, names), ordered.lengths, tuple(names), ordered.names), found


class _Column:
    """What a call names or gives, a value a row. name: of the column in the frame that it is, if it is one."""

    def __init__(self, frame: pl.DataFrame, given: Any, role: str):
        if isinstance(given, str):
            if given not in frame.columns:
                raise BadCall(f"{role} names no column of X", allowed=", ".join(frame.columns[:20]), got=repr(given),
                              fix=f"name one, or give {role} itself, a value a row")  # fmt: skip
            given = frame[given]
        values = given if isinstance(given, pl.Series) else _series(given)
        if len(values) != frame.height:
            raise BadCall(f"X and {role} have inconsistent numbers of samples", allowed=f"{frame.height}, one a row",
                          got=len(values), fix=f"give {role} for each row, or name its column")  # fmt: skip
        if values.is_null().any():
            raise BadCall(f"{role} misses a value", got=f"{values.null_count()} rows without one", fix="fill it in")
        name = getattr(given, "name", None)
        known = isinstance(name, str) and name in frame.columns
        self.name = name if known and frame[str(name)].equals(values, check_names=False) else None
        self.values: np.ndarray = values.to_numpy()


def _beside(frame: pl.DataFrame, role: str) -> str:
    """A name that no column has."""
    while role in frame.columns:
        role += "_"
    return role


def _rows(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    for name in names:
        if name not in frame.columns:
            raise UnknownName("column of X", name, frame.columns)
    return frame.select(list(dict.fromkeys(names)))


def _numbers(table: Table, names: list[str]) -> Floats:
    if not names:
        raise BadCall("no column of X is left for the network to see", fix="add columns of numbers")
    for name in names:
        if table.frame[name].dtype.is_temporal():
            raise BadCall(f"column {name!r} holds times", allowed="numbers", fix="name it order, or leave it out")
    return np.stack([table.numbers(name) for name in names], axis=1)


def _as_polars(X: Any) -> pl.DataFrame:
    """Of pandas the columns, without its index."""
    return X if isinstance(X, pl.DataFrame) else pl.DataFrame({str(name): _series(X[name]) for name in X.columns})


def _series(given: Any) -> pl.Series:
    """Of numpy or pandas; what is missing there is null here."""
    values = np.asarray(given)
    if values.dtype.kind in "biuM":
        return pl.Series(values)
    if values.dtype.kind == "f":
        return pl.Series(values).fill_nan(None)
    gaps = given.isna() if hasattr(given, "isna") else [value is None for value in values.tolist()]
    return pl.Series([None if gap else value for value, gap in zip(values.tolist(), gaps, strict=True)], strict=False)


@contextmanager
def _in_words_of_a_call() -> Iterator[None]:
    """What a table would be refused for, as the ValueError of a call: group, not --group."""
    try:
        yield
    except BadCall:
        raise
    except UserError as error:
        fix = None if error.fix is None else error.fix.replace("--", "")
        raise BadCall(error.what.replace("--", ""), allowed=error.allowed, got=error.got, fix=fix) from error
