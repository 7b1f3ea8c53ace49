"""What is left in a run folder: the trials that are done, and the bytes of everything that carries no time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import polars as pl

from carousel.experiments.results.load import load_evidence

_WHOLE = ("trials/*.parquet", "flow/*.parquet", "weights/*.safetensors", "best/*", "plan.toml", "environment.json")
_NAMED_BY = {"trials": "trial", "profiles": "job", "slopes": "job", "onset": "job"}
_FIGURE_OF_SECONDS = "cost"


def finished(folder: Path) -> dict[str, str]:
    """Each finished job and all that was measured in it, its seconds too: one that is trained again is another."""
    if not (folder / "ledger.sqlite").exists():
        return {}
    evidence = load_evidence(folder)
    found: dict[str, str] = {}
    for name, column in _NAMED_BY.items():
        frame: pl.DataFrame = getattr(evidence, name)
        for (job,), rows in frame.group_by(column, maintain_order=True):
            found[str(job)] = found.get(str(job), "") + repr(rows.rows())
    return found


def contents(folder: Path) -> dict[str, str]:
    """A digest of each file that two runs of a plan have in common, without the columns and sentences of seconds."""
    found = {_name(folder, p): p.read_bytes() for pattern in _WHOLE for p in folder.glob(pattern)}
    found |= {_name(folder, p): _untimed(p) for p in folder.glob("tables/*.csv")}
    found |= {
        _name(folder, p): p.read_bytes()
        for p in folder.glob("figures/*.svg")
        if not p.stem.startswith(_FIGURE_OF_SECONDS)
    }
    verdicts: dict[str, Any] = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    found["verdicts.json"] = json.dumps(verdicts | {"advice": None}, sort_keys=True).encode()
    return {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def leftovers(folder: Path) -> list[str]:
    """Files whose writing was cut off."""
    return sorted(_name(folder, p) for p in folder.rglob(".*") if p.name != ".lock")


def _name(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder))


def _untimed(path: Path) -> bytes:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    kept = [k for k, column in enumerate(rows[0]) if not column.startswith("seconds")]
    return json.dumps([[row[k] for k in kept] for row in rows]).encode()
