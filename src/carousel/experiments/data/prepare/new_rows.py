"""A new file, read by the rules of the one that a network was trained on: the same columns, words, units and spacing.

Whatever does not fit is refused with its place: a network answers anything, also what it was never taught.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Floats, Ints, Singles, firsts_of, starts_of
from carousel.experiments.data.card import Card, Spacing
from carousel.experiments.data.options import DataOptions, Fill, several
from carousel.experiments.data.prepare.preparation import TABLES, as_shown
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.scaling import scaled_by
from carousel.experiments.data.read.fill import filled
from carousel.experiments.data.read.layouts import row_values
from carousel.experiments.data.read.order import Times
from carousel.experiments.data.read.roles import holds, with_roles
from carousel.experiments.data.read.source import read_source
from carousel.experiments.data.read.steps import in_order
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.unpack import unpack
from carousel.experiments.data.read.visible import visible

SHORTEST = 2  # steps, as in training


@dataclass(frozen=True)
class NewRows:
    """x: [R, C] as the network sees it, all sequences concatenated. raw: [R, c] in the file's units, NaN where missing,
    without masks. lengths: [N]. names: [N] of the sequences, by the column `named`. times: [R] or None."""

    x: Singles
    raw: Floats
    lengths: Ints
    names: list[str]
    named: str
    times: Times | None

    @property
    def starts(self) -> Ints:
        """[N] where each begins."""
        return starts_of(self.lengths)

    def last(self, steps: int) -> NewRows:
        """The last steps of each sequence alone."""
        kept = np.concatenate([np.arange(start + n - steps, start + n) for start, n in self.places()])
        times = self.times.take(kept) if self.times is not None else None
        lengths = np.full(len(self.lengths), steps)
        return replace(self, x=self.x[kept], raw=self.raw[kept], lengths=lengths, times=times)

    def places(self) -> list[tuple[int, int]]:
        """Start and length of each."""
        return list(zip(self.starts.tolist(), self.lengths.tolist(), strict=True))


def read_new_rows(path: Path, options: DataOptions, trained: Prepared) -> NewRows:
    """The file at `path` as the network of `trained` wants it. A UserError as `prepare` raises it, and where the file
    differs from the one that was trained on."""
    suffix, source, _ = unpack(read_source(Path(path)))
    if suffix not in TABLES:
        raise BadData("new rows are read from tables", allowed=", ".join(TABLES), got=source.name,
                      fix="write them as CSV")  # fmt: skip
    options = as_shown(options)
    table = TABLES[suffix][1](source, replace(options, missing=()))
    not_steps = {options.target, *several(options.block)}
    table, options = with_roles(table, _as_far_as_there(table, options))
    if options.group is None and not options.forecast:
        return _wide(table, not_steps, trained, options.fill)
    return _long(table, options, trained)


def _as_far_as_there(table: Table, options: DataOptions) -> DataOptions:
    """Without what is asked of training rows alone: a target, a block, columns to leave out."""
    ignore = tuple(name for name in options.ignore if name in table.frame.columns)
    missing = tuple(value for value in options.missing if holds(table, value))
    return replace(options, target=None, block=None, ignore=ignore, inputs=(), missing=missing)


def _long(table: Table, options: DataOptions, trained: Prepared) -> NewRows:
    card = trained.card
    group, order = (next(iter(several(named)), None) for named in (options.group, options.order))
    for role, name in (("group", group), ("order", order)):
        if name is not None:
            table.column(name, f"{role} column")
    steps = in_order(table, group, order, options.date_format)
    raw, _ = filled(_channels(steps.table, card), steps.lengths, options.fill)
    _refuse_gaps(steps.table, raw, card)
    known = card["forecast"]["spacing"] if card["forecast"] is not None else card.get("spacing")
    if known is not None and steps.times is not None:
        _refuse_other_spacing(known, steps.times.spacing(firsts_of(steps.lengths)), order)
    keys = [name.removeprefix(f"{group}=") for name in steps.names]
    rows = NewRows(seen(raw, trained), raw, steps.lengths, keys, group or "series", steps.times)
    return _windows(rows, card) if card["forecast"] is not None else _checked(rows, card)


def _wide(table: Table, not_steps: set[str | None], trained: Prepared, fill: Fill | None) -> NewRows:
    """Each row a sequence, its columns the steps."""
    named = {note["column"] for note in trained.card["notes"] if note["key"] == "names_rows"}
    x, kept = row_values(table, [name for name in table.frame.columns if name not in not_steps | named])
    raw, _ = filled(x[kept][:, None], kept.sum(axis=1), fill)
    rows = np.repeat(table.rows, kept.sum(axis=1))
    _refuse_missing_values(raw, rows, "value", "value" in _masked(trained.card))
    names = [str(row) for row in table.rows]
    return _checked(NewRows(seen(raw, trained), raw, kept.sum(axis=1), names, "row", None), trained.card)


def _masked(card: Card) -> set[str]:
    """The channels that missed a value in training."""
    return set(card["missing"])


def seen(raw: Floats, trained: Prepared) -> Singles:
    """Scaled, missing values 0 and marked, as `scale` does it; kept within what was usual where training kept it so."""
    names = _unmasked(trained.card)
    raw = raw.copy()
    for note in trained.card["notes"]:
        if note["key"] == "robust":
            place = names.index(str(note["column"]))
            raw[:, place] = raw[:, place].clip(float(str(note["least"])), float(str(note["most"])))
    masked = [names.index(name) for name in names if name in _masked(trained.card)]
    return scaled_by(raw, trained.mean[: len(names)], trained.std[: len(names)], tuple(names), masked)


def _unmasked(card: Card) -> list[str]:
    masks = set(card["channels"]["masks"])
    return [name for name in card["channels"]["names"] if name not in masks]


def _channels(table: Table, card: Card) -> Floats:
    """[R, c]: the channels of training, from the columns of this table."""
    names, words = _unmasked(card), _words(card)
    found: list[Floats] = []
    for column, known in words.items():
        if known:
            found.extend(_one_hot(table, column, known))
        else:
            table.column(column, "input column")
            found.append(table.numbers(column))
    assert len(found) == len(names)  # channels stand in the order of their columns
    return np.stack(found, axis=1)


def _words(card: Card) -> dict[str, list[str]]:
    """Each input column, and where it held words, these: channels "column=word"."""
    hot = {str(note["column"]): note for note in card["notes"] if note["key"] == "one_hot"}
    found: dict[str, list[str]] = {}
    for channel in _unmasked(card):
        column = next((name for name in sorted(hot, key=len, reverse=True) if channel.startswith(f"{name}=")), None)
        if column is None:
            found[channel] = []
        else:
            found.setdefault(column, []).append(channel.removeprefix(f"{column}="))
    return found


def _one_hot(table: Table, column: str, known: list[str]) -> list[Floats]:
    series = table.column(column, "input column").cast(pl.String)
    unseen = np.flatnonzero([_word(value) not in known for value in series])
    if len(unseen):
        row = int(unseen[0])
        raise BadData(
            f"column {column!r} holds in row {table.rows[row]} what it never held in training",
            allowed=", ".join(known),
            got=_word(series[row]) + (f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""),
            fix="correct it, or compare again on a file that holds it",
        )
    return [np.array([_word(value) == word for value in series], dtype=np.float64) for word in known]


def _word(value: str | None) -> str:
    return "(missing)" if value is None else visible(value)


def _refuse_gaps(table: Table, raw: Floats, card: Card) -> None:
    for place, name in enumerate(_unmasked(card)):
        _refuse_missing_values(raw[:, place : place + 1], table.rows, name, name in _masked(card))


def _refuse_missing_values(values: Floats, rows: Ints, name: str, known: bool) -> None:
    gap: Bools = np.isnan(values[:, 0])
    if known or not gap.any():
        return
    raise BadData(
        f"column {name!r} has no value in row {rows[int(np.flatnonzero(gap)[0])]}, and never missed one in training",
        got=f"{int(gap.sum())} rows without one",
        fix="fill it in, or compare again on a file with such gaps",
    )


def _refuse_other_spacing(known: Spacing, found: Spacing, order: str | None) -> None:
    if not known["regular"] or not found["step"]:
        return
    same = found["unit"] == known["unit"] and np.isclose(found["step"], known["step"], rtol=1e-6)
    if not same or not found["regular"]:
        odd = "" if found["regular"] else f", {found['odd']} of another size"
        raise BadData(
            f"the steps of {order!r} are not spaced as in training",
            allowed=f"{known['step']:g} ({known['unit']})",
            got=f"{found['step']:g} ({found['unit']})" + odd,
            fix="give rows at the same distance, or compare again on a file spaced like this one",
        )


def _checked(rows: NewRows, card: Card) -> NewRows:
    most = card["lengths"]["max"]
    for bad, allowed in ((rows.lengths > most, f"at most {most} steps, the longest in training"),
                         (rows.lengths < SHORTEST, f"{SHORTEST} steps or more")):  # fmt: skip
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            raise BadData(
                f"sequence {rows.names[first]!r} is longer or shorter than any in training",
                allowed=allowed,
                got=f"{rows.lengths[first]} steps",
                fix="cut it or leave it out, or compare again on a file with such sequences",
            )
    return rows


def _windows(rows: NewRows, card: Card) -> NewRows:
    """The last window of each series, whose last values of the forecast columns are there."""
    forecast = card["forecast"]
    assert forecast is not None
    short = np.flatnonzero(rows.lengths < forecast["window"])
    if len(short):
        raise BadData(
            f"series {rows.names[short[0]]!r} is too short to forecast from",
            allowed=f"{forecast['window']} steps or more, the window of training",
            got=f"{rows.lengths[short[0]]} steps",
            fix="give its earlier rows too, or leave it out",
        )
    ends = rows.starts + rows.lengths - 1
    for name in forecast["columns"]:
        values = rows.raw[ends, _unmasked(card).index(name)]
        if np.isnan(values).any():
            where = rows.names[int(np.flatnonzero(np.isnan(values))[0])]
            raise BadData(f"column {name!r} has no value in the last row of {where!r}, from which it is forecast",
                          fix="fill it in, or end the file at its last value")  # fmt: skip
    return rows.last(forecast["window"])
