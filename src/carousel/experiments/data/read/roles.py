"""What the options say of a table: names resolved, columns left out, several made one, values made missing."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from carousel.common.errors import BadData, BadPlan, UnknownName
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.read.table import MISSING, Table

BETWEEN_GROUPS = " / "
_MIDNIGHT = " 00:00:00"
_YEAR_FIRST = r"^(1[5-9]|20)\d{2}"
_QUARTER = ("quarter", "qtr", "q", "季度")


def with_roles(table: Table, options: DataOptions) -> tuple[Table, DataOptions]:
    """The table and the options, each role of one column at most. UnknownName for a column that the table has not."""
    options = _resolved(options, table.frame.columns)
    _refuse_no_word(options.not_missing)
    table = _without_missing(table, options.missing)
    table, options = _block_kept(table, options)
    table, group = _joined(table, "group", several(options.group), BETWEEN_GROUPS)
    table, order = _joined(table, "order", several(options.order), " ")
    table, block = _joined(table, "block", several(options.block), BETWEEN_GROUPS)
    options = replace(options, group=group, order=order, block=block)
    return _chosen(table, options), options


def _refuse_no_word(values: tuple[str, ...]) -> None:
    for value in values:
        if value not in MISSING[1:]:
            allowed = ", ".join(MISSING[1:])
            raise BadPlan("--not-missing names what is a value anyhow", allowed=allowed, got=value, fix="leave it out")


def _resolved(options: DataOptions, columns: list[str]) -> DataOptions:
    return replace(
        options,
        group=_listed(several(options.group), "group", columns) or None,
        order=_listed(several(options.order), "order", columns) or None,
        block=_listed(several(options.block), "block", columns) or None,
        forecast=_listed(options.forecast, "forecast", columns),
        ignore=_listed(options.ignore, "ignore", columns),
        inputs=_listed(options.inputs, "inputs", columns),
        known=_listed(options.known, "known", columns),
    )


def _listed(names: tuple[str, ...], role: str, columns: list[str]) -> tuple[str, ...]:
    """A name may hold a comma; one that is no column is a list with commas between its names."""
    parts = [[name] if name in columns else [part.strip() for part in name.split(",")] for name in names]
    found = tuple(dict.fromkeys(name for part in parts for name in part if name))
    for name in found:
        if name not in columns:
            raise UnknownName(f"{role} column", name, columns)
    return found


def _without_missing(table: Table, said: tuple[str, ...]) -> Table:
    """Cells that the user says mean "no value", as text or as the same number, are null; each is counted."""
    notes: list[Note] = []
    frame = table.frame
    for value in said:
        before = sum(frame.null_count().row(0))
        frame = frame.with_columns(_nulled(series, value) for series in frame.get_columns())
        count = sum(frame.null_count().row(0)) - before
        if not count and all(note.get("mark") != value for note in table.notes):
            raise BadPlan(
                "--missing names what no cell holds", got=value, fix="write it as in the file, or leave it out"
            )
        if count:
            notes.append({"key": "missing_value", "value": value, "count": count})
    return replace(table, frame=frame, notes=table.notes + notes)


def holds(table: Table, value: str) -> bool:
    """Whether a cell of the table is this value, as text or as the same number."""
    return any(_nulled(series, value).null_count() > series.null_count() for series in table.frame.get_columns())


def _nulled(series: pl.Series, value: str) -> pl.Series:
    number = pl.Series([value]).cast(pl.Float64, strict=False)[0]
    same = series.cast(pl.String, strict=False) == value if not series.dtype.is_nested() else None
    if number is not None and (series.dtype == pl.String or series.dtype.is_numeric()):
        numbers = series.cast(pl.Float64, strict=False) == number
        same = numbers.fill_null(False) if same is None else numbers.fill_null(False) | same.fill_null(False)
    return series if same is None else series.set(same.fill_null(False), None)


def _joined(table: Table, role: str, names: tuple[str, ...], between: str) -> tuple[Table, str | None]:
    """Several columns of one role as one column of text, in place of them."""
    if len(names) < 2:
        return table, names[0] if names else None
    for name in names:
        table.refuse_gaps(name, f"{role} column", "fill it in, or remove the row")
    parts = [_day_alone(_quarter(table.frame[name])) for name in names]
    if role == "order" and not re.match(_YEAR_FIRST, parts[0][0]) and all(_whole(part) for part in parts):
        return _counted(table, names)
    joined = pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=between)).to_series()
    if joined.n_unique() != table.frame.select(pl.struct(names)).to_series().n_unique():
        raise BadData(f"columns {', '.join(names)} hold {between!r}, and cannot be joined", fix="join them in the file")
    name = between.join(names)
    note: Note = {"key": f"joined_{role}", "columns": list(names), "first": str(joined[0])}
    frame = table.frame.drop(names).with_columns(joined.alias(name))
    return replace(table, frame=frame, notes=[*table.notes, note]), name


def _block_kept(table: Table, options: DataOptions) -> tuple[Table, DataOptions]:
    """A column of the block that names the sequences together with others, once more: the group's is joined."""
    shared = set(several(options.block)) & set(several(options.group))
    copies = {name: f"{name} (block)" for name in several(options.block) if name in shared}
    frame = table.frame.with_columns(pl.col(name).alias(copy) for name, copy in copies.items())
    block = tuple(copies.get(name, name) for name in several(options.block)) or None
    return replace(table, frame=frame), replace(options, block=block)


def _counted(table: Table, names: tuple[str, ...]) -> tuple[Table, str]:
    """Whole numbers without a year, such as month and day, order the steps by the first, then the second."""
    numbers = table.frame.select(pl.struct(pl.col(name).cast(pl.Int64) for name in names).rank("dense")).to_series()
    name = " ".join(names)
    note: Note = {"key": "counted_order", "columns": list(names)}
    frame = table.frame.drop(names).with_columns(numbers.cast(pl.Int64).alias(name))
    return replace(table, frame=frame, notes=[*table.notes, note]), name


def _whole(texts: pl.Series) -> bool:
    return bool(texts.str.contains(r"^-?\d{1,18}$").all())


def _quarter(series: pl.Series) -> pl.Series:
    """A column called quarter that holds 1 to 4, as Q1 to Q4: of a year, not of its months."""
    texts = series.cast(pl.String)
    quarters = series.name.lower() in _QUARTER and texts.is_in(["1", "2", "3", "4"]).all()
    return "Q" + texts if quarters else texts


def _day_alone(texts: pl.Series) -> pl.Series:
    """A date that a workbook or a table library wrote with its midnight, without it: the time is another column's."""
    return texts.str.strip_suffix(_MIDNIGHT) if texts.str.ends_with(_MIDNIGHT).all() else texts


def _chosen(table: Table, options: DataOptions) -> Table:
    roles = {name for _, name in options.roles() if name is not None}
    for option, named in (("--ignore", options.ignore), ("--inputs", options.inputs), ("--known", options.known)):
        taken = roles | {*options.ignore} if option == "--known" else roles
        both = [name for name in named if name in taken and (option != "--inputs" or name not in options.forecast)]
        if both:
            raise BadPlan(f"column {both[0]!r} is given twice, in {option} and with a role of its own",
                          fix="give each column one role")  # fmt: skip
    kept = [name for name in table.frame.columns if name in roles or _is_input(name, options)]
    left_out = [name for name in table.frame.columns if name not in kept]
    if not left_out:
        return table
    note: Note = {"key": "left_out", "columns": left_out, "count": len(left_out)}
    return replace(table, frame=table.frame.select(kept), notes=[*table.notes, note])


def _is_input(name: str, options: DataOptions) -> bool:
    return name not in options.ignore and (not options.inputs or name in (*options.inputs, *options.known))
