"""The files of a run folder that a job reads: they travel to the node that does it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from pydantic import TypeAdapter

from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.training.description import FileSource, InitialFlow, Job, OnsetProbe, Refit, RivalTrial, Trial

_JOB: TypeAdapter[Job] = TypeAdapter(Job)
_HERE = RunFolder(Path())


def inputs_of(description: dict[str, object]) -> list[str]:
    """Paths relative to the run folder; none where the task is built in."""
    return [str(path) for path in dict.fromkeys(_inputs(_JOB.validate_python(description)))]


def _inputs(job: Job) -> list[Path]:
    match job:
        case OnsetProbe():
            return []
        case Refit():
            read = [path for trial in job.trials for path in (*_inputs(trial), _HERE.weights(trial.digest()))]
            return [_HERE.whole, *read]
        case InitialFlow():
            return [_HERE.data] if isinstance(job.source, FileSource) else []
        case Trial() | RivalTrial():
            return [_split(job.split)] if isinstance(job.source, FileSource) else []
        case _:
            assert_never(job)


def _split(seed: int | None) -> Path:
    return _HERE.data if seed is None else _HERE.split(seed)


def outputs_of(job: str) -> list[str]:
    """Where a job of this digest may put its results."""
    return [str(place(job)) for place in (_HERE.curves, _HERE.flow, _HERE.weights, _HERE.answers)]
