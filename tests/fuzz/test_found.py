"""What mutated inputs, or a thought about them, has found: each is refused in one line, or read, from then on."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.cli import app
from carousel.cli.ending import exit_code
from carousel.cli.options import whole_numbers
from carousel.common.errors import BadData, BadPlan, UnknownName, UserError
from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.data.prepare.baseline import r2
from carousel.experiments.data.read.decoding import decode
from carousel.experiments.data.read.source import read_source
from carousel.experiments.data.read.suspicious import suspicious
from carousel.experiments.data.read.visible import all_visible
from carousel.experiments.preflight import preflight
from carousel.experiments.runner.request import ComparisonRequest
from tests.experiments.data.data_files import LONG, csv_of, long_frame, refused, write
from tests.fuzz.kinds import arrays, frames, rolls

DIGITS = "9" * 5000  # of which Python makes no number


def test_a_cell_of_a_megabyte_is_not_printed_whole(tmp_path: Path) -> None:
    frame = long_frame().with_columns(pl.lit("x" * 1_000_000).alias("a"))
    frame = frame.with_columns(a=pl.col("a") + pl.int_range(pl.len()).cast(pl.String))
    line = refused(csv_of(tmp_path, frame.rename({"a": "n" * 90})), LONG, BadData)
    assert len(line) < 2000
    frame = long_frame().with_columns(a=pl.when(pl.col("t") == 0).then(pl.lit("y" * 100_000)).otherwise(pl.lit("3")))
    assert "yyy...yyy" in (line := refused(csv_of(tmp_path, frame), LONG, BadData)) and len(line) < 2000


def test_the_error_itself_holds_everything() -> None:
    error = BadData("what", got="x" * 10_000, allowed=["y" * 10_000], fix="mend")
    assert len(error.got) == 10_000 and len(str(error)) < 1500 and str(error).endswith("fix: mend")  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", [f"lstm,layers={DIGITS}", f"lstm:chrono-{DIGITS}", "lstm:chrono-1000001"])
def test_a_number_without_end_in_a_contender(typed: str) -> None:
    with pytest.raises(BadPlan):
        parse_contenders(typed)


def test_a_contender_of_thousands_of_characters_is_cut_in_the_message() -> None:
    with pytest.raises(UnknownName) as caught:
        parse_contenders(DIGITS)
    assert len(str(caught.value)) < 2000


def test_a_length_of_thousands_of_digits() -> None:
    with pytest.raises(BadPlan, match="--lengths"):
        whole_numbers("--lengths", f"30,{DIGITS}")


@pytest.mark.parametrize("typed", ["--a\nb", "--" + "a" * 5000, "--seed=" + DIGITS])
def test_an_option_that_fills_the_screen(typed: str, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["carousel", "compare", typed])
    assert exit_code(app.app) == 2
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1 and len(line) < 1500


def test_labels_beyond_whole_numbers(tmp_path: Path) -> None:
    rows = [{"p": i, "q": 1, "label": [1e308, 5e307][i % 2]} for i in range(20)]
    path = write(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert len(prepare(path, DataOptions(target="label", kind="classification")).card["classes"]) == 2


def test_many_names_that_look_alike_are_told_apart_soon() -> None:
    began = time.perf_counter()
    shown = all_visible([f"{'x' * 80}{number}{'y' * 80}\u202e" for number in range(3000)])
    assert len(set(shown)) == 3000 and time.perf_counter() - began < 5


@pytest.mark.parametrize("mebibytes", [300, 3000])
def test_an_npz_that_expands(tmp_path: Path, mebibytes: int) -> None:
    path = write(tmp_path, "a.npz", arrays.bomb(mebibytes))
    refused(path, DataOptions(), BadData, "expands to more bytes", "134,217,728", "numpy.savez")


def test_an_npz_of_many_small_numbers(tmp_path: Path) -> None:
    np.savez_compressed(held := io.BytesIO(), x=np.zeros((1000, 20_000), np.int8), y=np.arange(1000) % 2)
    refused(write(tmp_path, "a.npz", held.getvalue()), DataOptions(), BadData, "expands to more values", "16,777,216")


@pytest.mark.parametrize(("ending", "bomb"), [("parquet", frames.bomb), ("mat", rolls.bomb)])
def test_a_native_file_that_expands(tmp_path: Path, ending: str, bomb) -> None:
    options = LONG if ending == "parquet" else DataOptions()
    refused(write(tmp_path, f"a.{ending}", bomb()), options, BadData, "it expands to", "16,777,216")


def test_standard_input_is_refused() -> None:
    with pytest.raises(UserError, match=r"standard input is not read.*write it into a file"):
        preflight(ComparisonRequest(("-",), data=LONG))


def test_a_plan_names_columns_as_they_are_shown(tmp_path: Path) -> None:
    path = csv_of(tmp_path, long_frame().rename({"label": "la\x1b[2Jbel"}))
    request = ComparisonRequest((str(path),), data=DataOptions(target="la\x1b[2Jbel", group="id", order="t"))
    (source,) = preflight(request).plan.sources
    assert source.options["target"] == "la␛[2Jbel"  # type: ignore[union-attr]


@pytest.mark.parametrize("column", ["id", "label"])
def test_durations_that_name_or_are_predicted(tmp_path: Path, column: str) -> None:
    frame = long_frame().with_columns(pl.lit(1_000_000).cast(pl.Duration("us")).alias(column))
    frame.write_parquet(tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", LONG, BadData, f"{column!r} holds durations", "numbers")


def test_a_baseline_of_values_whose_squares_are_no_numbers() -> None:
    values, predicted = np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [3.0], [3.0]])
    assert r2(1e300 * values, 1e300 * predicted) == pytest.approx(r2(values, predicted))


def test_a_long_cell_in_a_file_of_another_encoding(tmp_path: Path) -> None:
    table = ("年,值,label\n1,2,a\n2," + "x" * 300_000 + ",b\n").encode("gb18030")
    began = time.perf_counter()
    text, (note,) = decode(read_source(write(tmp_path, "a.csv", table)))
    assert text.encode("gb18030") == table and note["sample"] == "年"
    assert time.perf_counter() - began < 10  # quadratic in the length of the cell: minutes


def test_a_target_that_no_float_holds_when_it_is_scaled(tmp_path: Path) -> None:
    cases = "".join(f"{n},2,3:{1e300 if n == 59 else n}\n" for n in range(60))
    head = "@problemName a\n@univariate true\n@targetlabel true\n@data\n"
    path = write(tmp_path, "a.ts", head + cases)
    seeds = (DataOptions(split_seed=seed) for seed in range(4))
    assert any("beyond all measure" in _line(path, options) for options in seeds)


def _line(path: Path, options: DataOptions) -> str:
    try:
        prepare(path, options)
    except BadData as error:
        return str(error)
    return ""


def test_steps_between_values_near_the_largest_number() -> None:
    held = np.array([-8e307] * 6 + [k * 1e304 - 4e307 for k in range(20)] + [1.2e308])
    with np.errstate(over="raise"):
        assert suspicious(held, "a", np.arange(len(held))) is not None
