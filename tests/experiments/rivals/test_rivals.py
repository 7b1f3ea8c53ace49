"""Rivals against plain readings of what they are: exact where they can be, and none of them sees the future."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.data import DataOptions, Prepared, prepare
from carousel.experiments.data.prepare.baseline import baseline_of
from carousel.experiments.rivals.convolutions import draw_kernels, features
from carousel.experiments.rivals.examples import Examples
from carousel.experiments.rivals.names import RIVALS, rivals_for
from carousel.experiments.rivals.ridge import fit_ridge
from carousel.experiments.rivals.run import FITS, run_rival
from carousel.experiments.rivals.seasonal import last_season, period_of
from carousel.experiments.rivals.smoothing import Smoothing, forecast
from carousel.experiments.rivals.summaries import summaries
from tests.experiments.data.data_files import csv_of
from tests.experiments.data.test_data_task import make

FORECAST = DataOptions(forecast=("y",), order="t", group="id", horizon=3, window=8)
LABELS = DataOptions(target="label", group="id", order="t")


def series(folder: Path) -> Prepared:
    """Two series of period 7 at different levels, a tenth of the values absent, and a second channel."""
    rng, rows = np.random.default_rng(0), []
    for name, level in (("a", 0.0), ("b", 20.0)):
        y = level + 3 * np.sin(2 * np.pi * np.arange(150) / 7) + 0.1 * rng.normal(size=150)
        rows += [(name, t, None if rng.random() < 0.1 else y[t], float(rng.normal())) for t in range(150)]
    frame = pl.DataFrame(rows, schema=["id", "t", "y", "z"], orient="row")
    return prepare(csv_of(folder, frame), FORECAST)


def sequences(folder: Path, target: str = "class") -> Prepared:
    """90 sequences of 9 to 20 steps; the class is the frequency, the value the mean of b. Some values are absent."""
    rng, rows = np.random.default_rng(1), []
    for g in range(90):
        steps, phase = int(rng.integers(9, 21)), rng.uniform(0, 6)
        a = np.sin((0.5, 1.2, 2.2)[g % 3] * np.arange(steps) + phase) + 0.2 * rng.normal(size=steps)
        b = rng.normal(size=steps)
        label = "xyz"[g % 3] if target == "class" else str(round(b.mean(), 6))
        rows += [(g, t, None if rng.random() < 0.05 else a[t], b[t], label) for t in range(steps)]
    return prepare(csv_of(folder, pl.DataFrame(rows, schema=["id", "t", "a", "b", "label"], orient="row")), LABELS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    folder = tmp_path_factory.mktemp("rivals")
    return {
        "forecast": series(folder),
        "classification": sequences(folder),
        "regression": sequences(folder, "mean"),
    }


def test_every_rival_is_for_a_kind_and_names_are_checked() -> None:
    assert set(FITS) == set(RIVALS)
    assert rivals_for("classification", None) == ("most-frequent", "linear", "boosting", "random-convolutions")
    assert rivals_for("forecast", ("linear", "persistence")) == ("persistence", "linear")
    assert rivals_for("piano-roll", ("all",)) == ("most-frequent", "persistence")
    assert rivals_for("forecast", ("none",)) == ()
    with pytest.raises(UnknownName, match="liner"):
        rivals_for("forecast", ("liner",))
    with pytest.raises(BadPlan, match="not for a file of this kind"):
        rivals_for("classification", ("seasonal-naive",))
    with pytest.raises(BadPlan, match="stands alone"):
        rivals_for("forecast", ("none", "linear"))


def test_each_says_the_same_twice_and_what_learns_nothing_scores_as_the_baseline(made: dict[str, Prepared]) -> None:
    for kind, prepared in made.items():
        found = {name: run_rival(name, prepared, 3) for name in rivals_for(prepared.kind, None)}
        simplest = next(iter(found))
        assert found[simplest].score == pytest.approx(baseline_of(prepared).chance, abs=1e-12), kind
        for name, first in found.items():
            again = run_rival(name, prepared, 3)
            assert replace(again, seconds=0.0) == replace(first, seconds=0.0), name
            assert math.isfinite(first.score) and first.fitted_on == len(prepared.rows("training")), name
        assert max(f.score for f in found.values()) > baseline_of(prepared).chance + 0.1, kind


def test_no_forecast_looks_beyond_the_last_step_of_its_history(made: dict[str, Prepared]) -> None:
    prepared = made["forecast"]
    for name in rivals_for("forecast", None):
        example = Examples(prepared)
        fitted = FITS[name](example, 0)
        (row,) = prepared.rows("test")[5:6]
        before = fitted.predict(np.array([row]))
        example.prepared.x[example.ends[row] + 1 :] += 7.0  # in place: the fitted model reads the same arrays
        example.__dict__.pop("series", None)
        try:
            assert np.array_equal(fitted.predict(np.array([row])), before), name
        finally:
            example.prepared.x[example.ends[row] + 1 :] -= 7.0


def test_the_season_is_found_and_a_gap_in_it_is_filled_from_the_season_before(made: dict[str, Prepared]) -> None:
    examples = Examples(made["forecast"])
    assert period_of(examples) == 7
    rows = examples.rows("test")
    found = last_season(examples, rows, 7)[:, :, 0]
    for n, row in enumerate(rows):
        last = examples.series[examples.ends[row], 0]
        for step in range(3):
            at = examples.ends[row] + 1 + step - 7
            while math.isnan(examples.series[at, 0]):
                at -= 7
            assert found[n, step] == pytest.approx(examples.series[at, 0] - last)
    early = np.flatnonzero(examples.ends - examples.firsts < 4)
    assert len(early) == 0 or not last_season(examples, early, 7).any()


def test_a_series_never_reaches_into_the_one_before_it(made: dict[str, Prepared]) -> None:
    examples = Examples(made["forecast"])
    begins = np.unique(examples.firsts)
    assert begins.tolist() == [0, 150]
    first = np.flatnonzero(examples.firsts == 150)[:1]
    back = int(examples.ends[first][0]) - 150
    assert not last_season(examples, first, back + 4).any()  # three steps ahead, the season before is another series
    assert last_season(examples, first, 7)[0, 0, 0] != 0


def test_exponential_smoothing_is_its_recursion_and_with_weight_one_the_last_value(made: dict[str, Prepared]) -> None:
    examples = Examples(made["forecast"])
    rows = examples.rows("test")
    assert forecast(examples, rows, Smoothing(1.0, 0.0, 0.0, 1.0, 1)) == pytest.approx(0.0, abs=1e-12)
    found = forecast(examples, rows, Smoothing(0.3, 0.1, 0.0, 0.9, 1)).reshape(len(rows), 3)
    row = rows[-1]
    values = examples.series[examples.firsts[row] : examples.ends[row] + 1, 0]
    level = trend = None
    for value in values[~np.isnan(values)]:
        if level is None:
            level, trend = value, 0.0
            continue
        error = value - level - 0.9 * trend
        level, trend = level + 0.9 * trend + 0.3 * error, 0.9 * trend + 0.3 * 0.1 * error
    ahead = [level + trend * sum(0.9**k for k in range(1, h + 1)) - values[-1] for h in (1, 2, 3)]
    assert found[-1] == pytest.approx(ahead)


@pytest.mark.parametrize("width", [5, 60])
def test_ridge_solves_its_equations_whichever_product_it_takes(width: int) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(40, width)).astype(np.float32), rng.normal(size=(40, 2))
    errors: list[float] = []
    fitted = fit_ridge(x, y, x, lambda predicted: errors.append(float(((predicted - y) ** 2).mean())) or errors[-1])
    assert fitted.penalty == 1e-4 and len(errors) == 7 and sorted(errors, reverse=True) == errors
    scaled = (x - fitted.mean) / fitted.scale
    gradient = scaled.T @ (scaled @ fitted.weights - (y - y.mean(axis=0))) + fitted.penalty * 40 * fitted.weights
    assert np.abs(gradient).max() < 1e-6


def test_a_summary_is_what_numpy_says_of_the_values_that_are_there(made: dict[str, Prepared]) -> None:
    prepared = made["classification"]
    found, examples = summaries(Examples(prepared)), Examples(prepared)
    channels = examples.missing.shape[1]
    for row in (0, 17, 89):
        steps = slice(prepared.starts[row], prepared.starts[row] + prepared.lengths[row])
        values = np.where(examples.missing[steps], np.nan, prepared.x[steps, :channels].astype(float))
        named = found[row, 1:].reshape(-1)[: 11 * channels].reshape(11, channels)
        assert found[row, 0] == pytest.approx(math.log(prepared.lengths[row]))
        for place, value in enumerate((np.nanmean, np.nanstd, np.nanmin, np.nanmax)):
            assert named[place] == pytest.approx(value(values, axis=0), rel=1e-5, abs=1e-6)
        assert named[7] == pytest.approx(np.nanmean(np.abs(np.diff(values, axis=0)), axis=0), rel=1e-5)
        thirds = np.arange(len(values)) * 3 // len(values)
        assert named[8] == pytest.approx(np.nanmean(values[thirds == 0], axis=0), rel=1e-5, abs=1e-6)
        straight = np.polyfit(np.arange(len(values)), values[:, 1], 1)[0]
        assert named[6, 1] == pytest.approx(straight, rel=1e-4)
        assert found[row, -1] == pytest.approx(prepared.x[steps, channels].mean())


def test_convolutions_are_the_papers_and_a_sequence_knows_no_other(made: dict[str, Prepared]) -> None:
    examples = Examples(made["classification"])
    p, rows = examples.prepared, examples.rows("test")
    kernels = draw_kernels(examples, examples.rows("training"), np.random.default_rng(0))
    found = features(examples, rows, kernels)
    assert found.shape == (len(rows), 84 * 24) and np.array_equal(features(examples, rows[3:4], kernels)[0], found[3])
    x, feature = p.x[p.starts[rows[3]] :][: p.lengths[rows[3]]].astype(float), 0
    for d, dilation in enumerate(kernels.dilations):
        for k, places in enumerate(kernels.places):
            weights = np.full(9, -1.0)
            weights[places] = 2.0
            wide = np.zeros((len(x) + 8 * dilation, x.shape[1]))
            wide[4 * dilation : 4 * dilation + len(x)] = x
            chosen = [c for c in kernels.channels[d, k] if c >= 0]
            signal = sum(weights[m] * wide[m * dilation : m * dilation + len(x), chosen].sum(axis=1) for m in range(9))
            inside = len(x) > 8 * dilation and (d + k) % 2 == 1
            signal = signal[4 * dilation : len(x) - 4 * dilation] if inside else signal
            for bias in kernels.biases[feature : feature + kernels.counts[d]]:
                near = np.abs(signal - bias).min() < 1e-4  # single against double precision
                assert near or found[3, feature] == pytest.approx((signal > bias).mean())
                feature += 1
    assert feature == found.shape[1]


def test_a_roll_has_the_baseline_and_a_key_that_holds_on(tmp_path: Path) -> None:
    prepared = make(tmp_path, "piano-roll")
    found = {name: run_rival(name, prepared, 0) for name in rivals_for(prepared.kind, None)}
    assert found["most-frequent"].score == pytest.approx(baseline_of(prepared).chance)
    assert found["persistence"].score < 0.0
