"""From a path to a `Prepared`: read, check, split, scale, describe. Nothing is dropped or replaced unsaid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from carousel.data.formats import tables
from carousel.data.layouts import lay_out
from carousel.data.options import DataOptions
from carousel.data.prepared import Prepared
from carousel.data.raw import Raw, RawRolls, RawSequences
from carousel.data.rolls import from_rolls
from carousel.data.sequences import from_sequences
from carousel.data.series import from_series
from carousel.data.source import Source, fingerprint, read_source
from carousel.data.table import Table
from carousel.errors import BadData

TABLES: dict[str, tuple[str, Callable[[Source], Table]]] = {
    ".csv": ("CSV", tables.read_csv),
    ".tsv": ("TSV", tables.read_tsv),
    ".parquet": ("Parquet", tables.read_parquet),
    ".jsonl": ("JSON lines", tables.read_jsonl),
    ".ndjson": ("JSON lines", tables.read_jsonl),
}
OTHERS = {".npz": "NPZ", ".ts": "UEA .ts", ".mat": "MATLAB 5 piano rolls"}


def prepare(path: Path, options: DataOptions | None = None) -> Prepared:
    """The file at `path` as arrays and a card. A UserError (mostly BadData) names the culprit and the cure."""
    options = options or DataOptions()
    path = Path(path)
    suffix = path.suffix.lower()
    source = read_source(path)
    if suffix not in TABLES and suffix not in OTHERS:
        known = ", ".join([*TABLES, *OTHERS])
        raise BadData(f"{path.name} has an unknown ending", allowed=known, got=repr(suffix), cure="convert it")
    raw, sources = _read(suffix, source, options)
    name = TABLES[suffix][0] if suffix in TABLES else OTHERS[suffix]
    entries = [one.entry for one in sources]
    head = {"file": path.name, "files": entries, "format": name}
    prepared = _build(raw, options, {"name": path.stem, "sha256": fingerprint(sources)})
    return replace(prepared, card={**head, **prepared.card})


def _read(suffix: str, source: Source, options: DataOptions) -> tuple[Raw, list[Source]]:
    # Imported here: scipy.io costs a tenth of a second and only piano rolls need it.
    if suffix == ".npz":
        from carousel.data.formats.npz import read_npz

        return read_npz(source, options), [source]
    if suffix == ".ts":
        from carousel.data.formats.ts import read_ts

        return read_ts(source, options)
    if suffix == ".mat":
        from carousel.data.formats.pianoroll import read_rolls

        return read_rolls(source, options), [source]
    return lay_out(TABLES[suffix][1](source), options), [source]


def _build(raw: Raw, options: DataOptions, names: dict[str, str]) -> Prepared:
    if isinstance(raw, RawSequences):
        return from_sequences(raw, options, **names)
    if isinstance(raw, RawRolls):
        return from_rolls(raw, **names)
    return from_series(raw, options, **names)
