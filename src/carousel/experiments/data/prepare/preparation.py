"""From a path to a `Prepared`: read, check, split, scale, describe. Nothing is dropped or replaced unsaid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from carousel.common.errors import BadData
from carousel.experiments.data.options import DataOptions
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.rolls import from_rolls
from carousel.experiments.data.prepare.sequences import from_sequences
from carousel.experiments.data.prepare.series import from_series
from carousel.experiments.data.prepare.time_window import WHOLE, Span
from carousel.experiments.data.read import tables
from carousel.experiments.data.read.layouts import lay_out
from carousel.experiments.data.read.parsed import Raw, RawRolls, RawSequences
from carousel.experiments.data.read.source import Source, fingerprint, read_source
from carousel.experiments.data.read.table import Table

TABLES: dict[str, tuple[str, Callable[[Source], Table]]] = {
    ".csv": ("CSV", tables.read_csv),
    ".tsv": ("TSV", tables.read_tsv),
    ".parquet": ("Parquet", tables.read_parquet),
    ".jsonl": ("JSON lines", tables.read_jsonl),
    ".ndjson": ("JSON lines", tables.read_jsonl),
}
OTHERS = {".npz": "NPZ", ".ts": "UEA .ts", ".mat": "MATLAB 5 piano rolls"}


@dataclass(frozen=True)
class Read:
    """A file as read, not yet split. head: the card's first entries. names: the name and SHA-256 of its content."""

    raw: Raw
    head: dict[str, Any]
    names: dict[str, str]


def prepare(path: Path, options: DataOptions | None = None) -> Prepared:
    """The file at `path` as arrays and a card. A UserError (mostly BadData) names the culprit and the fix."""
    options = options or DataOptions()
    return build_raw(read_raw(path, options), options)


def read_raw(path: Path, options: DataOptions) -> Read:
    """Read and check, as `prepare` does."""
    path = Path(path)
    suffix = path.suffix.lower()
    source = read_source(path)
    if suffix not in TABLES and suffix not in OTHERS:
        known = ", ".join([*TABLES, *OTHERS])
        raise BadData(f"{path.name} has an unknown ending", allowed=known, got=repr(suffix), fix="convert it")
    raw, sources = _read(suffix, source, options)
    name = TABLES[suffix][0] if suffix in TABLES else OTHERS[suffix]
    head = {"file": path.name, "files": [one.entry for one in sources], "format": name}
    return Read(raw, head, {"name": path.stem, "sha256": fingerprint(sources)})


def build_raw(read: Read, options: DataOptions, span: Span | None = None) -> Prepared:
    """Split, scale and describe. span: the stretch of a series to use; no other kind of file has one."""
    prepared = _build(read.raw, options, read.names, span or WHOLE)
    return replace(prepared, card={**read.head, **prepared.card})


def _read(suffix: str, source: Source, options: DataOptions) -> tuple[Raw, list[Source]]:
    # Imported here: scipy.io costs a tenth of a second and only piano rolls need it.
    if suffix == ".npz":
        from carousel.experiments.data.read.npz import read_npz

        return read_npz(source, options), [source]
    if suffix == ".ts":
        from carousel.experiments.data.read.ts import read_ts

        return read_ts(source, options)
    if suffix == ".mat":
        from carousel.experiments.data.read.pianoroll import read_rolls

        return read_rolls(source, options), [source]
    return lay_out(TABLES[suffix][1](source), options), [source]


def _build(raw: Raw, options: DataOptions, names: dict[str, str], span: Span) -> Prepared:
    if isinstance(raw, RawSequences):
        return from_sequences(raw, options, **names)
    if isinstance(raw, RawRolls):
        return from_rolls(raw, **names)
    return from_series(raw, options, **names, span=span)
