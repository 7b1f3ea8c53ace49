"""How often the advice on a file errs: `python scripts/calibrate_advice.py --runs 4000`. No network is trained.

A run is simulated as scores of five networks and four simple methods on n splits of one file. It is judged by the rule
as it stands (`carousel.experiments.advice.advice.decide`). A score has the luck of its split, and that of the file,
which all splits share: test / (test + training) of the variance, as Nadeau and Bengio (2003) assume. Half of the luck
of a network is that of all networks. Validation scores share the luck of the file and have another of the split.
`apart`: by how much every network is truly better than the best simple methods, in standard deviations of their
difference between files and splits.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from carousel.experiments.advice.advice import decide
from carousel.experiments.calibration.simulated import run, trial
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.statistics.rates import clopper_pearson
from carousel.experiments.results.kept import schema
from carousel.experiments.tables import RIVALS

NETWORKS = ("rnn", "rnn:orthogonal", "lstm", "lstm:chrono", "gru")
SIMPLE = {"most-frequent": -0.3, "linear": 0.0, "boosting": -0.01, "random-convolutions": 0.0}
SCORE, SPREAD, TEST, TRAINING = 0.7, 0.02, 20, 60
APART = (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)


def simulated(rng: np.random.Generator, seeds: int, apart: float) -> Any:
    """One run; the best simple methods score SCORE, the networks `apart` more on average."""
    share = TEST / (TEST + TRAINING)
    names = (*NETWORKS, *SIMPLE)

    def luck(*shape: int) -> Any:
        """[names, ...] half of the variance of a network is that of all networks."""
        own = rng.normal(size=(len(names), *shape))
        own[: len(NETWORKS)] = np.sqrt(0.5) * (own[: len(NETWORKS)] + rng.normal(size=shape))
        return own * SPREAD / np.sqrt(2)  # a difference then varies by SPREAD

    mean = np.array([SCORE + apart * SPREAD] * len(NETWORKS) + [SCORE + worse for worse in SIMPLE.values()])
    file = mean + np.sqrt(share) * luck()
    test, seen = (file[:, None] + np.sqrt(1 - share) * luck(seeds) for _ in range(2))
    about = {"baseline_score": SCORE - 0.3}
    rows = [
        trial("file", name, 100 + s, score=float(test[n, s]), validation_score=float(seen[n, s]), **about)
        for n, name in enumerate(NETWORKS)
        for s in range(seeds)
    ]
    beside = [
        ("job", "file", name, 100 + s, float(test[n, s]), float(seen[n, s]), SCORE - 0.3, None, "", 60, 0.1)
        for n, name in enumerate(names)
        if name in SIMPLE
        for s in range(seeds)
    ]
    made = run(NETWORKS, ["file"], (0,), rows, kind="file")
    card = {"split": {"varied": "sequences", "test": TEST, "training": TRAINING}}
    plan = made.plan.model_copy(update={"rivals": {"file": tuple(SIMPLE)}})
    return replace(made, rivals=pl.DataFrame(beside, schema=schema(RIVALS), orient="row"), card=card, plan=plan)


def advised(seeds: int, apart: float, runs: int) -> int:
    """In how many of so many runs a network is advised."""
    rng = np.random.default_rng([seeds, 7])
    return sum(decide(Results(simulated(rng, seeds, apart))).network is not None for _ in range(runs))


def main() -> None:
    """Print a table: seeds, distance, share of runs in which a network is advised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    for seeds in (6, 10, 20):
        for apart in APART:
            count = advised(seeds, apart, runs)
            low, high = clopper_pearson(count, runs, 0.05)
            print(f"{seeds:>3} splits  {apart:>4g} apart  {count / runs:.3f} [{low:.3f}, {high:.3f}]", flush=True)


if __name__ == "__main__":
    main()
