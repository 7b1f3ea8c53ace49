"""From a path to a `Prepared`: read, check, split, scale, describe. Nothing is dropped or replaced unsaid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.card import Card
from carousel.experiments.data.options import DataOptions, several
from carousel.experiments.data.prepare.labels import from_labels
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.rolls import from_rolls
from carousel.experiments.data.prepare.sequences import from_sequences
from carousel.experiments.data.prepare.series import check_series, from_series
from carousel.experiments.data.prepare.time_window import WHOLE, TimeWindow
from carousel.experiments.data.read import html_tables, json_tables, tables, text_tables, tsf
from carousel.experiments.data.read.disguised import true_ending
from carousel.experiments.data.read.found_order import with_found_order
from carousel.experiments.data.read.layouts import lay_out
from carousel.experiments.data.read.npz import read_npz
from carousel.experiments.data.read.parsed import Parsed, ParsedLabels, ParsedRolls, ParsedSequences, ParsedSeries
from carousel.experiments.data.read.pianoroll import read_rolls
from carousel.experiments.data.read.source import Source, fingerprint, read_source
from carousel.experiments.data.read.table import Table
from carousel.experiments.data.read.ts import read_ts
from carousel.experiments.data.read.unpack import unpack
from carousel.experiments.data.read.visible import MOST_OF_A_FILE, renamed_note, visible

TABLES: dict[str, tuple[str, Callable[[Source, DataOptions], Table]]] = {
    ".csv": ("CSV", text_tables.read_csv),
    ".tsv": ("TSV", text_tables.read_tsv),
    ".txt": ("text table", text_tables.read_csv),
    ".tab": ("text table", text_tables.read_csv),
    ".dat": ("text table", text_tables.read_csv),
    ".data": ("text table", text_tables.read_csv),
    ".xlsx": ("Excel workbook", tables.read_workbook),
    ".xls": ("Excel workbook", tables.read_workbook),
    ".arff": ("ARFF", tables.read_arff),
    ".tsf": ("Monash .tsf", tsf.read_tsf),
    ".parquet": ("Parquet", tables.read_parquet),
    ".jsonl": ("JSON lines", tables.read_jsonl),
    ".ndjson": ("JSON lines", tables.read_jsonl),
    ".json": ("JSON", json_tables.read_json),
    ".html": ("HTML", html_tables.read_html),
    ".htm": ("HTML", html_tables.read_html),
}
_CONVERTED = {  # what makes a file of it that is read
    ".npy": "import numpy; numpy.savez('data.npz', x=numpy.load({}))",
    ".dta": "import pandas; pandas.read_stata({}).to_csv('data.csv', index=False)",
    ".sav": "import pandas; pandas.read_spss({}).to_csv('data.csv', index=False)",
    ".sas7bdat": "import pandas; pandas.read_sas({}).to_csv('data.csv', index=False)",
    ".feather": "import polars; polars.read_ipc({}).write_csv('data.csv')",
    ".arrow": "import polars; polars.read_ipc({}).write_csv('data.csv')",
    ".avro": "import polars; polars.read_avro({}).write_csv('data.csv')",
}
OTHERS = {".npz": "NPZ", ".ts": "UEA .ts", ".mat": "MATLAB 5 piano rolls"}


@dataclass(frozen=True)
class ParsedFile:
    """A file as read, not yet split. head: the card's first entries. names: the name and SHA-256 of its content.
    notes: on its name. options: by which it was read; those given, and an order that was found."""

    parsed: Parsed
    head: Card
    names: dict[str, str]
    notes: list[Note]
    options: DataOptions


def prepare(path: Path, options: DataOptions | None = None) -> Prepared:
    """The file at `path` as arrays and a card. A UserError (mostly BadData) names the culprit and the fix."""
    read = read_file(path, options or DataOptions())
    return assemble(read, read.options)


def read_file(path: Path, options: DataOptions) -> ParsedFile:
    """Read and check, as `prepare` does."""
    path, options = Path(path), as_shown(options)
    packed = read_source(path)
    suffix, source, unpacked = unpack(packed)
    suffix, disguised = true_ending(suffix, source)
    if suffix not in TABLES and suffix not in OTHERS:
        known, got = ", ".join([*TABLES, *OTHERS]), repr(visible(suffix, MOST_OF_A_FILE))
        call = _CONVERTED.get(suffix)
        raise BadData(
            f"{source.name} has an unknown ending",
            allowed=known,
            got=got,
            fix=f"in Python: {call.format(repr(source.name))}" if call else "convert it to one of them",
        )
    parsed, sources, options = _read(suffix, source, options)
    name = TABLES[suffix][0] if suffix in TABLES else OTHERS[suffix]
    stem = visible(path.stem, MOST_OF_A_FILE)
    notes = renamed_note([path.stem], [stem]) + unpacked + disguised
    sources = [packed, *sources[1:]]  # the file as it is, for its bytes and its fingerprint
    head: Card = {"file": source.name, "files": [one.entry for one in sources], "format": name}
    return ParsedFile(parsed, head, {"name": stem, "sha256": fingerprint(sources)}, notes, options)


def as_shown(options: DataOptions) -> DataOptions:
    """Columns are asked for, and stored in a plan, by the names they get."""
    target, group, order, block = map(_as_shown, (options.target, options.group, options.order, options.block))
    forecast, ignore, inputs, known = (
        tuple(map(visible, names)) for names in (options.forecast, options.ignore, options.inputs, options.known)
    )
    roles = {"target": target, "group": group, "order": order, "block": block, "forecast": forecast, "known": known}
    return replace(options, **roles, ignore=ignore, inputs=inputs)


def _as_shown(named: Any) -> Any:
    shown = tuple(map(visible, several(named)))
    return shown if len(shown) > 1 else next(iter(shown), None)  # one alone is stored as it always was


def assemble(
    read: ParsedFile, options: DataOptions, time_window: TimeWindow | None = None, whole: bool = False
) -> Prepared:
    """Split, scale and describe. time_window: the stretch to use, of what is split by time. whole: not split."""
    prepared = _build(read.parsed, options, read.names, time_window or WHOLE, whole)
    return replace(prepared, card={**read.head, **prepared.card, "notes": read.notes + prepared.card["notes"]})


def check(read: ParsedFile, options: DataOptions, time_window: TimeWindow | None = None) -> None:
    """A UserError where `assemble` would raise one, and of series at a third of the price."""
    if isinstance(read.parsed, ParsedSeries):
        check_series(read.parsed, options, time_window or WHOLE)
    else:
        assemble(read, options, time_window)


def _read(suffix: str, source: Source, options: DataOptions) -> tuple[Parsed, list[Source], DataOptions]:
    if suffix == ".npz":
        return read_npz(source, options), [source], options
    if suffix == ".ts":
        return *read_ts(source, options), options
    if suffix == ".mat":
        return read_rolls(source, options), [source], options
    table, options = with_found_order(TABLES[suffix][1](source, options), options)
    return lay_out(table, options), [source], options


def _build(
    parsed: Parsed, options: DataOptions, names: dict[str, str], time_window: TimeWindow, whole: bool
) -> Prepared:
    if isinstance(parsed, ParsedSequences):
        return from_sequences(parsed, options, **names, time_window=time_window, whole=whole)
    if isinstance(parsed, ParsedRolls):
        return from_rolls(parsed, **names, whole=whole)
    if isinstance(parsed, ParsedLabels):
        return from_labels(parsed, options, **names, time_window=time_window, whole=whole)
    return from_series(parsed, options, **names, time_window=time_window, whole=whole)
