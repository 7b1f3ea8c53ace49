"""What one row of a table is: a step of a sequence, a whole sequence, or a step of a series to forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from carousel.common.errors import BadData, BadPlan, listed
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.channels import MOST_VALUES, read_channels, too_many_words
from carousel.experiments.data.read.fill import filled
from carousel.experiments.data.read.known_ahead import with_known
from carousel.experiments.data.read.panel import unpivoted
from carousel.experiments.data.read.parsed import Parsed, ParsedLabels, ParsedSequences, ParsedSeries
from carousel.experiments.data.read.roles import with_roles
from carousel.experiments.data.read.row_values import refuse_steps, row_values
from carousel.experiments.data.read.steps import Steps, in_order
from carousel.experiments.data.read.suspicious import suspicious
from carousel.experiments.data.read.table import Table, counts_rows, is_numeric
from carousel.experiments.data.read.taking_turns import taking_turns

_FEW_ROWS = 20  # so few numbers may count by chance
_ONE_EACH = {
    "target": "one target a sequence: correct it, or choose another --group; if each step has its own, --every-step",
    "block": "one block a sequence: correct it, or choose another --group",
}


def lay_out(table: Table, options: DataOptions) -> Parsed:
    """The table as the options say it is. UnknownName for a column, BadPlan where no question is asked."""
    table, options = unpivoted(table, options)
    asked = several(options.order)
    table, options = with_roles(table, options)
    for role, name in options.roles():
        if name is not None and table.column(name, f"{role[2:]} column").dtype == pl.Duration and role != "--order":
            raise BadData(f"the {role[2:]} column {name!r} holds durations", fix="write them as numbers")
    if options.forecast:
        return _series(table, options, asked)
    if options.target is None:
        raise BadPlan(
            "it is not said what to predict",
            allowed="columns " + listed(table.frame.columns),
            fix="name a column with --target (one value a sequence) or --forecast (the next values)",
        )
    if options.labels_steps:
        return _labelled(table, options, options.target, asked)
    if options.group is not None:
        return _long(table, options, options.target, asked)
    return _wide(table, options, options.target)


def _in_order(table: Table, options: DataOptions, asked: tuple[str, ...]) -> Steps:
    """By the roles of one column each that `with_roles` leaves; asked: of --order, as it was typed."""
    group, order = (next(iter(several(named)), None) for named in (options.group, options.order))

    def unordered() -> list[str]:
        roles = {name for _, name in options.roles()}
        return [*asked, *too_many_words(table, (name for name in table.frame.columns if name not in roles))]

    return in_order(table, group, order, options.date_format, unordered)


def _series(table: Table, options: DataOptions, asked: tuple[str, ...]) -> ParsedSeries:
    steps = _in_order(table, options, asked)
    for name in options.forecast:
        table.refuse_empty(name)
        table.numbers(name, "forecast column")
    leave_out = {*several(options.group), *several(options.order)}
    counters, counted = _without_names_again(table, options, {*leave_out, *options.forecast, *options.inputs})
    x, channels, notes = read_channels(steps.table, leave_out | counters)
    notes = counted + notes
    targets = tuple(channels.index(name) for name in options.forecast)
    if options.group is None:
        notes += taking_turns(steps.table, x[:, targets[:1]], options.forecast[:1])
    x, told = filled(x, steps.lengths, options.fill, targets if options.known else ())
    x, channels, ahead = with_known(x, steps.lengths, channels, options.known, options.horizon)
    return ParsedSeries(
        x,
        steps.lengths,
        steps.names,
        channels,
        steps.table.rows,
        steps.times,
        targets,
        steps.notes + notes + told + ahead,
    )


def _long(table: Table, options: DataOptions, target: str, asked: tuple[str, ...]) -> ParsedSequences:
    _refuse_target_gaps(table, target)
    _refuse_block_gaps(table, options)
    steps = _in_order(table, options, asked)
    labels = one_each(steps, target, "target")
    block = next(iter(several(options.block)), None)
    blocks = one_each(steps, block, "block").cast(pl.String).to_list() if block is not None else None
    roles = {*several(options.group), *several(options.order), *several(options.block), target}
    counters, counted = _without_names_again(table, options, {*roles, *options.inputs})
    if roles | counters >= set(table.frame.columns):  # nothing else would be left
        counters, counted = set(), []
    x, channels, notes = read_channels(steps.table, roles | counters)
    notes = counted + notes
    x, done = filled(x, steps.lengths, options.fill)
    told, ranks, spacing = steps.notes + notes + done, steps.ranks_in_time(), steps.spacing()
    return ParsedSequences(x, steps.lengths, steps.names, channels, target, labels, notes=told, block=block,
                           blocks=blocks, ranks=ranks, spacing=spacing)  # fmt: skip


def _labelled(table: Table, options: DataOptions, target: str, asked: tuple[str, ...]) -> ParsedLabels:
    table.refuse_empty(target)
    _refuse_block_gaps(table, options)
    steps = _in_order(table, options, asked)
    block = next(iter(several(options.block)), None)
    blocks = one_each(steps, block, "block").cast(pl.String).to_list() if block is not None else None
    roles = {*several(options.group), *several(options.order), *several(options.block), target}
    counters, counted = _without_names_again(table, options, {*roles, *options.inputs})
    x, channels, notes = read_channels(steps.table, roles | counters)
    x, done = filled(x, steps.lengths, options.fill)
    if options.group is None and options.order is None:
        notes += taking_turns(steps.table, x, channels)
    taken: list[Note] = [] if options.every_step else [{"key": "every_step_taken", "column": target}]
    return ParsedLabels(x, steps.lengths, steps.names, steps.table.rows, channels, target, steps.table.frame[target],
                        steps.times, options.group is not None, steps.notes + taken + counted + notes + done, block,
                        blocks, steps.ranks_in_time())  # fmt: skip


def _without_names_again(table: Table, options: DataOptions, named: set[str]) -> tuple[set[str], list[Note]]:
    """Columns that count the rows, or that name the sequences once more in words, none of those `named`; and a note on
    each."""
    found, notes = _without_counters(table, named)
    (group, *_) = several(options.group) or (None,)
    if group is None:
        return found, notes
    again = [c for c in table.frame.columns if c not in named | found and _names_again(table.frame, group, c)]
    told: list[Note] = [{"key": "names_again", "column": c, "group": group} for c in again]
    return found | set(again), notes + told


def _names_again(frame: pl.DataFrame, group: str, column: str) -> bool:
    count = frame[group].n_unique()
    if is_numeric(frame[column]) or not MOST_VALUES < count == frame[column].n_unique():
        return False
    return frame.select(pl.struct(group, column)).n_unique() == count


def _without_counters(table: Table, named: set[str]) -> tuple[set[str], list[Note]]:
    """Columns that count the rows of the file, none of those `named`; and a note on each."""
    others = [name for name in table.frame.columns if name not in named] if table.frame.height > _FEW_ROWS else []
    found = [name for name in others if counts_rows(table.frame[name])]
    return set(found), [{"key": "names_rows", "column": name} for name in found]


def _refuse_target_gaps(table: Table, target: str) -> None:
    table.refuse_empty(target)
    fix = "fill it in on every row, or remove these rows"
    word = table.words.get(target)
    if word is not None:
        fix = f"fill it in on every row, or remove these rows; --not-missing {word} if that is a class"
    table.refuse_gaps(target, "target column", fix)


def _refuse_block_gaps(table: Table, options: DataOptions) -> None:
    for name in several(options.block):
        table.refuse_gaps(name, "block column", "fill it in on every row, or remove these rows")


def one_each(steps: Steps, column: str, role: str, fix: str | None = None) -> pl.Series:
    """[N] the value that all rows of a sequence have in a column. BadData where they have two. fix: in place of that of
    a file."""
    labels = steps.table.frame[column]
    first = np.repeat(steps.starts, steps.lengths)
    odd = np.flatnonzero((labels != labels[first]).to_numpy())
    if len(odd):
        row = int(odd[0])
        group = steps.names[int(np.searchsorted(steps.starts, row, side="right")) - 1]
        raise BadData(
            f"{group} has two values of the {role} {column!r}",
            got=f"{str(labels[int(first[row])])!r} in row {steps.table.rows[first[row]]}, "
            f"{str(labels[row])!r} in row {steps.table.rows[row]}",
            fix=fix or _ONE_EACH[role],
        )
    return labels[steps.starts]


def _wide(table: Table, options: DataOptions, target: str) -> ParsedSequences:
    _refuse_target_gaps(table, target)
    _refuse_block_gaps(table, options)
    block = next(iter(several(options.block)), None)
    blocks = table.frame[block].cast(pl.String).to_list() if block is not None else None
    if not options.wide:
        refuse_steps(table, [name for name in table.frame.columns if name not in (target, block)])
    table, named = _without_names(table, {target, block})
    columns = [name for name in table.frame.columns if name not in (target, block)]
    x, kept = row_values(table, columns)
    lengths = kept.sum(axis=1)
    names = [f"row {row}" for row in table.rows]
    key = "wide" if options.wide else "wide_taken"
    notes: list[Note] = [{"key": key, "first": columns[0], "last": columns[-1], "count": len(columns)}]
    notes += suspicious(x[kept], "value", np.repeat(table.rows, lengths))
    values, done = filled(x[kept][:, None], lengths, options.fill)
    labels = table.frame[target]
    told = [*table.notes, *named, *notes, *done]
    return ParsedSequences(values, lengths, names, ("value",), target, labels, notes=told, block=block,
                           blocks=blocks)  # fmt: skip


def _without_names(table: Table, roles: set[str | None]) -> tuple[Table, list[Note]]:
    """Of rows that are whole sequences a column that counts them, or has another text in each, is no step."""
    frame, notes = table.frame, list[Note]()
    if frame.width < 4 or frame.height < 3:
        return table, []
    for name in frame.columns:
        series = frame[name]
        named = not is_numeric(series) and series.n_unique() == len(series) and not series.null_count()
        if name not in roles and (named or counts_rows(series)):
            notes.append({"key": "names_rows", "column": name})
    return replace(table, frame=frame.drop([str(note["column"]) for note in notes])), notes
