"""The comparison itself as `fit`: a file is made of the sequences, networks are compared on it, the winner is kept."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from carousel.common.errors import BadCall, BadData, BadPlan
from carousel.experiments.compare import run_comparison
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.data import DataOptions, DataTask, Prepared
from carousel.experiments.estimators.arrays import Steps
from carousel.experiments.estimators.training import Settings
from carousel.experiments.preflight import Preflight, preflight
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.rebuild import load_taken
from carousel.experiments.runner.request import ComparisonRequest

AUTO = "auto"
GROUP, ORDER = "sequence", "step"


class Compared(NamedTuple):
    """The network that was taken away, trained on all. steps: of that training. held_out: its mean score on the test
    parts of its reporting trials. folder: of the run."""

    network: Network
    prepared: Prepared
    steps: int
    held_out: float
    folder: Path


def is_comparison(settings: Settings) -> bool:
    """Whether more than one network is asked for. Raises UserError for an unknown one."""
    return settings.contender == AUTO or len(parse_contenders(settings.contender)) > 1


def compared(steps: Steps, each: dict[str, np.ndarray], options: DataOptions, settings: Settings) -> Compared:
    """Compare by the quick budget. each: columns with one value a sequence. options: their roles, and the forecast
    columns. Raises BadCall where the sequences cannot be compared on."""
    if settings.hidden is not None or settings.validation != 0.2:
        raise BadPlan("a comparison sizes its networks by parameters, and splits the data by itself",
                      allowed="hidden=None, validation=0.2", fix="leave both out, or name one contender")  # fmt: skip
    channels = tuple(name for name in steps.channels if name not in options.forecast)
    asked = replace(options, group=GROUP, order=ORDER, inputs=(*options.forecast, *channels), split=(0.6, 0.2, 0.2))
    with tempfile.TemporaryDirectory(prefix="carousel-") as made:
        file = Path(made) / "fitted.parquet"
        _frame(steps, each).write_parquet(file)
        contenders = None if settings.contender == AUTO else settings.contender
        try:
            known = preflight(ComparisonRequest((str(file),), contenders, parameters=settings.parameters,
                                                seed=settings.seed, kernel=settings.kernel, data=asked))  # fmt: skip
        except BadData as error:
            raise BadCall(
                error.what, allowed=error.allowed, got=error.got, fix="add data, or data that differ"
            ) from error
        found = run_comparison(_of_steps(known, settings.steps), None, None, "en", None)
    return _taken(found.evidence)


def _frame(steps: Steps, each: dict[str, np.ndarray]) -> pl.DataFrame:
    """A row a step."""
    starts = np.repeat(np.cumsum(steps.lengths) - steps.lengths, steps.lengths)
    columns = {name: np.repeat(values, steps.lengths) for name, values in each.items()}
    channels = {name: pl.Series(steps.x[:, c]).fill_nan(None) for c, name in enumerate(steps.channels)}
    sequence, step = np.repeat(np.arange(len(steps.lengths)), steps.lengths), np.arange(len(steps.x)) - starts
    return pl.DataFrame({GROUP: sequence, ORDER: step, **channels, **columns})


def _of_steps(known: Preflight, steps: int) -> Preflight:
    """With at most so many steps a training."""
    plan = known.plan
    shorter = {name: each.model_copy(update={"steps": steps}) for name, each in plan.training_by_source.items()}
    update = {"training": plan.training.model_copy(update={"steps": steps}), "training_by_source": shorter}
    return replace(known, planned=replace(known.planned, plan=plan.model_copy(update=update)))


def _taken(evidence: Evidence) -> Compared:
    taken = load_taken(evidence.folder)
    assert isinstance(taken.task, DataTask)
    spec = taken.contender.spec
    (done,) = [each for each in evidence.refits if each.description.trial.contender.spec == spec]
    scores = evidence.trials.filter(pl.col("phase") == "reporting", pl.col("contender") == spec)["score"]
    return Compared(taken.network, taken.task.prepared, done.description.steps, float(np.mean(scores.to_numpy())),
                    evidence.folder)  # fmt: skip
