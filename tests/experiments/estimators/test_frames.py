"""Frames with a row a step as an estimator's X: the same answers as the arrays that they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GroupKFold, cross_val_score

import carousel

SMALL: dict[str, Any] = {"contender": "gru", "hidden": 8, "learning_rate": 0.03, "validation": 0, "steps": 30}
RNG = np.random.default_rng(0)
X = [RNG.normal(size=(RNG.integers(4, 8), 2)) for _ in range(40)]
Y = np.array(["above" if x[:, 0].sum() > 0 else "below" for x in X])
LENGTHS = [len(x) for x in X]
ROWS = pl.DataFrame({
    "machine": np.repeat(np.arange(40), LENGTHS), "day": np.concatenate([np.arange(n) for n in LENGTHS]),
    "a": np.concatenate(X)[:, 0], "b": np.concatenate(X)[:, 1], "worn": np.repeat(Y, LENGTHS),
})  # fmt: skip
SHUFFLED = ROWS.sample(fraction=1, shuffle=True, seed=3)
ROLES = {"group": "machine", "order": "day"}


@pytest.fixture(scope="module")
def of_arrays() -> carousel.SequenceClassifier:
    return carousel.SequenceClassifier(**SMALL).fit(X, Y)


def test_a_frame_is_the_arrays_it_holds(of_arrays: carousel.SequenceClassifier) -> None:
    wanted = of_arrays.predict_proba(X)
    made = carousel.SequenceClassifier(**SMALL, **ROLES)
    pandas = pd.DataFrame(SHUFFLED.to_dict(as_series=False), index=range(5, 5 + SHUFFLED.height))
    for frame in (SHUFFLED, pandas):
        for y in ("worn", frame["worn"]):
            found = made.fit(frame, y)
            np.testing.assert_array_equal(found.predict_proba(frame), wanted)
    found.fit(SHUFFLED.drop("worn"), SHUFFLED["worn"].to_numpy())
    np.testing.assert_array_equal(found.predict_proba(SHUFFLED), wanted)
    assert found.predict(SHUFFLED).tolist() == of_arrays.predict(X).tolist()
    assert found.score(SHUFFLED, "worn") == found.score(pandas, pandas["worn"]) == of_arrays.score(X, Y) > 0.6
    assert found.n_features_in_ == 2


def test_rows_are_split_by_their_groups() -> None:
    pandas = pd.DataFrame(SHUFFLED.to_dict(as_series=False))
    made = carousel.SequenceClassifier(**SMALL, **ROLES)
    scores = cross_val_score(made, pandas.drop(columns="worn"), pandas["worn"], groups=pandas["machine"],
                             cv=GroupKFold(2), error_score="raise")  # fmt: skip
    assert scores.shape == (2,) and scores.min() > 0.4


def test_a_value_of_each_sequence_and_blocks() -> None:
    rows = ROWS.with_columns(pl.col("a").sum().over("machine").alias("total"), plant=pl.col("machine") % 8)
    made = carousel.SequenceRegressor(**SMALL | {"validation": 0.2}, **ROLES)
    found = made.fit(rows.drop("worn"), "total", groups="plant")
    assert found.n_features_in_ == 2 and found.predict(rows).shape == (40,)
    assert found.held_out_score_ is not None


def test_columns_of_a_frame_are_forecast() -> None:
    wave = 50 + 10 * np.sin(np.arange(120) / 5)
    small = carousel.Forecaster(**SMALL, window=8, horizon=2)
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 4, 29), eager=True)
    frame = pl.DataFrame({"when": days, "sold": wave, "rain": -wave}).sample(fraction=1, shuffle=True, seed=1)
    plain = small.fit(wave, -wave)
    wanted, score = plain.predict(), plain.score(wave, -wave)
    found = small.set_params(order="when").fit("sold", frame)
    np.testing.assert_array_equal(found.predict(), wanted)
    assert found.score("sold", frame) == score
    assert found.predict(1, "sold", frame.filter(pl.col("when") < pl.date(2020, 3, 1))).shape == (1,)
    both = pl.concat([frame.with_columns(shop=pl.lit(name)) for name in ("east", "west")])
    found = small.set_params(group="shop").fit(["sold", "rain"], both)
    assert [one.shape for one in found.predict(2)] == [(2, 2), (2, 2)]


@pytest.mark.parametrize(("change", "y", "said"), [
    (lambda f: f, "worm", "y names no column of X; allowed: machine, day, a, b, worn; got: 'worm'"),
    (lambda f: f.drop("day"), "worn", "unknown column of X 'day'"),
    (lambda f: f.with_columns(a=pl.lit("much")), "worn", "column 'a' holds text in row 0"),
    (lambda f: f.with_columns(a=pl.lit(np.inf)), "worn", "column 'a' holds an infinite value in row 0"),
    (lambda f: f.with_columns(day=pl.lit(1)), "worn", "have the same 'day' in machine=0"),
    (lambda f: f.with_columns(worn=pl.col("day").cast(pl.String)), "worn",
     "machine=0 has two values of the target.*; fix: give one value a sequence, or choose another group"),
    (lambda f: f.with_columns(worn=pl.lit(None, pl.String)), "worn", "y misses a value; got: "),
    (lambda f: f, [1, 2], "X and y have inconsistent numbers of samples"),
    (lambda f: f.select("machine", "day", "worn"), "worn", "no column of X is left for the network to see"),
    (lambda f: f.with_columns(a=pl.date(2020, 1, 1)), "worn", "column 'a' holds times"),
    (lambda f: f.head(0), "worn", "X holds no rows"),
    (lambda f: f["a"].to_numpy(), "worn", "group names a column, and X is no frame; .*got: ndarray"),
])  # fmt: skip
def test_frames_that_cannot_be(change: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        carousel.SequenceClassifier(**SMALL, **ROLES).fit(change(ROWS), y)


def test_a_new_frame_without_a_channel_is_refused() -> None:
    found = carousel.SequenceClassifier(**SMALL | {"steps": 1}, **ROLES).fit(ROWS, "worn")
    assert found.predict(ROWS.with_columns(extra=pl.lit("x")).drop("worn")).shape == (40,)
    with pytest.raises(ValueError, match="unknown column of X 'b'"):
        found.predict(ROWS.drop("b"))
