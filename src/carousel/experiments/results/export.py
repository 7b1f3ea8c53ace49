"""`best/` in a run folder: the trained network to take away, and the description that rebuilds it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import polars as pl

from carousel.common.errors import FolderConflict
from carousel.common.files import writing_to
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.refitted import SCHEMA, Refitted
from carousel.experiments.runner.folder import RESTORE, RunFolder
from carousel.experiments.training.description import Refit, Trial


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


def refit_of(evidence: Evidence, contender: str) -> Refit | None:
    """What is trained on the whole file for this contender: its best trial's settings, to the median of the steps at
    which its trials were best on validation. None of a built-in task, and where the folder holds no whole file."""
    trial = best_trial(evidence, contender)
    if trial is None or not RunFolder(evidence.folder).whole.is_file():
        return None
    row = evidence.trials.row(by_predicate=pl.col("trial") == trial, named=True)
    alike = pl.all_horizontal(pl.col(name) == row[name] for name in ("phase", "contender", "condition"))
    group = evidence.trials.filter(alike & pl.col("validation_score").is_not_null()).sort("seed")
    steps = max(1, round(median(group["best_step"])))
    seeds = tuple(group["seed"])
    return Refit(trial=_described(evidence, row), seeds=seeds, steps=steps, members=evidence.plan.ensemble)


def _described(evidence: Evidence, row: dict[str, Any]) -> Trial:
    plan, source = evidence.plan, row["source"]
    return Trial(
        phase="reporting",
        source=plan.source(source),
        length=row["length"],
        contender=next(c for c in plan.contenders[source] if c.spec == row["contender"]),
        learning_rate=row["learning_rate"],
        seed=row["seed"],
        training=plan.training_of(source),
        kernel=plan.kernel,
    )


class Exported(NamedTuple):
    """folder: best/. trial: whose settings won. again: its training on the whole file, whose weights are stored."""

    folder: Path
    trial: Trial
    again: Refitted | None


def export_best(evidence: Evidence, contender: str | None) -> Exported | None:
    """Write best/model.safetensors and best/contender.json, of a file data.npz too; None where there is no trial.

    The weights are those trained on the whole file, else (built-in tasks, folders of earlier versions, a training that
    diverged) those of the contender's best trial."""
    folder = RunFolder(evidence.folder)
    trial = None if contender is None else best_trial(evidence, contender)
    if contender is None or trial is None:
        return None
    row = evidence.trials.row(by_predicate=pl.col("trial") == trial, named=True)
    again = _refitted(evidence, contender)
    best, data = folder.path / "best", _data(folder, row["seed"], again is not None)
    weights, prepared = _read(folder, trial if again is None else again.job, data, f"trial {trial} of {contender}")
    with writing_to(folder.path):
        folder.write(best / "model.safetensors", weights)
        if prepared is not None:
            folder.write(best / "data.npz", prepared)
    described = _described(evidence, row)
    folder.write_json(
        best / "contender.json",
        {
            "schema": SCHEMA,
            "contender": described.contender.model_dump(),
            "source": described.source.model_dump(mode="json", exclude_none=True),
            "length": row["length"],
            "trial": trial,
            **{k: row[k] for k in ("learning_rate", "seed", "steps", "score", "validation_score", "baseline_score")},
            "weights_sha256": sha256(weights).hexdigest(),
            **({} if again is None else {"refit": _told(again)}),
        },
    )
    return Exported(best, described, again)


def _told(again: Refitted) -> dict[str, Any]:
    job = again.description
    return {"steps": job.steps, "members": job.members, "from_seed": job.trial.seed, **again.record.model_dump()}


def _refitted(evidence: Evidence, contender: str) -> Refitted | None:
    """What was trained on the whole file, if that went well."""
    asked = refit_of(evidence, contender)
    done = [each for each in evidence.refits if each.description == asked and each.record.outcome != "diverged"]
    return done[0] if done else None


def _data(folder: RunFolder, seed: int, whole: bool) -> Path:
    """The file as the weights saw it."""
    if whole:
        return folder.whole
    return folder.split(seed) if folder.split(seed).is_file() else folder.data


def _read(folder: RunFolder, job: str, data: Path, whose: str) -> tuple[bytes, bytes | None]:
    try:
        return folder.weights(job).read_bytes(), data.read_bytes() if data.is_file() else None
    except OSError as error:
        what = f"the trained network to take away, {whose}, cannot be read"
        raise FolderConflict(what, got=f"{error.filename}: {error.strerror}", fix=RESTORE) from error
