"""How a table is read: the kind of question, missing values, words, times, scaling, windows, and what the card says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.experiments.data import DataOptions, card_lines, prepare
from carousel.experiments.data.prepare.split import part_sizes
from tests.experiments.data.data_files import LONG, csv_of, long_frame, series_frame, told, write


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["a", "b"], "classification"),
        (["True", "False"], "classification"),
        ([1, 2, 3], "classification"),
        ([1.0, 2.0], "classification"),
        ([0.5, 1.5, 2.5, 3.5], "regression"),
        (list(range(30)), "regression"),
    ],
)
def test_the_guess(tmp_path: Path, labels: list[object], kind: str) -> None:
    frame = long_frame(groups=30).with_columns(
        label=pl.col("id").map_elements(lambda g: str(labels[g % len(labels)]), return_dtype=pl.String)
    )
    assert prepare(csv_of(tmp_path, frame), LONG).kind == kind


def test_the_guess_can_be_overridden(tmp_path: Path) -> None:
    frame = long_frame(groups=40).with_columns(label=pl.col("id") % 4)
    options = DataOptions(target="label", group="id", order="t", kind="regression")
    prepared = prepare(csv_of(tmp_path, frame), options)
    assert prepared.kind == "regression" and prepared.card["classes"] is None
    training = prepared.rows("training")
    np.testing.assert_allclose(prepared.y[training].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(prepared.y[training].std(), 1, atol=1e-6)


def test_classes_are_in_order_of_size_and_counted(tmp_path: Path) -> None:
    frame = long_frame(groups=36).with_columns(label=pl.col("id") % 12)
    prepared = prepare(csv_of(tmp_path, frame), LONG)
    assert [c["name"] for c in prepared.card["classes"]] == [str(n) for n in range(12)]
    for c in prepared.card["classes"]:
        assert c["count"] == c["training"] + c["validation"] + c["test"] == 3
    assert prepared.card["baseline"]["score"] == pytest.approx(1 / 12)


def test_missing_values_become_the_mean_and_a_mask(tmp_path: Path) -> None:
    frame = long_frame()
    gap = (pl.col("id") + pl.col("t")) % 5 == 0
    path = csv_of(tmp_path, frame.with_columns(a=pl.when(~gap).then("a")))
    prepared = prepare(path, LONG)
    count = frame.filter(gap).height
    assert prepared.card["missing"] == {"a": count}
    assert prepared.card["channels"]["names"] == ["a", "b", "a (missing)"]
    assert told(prepared, "imputed") == {"key": "imputed", "count": count, "of": 2 * frame.height}
    masked = prepared.x[:, 2] == 1
    assert masked.sum() == count and (prepared.x[masked, 0] == 0).all()
    training = np.repeat(prepared.part == 0, prepared.lengths) & ~masked
    np.testing.assert_allclose(prepared.x[training, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(prepared.x[training, 0].std(), 1, atol=1e-5)


@pytest.mark.parametrize("word", ["", "NA", "nan", " ? ", "null", "N/A", "None"])
def test_words_for_missing(tmp_path: Path, word: str) -> None:
    lines = long_frame().write_csv().splitlines()
    cells = lines[5].split(",")
    lines[5] = ",".join([*cells[:3], word, *cells[4:]])
    assert prepare(write(tmp_path, "a.csv", "\n".join(lines)), LONG).card["missing"] == {"b": 1}


def test_words_become_channels(tmp_path: Path) -> None:
    frame = long_frame().with_columns(
        hue=pl.when(pl.col("t") == 0).then(None).otherwise(pl.format("h{}", pl.col("t") % 2))
    )
    prepared = prepare(csv_of(tmp_path, frame), LONG)
    assert prepared.card["channels"]["names"] == ["a", "b", "hue=h0", "hue=h1", "hue=(missing)"]
    assert told(prepared, "one_hot")["values"] == ["h0", "h1"] and told(prepared, "one_hot")["missing"] == 12
    raw = prepared.x[:, 2:] * prepared.std[2:] + prepared.mean[2:]
    np.testing.assert_allclose(raw.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(raw[:, 2], (frame["t"] == 0).to_numpy(), atol=1e-6)


def test_a_constant_channel_is_said(tmp_path: Path) -> None:
    prepared = prepare(csv_of(tmp_path, long_frame().with_columns(c=0.1)), LONG)
    assert told(prepared, "constant")["column"] == "c"
    np.testing.assert_allclose(prepared.x[:, 2], 0, atol=1e-6)


def test_without_order_the_file_decides_and_the_card_says_so(tmp_path: Path) -> None:
    prepared = prepare(csv_of(tmp_path, long_frame().drop("t")), DataOptions(target="label", group="id"))
    assert told(prepared, "file_order")
    np.testing.assert_array_equal(prepared.x, prepare(csv_of(tmp_path, long_frame()), LONG).x)


@pytest.mark.parametrize(
    ("times", "unit", "step", "odd"),
    [
        ([f"{1990 + m // 12}-{m % 12 + 1:02d}" for m in range(40)], "months", 1, 0),
        ([f"{1990 + m // 12}-{m % 12 + 1:02d}-01" for m in range(40)], "months", 1, 0),
        ([f"2020-01-{d:02d}" for d in range(1, 30)], "days", 1, 0),
        ([f"2020-01-{d:02d}" for d in range(1, 30) if d != 7], "days", 1, 1),
        ([f"2020-01-01 {h:02d}:30" for h in range(24)], "seconds", 3600, 0),
        ([f"2020-01-01T{h:02d}:30:00.5+05:30" for h in range(24)], "seconds", 3600, 0),
        ([f"2020-01-01T{h:02d}:30:00Z" for h in range(24)], "seconds", 3600, 0),
        ([f"{0.1 * n:.1f}" for n in range(30)], "number", 0.1, 0),
        ([str(10**17 + n) for n in range(30)], "number", 1, 0),
    ],
)
def test_times(tmp_path: Path, times: list[str], unit: str, step: float, odd: int) -> None:
    rows = [f"{t},{n * n % 7}" for n, t in enumerate(times)]
    options = DataOptions(forecast=("y",), order="t", window=3, horizon=1)
    path = write(tmp_path, "a.csv", "t,y\n" + "\n".join(reversed(rows)))
    prepared = prepare(path, options)
    spacing = prepared.card["forecast"]["spacing"]
    assert (spacing["unit"], spacing["odd"], spacing["regular"]) == (unit, odd, odd == 0)
    assert spacing["step"] == pytest.approx(step)
    raw = prepared.x[:, 0] * prepared.std[0] + prepared.mean[0]
    np.testing.assert_allclose(raw, [n * n % 7 for n in range(len(times))], atol=1e-5)
    assert ("irregular" in [n["key"] for n in prepared.card["notes"]]) == (odd > 0)


def test_dates_of_a_parquet_file(tmp_path: Path) -> None:
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 2, 29), eager=True)
    frame = series_frame(60).with_columns(t=days)
    options = DataOptions(forecast=("y",), order="t")
    frame.write_parquet(tmp_path / "d.parquet")
    frame.with_columns(pl.col("t").cast(pl.Datetime("ns", "UTC"))).write_parquet(tmp_path / "n.parquet")
    assert prepare(tmp_path / "d.parquet", options).card["forecast"]["spacing"]["unit"] == "days"
    assert prepare(tmp_path / "n.parquet", options).card["forecast"]["spacing"]["step"] == 86400


def test_window_and_horizon_by_default_are_said(tmp_path: Path) -> None:
    path = csv_of(tmp_path, series_frame(100))
    forecast = prepare(path, DataOptions(forecast=("y",), order="t")).card["forecast"]
    assert (forecast["window"], forecast["horizon"]) == (20, 2)
    assert not forecast["window_given"] and not forecast["horizon_given"]
    forecast = prepare(path, DataOptions(forecast=("y",), order="t", window=7, horizon=3)).card["forecast"]
    assert (forecast["window"], forecast["horizon"]) == (7, 3)
    assert forecast["window_given"] and forecast["horizon_given"]


def test_a_linear_series_as_computed_by_hand(tmp_path: Path) -> None:
    # 20 steps 0, 1, 4, 9, ...; parts 0-11, 12-15, 16-19; windows of 3, one step ahead
    path = write(tmp_path, "a.csv", "y\n" + "\n".join(str(n * n) for n in range(20)))
    prepared = prepare(path, DataOptions(forecast=("y",), window=3, horizon=1))
    assert prepared.starts.tolist() == list(range(17))
    assert prepared.part.tolist() == [0] * 9 + [1] * 4 + [2] * 4
    change = [(n + 3) ** 2 - (n + 2) ** 2 for n in range(17)]
    np.testing.assert_allclose(prepared.y[:, 0] * prepared.y_std, change, rtol=1e-6)
    assert prepared.mean[0] == pytest.approx(np.mean([n * n for n in range(12)]))
    actual = np.array([n * n for n in range(16, 20)])
    error = ((actual - np.array([n * n for n in range(15, 19)])) ** 2).sum()
    assert prepared.card["baseline"]["score"] == pytest.approx(1 - error / ((actual - actual.mean()) ** 2).sum())


def test_a_series_for_each_group_is_cut_at_one_moment(tmp_path: Path) -> None:
    early = series_frame(60).with_columns(who=pl.lit("early"))
    late = series_frame(40).with_columns(pl.col("t") + 20, who=pl.lit("late"))
    options = DataOptions(forecast=("y",), order="t", group="who", window=4, horizon=2)
    prepared = prepare(csv_of(tmp_path, pl.concat([late, early])), options)
    moments = np.concatenate([np.arange(60), np.arange(20, 60)])  # early, then late: by name
    targets = prepared.starts[:, None] + 4 + np.arange(2)
    assert [moments[targets[prepared.part == p]].min() for p in (1, 2)] == [36, 48]
    assert [moments[targets[prepared.part == p]].max() for p in (0, 1)] == [35, 47]
    series = np.repeat([0, 1], [60, 40])
    assert (series[prepared.starts] == series[targets[:, -1]]).all()  # no window runs from one series into the next


def test_card_lines_say_everything_in_both_languages(tmp_path: Path) -> None:
    gap = (pl.col("id") + pl.col("t")) % 5 == 0
    frame = long_frame().with_columns(pl.when(~gap).then("a").alias("a"), pl.col("t") ** 2, hue=pl.lit("red"), c=1)
    path = csv_of(tmp_path, pl.concat([frame, frame.head(1).with_columns(id=pl.lit(99, pl.Int64))]))
    card = prepare(path, DataOptions(target="label", group="id", order="t", drop_short=True)).card
    keys = {note["key"] for note in card["notes"]}
    assert keys == {"imputed", "irregular", "one_hot", "constant", "dropped"}
    english, chinese = card_lines(card, "en"), card_lines(card, "zh")
    assert len(english) == len(chinese)
    for one, other in zip(english, chinese, strict=True):
        assert "{" not in one + other and one != other
        assert sorted(re.findall(r"\d+", one)) == sorted(re.findall(r"\d+", other))
    shown = "\n".join(english)
    assert "12" in shown and "a 12" in shown and "hue" in shown and "red" in shown and "0.500" in shown


@pytest.mark.parametrize("kind", ["regression", "wide", "forecast"])
def test_card_lines_of_other_kinds(tmp_path: Path, kind: str) -> None:
    if kind == "regression":
        frame = long_frame().with_columns(label=pl.col("id") * 1.5)
        card = prepare(csv_of(tmp_path, frame), LONG).card
        word = "0 to 16.5, mean 8.25"
    elif kind == "wide":
        rows = "".join(f"{'ab'[n % 2]},{n},{n * n % 5}\n" for n in range(12))
        card = prepare(write(tmp_path, "a.csv", "label,s0,s1\n" + rows), DataOptions(target="label")).card
        word = "2 columns from s0 to s1"
    else:
        card = prepare(csv_of(tmp_path, series_frame()), DataOptions(forecast=("y", "z"), order="t", window=5)).card
        word = "next values of y, z; steps ahead: 1 (chosen by Carousel); steps of history: 5 (given)"
    assert word in "\n".join(card_lines(card, "en"))
    assert len(card_lines(card, "zh")) == len(card_lines(card, "en"))


@pytest.mark.parametrize(("count", "least"), [(3, 1), (4, 1), (7, 1), (6, 2), (100, 1)])
@pytest.mark.parametrize("shares", [[0.6, 0.2, 0.2], [0.1, 0.45, 0.45], [0.98, 0.01, 0.01]])
def test_part_sizes(count: int, least: int, shares: list[float]) -> None:
    sizes = part_sizes(count, shares, least)
    assert sizes.sum() == count and sizes.min() >= least
    assert all(abs(n - s * count) <= least * len(shares) for n, s in zip(sizes, shares, strict=True))


def test_the_majority_is_that_of_training_scored_on_test(tmp_path: Path) -> None:
    frame = long_frame(groups=24).with_columns(
        label=pl.when(pl.col("id") < 6).then(pl.lit("few")).otherwise(pl.lit("most"))
    )
    prepared = prepare(csv_of(tmp_path, frame), LONG)
    counts = {c["name"]: (c["training"], c["test"]) for c in prepared.card["classes"]}
    assert counts["most"][0] > counts["few"][0]
    share = counts["most"][1] / (counts["most"][1] + counts["few"][1])
    assert prepared.card["baseline"]["score"] == share > 0.5


def test_spaces_in_the_header_and_old_line_ends(tmp_path: Path) -> None:
    lines = long_frame().write_csv().splitlines()
    lines[0] = " id , t,a,b ,label"
    prepared = prepare(write(tmp_path, "a.csv", "\r".join(lines)), LONG)
    np.testing.assert_array_equal(prepared.x, prepare(csv_of(tmp_path, long_frame()), LONG).x)


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_huge_and_tiny_units(tmp_path: Path, size: float) -> None:
    frame = long_frame().with_columns(pl.col("a") * size, label=pl.col("id") * 1.5 * size)
    prepared = prepare(csv_of(tmp_path, frame), LONG)
    training = prepared.rows("training")
    np.testing.assert_allclose(prepared.y[training].std(), 1, rtol=1e-5)
    series = series_frame().with_columns(pl.col("y") * size)
    options = DataOptions(forecast=("y",), order="t")
    one, other = (prepare(csv_of(tmp_path, f), options) for f in (series, series_frame()))
    np.testing.assert_allclose(one.y, other.y, atol=1e-5)
    assert one.card["baseline"]["score"] == pytest.approx(other.card["baseline"]["score"], abs=1e-5)


def test_series_too_short_for_a_window_are_said(tmp_path: Path) -> None:
    frame = pl.concat([series_frame(60).with_columns(g=pl.lit("a")), series_frame(5).with_columns(g=pl.lit("b"))])
    options = DataOptions(forecast=("y",), order="t", group="g", window=6, horizon=1)
    assert told(prepare(csv_of(tmp_path, frame), options), "short_series") == {
        "key": "short_series",
        "count": 1,
        "of": 2,
    }
