"""A table that can be read but not used: the line names column, row or group, and the fix."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import BadData, BadPlan, UnknownName
from carousel.experiments.data import DataOptions, prepare
from tests.experiments.data.data_files import LONG, csv_of, long_frame, refused, series_frame, told, write

SERIES = DataOptions(forecast=("y",), order="t")


def change(frame: pl.DataFrame, column: str, row: int, value: object) -> pl.DataFrame:
    """The frame with one cell written anew; `row` as a person counts it, the header being 1."""
    cells: list[object] = [None if v is None else str(v) for v in frame[column]]
    cells[row - 2] = value
    return frame.with_columns(pl.Series(column, cells, dtype=pl.String))


@pytest.mark.parametrize(
    ("options", "wrong", "right"),
    [
        (DataOptions(target="labl", group="id"), "target column 'labl'", "'label'"),
        (DataOptions(target="label", group="idd"), "group column 'idd'", "'id'"),
        (DataOptions(target="label", group="id", order="T"), "order column 'T'", "label"),
        (DataOptions(forecast=("bb",), order="t"), "forecast column 'bb'", "'b'"),
    ],
)
def test_an_unknown_column(tmp_path: Path, options: DataOptions, wrong: str, right: str) -> None:
    refused(csv_of(tmp_path, long_frame()), options, UnknownName, wrong, right)


def test_did_you_mean(tmp_path: Path) -> None:
    refused(csv_of(tmp_path, long_frame()), DataOptions(target="labl"), UnknownName, "did you mean 'label'?")


def test_no_question_asked(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame())
    refused(path, DataOptions(), BadPlan, "what to predict", "id, t, a, b, label", "--target", "--forecast")


def test_a_target_that_is_constant(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame(classes=1))
    refused(path, LONG, BadData, "target 'label'", "same value", "'c0'", "another --target")


def test_a_group_with_two_targets(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "label", 4, "c1"))
    refused(path, LONG, BadData, "id=0", "two values", "'c0' in row 2", "'c1' in row 4", "correct it")


def test_a_class_with_one_member(tmp_path: Path) -> None:
    frame = long_frame().with_columns(label=pl.when(pl.col("id") == 3).then(pl.lit("odd")).otherwise("label"))
    refused(csv_of(tmp_path, frame), LONG, BadData, "class 'odd' has 1 sequence", "3 or more", "add sequences")


def test_fewer_sequences_than_the_split_needs(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame(groups=4))
    refused(path, LONG, BadData, "class 'c0' has 2 sequences", "3 or more of every class")
    numbers = csv_of(tmp_path, long_frame(groups=5).with_columns(label=pl.col("id") * 1.5))
    refused(numbers, LONG, BadData, "5 sequences are too few", "6 or more")


def test_a_target_without_any_value(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame().with_columns(pl.lit(None).alias("label")))
    refused(path, LONG, BadData, "'label' has no value in any row", "remove")


def test_a_channel_without_value_in_training(tmp_path: Path) -> None:
    frame = long_frame()
    training = _training_groups(frame, tmp_path)
    path = csv_of(tmp_path, frame.with_columns(a=pl.when(~pl.col("id").is_in(training)).then("a")))
    refused(path, LONG, BadData, "'a'", "training part", "remove")


def _training_groups(frame: pl.DataFrame, folder: Path) -> list[int]:
    return prepare(csv_of(folder, frame), LONG).rows("training").tolist()  # ids are 0, 1, 2, ... in order


@pytest.mark.parametrize("value", ["inf", "-Infinity"])
def test_an_infinity(tmp_path: Path, value: str) -> None:
    path = csv_of(tmp_path, change(long_frame(), "a", 17, value))
    refused(path, LONG, BadData, "'a'", "infinite value in row 17", "leave the cell empty")


def test_text_in_a_numeric_column(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "a", 17, "abc"))
    refused(path, LONG, BadData, "'a' holds text in row 17", "'abc'", "correct it")


def test_blank_lines_between_rows_are_no_rows_to_skip(tmp_path: Path) -> None:
    lines = long_frame().write_csv().splitlines()
    path = write(tmp_path, "a.csv", "\n".join([*lines[:5], "", "", *lines[5:]]))
    refused(path, LONG, BadData, "'label'", "row 6", "2 rows")
    path = write(tmp_path, "b.csv", "y\n1\n2\n\n3\n")
    refused(path, DataOptions(forecast=("y",)), BadData, "y has gaps")
    path = write(tmp_path, "c.csv", "\n".join([*lines, ",,,,", "", ""]))
    assert prepare(path, LONG).card["sequences"] == 12  # blank at the end: only the end of the file


def test_text_in_json_lines_counts_lines(tmp_path: Path) -> None:
    lines = change(long_frame(), "a", 17, "abc").write_ndjson().splitlines()
    path = write(tmp_path, "a.jsonl", "\n".join(["", *lines]))
    refused(path, LONG, BadData, "row 17", "'abc'")  # one header fewer, one blank line more


def test_a_sequence_of_one_step(tmp_path: Path) -> None:
    path = csv_of(tmp_path, _with_short())
    refused(path, LONG, BadData, "id=12 has 1 step", "1 of 13", "--drop-short")


def test_short_sequences_dropped_aloud(tmp_path: Path) -> None:
    options = DataOptions(target="label", group="id", order="t", drop_short=True)
    prepared = prepare(csv_of(tmp_path, _with_short()), options)
    assert told(prepared, "dropped") == {"key": "dropped", "count": 1, "of": 13}
    assert prepared.card["sequences"] == len(prepared.lengths) == 12
    whole = prepare(csv_of(tmp_path, long_frame()), LONG)
    assert (prepared.x == whole.x).all()


def _with_short() -> pl.DataFrame:
    last = pl.DataFrame({"id": [12], "t": [0], "a": [9.0], "b": [9.0], "label": ["c1"]})
    return pl.concat([long_frame(), last])


def test_only_sequences_of_one_step(tmp_path: Path) -> None:
    frame = long_frame().filter(pl.col("t") == 0)
    options = DataOptions(target="label", group="id", drop_short=True)
    refused(csv_of(tmp_path, frame), options, BadData, "1 step", "12 of 12", "--group")


def test_duplicate_order_values(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "t", 4, "1"))
    refused(path, LONG, BadData, "rows 3 and 4", "'t'", "id=0", "'1'", "keep one")


def test_the_same_moment_written_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "t,y\n2024-01-01 10:00+00:00,1\n2024-01-01 11:00+01:00,2\n")
    refused(path, SERIES, BadData, "rows 2 and 3", "same 't'")


@pytest.mark.parametrize("value", ["2024-02-30", "yesterday", "01/02/2024", "2024-01"])
def test_dates_that_do_not_parse(tmp_path: Path, value: str) -> None:
    lines = [f"2024-01-{day:02d},{day}" for day in range(1, 29)]
    lines[14] = f"{value},15"
    path = write(tmp_path, "a.csv", "t,y\n" + "\n".join(lines))
    refused(path, SERIES, BadData, "'t'", "row 16", f"'{value}'", "YYYY-MM-DD")


def test_dates_that_are_none_from_the_start(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "t,y\nfirst week,1\nsecond week,2\n")
    refused(path, SERIES, BadData, "row 2", "'first week'", "YYYY-MM-DD", "--date-format")


def test_text_among_order_numbers(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "t", 9, "x"))
    refused(path, LONG, BadData, "'t'", "row 9", "'x'")


def test_an_order_with_gaps(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "t", 9, None))
    refused(path, LONG, BadData, "order column 't'", "row 9", "fill it in")


def test_a_group_with_gaps(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "id", 9, "NA"))
    refused(path, LONG, BadData, "group column 'id'", "row 9", "remove the row")


def test_a_missing_target(tmp_path: Path) -> None:
    path = csv_of(tmp_path, change(long_frame(), "label", 9, None))
    refused(path, LONG, BadData, "target column 'label'", "row 9", "fill it in")


def test_a_regression_target_of_text(tmp_path: Path) -> None:
    options = DataOptions(target="label", group="id", order="t", kind="regression")
    refused(csv_of(tmp_path, long_frame()), options, BadData, "'label' of id=0", "'c0'", "--kind classification")


def test_a_regression_target_constant_in_a_part(tmp_path: Path) -> None:
    frame = long_frame()
    one = _training_groups(frame, tmp_path)[0]
    path = csv_of(tmp_path, frame.with_columns(label=pl.when(pl.col("id") == one).then(1.5).otherwise(0.5)))
    options = DataOptions(target="label", group="id", order="t")
    refused(path, options, BadData, "'label'", "same value all through", "part")


def test_series_too_short(tmp_path: Path) -> None:
    options = DataOptions(forecast=("y",), order="t", window=31, horizon=5)
    refused(
        csv_of(tmp_path, series_frame()),
        options,
        BadData,
        "--window 31",
        "--horizon 5",
        "about 62",
        "60 steps",
        "smaller",
    )
    refused(csv_of(tmp_path, series_frame(2)), SERIES, BadData, "too short", "2 steps")


def test_a_forecast_column_that_is_constant(tmp_path: Path) -> None:
    path = csv_of(tmp_path, series_frame().with_columns(y=pl.when(pl.col("t") < 40).then("y").otherwise(1.0)))
    refused(path, SERIES, BadData, "'y'", "same value", "part", "another column")


def test_a_text_column_of_many_words(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame().with_columns(word=(pl.col("id") + pl.col("t")).mod(12).cast(pl.String) + "x"))
    refused(path, LONG, BadData, "'word'", "row 2", "at most 10", "12 different", "'0x'", "--ignore word")


def test_nothing_left_to_see(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame().select("id", "t", "label"))
    refused(path, LONG, BadData, "no column is left", "add a column")


def test_a_row_without_values(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "label,s0,s1\na,1,2\nb,,\na,2,1\n")
    refused(path, DataOptions(target="label"), BadData, "row 3 has 0 steps", "--drop-short")


def test_text_in_a_wide_table(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "label,who,s0,s1\na,x,1,2\nb,y,3,4\n")
    refused(path, DataOptions(target="label"), BadData, "'who' holds text", "'x'", "--group who")


def test_order_without_the_group_that_it_is_of(tmp_path: Path) -> None:
    options = DataOptions(target="label", order="t")
    refused(csv_of(tmp_path, long_frame()), options, BadData, "have the same 't'", "tells them apart: --group id;")


def test_a_value_beyond_all_measure(tmp_path: Path) -> None:
    frame = long_frame()
    test = prepare(csv_of(tmp_path, frame), LONG).rows("test")[0]
    path = csv_of(tmp_path, frame.with_columns(a=pl.when(pl.col("id") == int(test)).then(1e300).otherwise("a")))
    refused(path, LONG, BadData, "'a'", "beyond all measure", "correct it")
