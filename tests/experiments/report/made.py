"""What the tests of the report share: a data card, and reading a file of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.results.evidence import Evidence

Run = tuple[Evidence, Judgement]


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


CARD: dict[str, Any] = {
    "file": "utterances.csv",
    "files": ["utterances.csv"],
    "format": "CSV",
    "kind": "classification",
    "target": "speaker",
    "sequences": 270,
    "lengths": {"min": 7, "median": 15.0, "max": 26},
    "channels": {"count": 2, "names": ["lpc1", "lpc1 (missing)"], "masks": ["lpc1 (missing)"]},
    "missing": {"lpc1": 3},
    "range": None,
    "classes": [
        {"name": "<script>alert(1)</script>", "count": 135, "training": 81, "validation": 27, "test": 27},
        {"name": "b|c", "count": 135, "training": 81, "validation": 27, "test": 27},
    ],
    "split": {
        "how": "stratified",
        "seed": 0,
        "training": 162,
        "validation": 54,
        "test": 54,
        "varied": "sequences",
        "splits": 3,
    },
    "scaling": {"how": "standard", "fitted_on": "training", "mean": [0.0], "std": [1.0]},
    "forecast": None,
    "baseline": {"name": "majority", "metric": "accuracy", "score": 0.5},
    "notes": [{"key": "imputed", "count": 3, "of": 4050}],
}
