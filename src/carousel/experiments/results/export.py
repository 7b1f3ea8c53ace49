"""`best/` in a run folder: the trained network to take away, and the description that rebuilds it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from carousel.common.errors import FolderConflict
from carousel.common.files import writing_to
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.runner.folder import RESTORE, RunFolder


def best_trial(evidence: Evidence, contender: str) -> str | None:
    """The contender's reporting trial with the best validation score, on the first source that has it, at its hardest
    condition (the longest T; a file's whole sequence). Chosen on validation, never on the test score; on a file each
    seed has validation sequences of its own, and easy ones help."""
    hardest = evidence.plan.hardest(contender)
    mine = evidence.trials.filter(
        (pl.col("phase") == "reporting")
        & (pl.col("contender") == contender)
        & (pl.col("condition") == hardest.key)
        & pl.col("validation_score").is_not_null()
    ).sort(["validation_score", "seed"], descending=[True, False])
    return None if mine.is_empty() else mine["trial"][0]


def export_best(evidence: Evidence, contender: str | None) -> Path | None:
    """Write best/model.safetensors and best/contender.json; None where no contender is advised."""
    folder = RunFolder(evidence.folder)
    trial = None if contender is None else best_trial(evidence, contender)
    if trial is None:
        return None
    row = evidence.trials.row(by_predicate=pl.col("trial") == trial, named=True)
    best = folder.path / "best"
    data = folder.split(row["seed"]) if folder.split(row["seed"]).is_file() else folder.data
    try:
        weights, prepared = folder.weights(trial).read_bytes(), data.read_bytes() if data.is_file() else None
    except OSError as error:
        what = f"the trained network that is advised, trial {trial} of {contender}, cannot be read"
        raise FolderConflict(what, got=f"{error.filename}: {error.strerror}", fix=RESTORE) from error
    with writing_to(folder.path):
        folder.write(best / "model.safetensors", weights)
        if prepared is not None:
            folder.write(best / "data.npz", prepared)
    source = evidence.plan.source(row["source"]).model_dump(mode="json", exclude_none=True)
    sized = next(c for c in evidence.plan.contenders[row["source"]] if c.spec == contender)
    folder.write_json(
        best / "contender.json",
        {
            "schema": 1,
            "contender": sized.model_dump(),
            "source": source,
            "length": row["length"],
            "trial": trial,
            **{k: row[k] for k in ("learning_rate", "seed", "steps", "score", "validation_score", "baseline_score")},
        },
    )
    return best
