"""Read a run folder into evidence. No torch: a folder copied to another machine can be read there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.probe_columns import PROBED
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Entry, Ledger
from carousel.experiments.training.description import condition_key

_TEXT, _REAL, _WHOLE, _YES = pl.String, pl.Float64, pl.Int64, pl.Boolean
_SETTING = {
    "condition": _TEXT, "source": _TEXT, "length": _WHOLE, "contender": _TEXT, "family": _TEXT, "cell": _TEXT,
    "init": _TEXT, "layers": _WHOLE, "hidden": _WHOLE, "parameters": _WHOLE, "learning_rate": _REAL,
}  # fmt: skip
_TRIALS = {"trial": _TEXT, "phase": _TEXT} | _SETTING | {
    "seed": _WHOLE, "outcome": _TEXT, "solved": _YES, "score": _REAL, "validation_score": _REAL,
    "training_score": _REAL, "baseline_score": _REAL, "training_loss": _REAL, "test_loss": _REAL, "chance_loss": _REAL,
    "rmse": _REAL, "steps": _WHOLE, "steps_to_solved": _WHOLE, "best_step": _WHOLE, "seconds": _REAL,
    "gradient_norm_max": _REAL, "spike_share": _REAL, "nan_share": _REAL, "lyapunov_end": _REAL, "kernel": _TEXT,
    "state_bits": _WHOLE, "flow_refused": _TEXT,
} | dict.fromkeys(PROBED, _REAL)  # fmt: skip
_SLOPES = {"job": _TEXT} | _SETTING | {
    "seed": _WHOLE, "moment": _TEXT, "slope": _REAL, "horizon": _WHOLE, "horizon_censored": _YES, "lags": _WHOLE,
}  # fmt: skip
_PROFILES = {"job": _TEXT} | _SETTING | {
    "seed": _WHOLE, "moment": _TEXT, "lag": _WHOLE, "log_gain": _REAL, "log_gain_q10": _REAL, "log_gain_q90": _REAL,
}  # fmt: skip
_OCCLUSION = {"trial": _TEXT} | _SETTING | {
    "seed": _WHOLE, "lag_from": _WHOLE, "lag_to": _WHOLE, "sequences": _WHOLE, "score_drop": _REAL,
}  # fmt: skip
_ONSET = {"job": _TEXT, "family": _TEXT, "cell": _TEXT, "seed": _WHOLE, "gain": _REAL}


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
        trials=_frame((_trial_row(e) for e in trials), _TRIALS),
        profiles=_profiles(folder, flows),
        slopes=_frame((_setting(e) | row for e in flows for row in _record(e)["slopes"]), _SLOPES),
        onset=_frame((_onset_row(e, row) for e in entries if e.kind == "onset" for row in _record(e)["onset"]), _ONSET),
        environment=_json(folder.environment) or {},
        card=_json(folder.card),
        occlusion=_frame((row for e in trials for row in _occlusion_rows(e)), _OCCLUSION),
    )


def _record(entry: Entry) -> dict[str, Any]:
    assert entry.record is not None  # "done" is only ever written together with the record
    return entry.record


def _setting(entry: Entry) -> dict[str, Any]:
    """What a job was about: source, length and contender."""
    about = entry.description
    contender = about["contender"]
    return {
        "job": entry.hash,
        "condition": condition_key(about["source"]["name"], about["length"]),
        "source": about["source"]["name"],
        "length": about["length"],
        "contender": contender["spec"],
        "family": FAMILY_OF_CELL[contender["cell"]],
        **{name: contender[name] for name in ("cell", "init", "layers", "hidden", "parameters")},
        "learning_rate": about.get("learning_rate"),
    }


def _trial_row(entry: Entry) -> dict[str, Any]:
    about = entry.description
    head = {"trial": entry.hash, "phase": about["phase"], "seed": about["seed"]}
    return head | _setting(entry) | _record(entry)["trial"]


def _occlusion_rows(entry: Entry) -> Iterator[dict[str, Any]]:
    head = {"trial": entry.hash, "seed": entry.description["seed"]} | _setting(entry)
    return (head | row for row in _record(entry).get("occlusion", []))


def _onset_row(entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    cell = entry.description["cell"]
    return {"job": entry.hash, "family": FAMILY_OF_CELL[cell], "cell": cell} | row


def _frame(rows: Iterable[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows in a fixed order, whatever order the jobs finished in."""
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    return frame.sort(*(c for c in ("trial", "job", "seed", "moment") if c in schema), maintain_order=True)


def _profiles(folder: RunFolder, entries: list[Entry]) -> pl.DataFrame:
    tables = []
    for entry in sorted(entries, key=lambda e: e.hash):
        setting = {name: value for name, value in _setting(entry).items() if name in _PROFILES}
        columns = [pl.lit(value, dtype=_PROFILES[name]).alias(name) for name, value in setting.items()]
        table = pl.read_parquet(folder.flow(entry.hash)).with_columns(columns)
        tables.append(table.select(pl.col(name).cast(kind) for name, kind in _PROFILES.items()))
    return pl.concat(tables) if tables else pl.DataFrame(schema=_PROFILES)


def _json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
