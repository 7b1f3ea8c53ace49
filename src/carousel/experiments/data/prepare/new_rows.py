"""A new file, read by the rules of the one that a network was trained on: the same columns, words, units and spacing.

Whatever does not fit is refused with its place: a network answers anything, also what it was never taught.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Bools, Floats, Ints, firsts_of
from carousel.experiments.data.card import Card, Spacing
from carousel.experiments.data.options import DataOptions, Fill, several
from carousel.experiments.data.prepare.asked_rows import NewRows
from carousel.experiments.data.prepare.known_rows import with_known_ahead
from carousel.experiments.data.prepare.new_arrays import refuse_others
from carousel.experiments.data.prepare.own_units import in_own_units, known_units, own_columns, own_units
from carousel.experiments.data.prepare.preparation import OTHERS, TABLES, as_shown
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.sequences import SHORTEST
from carousel.experiments.data.prepare.trained_channels import NAMED, channels_of, masked, of_columns, seen, unmasked
from carousel.experiments.data.read.disguised import true_ending
from carousel.experiments.data.read.fill import filled
from carousel.experiments.data.read.order import Times
from carousel.experiments.data.read.panel import unpivoted
from carousel.experiments.data.read.roles import holds, with_roles
from carousel.experiments.data.read.row_values import row_values
from carousel.experiments.data.read.source import Source, read_source
from carousel.experiments.data.read.steps import in_order
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.unanswered import UNANSWERED, Unanswered
from carousel.experiments.data.read.unpack import unpack


def read_new_rows(path: Path, options: DataOptions, trained: Prepared) -> NewRows:
    """The file at `path` as the network of `trained` wants it. A UserError as `prepare` raises it, and where the file
    differs from the one that was trained on."""
    suffix, source, _ = unpack(read_source(Path(path)))
    suffix, _ = true_ending(suffix, source)
    _refuse_other_format(suffix, source, trained.card)
    options = as_shown(options)
    if suffix in OTHERS:
        return _arrays(UNANSWERED[suffix](source, bool(options.forecast)), trained)
    return rows_of(TABLES[suffix][1](source, options), options, trained)


def rows_of(table: Table, options: DataOptions, trained: Prepared) -> NewRows:
    """The same of a table that was read."""
    not_steps = {options.target, *several(options.block)}
    table, options = with_roles(*unpivoted(table, _as_far_as_there(table, options)))
    if options.group is None and not options.forecast and "labels" not in trained.card:
        return _wide(table, not_steps, trained, options.fill)
    return _long(table, options, trained)


def _refuse_other_format(suffix: str, source: Source, card: Card) -> None:
    """A table is answered by a network of a table, an array by one of such arrays."""
    known = card.get("format")
    allowed = [ending for ending, name in OTHERS.items() if name == known] or list(TABLES)
    if suffix not in allowed:
        raise BadData("the new file is of another kind than the one trained on", allowed=", ".join(allowed),
                      got=source.name, fix=f"write it as {allowed[0]}")  # fmt: skip


def _arrays(given: Unanswered, trained: Prepared) -> NewRows:
    refuse_others(given, trained.card)
    known = trained.card.get("spacing")
    if known is not None and given.spacing is not None:
        refuse_other_spacing(known, given.spacing, "time")
    return _whole(_rows(given.x, given.lengths, given.names, given.named, None, trained), trained)


def _whole(rows: NewRows, trained: Prepared) -> NewRows:
    """Sequences of lengths that were trained on, or their windows, or the last windows of series."""
    if "labels" in trained.card:
        return _checked(rows, None).every_step(trained.card["labels"]["window"])
    if trained.card["forecast"] is not None:
        return _windows(rows, trained.card)
    return _checked(rows, int(trained.lengths.max()))


def _as_far_as_there(table: Table, options: DataOptions) -> DataOptions:
    """Without what is asked of training rows alone: a target and how it is seen, a block, columns to leave out."""
    ignore = tuple(name for name in options.ignore if name in table.frame.columns)
    missing = tuple(value for value in options.missing if holds(table, value))
    window = options.window if options.forecast else None  # of targets at every step: the card has it
    return replace(options, target=None, block=None, ignore=ignore, inputs=(), missing=missing, window=window,
                   every_step=None)  # fmt: skip


def _long(table: Table, options: DataOptions, trained: Prepared) -> NewRows:
    card = trained.card
    group, order = (next(iter(several(named)), None) for named in (options.group, options.order))
    for role, name in (("group", group), ("order", order)):
        if name is not None:
            table.column(name, f"{role} column", NAMED)
    steps = in_order(table, group, order, options.date_format)
    names = of_columns(card)
    to_come = [names.index(name) for name in options.forecast] if options.known else []
    raw, _ = filled(channels_of(steps.table, card), steps.lengths, options.fill, to_come)
    raw, steps = with_known_ahead(raw, steps, card)
    refuse_gaps(steps.table, raw, card)
    known = card["forecast"]["spacing"] if card["forecast"] is not None else card.get("spacing")
    if known is not None and steps.times is not None:
        refuse_other_spacing(known, steps.times.spacing(firsts_of(steps.lengths)), order)
    keys = [name.removeprefix(f"{group}=") for name in steps.names]
    return _whole(_rows(raw, steps.lengths, keys, group or "series", steps.times, trained), trained)


def _wide(table: Table, not_steps: set[str | None], trained: Prepared, fill: Fill | None) -> NewRows:
    """Each row a sequence, its columns the steps."""
    named = {note["column"] for note in trained.card["notes"] if note["key"] == "names_rows"}
    x, kept = row_values(table, [name for name in table.frame.columns if name not in not_steps | named])
    raw, _ = filled(x[kept][:, None], kept.sum(axis=1), fill)
    rows = np.repeat(table.rows, kept.sum(axis=1))
    _refuse_missing_values(raw, rows, "value", "value" in masked(trained.card))
    names = [str(row) for row in table.rows]
    return _whole(_rows(raw, kept.sum(axis=1), names, "row", None, trained), trained)


def _rows(raw: Floats, lengths: Ints, names: list[str], named: str, times: Times | None, trained: Prepared) -> NewRows:
    """Scaled as in training. Where series had units of their own, one that was trained on keeps its unit, and another
    has one from all its rows."""
    own, scaled = None, raw
    if trained.own is not None:
        channels = [unmasked(trained.card).index(name) for name in own_columns(trained.card)]
        everything = np.ones(len(raw), dtype=bool)
        own = own_units(raw, lengths, everything, int(trained.lengths.max()), channels)
        known = known_units(trained.card, trained.own)
        for place, name in enumerate(names):
            own[place] = known.get(f"{named}={name}", own[place])
        scaled = in_own_units(raw, lengths, own)
    return NewRows(seen(scaled, trained), raw, lengths, names, named, times, own=own)


def refuse_gaps(table: Table, raw: Floats, card: Card) -> None:
    """BadData for a column without a value that never missed one in training."""
    for place, name in enumerate(unmasked(card)):
        _refuse_missing_values(raw[:, place : place + 1], table.rows, name, name in masked(card))


def _refuse_missing_values(values: Floats, rows: Ints, name: str, known: bool) -> None:
    gap: Bools = np.isnan(values[:, 0])
    if known or not gap.any():
        return
    raise BadData(
        f"column {name!r} has no value in row {rows[int(np.flatnonzero(gap)[0])]}, and never missed one in training",
        got=f"{int(gap.sum())} rows without one",
        fix="fill it in, or compare again on a file with such gaps",
    )


def refuse_other_spacing(known: Spacing, found: Spacing, order: str | None) -> None:
    """BadData for steps that are not spaced as in training, where they were evenly spaced."""
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


def _checked(rows: NewRows, most: int | None) -> NewRows:
    """BadData for a sequence of another length than any in training; most: None where windows of it are seen."""
    for bad, allowed in ((rows.lengths > (most or np.inf), f"at most {most} steps, the longest in training"),
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
        values = rows.raw[ends, unmasked(card).index(name)]
        if np.isnan(values).any():
            where = rows.names[int(np.flatnonzero(np.isnan(values))[0])]
            raise BadData(f"column {name!r} has no value in the last row of {where!r}, from which it is forecast",
                          fix="fill it in, or end the file at its last value")  # fmt: skip
    return rows.last(forecast["window"])
