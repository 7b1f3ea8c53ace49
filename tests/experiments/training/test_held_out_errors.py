"""Intervals from errors on sequences that were never seen: what they hold of drawn errors and series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor

from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataOptions, DataTask
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.new_rows import read_new_rows
from carousel.experiments.data.prepare.resplit import prepare_splits
from carousel.experiments.results.refitted import Band
from carousel.experiments.takeaway.predict import outputs, table_of
from carousel.experiments.training.held_out_errors import Errors, HeldOut, bands, held_out

WINDOW, HORIZON, SEEN = 12, 2, 400
OPTIONS = DataOptions(forecast=("a",), window=WINDOW, horizon=HORIZON)


def of_errors(off: Floats, hard: Floats | None = None) -> HeldOut:
    """[2 N, M]: the first half of validation, the second of the test part."""
    half = len(off) // 2
    parts = [Errors(off[part], off[part], off[part], None if hard is None else hard[part])
             for part in (slice(half), slice(half, None))]  # fmt: skip
    return HeldOut(*parts)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_one_more_error_drawn_as_the_others_is_held_as_often_as_the_rank_says(level: float) -> None:
    """Of 40 errors the rank is 21, 33, 37 or 39, of 41 places that are equally likely."""
    rng, draws = np.random.default_rng(0), 4000
    held = []
    for _ in range(draws):
        errors = np.abs(rng.standard_cauchy((81, 1)))
        band = next(Band.model_validate(each) for each in bands([of_errors(errors[:80])]) if each["level"] == level)
        assert band.average is None
        held.append(errors[80, 0] <= band.half[0])
    exact = np.ceil(41 * level) / 41
    assert abs(np.mean(held) - exact) < 4 * np.sqrt(exact * (1 - exact) / draws)


class Last(Network):
    """Whatever comes, the last value stays: a forecast that needs no training."""

    readout = "last"

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return torch.zeros(x.shape[1], HORIZON)

    kernels: list[str] = []  # noqa: RUF012
    refusals = {}  # noqa: RUF012
    longest = None

    def carried(self, length: int) -> int:
        return 0


def moves(kind: str, rng: np.random.Generator) -> Floats:
    """[1000] a series whose next change goes with its recent ones, or does not."""
    steps = np.arange(1000)
    if kind == "growing":
        return np.exp(0.002 * steps + 0.1 * rng.normal(size=1000)) * 100
    if kind == "restless":  # more and more
        return 10 + np.exp(0.003 * steps) * rng.normal(size=1000)
    return 10 + rng.normal(size=1000)  # "alike"


def made(kind: str, folder: Path, seed: int) -> tuple[Band, Band, DataTask, Floats]:
    """The 90 % band of a run, the same if it were not local, the whole file as it was seen, and the series."""
    series = moves(kind, np.random.default_rng(seed))
    pl.DataFrame({"a": series[:SEEN]}).write_csv(folder / "old.csv")
    splits = prepare_splits(folder / "old.csv", OPTIONS, range(100, 106))
    assert splits.whole is not None
    found = [held_out(Last(), DataTask(splits.by_seed[seed])) for seed in range(100, 106)]
    held = [each for each in found if each is not None]
    alike = [HeldOut(*(part._replace(hard=None) for part in each)) for each in held]
    local, constant = (Band.model_validate(bands(given)[2]) for given in (held, alike))
    return local, constant, DataTask(splits.whole()), series


def covered(bands_of: tuple[Band, Band], task: DataTask, series: Floats, folder: Path) -> Floats:
    """[2] of the truths after the file, by the rows that `carousel predict` reads and the table that it writes."""
    hits = []
    for end in range(SEEN, 700, 3 * HORIZON):
        pl.DataFrame({"a": series[end - WINDOW : end]}).write_csv(folder / "new.csv")
        rows = read_new_rows(folder / "new.csv", OPTIONS, task.prepared)
        truth, output = series[end : end + HORIZON], outputs(Last(), rows)
        for band in bands_of:
            table = table_of(output, rows, task.prepared, band)
            low, high = (table[f"a {side}"].to_numpy() for side in ("low", "high"))
            hits.append(((low <= truth) & (truth <= high)).mean())
    found: Floats = np.reshape(hits, (-1, 2)).mean(axis=0)
    return found


@pytest.mark.parametrize(("kind", "without"), [("growing", 0.8), ("restless", 0.8), ("alike", 0.95)])
def test_intervals_hold_of_a_series_that_grows_or_changes_what_they_say(
    kind: str, without: float, tmp_path: Path
) -> None:
    """The mean of four series. Without regard to how hard a window is they hold too little of the first two."""
    shares = []
    for seed in range(4):
        local, constant, task, series = made(kind, tmp_path, seed)
        assert local.average is not None and constant.average is None
        shares.append(covered((local, constant), task, series, tmp_path))
    held, as_far = np.mean(shares, axis=0)
    assert 0.85 < held < 0.95 and as_far < without


def test_windows_that_tell_nothing_of_what_follows_are_not_asked() -> None:
    """Before each large error its window was quiet: told in the window's unit, intervals would be far wider."""
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.1, 2, size=(200, 1))
    for off, local in ((hard * rng.random((200, 1)), True), (rng.random((200, 1)) / hard, False)):
        found = [Band.model_validate(each) for each in bands([of_errors(off, hard)])]
        assert all((band.average is not None) == local for band in found)
        as_far = [Band.model_validate(each) for each in bands([of_errors(off)])]
        assert local or found == as_far
