"""Read a run folder into evidence. No torch: a folder copied to another machine can be read there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import polars as pl

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.columns import OCCLUSION, ONSETS, PROFILES, SLOPES, TRIALS, Setting, Table, columns
from carousel.experiments.data.card import Card
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.training.description import condition_key

_POLARS = {str: pl.String(), float: pl.Float64(), int: pl.Int64(), bool: pl.Boolean()}


def schema(table: Table) -> dict[str, pl.DataType]:
    """Name and type of each column, in order."""
    return {column.name: _POLARS[column.type] for column in columns(table)}


def load_evidence(path: Path | str) -> Evidence:
    """Everything a finished, or half finished, run has measured. Raises FolderConflict where there is no run."""
    folder = RunFolder(Path(path))
    plan = folder.load_plan()
    ledger = Ledger(folder.ledger)
    entries = ledger.entries("done")
    ledger.close()
    trials = [e for e in entries if e.kind == "trial"]
    flows = [e for e in entries if e.kind in ("trial", "initial-flow") and (e.record or {}).get("slopes")]
    return Evidence(
        folder=folder.path,
        plan=plan,
        trials=_frame((_trial_row(e) for e in trials), TRIALS),
        profiles=_profiles(folder, flows),
        slopes=_frame((_about(e) | row for e in flows for row in _record(e)["slopes"]), SLOPES),
        onset=_frame((_onset_row(e, row) for e in entries if e.kind == "onset" for row in _record(e)["onset"]), ONSETS),
        environment=_json(folder.environment) or {},
        card=cast("Card | None", _json(folder.card)),
        occlusion=_frame((row for e in trials for row in _occlusion_rows(e)), OCCLUSION),
    )


def _record(entry: Entry) -> dict[str, Any]:
    assert entry.record is not None  # "done" is only ever written together with the record
    return entry.record


def _about(entry: Entry) -> dict[str, Any]:
    """The job, and what it was about."""
    return {"job": entry.hash} | vars(_setting(entry.description))


def _setting(about: dict[str, Any]) -> Setting:
    contender = about["contender"]
    return Setting(
        condition=condition_key(about["source"]["name"], about["length"]),
        source=about["source"]["name"],
        length=about["length"],
        contender=contender["spec"],
        family=FAMILY_OF_CELL[contender["cell"]],
        **{name: contender[name] for name in ("cell", "init", "layers", "hidden", "parameters")},
        learning_rate=about.get("learning_rate"),
    )


def _of_trial(entry: Entry) -> dict[str, Any]:
    about = entry.description
    return {"trial": entry.hash, "phase": about["phase"], "seed": about["seed"]} | vars(_setting(about))


def _trial_row(entry: Entry) -> dict[str, Any]:
    return {**_of_trial(entry), **_record(entry)["trial"]}


def _occlusion_rows(entry: Entry) -> Iterator[dict[str, Any]]:
    head = _of_trial(entry)
    return (head | row for row in _record(entry).get("occlusion", []))


def _onset_row(entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    cell = entry.description["cell"]
    return {"job": entry.hash, "family": FAMILY_OF_CELL[cell], "cell": cell} | row


def _frame(rows: Iterable[dict[str, Any]], table: Table) -> pl.DataFrame:
    """Rows in a fixed order, whatever order the jobs finished in."""
    types = schema(table)
    frame = pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)
    return frame.sort(*(c for c in ("trial", "job", "seed", "moment") if c in types), maintain_order=True)


def _profiles(folder: RunFolder, entries: list[Entry]) -> pl.DataFrame:
    types, tables = schema(PROFILES), []
    for entry in sorted(entries, key=lambda e: e.hash):
        about = [pl.lit(value, dtype=types[name]).alias(name) for name, value in _about(entry).items()]
        table = pl.read_parquet(folder.flow(entry.hash)).with_columns(about)
        tables.append(table.select(pl.col(name).cast(kind) for name, kind in types.items()))
    return pl.concat(tables) if tables else pl.DataFrame(schema=types)


def _json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
