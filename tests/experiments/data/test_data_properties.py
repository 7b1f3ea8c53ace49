"""Properties over many small files: no leak between parts, nothing depends on order of rows or on test values."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, Prepared, prepare
from tests.experiments.data.data_files import LONG, csv_of, long_frame

FEW = settings(max_examples=25, deadline=None)
ARRAYS = ("x", "starts", "lengths", "part", "y", "mean", "std")


def prepared_from(frame: pl.DataFrame, options: DataOptions) -> Prepared:
    """`prepare` of a frame by way of a CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        return prepare(csv_of(Path(folder), frame), options)


@FEW
@given(groups=st.integers(9, 40), classes=st.integers(2, 3), seed=st.integers(0, 5))
def test_every_group_is_in_one_part_and_every_class_in_each(groups: int, classes: int, seed: int) -> None:
    options = DataOptions(target="label", group="id", order="t", split_seed=seed)
    one, other = (prepared_from(long_frame(groups, classes=classes), options) for _ in range(2))
    assert len(one.part) == groups and set(one.part) == {0, 1, 2}
    assert sorted(np.concatenate([one.rows(p) for p in ("training", "validation", "test")])) == list(range(groups))
    for part in range(3):
        assert set(one.y[one.part == part]) == set(range(classes))
    assert (one.part == other.part).all()
    steps = np.concatenate([np.arange(s, s + n) for s, n in zip(one.starts, one.lengths, strict=True)])
    assert sorted(steps) == list(range(len(one.x)))  # no step is in two sequences


def test_another_seed_gives_another_split() -> None:
    splits = {
        tuple(prepared_from(long_frame(30), DataOptions(target="label", group="id", split_seed=s)).part)
        for s in range(4)
    }
    assert len(splits) == 4


@FEW
@given(seed=st.integers(0, 10**6))
def test_the_order_of_rows_is_irrelevant(seed: int) -> None:
    frame = long_frame()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    one, other = prepared_from(frame, LONG), prepared_from(shuffled, LONG)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@FEW
@given(factor=st.floats(-1e6, 1e6), seed=st.integers(0, 5))
def test_scaling_knows_the_training_part_only(factor: float, seed: int) -> None:
    options = DataOptions(target="label", group="id", order="t", split_seed=seed)
    frame = long_frame().with_columns(label=pl.col("id") * 1.5)
    one = prepared_from(frame, options)
    held_out = pl.col("id").is_in(np.flatnonzero(one.part > 0).tolist())
    changed = frame.with_columns(
        a=pl.when(held_out).then(pl.col("a") * factor + 7).otherwise("a"),
        label=pl.when(held_out).then(pl.col("label") * 3 + 0.25).otherwise("label"),
    )
    other = prepared_from(changed, options)
    for name in ("mean", "std", "y_mean", "y_std"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    training = np.repeat(one.part == 0, one.lengths)
    np.testing.assert_array_equal(one.x[training], other.x[training])
    assert (one.x[~training, 0] != other.x[~training, 0]).any()


@settings(max_examples=60, deadline=None)
@given(steps=st.integers(12, 80), window=st.integers(1, 12), horizon=st.integers(1, 6), data=st.data())
def test_forecasting_never_leaks(steps: int, window: int, horizon: int, data: st.DataObject) -> None:
    split = data.draw(st.sampled_from([(0.6, 0.2, 0.2), (0.5, 0.3, 0.2), (0.7, 0.15, 0.15)]))
    options = DataOptions(forecast=("y",), order="t", window=window, horizon=horizon, split=split)
    frame = pl.DataFrame({"t": range(steps), "y": np.random.default_rng(steps).normal(size=steps)})
    one = _or_too_short(frame, options)
    assume(one is not None)
    assert one is not None
    targets = one.starts[:, None] + window + np.arange(horizon)
    sets = [set(targets[one.part == part].ravel().tolist()) for part in range(3)]
    assert not (sets[0] & sets[1] or sets[1] & sets[2] or sets[0] & sets[2])
    assert max(sets[0]) < min(sets[1]) <= max(sets[1]) < min(sets[2]) <= max(sets[2]) < steps
    # training sees nothing of what comes after its last target: not in x, not in y, not in the scaling
    cut = min(sets[1])
    later = frame.with_columns(y=pl.when(pl.col("t") >= cut).then(pl.col("y") * 5 + 1).otherwise("y"))
    other = _or_too_short(later, options)
    assert other is not None
    seen = one.starts[one.part == 0].max() + window
    np.testing.assert_array_equal(one.x[:seen], other.x[:seen])
    np.testing.assert_array_equal(one.y[one.part == 0], other.y[one.part == 0])
    assert one.mean == other.mean and one.std == other.std and one.y_std == other.y_std


def _or_too_short(frame: pl.DataFrame, options: DataOptions) -> Prepared | None:
    try:
        return prepared_from(frame, options)
    except BadData as error:
        assert "too short" in str(error)
        return None


@FEW
@given(window=st.integers(1, 12), horizon=st.integers(1, 6))
def test_the_length_a_refusal_asks_for_is_enough(window: int, horizon: int) -> None:
    options = DataOptions(forecast=("y",), order="t", window=window, horizon=horizon)
    values = np.random.default_rng(0).normal(size=100)
    steps = 4
    try:
        prepared_from(pl.DataFrame({"t": range(steps), "y": values[:steps]}), options)
    except BadData as error:
        steps = int(str(error).split("about ")[1].split()[0]) + 2  # "about": the cuts are rounded
    assert prepared_from(pl.DataFrame({"t": range(steps), "y": values[:steps]}), options).kind == "forecast"


@FEW
@given(
    names=st.lists(
        st.text("ab1 -", min_size=1, max_size=4).map(str.strip).filter(bool), min_size=6, max_size=12, unique=True
    )
)
def test_any_names_of_groups(names: list[str]) -> None:
    assume(not set(names) & {"-"})
    rows = [(name, t, float(t + i), "ab"[i % 2]) for i, name in enumerate(names) for t in range(2)]
    frame = pl.DataFrame(rows, schema=["id", "t", "a", "label"], orient="row")
    prepared = prepared_from(frame, LONG)
    assert prepared.lengths.tolist() == [2] * len(names)
    assert sum(c["count"] for c in prepared.card["classes"]) == len(names)
