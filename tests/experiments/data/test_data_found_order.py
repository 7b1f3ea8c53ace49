"""The column of dates that nobody named: taken where it is the only one, told, and asked about where it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, Prepared, prepare
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.data.prepare.new_rows import read_new_rows
from carousel.experiments.data.prepare.resplit import prepare_splits
from tests.experiments.data.data_files import csv_of, refused, told

DAYS = [datetime(2024, 1, 1) + timedelta(days=n) for n in range(80)]
WAVE = [n % 7 + n / 10 for n in range(80)]
FORECAST = DataOptions(forecast=("y",))
PANEL = DataOptions(forecast=("y",), group="id")


def backwards(**columns: list[object]) -> pl.DataFrame:
    """The rows turned round: only an order that was found brings them back."""
    return pl.DataFrame(columns).reverse()


def values(prepared: Prepared, count: int = 3) -> list[float]:
    place = prepared.card["channels"]["names"].index("y")
    return [float(v) for v in prepared.x[:count, place] * prepared.std[place] + prepared.mean[place]]


WRITTEN = {
    "text": [f"{t:%Y-%m-%d}" for t in DAYS],
    "Chinese": [f"{t.year}年{t.month}月{t.day}日" for t in DAYS],
    "digits": [int(f"{t:%Y%m%d}") for t in DAYS],
    "seconds since 1970": [int(t.timestamp()) for t in DAYS],
    "seconds with parts": [t.timestamp() + 0.25 for t in DAYS],
    "milliseconds": [int(t.timestamp()) * 1000 for t in DAYS],
}


@pytest.mark.parametrize("times", WRITTEN.values(), ids=WRITTEN)
def test_the_only_column_of_dates_orders_the_steps(tmp_path: Path, times: list[object]) -> None:
    read = prepare(csv_of(tmp_path, backwards(day=times, y=list(WAVE))), FORECAST)
    assert told(read, "order_found")["columns"] == ["day"]
    assert values(read) == pytest.approx(WAVE[:3], abs=1e-5)
    assert read.card["channels"]["names"] == ["y"]
    assert any("--ignore day" in line for line in card_lines(read.card, "en"))
    assert any("--ignore day" in line for line in card_lines(read.card, "zh"))


def test_as_if_it_had_been_named(tmp_path: Path) -> None:
    path = csv_of(tmp_path, backwards(day=WRITTEN["text"], y=list(WAVE)))
    found, named = (
        prepare_splits(path, FORECAST, (100,)),
        prepare_splits(path, DataOptions(order="day", forecast=("y",)), (100,)),
    )
    assert found.options == named.options
    assert (found.by_seed[100].x == named.by_seed[100].x).all()
    assert found.options is not None
    new = read_new_rows(path, found.options, found.tuning)
    assert new.times is not None and new.raw[-1, 0] == WAVE[-1]


def test_a_date_and_the_time_beside_it(tmp_path: Path) -> None:
    hours = [(f"{t:%Y/%m/%d}", f"{h:02}:00", h) for t in DAYS[:4] for h in range(20)]
    for name, cells in (("at", [h for _, h, _ in hours]), ("hr", [h for *_, h in hours])):
        frame = backwards(**{"day": [d for d, *_ in hours], name: list(cells), "y": list(WAVE)})
        read = prepare(csv_of(tmp_path, frame), FORECAST)
        assert told(read, "order_found")["columns"] == ["day", name]
        assert values(read) == pytest.approx(WAVE[:3], abs=1e-5)


def test_a_panel_by_its_dates(tmp_path: Path) -> None:
    frame = backwards(id=["a"] * 40 + ["b"] * 40, day=WRITTEN["text"][:40] * 2, y=list(WAVE))
    assert values(prepare(csv_of(tmp_path, frame), PANEL)) == pytest.approx(WAVE[:3], abs=1e-5)
    line = refused(csv_of(tmp_path, frame), FORECAST, BadData, "have the same 'day'", "--group id;", "--ignore day")
    assert "--order but" in line


def test_what_is_no_order(tmp_path: Path) -> None:
    """A date of the whole sequence, numbers that only look alike, and a column that the user wants as an input."""
    born = ["1960-05-01"] * 40 + ["1971-02-03"] * 40
    frame = pl.DataFrame({"id": ["a"] * 40 + ["b"] * 40, "born": born, "y": WAVE})
    assert told(prepare(csv_of(tmp_path, frame), PANEL), "one_hot")["column"] == "born"
    counts = pl.DataFrame({"sold": [200001 + (37 * n) % 4000 for n in range(80)], "y": WAVE})
    assert told(prepare(csv_of(tmp_path, counts), FORECAST), "file_order")
    digits = pl.DataFrame({"day": WRITTEN["digits"], "y": WAVE})
    asked = DataOptions(forecast=("y",), inputs=("day", "y"))
    assert prepare(csv_of(tmp_path, digits), asked).card["channels"]["names"] == ["day", "y"]


def test_numbers_called_a_time(tmp_path: Path) -> None:
    """Where they grow all through; a column of that name that does not is an input."""
    frame = backwards(**{"time (s)": [0.5 * n for n in range(80)], "y": list(WAVE)})
    read = prepare(csv_of(tmp_path, frame), FORECAST)
    assert told(read, "order_taken")["columns"] == ["time (s)"]
    assert values(read) == pytest.approx(WAVE[:3], abs=1e-5)
    waits = pl.DataFrame({"time": [n % 9 for n in range(80)], "y": WAVE})
    assert prepare(csv_of(tmp_path, waits), FORECAST).card["channels"]["names"] == ["time", "y"]


def test_years_and_months_by_name(tmp_path: Path) -> None:
    frame = backwards(
        year=[2000 + n // 12 for n in range(80)],
        month=[f"{datetime(2000, n % 12 + 1, 1):%B}" for n in range(80)],
        y=list(WAVE),
    )
    read = prepare(csv_of(tmp_path, frame), FORECAST)
    assert told(read, "order_taken")["columns"] == ["year", "month"]
    assert values(read) == pytest.approx(WAVE[:3], abs=1e-5)


def test_two_columns_that_tell_series_apart(tmp_path: Path) -> None:
    shops, kinds = [n // 40 for n in range(160)], [n // 20 % 2 for n in range(160)]
    frame = pl.DataFrame({"day": WRITTEN["text"][:20] * 8, "shop": shops, "kind": kinds, "y": WAVE * 2})
    refused(csv_of(tmp_path, frame), FORECAST, BadData, "tells them apart: --group shop --group kind;")


def test_two_columns_of_dates_are_asked_about(tmp_path: Path) -> None:
    frame = pl.DataFrame({"ordered": WRITTEN["text"], "sent": WRITTEN["Chinese"], "y": WAVE})
    path = csv_of(tmp_path, frame)
    refused(path, FORECAST, BadData, "2 columns hold dates", "--order ordered --ignore sent")
    assert told(prepare(path, DataOptions(forecast=("y",), ignore=("sent",))), "order_found")["columns"] == ["ordered"]


def test_rows_with_a_date_and_a_target_each(tmp_path: Path) -> None:
    frame = pl.DataFrame({"day": WRITTEN["text"], "y": WAVE, "state": ["on", "off"] * 40})
    path = csv_of(tmp_path, frame)
    refused(path, DataOptions(target="state"), BadData, "'day' holds dates", "--order day --every-step")
    curves = frame.with_columns(z=pl.col("y") + 1)  # each day a sequence of two steps, if that is said
    wide = prepare(csv_of(tmp_path, curves, "b.csv"), DataOptions(target="state", wide=True))
    assert told(wide, "names_rows")["column"] == "day"
    assert prepare(path, DataOptions(target="state", order="day", every_step=True)).card["kind"] == "classification"
    words = pl.DataFrame({"said": [f"sentence {n}" for n in range(80)], "state": ["on", "off"] * 40})
    refused(csv_of(tmp_path, words), DataOptions(target="state"), BadData, "no column besides the target holds numbers")


def test_a_population_is_no_time(tmp_path: Path) -> None:
    """It grows through numbers that are also seconds since 1970, by other amounts each year."""
    people: list[object] = [1_000_000_000 + 9_000_000 * n + 10_000 * n * n for n in range(80)]
    read = prepare(csv_of(tmp_path, pl.DataFrame({"people": people, "y": list(WAVE)})), FORECAST)
    assert read.card["channels"]["names"] == ["people", "y"] and told(read, "file_order")
    assert told(prepare(csv_of(tmp_path, pl.DataFrame({"sent_at": people, "y": list(WAVE)})), FORECAST), "order_found")


def test_years_from_the_last_to_the_first(tmp_path: Path) -> None:
    path = csv_of(tmp_path, backwards(Year=[1940 + n for n in range(80)], y=list(WAVE)))
    read = prepare(path, FORECAST)
    assert told(read, "order_taken")["columns"] == ["Year"]
    assert values(read) == pytest.approx(WAVE[:3], abs=1e-5)


def test_hours_from_1_to_24(tmp_path: Path) -> None:
    """The last ends a day: it is the first moment of the next."""
    hours: list[object] = [n % 24 + 1 for n in range(80)]
    days: list[object] = [f"2024-01-{1 + n // 24:02d}" for n in range(80)]
    read = prepare(csv_of(tmp_path, backwards(日期=days, 小时=hours, y=list(WAVE))), FORECAST)
    assert values(read) == pytest.approx(WAVE[:3], abs=1e-5)
    assert read.card["forecast"] is not None and read.card["forecast"]["spacing"]["regular"]


def test_a_second_column_of_few_dates_is_named_too(tmp_path: Path) -> None:
    stamped: list[object] = [f"2024-06-0{1 + n // 40}" for n in range(80)]
    path = csv_of(tmp_path, backwards(updated=stamped, day=WRITTEN["text"], y=list(WAVE)))
    refused(path, FORECAST, BadData, "2 columns hold dates", "--order day --ignore updated")
    assert values(prepare(path, DataOptions(forecast=("y",), order="day", ignore=("updated",)))) == pytest.approx(
        WAVE[:3], abs=1e-5
    )


def test_two_columns_of_dates_that_a_file_says_are_dates(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    backwards(day=list(DAYS), sent=list(DAYS), y=list(WAVE)).write_parquet(path)
    refused(path, FORECAST, BadData, "2 columns hold dates", "--order day --ignore sent")
