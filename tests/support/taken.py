"""Small runs on files of each kind, finished as `carousel compare` finishes them: with a network to take away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from carousel.experiments.data import DataOptions
from carousel.experiments.finalise import InterimAnalysis, finalise
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.run import run_plan
from carousel.experiments.runner.split_store import store_splits
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import shortened

OPTIONS = {
    "classes": DataOptions(target="label", group="id", order="t"),
    "values": DataOptions(target="sum", group="id", order="t"),
    "series": DataOptions(forecast=("a",), group="id", order="t", window=6, horizon=2),
}


def table(kind: str, sequences: int = 60, steps: int = 8, seed: int = 0) -> pl.DataFrame:
    """Sequences of a, with gaps, and of a word w; the class is the sign of the sum of a, the value the sum."""
    rng = np.random.default_rng(seed)
    rows = sequences * steps
    a = rng.normal(3, 2, size=(sequences, steps))
    if kind == "series":
        a = np.cumsum(rng.normal(size=(sequences, steps)), axis=1) + 10
    total = a.sum(axis=1)
    frame = {
        "id": np.repeat(np.arange(sequences), steps),
        "t": np.tile(np.arange(steps), sequences),
        "a": a.ravel(),
        "b": rng.normal(size=rows),
        "w": rng.choice(["red", "green"], rows),
        "label": np.repeat(np.where(total > np.median(total), "up", "down"), steps),
        "sum": np.repeat(total * 100, steps),
    }
    made = pl.DataFrame(frame).drop([] if kind != "series" else ["label", "sum"])
    made = made.drop({"classes": ["sum"], "values": ["label"], "series": []}[kind])
    return made.with_columns(b=pl.when(pl.Series(rng.random(rows) < 0.1)).then(None).otherwise("b"))


def taken_run(folder: Path, kind: str, contenders: str = "rnn,gru", steps: int = 60, ensemble: int = 1) -> RunFolder:
    """The finished run of few steps, two seeds and one worker."""
    frame = table(kind, 4, 90) if kind == "series" else table(kind)
    frame.write_csv(folder / "table.csv")
    asked = ComparisonRequest((str(folder / "table.csv"),), contenders, parameters=1200, data=OPTIONS[kind],
                              claims=("gates",), ensemble=ensemble)  # fmt: skip
    return finished(asked, folder / "run", steps)


def finished(request: ComparisonRequest, folder: Path, steps: int) -> RunFolder:
    """The same of any file."""
    made = make_plan(request)
    assert made.splits is not None
    plan = shortened(made.plan, steps=steps, seeds=2)
    run = RunFolder(folder)
    run.claim_for(plan)
    store_splits(run, made.splits)
    interim = InterimAnalysis(run.path)
    with run.locked():
        run_plan(plan, run, 1, lambda progress: None, interim.more_seeds, interim.to_refit)
        finalise(load_evidence(run.path), settled=interim.settled)
    return run
