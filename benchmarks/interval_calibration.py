"""How many truths 90 % intervals of forecasts hold on simulated series; and what they would, if all reached as far.

.venv/bin/python benchmarks/interval_calibration.py [SERIES]

What `training/held_out_errors.py` does was chosen by such series. Networks are trained as a run's reporting trials and
the one that is taken away; the series goes on after the file by two thirds of it. "near" is the first quarter of that.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataOptions, DataTask
from carousel.experiments.data.prepare.resplit import prepare_splits
from carousel.experiments.data.task.difficulty import difficulty
from carousel.experiments.results.refitted import Band
from carousel.experiments.training.description import Contender
from carousel.experiments.training.held_out_errors import LEVELS, HeldOut, bands, held_out
from carousel.experiments.training.loop import Learner, train
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.trial import build_contender

SIZES = ((90, 12, 3, 12, 100), (260, 24, 4, 24, 100), (600, 48, 6, 24, 175))  # steps, window, horizon, season, training
KINDS = ("stationary", "walk", "growth", "fast growth", "trend", "steep trend", "variance", "shift", "nights", "bursts")
WAYS = ("constant", "as they are")
GRU = Contender(spec="gru", cell="gru", init="default", layers=1, hidden=18, parameters=1200)
SEEDS = range(100, 106)


def noise(rng: np.random.Generator, count: int, kept: float) -> np.ndarray:
    """[count] a first-order autoregression."""
    found = np.zeros(count + 100)
    for k, new in enumerate(rng.normal(size=count + 99)):
        found[k + 1] = kept * found[k] + new
    return found[100:]


def series(kind: str, rng: np.random.Generator, count: int, season: int, window: int) -> np.ndarray:
    """[count] of a kind."""
    t = np.arange(count) / count
    wave = np.sin(2 * np.pi * np.arange(count) / season + rng.uniform(0, 6.28))
    if kind == "stationary":
        return 10 + 2 * wave + noise(rng, count, 0.7)
    if kind == "walk":
        return np.cumsum(rng.normal(size=count))
    if kind == "growth":
        return np.exp(rng.uniform(0.7, 2) * t + 0.25 * wave + 0.08 * noise(rng, count, 0.6)) * 100
    if kind == "fast growth":
        return np.exp(rng.uniform(1.3, 2.7) * t + 0.2 * wave + 0.06 * noise(rng, count, 0.6)) * 100
    if kind == "trend":
        return 100 + rng.uniform(40, 120) * t + 5 * wave + 2 * noise(rng, count, 0.6)
    if kind == "steep trend":
        return 10 + rng.uniform(15, 40) * t + 3 * wave + 0.6 * noise(rng, count, 0.5)
    if kind == "variance":
        spread = np.exp(np.cumsum(rng.normal(0, 1.5 / np.sqrt(count), count)))
        return 10 + spread * (wave + noise(rng, count, 0.5))
    if kind == "shift":
        moved = np.arange(count) >= rng.integers(count // 3, count)
        return 10 + 2 * wave + noise(rng, count, 0.7) + moved * rng.uniform(2, 5)
    if kind == "nights":  # nothing for a part of each two windows; days differ in brightness
        day = np.exp(0.4 * noise(rng, count // (2 * window) + 2, 0.5))[np.arange(count) // (2 * window)]
        return np.maximum(0, np.sin(np.pi * np.arange(count) / window + 1)) * day * (1 + 0.1 * rng.normal(size=count))
    burst = np.repeat(rng.random(count // 10 + 1) < 0.08, 10)[:count]
    return 5 + 0.2 * rng.normal(size=count) + burst * 3 * noise(rng, count, 0.8)


class Unchecked(DataTask):  # type: ignore[misc]
    """Its last weights are kept: no part says which are best."""

    def batches(self, part, n=None):  # type: ignore[no-untyped-def]
        return super().batches(part if n is None else "training", n)


def measured(kind: str, size: tuple[int, ...], number: int) -> Iterator[tuple[str, float, float]]:
    """Of each way the share held near and in all."""
    count, window, horizon, season, steps = size
    rng = np.random.default_rng([KINDS.index(kind), count, number])
    whole = series(kind, rng, round(count / 0.6), season, window)
    held, network, task = trained(whole[:count], window, horizon, steps)
    ends = np.arange(count - 1, len(whole) - horizon)
    x = whole[ends + np.arange(1 - window, 1)[:, None]]
    seen = ((x - task.prepared.mean[0]) / task.prepared.std[0]).astype(np.float32)[:, :, None]
    with torch.no_grad():
        change = network(torch.tensor(seen)).double().numpy() * task.prepared.y_std
    off = np.abs(whole[ends[:, None] + np.arange(1, horizon + 1)] - x[-1][:, None] - change)
    hard = difficulty(seen, task.prepared)
    for way, band in bands_by_way(held).items():
        hits = off <= band.reach(hard)
        yield way, float(hits[: count // 6].mean()), float(hits.mean())


def bands_by_way(held: list[HeldOut]) -> dict[str, Band]:
    """The 90 % band of each way."""
    constant = [HeldOut(*(part._replace(hard=None) for part in each)) for each in held]
    made = {"constant": constant, "as they are": held}
    return {way: Band.model_validate(bands(errors)[LEVELS.index(0.9)]) for way, errors in made.items()}


def trained(file: np.ndarray, window: int, horizon: int, steps: int) -> tuple[list[HeldOut], Network, DataTask]:
    """Errors under each split, and the network of the whole file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.csv"
        pl.DataFrame({"a": file}).write_csv(path)
        splits = prepare_splits(path, DataOptions(forecast=("a",), window=window, horizon=horizon), SEEDS)
        assert splits.whole is not None
        tasks = [Unchecked(prepared) for prepared in (*(splits.by_seed[seed] for seed in SEEDS), splits.whole())]
    learners = [Learner(build_contender(GRU, task, seed), task, seed, 0.01)
                for task, seed in zip(tasks, (*SEEDS, SEEDS[0]), strict=True)]  # fmt: skip
    for learner in train(learners, Training(steps=steps, stop=StopRule(check_every=steps))):
        learner.network.eval()
    found = [held_out(learner.network, learner.task) for learner in learners[:-1]]
    return [each for each in found if each is not None], learners[-1].network, tasks[-1]


def main() -> None:
    """A row a kind and size, then the mean of each way."""
    torch.set_num_threads(1)
    count, rows = int(sys.argv[1]) if sys.argv[1:] else 8, []
    head = " | ".join(f"{way}: near, all" for way in WAYS)
    print(f"| steps | series | {head} |\n|{'---|' * (2 + len(WAYS))}")
    for size in SIZES:
        for kind in KINDS:
            found = np.array([[each[1:] for each in measured(kind, size, number)] for number in range(count)])
            rows.append(found.mean(axis=0))
            told = " | ".join(f"{near:.2f}, {far:.2f}" for near, far in rows[-1])
            print(f"| {size[0]} | {kind} | {told} |", flush=True)
    shares = np.array(rows)
    inside = ((shares >= 0.85) & (shares <= 0.95)).sum(axis=0)
    for way, mean, within in zip(WAYS, shares.mean(axis=0), inside, strict=True):
        print(f"{way}: mean {mean[0]:.3f}, {mean[1]:.3f}; inside .85 to .95: {within[0]}, {within[1]} of {len(rows)}")


if __name__ == "__main__":
    main()
