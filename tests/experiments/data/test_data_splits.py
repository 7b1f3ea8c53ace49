"""A split for each seed: really different, never leaking, scaled by its own training part, told in the card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, Prepared, Splits, card_lines, prepare, prepare_splits
from carousel.experiments.data.prepare import resplit
from carousel.experiments.data.prepare.preparation import assemble, check, read_file
from carousel.experiments.data.prepare.time_window import TimeWindow, place_of
from tests.experiments.data.data_files import LONG, csv_of, long_frame, series_frame
from tests.experiments.data.test_data_task import make

SEEDS = (100, 101, 102, 103)
FORECAST = DataOptions(forecast=("y",), order="t", window=6, horizon=2)


def grouped(folder: Path, options: DataOptions = LONG) -> Splits:
    """60 sequences of two classes."""
    return prepare_splits(csv_of(folder, long_frame(60)), options, SEEDS)


def series(folder: Path, steps: int = 200) -> Splits:
    """One series, forecast two steps ahead from six."""
    return prepare_splits(csv_of(folder, series_frame(steps)), FORECAST, SEEDS)


def moments(prepared: Prepared, part: str) -> tuple[set[int], set[int]]:
    """The rows of x that the part's windows see, and those its targets lie on."""
    ends = (prepared.starts + prepared.lengths)[prepared.rows(part)]
    seen = {int(i) for start, end in zip(prepared.starts[prepared.rows(part)], ends, strict=True)
            for i in range(start, end)}  # fmt: skip
    return seen, {int(end + h) for end in ends for h in range(2)}


def test_every_seed_deals_the_sequences_anew_in_equal_shares(tmp_path: Path) -> None:
    splits = grouped(tmp_path)
    parts = [splits.tuning.part, *(splits.by_seed[seed].part for seed in SEEDS)]
    assert len({tuple(part) for part in parts}) == len(parts)
    for part in parts:
        assert np.bincount(part).tolist() == np.bincount(parts[0]).tolist()
        for code in (0, 1):
            classes = np.bincount(part[splits.tuning.y == code])
            assert classes.tolist() == np.bincount(parts[0][splits.tuning.y == code]).tolist()


def test_a_sequence_is_never_in_two_parts(tmp_path: Path) -> None:
    for split in grouped(tmp_path).by_seed.values():
        owner = np.full(len(split.x), -1)
        for start, length, part in zip(split.starts, split.lengths, split.part, strict=True):
            assert (owner[start : start + length] == -1).all()
            owner[start : start + length] = part
        assert (owner >= 0).all()


def test_the_same_seed_gives_the_same_split_whichever_others_there_are(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame(60))
    alone, among = (prepare_splits(path, LONG, seeds).by_seed[102] for seeds in ((102,), SEEDS))
    np.testing.assert_array_equal(alone.part, among.part)
    np.testing.assert_array_equal(alone.x, among.x)


def test_each_split_is_scaled_by_its_own_training_part(tmp_path: Path) -> None:
    frame = long_frame(60)
    splits = prepare_splits(csv_of(tmp_path, frame), LONG, SEEDS)
    raw = frame.sort("id", "t").select("a", "b").to_numpy()
    for split in splits.by_seed.values():
        training = raw[np.repeat(split.part == 0, split.lengths)]
        np.testing.assert_allclose(split.mean, training.mean(axis=0))
        np.testing.assert_allclose(split.std, training.std(axis=0))
        np.testing.assert_allclose(split.x, (raw - training.mean(axis=0)) / training.std(axis=0), rtol=1e-4, atol=1e-5)
    assert len({tuple(split.mean) for split in splits.by_seed.values()}) == len(SEEDS)


def test_the_target_of_a_regression_is_scaled_by_its_own_training_part(tmp_path: Path) -> None:
    frame = long_frame(60).with_columns(label=pl.col("id") * 1.5 + 100)
    for split in prepare_splits(csv_of(tmp_path, frame), LONG, SEEDS).by_seed.values():
        values = np.arange(60) * 1.5 + 100
        assert split.y_mean.item() == pytest.approx(values[split.part == 0].mean())


def test_a_series_is_cut_at_other_moments_and_never_learns_from_later_ones(tmp_path: Path) -> None:
    splits = series(tmp_path)
    starts = {split.starts.min() for split in splits.by_seed.values()}
    assert len(starts) == len(SEEDS)
    for split in (splits.tuning, *splits.by_seed.values()):
        (_, training), (_, validation), (_, test) = (moments(split, p) for p in ("training", "validation", "test"))
        assert max(training) < min(validation) and max(validation) < min(test)
        used = sorted(training | validation | test)
        np.testing.assert_allclose(split.mean, _training_mean(split, min(validation)), rtol=1e-6)
        assert len(used) <= round(200 / 1.2)


def _training_mean(split: Prepared, first_validation: int) -> np.ndarray:
    values = series_frame(200).select("y", "z").to_numpy()
    return values[split.starts.min() : first_validation].mean(axis=0)


def test_tuning_never_sees_a_step_that_a_seed_is_tested_on(tmp_path: Path) -> None:
    splits = series(tmp_path)
    tuned = set().union(*(part for name in ("training", "validation") for part in moments(splits.tuning, name)))
    for split in splits.by_seed.values():
        assert not tuned & moments(split, "test")[1]


def test_windows_and_channels_are_the_same_in_every_split(tmp_path: Path) -> None:
    frame = series_frame(200).with_columns(z=pl.when(pl.col("t") == 199).then(None).otherwise(pl.col("z")))
    options = DataOptions(forecast=("y",), order="t")
    splits = prepare_splits(csv_of(tmp_path, frame), options, SEEDS)
    for split in splits.by_seed.values():
        assert split.x.shape == splits.tuning.x.shape
        assert set(split.lengths) == set(splits.tuning.lengths)
        assert split.y.shape[1] == splits.tuning.y.shape[1]


def test_the_places_of_a_span_reach_from_end_to_end_and_lie_apart() -> None:
    split = (0.6, 0.2, 0.2)
    first, used = TimeWindow.at(0.0, split).moments(1200)
    last, same = TimeWindow.at(1.0, split).moments(1200)
    assert (first, used, last + same) == (0, 1000, 1200) and same == used
    assert round(used * 0.8) + (last - first) == used  # the last test part begins where the first ends
    assert {int(8 * place_of(seed)) for seed in range(101, 109)} == set(range(8))


def test_a_test_part_of_its_own_stays(real_data: Callable[[str], Path]) -> None:
    splits = prepare_splits(real_data("vowels"), DataOptions(), SEEDS)
    tests = {tuple(split.rows("test")) for split in splits.by_seed.values()}
    assert len(tests) == 1 and len({tuple(s.part) for s in splits.by_seed.values()}) == len(SEEDS)
    assert splits.tuning.card["split"]["varied"] == "training"


def test_what_cannot_vary_says_so(tmp_path: Path) -> None:
    short = prepare_splits(csv_of(tmp_path, series_frame(17)), FORECAST, SEEDS)
    assert short.by_seed == {} and short.tuning.card["split"]["varied"] == "short"
    whole = prepare(csv_of(tmp_path, series_frame(17)), FORECAST)
    np.testing.assert_array_equal(short.tuning.part, whole.part)
    make(tmp_path, "piano-roll")
    rolls = prepare_splits(tmp_path / "a.mat", DataOptions(), SEEDS)
    assert rolls.by_seed == {} and rolls.tuning.card["split"]["varied"] == "file"
    for made, words in (
        (short, "since another cannot be made: "),
        (rolls, "the file's own"),
        (grouped(tmp_path), "4 reporting seeds"),
    ):
        assert any(words in line for line in card_lines(made.tuning.card, "en"))
        assert len(card_lines(made.tuning.card, "en")) == len(card_lines(made.tuning.card, "zh"))


def test_splits_of_a_series_are_made_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def counted(*given: Any, **named: Any) -> Prepared:
        made.append(given)
        return assemble(*given, **named)

    monkeypatch.setattr(resplit, "assemble", counted)
    splits = series(tmp_path)
    assert len(made) == 1  # that of tuning, which the card tells of
    assert splits.whole is not None and set(splits.whole().part) == {0}
    assert splits.by_seed[SEEDS[0]].card["split"]["varied"] == "shifted" and len(made) == 3


@pytest.mark.parametrize(("start", "stop"), [(0, 200), (150, 200), (115, 165), (20, 199)])
def test_a_split_of_a_series_is_refused_as_if_it_were_made(tmp_path: Path, start: int, stop: int) -> None:
    """A column that stands still for a while, at any place of the stretch."""
    frame = series_frame(200).with_row_index("n")
    still = pl.when(pl.col("n").is_between(start, stop)).then(1.0).otherwise("y").alias("y")
    read = read_file(csv_of(tmp_path, frame.with_columns(still).drop("n")), FORECAST)
    refused = []
    for place in (0.0, 0.5, 0.9):
        told = []
        for way in (check, assemble):
            try:
                way(read, FORECAST, TimeWindow.at(place, FORECAST.split))
                told.append("")
            except BadData as error:
                told.append(str(error))
        assert told[0] == told[1]
        refused.append(told[0])
    assert any("has the same value all through the" in each for each in refused)
