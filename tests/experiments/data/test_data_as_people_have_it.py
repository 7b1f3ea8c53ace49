"""What practitioners have: of each tiny file the right reading, or the message with a cure that works."""

from __future__ import annotations

import bz2
import json
import lzma
import math
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, Prepared, prepare
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.data.prepare.resplit import prepare_splits
from carousel.experiments.data.read.source import read_source
from carousel.experiments.data.read.text_tables import read_csv
from tests.experiments.data.data_files import refused, told, workbook, write

Y = DataOptions(forecast=("y",), order="t")
WAVE = [math.sin(t / 3) + 2 for t in range(60)]
HALVES: list[object] = [n // 30 for n in range(60)]
DAYS = [str(date(2021, 1, 1) + timedelta(t)) for t in range(60)]


def table(*columns: tuple[str, list[object]], mark: str = ",") -> str:
    header, rows = mark.join(name for name, _ in columns), zip(*(cells for _, cells in columns), strict=True)
    return header + "\n" + "\n".join(mark.join(str(cell) for cell in row) for row in rows) + "\n"


def plain(y: list[object], t: list[object] | None = None, mark: str = ",", **more: list[object]) -> str:
    return table(("t", t or list(range(len(y)))), ("y", y), *more.items(), mark=mark)


def first_values(prepared: Prepared, name: str = "y", count: int = 3) -> list[float]:
    place = prepared.card["channels"]["names"].index(name)
    return [float(v) for v in prepared.x[:count, place] * prepared.std[place] + prepared.mean[place]]


def zipped(**files: str) -> bytes:
    with zipfile.ZipFile(made := BytesIO(), "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return made.getvalue()


TWICE: list[object] = [*DAYS[:30], *DAYS[29:59]]
GAPPED = ["." if t % 9 == 8 else f"{v:.3f}" for t, v in enumerate(WAVE)]
MONEY = [f"${v:.2f}" for v in WAVE]
UNITS = [f"{v:.2f} kW" for v in WAVE]
BOOKED = [f"({v:.2f})" if t == 1 else f"{v:.2f}" for t, v in enumerate(WAVE)]
RECORDS = [{"t": t, "y": v} for t, v in enumerate(WAVE)]
COLUMNS = {"t": [*range(60)], "y": WAVE}
LOGGED = "# logger 7\n# t [s], y\n" + "".join(f"{t},{v:.3f}\n" for t, v in enumerate(WAVE))
WIDE = [f"{v:.3f}".translate({ord(str(n)): chr(ord("０") + n) for n in range(10)}) for v in WAVE]
COUNTED = ["9800", "1.2万", "-3.4亿", *[f"{n}万" for n in range(57)]]
OF_UNITS = ["9800元", "1.2万元", "-3.4亿元", *[f"{n}万元" for n in range(57)]]
THOUSANDS = ["950", "1.2K", "3.4M", *[f"{n}K" for n in range(57)]]
PAGE = (
    '<html><head><meta charset="gb18030"></head><body><table><tr><td>menu</td></tr></table><table>'
    "<tr><th>t</th><th>y</th><th>天气</th></tr>"
    + "".join(f"<tr><td>{day}<td>{v:.3f}</td><td>晴</td></tr>" for day, v in zip(DAYS, WAVE, strict=True))
    + "</table></body></html>"
)

SPANNED = (
    "<table><tr><th>id</th><th>t</th><th>y</th></tr>"
    + "".join(
        f"<tr>{f'<td rowspan=30>s{t // 30}</td>' if t % 30 == 0 else ''}"
        f"<td><script>draw({t})</script>{t}</td><td>{v:.3f}</td></tr>"
        for t, v in enumerate(WAVE)
    )
    + "</table>"
)
DATED = {"Time Series": {day: {"o": 1, "y": v} for day, v in zip(DAYS[::-1], WAVE[::-1], strict=True)}}
BELOW = "平均值,2\n最大值,3\n----,\n(60 rows affected),\n数据来源于气象局,\n"

# file, content, options, key of the note, the first three values of the column to forecast
READ: dict[str, tuple[str, str | bytes, DataOptions, str | None, list[float]]] = {
    "a point for no value": ("a.csv", plain(GAPPED), Y, "mark", WAVE[:3]),
    "a currency": ("a.csv", plain(MONEY), Y, "affix", WAVE[:3]),
    "a unit in each cell": ("a.csv", plain(UNITS), Y, "affix", WAVE[:3]),
    "a minus of accountants": ("a.csv", plain(BOOKED), Y, "parentheses", [WAVE[0], -WAVE[1], WAVE[2]]),
    "an empty column": ("a.csv", plain(WAVE, note=[""] * 60), Y, "no_values", WAVE[:3]),
    "a header of two rows": (
        "a.csv", "t,pump,pump\n,y,z\n" + "".join(f"{t},{v},{t % 7}\n" for t, v in enumerate(WAVE)),
        replace(Y, forecast=("pump y",)), "two_headers", WAVE[:3],
    ),
    "no header, words among the numbers": (
        "a.csv", "".join(f"{v},{t % 5},{'ab'[t % 2]},7.5\n" for t, v in enumerate(WAVE)),
        DataOptions(forecast=("column 1",)), "no_header", WAVE[:3],
    ),
    "a logger's header": ("a.dat", LOGGED, replace(Y, order="t [s]"), "comments", WAVE[:3]),
    "comments of MATLAB": ("a.txt", "% made\n% by hand\n" + plain(WAVE), Y, "comments", WAVE[:3]),
    "a comment as in C": ("a.dat", "/* made\n by hand */\n\n<1960 Q1>\n" + plain(WAVE).replace(",", "  "), Y,
                          "comments", WAVE[:3]),
    "bzip2": ("a.csv.bz2", bz2.compress(plain(WAVE).encode()), Y, "unpacked", WAVE[:3]),
    "xz": ("a.csv.xz", lzma.compress(plain(WAVE).encode()), Y, "unpacked", WAVE[:3]),
    "zip": ("a.zip", zipped(table=plain(WAVE)), Y, "unpacked", WAVE[:3]),
    "JSON, a list": ("a.json", json.dumps(RECORDS), Y, None, WAVE[:3]),
    "JSON of a service": ("a.json", json.dumps({"ok": True, "hourly": COLUMNS}), Y, "json_inside", WAVE[:3]),
    "JSON of a service, rows": ("a.json", json.dumps([{"page": 1}, RECORDS]), Y, "json_inside", WAVE[:3]),
    "JSON of pandas, split": (
        "a.json", json.dumps({"columns": ["t", "y"], "index": [1] * 60, "data": [*enumerate(WAVE)]}), Y, None, WAVE[:3],
    ),
    "JSON, objects in cells": ("a.json", json.dumps([{"t": t, "at": {"y": v}} for t, v in enumerate(WAVE)]),
                               replace(Y, forecast=("at.y",)), None, WAVE[:3]),
    "lines that end with a semicolon": ("a.csv", plain(WAVE).replace("\n", ";\n"), Y, "line_ends", WAVE[:3]),
    "JSON of pandas": (
        "a.json", json.dumps({"t": {str(t): t for t in range(60)}, "y": {str(t): v for t, v in enumerate(WAVE)}}),
        Y, None, WAVE[:3],
    ),
    "a name with a comma": ("a.csv", plain(WAVE).replace("t,y", 't,"y, in"'), replace(Y, forecast=("y, in",)), None,
                            WAVE[:3]),
    "a second name of each series": (
        "a.csv", table(("id", [n // 5 for n in range(60)]), ("who", [f"w{n // 5}" for n in range(60)]),
                       ("age", [n // 5 + 30 for n in range(60)]),
                       ("t", [*range(5)] * 12), ("y", WAVE)),
        replace(Y, group="id", window=1, horizon=1), "names_again", WAVE[:3],
    ),
    "--ignore": ("a.csv", plain(WAVE, z=DAYS), replace(Y, ignore=("z",)), "left_out", WAVE[:3]),
    "--inputs": ("a.csv", plain(WAVE, z=DAYS, a=WAVE), replace(Y, inputs=("a",)), "left_out", WAVE[:3]),
    "summer time ends": ("a.csv", plain(WAVE, t=TWICE), DataOptions(forecast=("y",), ignore=("t",)), "file_order",
                         WAVE[:3]),
    "a total and a source at the foot": (
        "a.csv", plain(WAVE, t=DAYS) + "Total,120.5\n数据来源：气象局,\n", Y, "footer", WAVE[:3],
    ),
    "a title with marks after it": ("a.csv", "Sales of 2021,\n" + plain(WAVE), Y, "before_header", WAVE[:3]),
    "text under the ending of a workbook": ("a.xls", plain(WAVE, t=DAYS, mark="\t"), Y, "disguised", WAVE[:3]),
    "a web page under the ending of a workbook": ("a.xls", PAGE.encode("gb18030"), Y, "disguised", WAVE[:3]),
    "a web page": ("a.html", PAGE.encode("gb18030"), Y, None, WAVE[:3]),
    "marks of full width between cells": ("a.csv", plain(WAVE, t=DAYS, mark="，"), Y, None, WAVE[:3]),
    "numbers of full width": ("a.csv", plain(WIDE), Y, "full_width", WAVE[:3]),
    "cells over several rows": ("a.html", SPANNED, replace(Y, group="id"), None, WAVE[:3]),
    "rows inside one name": (
        "a.json", json.dumps({"ok": True, "result": {"items": RECORDS}}), Y, "json_inside", WAVE[:3],
    ),
    "two tables of one length": ("a.json", json.dumps({"a": RECORDS, "b": RECORDS}), Y, "json_inside", WAVE[:3]),
    "rows under their dates": ("a.json", json.dumps(DATED), replace(Y, order="date"), "json_inside", WAVE[:3]),
    "lists in a column that is ignored": (
        "a.json", json.dumps([{**row, "at": [1, 2]} for row in RECORDS]), replace(Y, ignore=("at",)), None, WAVE[:3],
    ),
    "a title and lines without a cell": ("a.csv", ",\nReport,\n\n,\n" + plain(WAVE), Y, "before_header", WAVE[:3]),
    "more rows below the table": ("a.csv", plain(WAVE, t=DAYS) + BELOW, Y, "footer", WAVE[:3]),
    "semicolons below the header": (
        "a.csv", plain(WAVE, u=HALVES).replace("\n", ";\n").replace("t,y,u;", "t,y,u"), Y, "line_ends", WAVE[:3],
    ),
    "some in ten thousands of a unit": ("a.csv", plain(OF_UNITS), Y, "multiples", [9.8e3, 1.2e4, -3.4e8]),
    "some in thousands": ("a.csv", plain(COUNTED), Y, "multiples", [9.8e3, 1.2e4, -3.4e8]),
    "some in millions": ("a.csv", plain(THOUSANDS), Y, "multiples", [950, 1200, 3.4e6]),
    "two columns of --group": (
        "a.csv", table(("a", ["x"] * 60), ("b", HALVES), ("t", [*range(30)] * 2), ("y", WAVE)),
        replace(Y, group=("a", "b")), "joined_group", WAVE[:3],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "options", "key", "values"), READ.values(), ids=READ)
def test_is_read(
    tmp_path: Path, name: str, content: str | bytes, options: DataOptions, key: str | None, values: list[float]
) -> None:
    read = prepare(write(tmp_path, name, content), options)
    if key is not None:
        assert told(read, key)
    assert first_values(read, options.forecast[0]) == pytest.approx(values, abs=6e-3, rel=1e-4)
    assert key != "names_again" or "age" in read.card["channels"]["names"]  # one number a series is no name
    assert not any("{" in line for lang in ("en", "zh") for line in card_lines(read.card, lang))


PANEL = (
    "store,region,"
    + ",".join(DAYS)
    + "\n"
    + "".join(f"S{n},{'NS'[n % 2]}," + ",".join(str(v + n) for v in WAVE) + "\n" for n in range(4))
)
OF_PANEL = DataOptions(wide=True, forecast=("y",), group="store")
WORDS = [f"word {n}" for n in range(60)]
LATE = ["" if n < 50 else n for n in range(60)]
US = [f"{1 + n % 12}/1/{2000 + n // 12}" for n in range(60)]
ZONED = [f"{day} 02:00 CEST" for day in DAYS]
BOTH = zipped(one=plain(WAVE), two=plain(WAVE))

# content, options, words of the message
REFUSED: dict[str, tuple[str, str | bytes, DataOptions, tuple[str, ...]]] = {
    "names that are no inputs": ("a.csv", plain(WAVE, who=WORDS, what=WORDS), Y,
                                 ("'who' holds text", "leave it out: --ignore who --ignore what")),
    "names in rows that are sequences": ("a.csv", plain(WAVE, who=["a", "b"] * 30, kind=["u", "v"] * 30),
                                         DataOptions(target="kind"), ("leave it out: --ignore who",)),
    "an input empty at the start": ("a.csv", plain(WAVE, late=LATE), Y,
                                    ("'late' has no value in any row of the training part", "--ignore late")),
    "two days of one date": ("a.csv", plain(WAVE, t=US), Y,
                             ("'2/1/2000' is 2000-01-02 as DD/MM/YYYY, 2000-02-01 as MM/DD/YYYY", '"%m/%d/%Y"')),
    "zones by name": ("a.csv", plain(WAVE, t=ZONED), Y,
                      ("no time or number in row 2", "--ignore it in place of --order")),
    "a panel, not said": ("a.csv", PANEL, DataOptions(forecast=("store",)),
                          ("60 columns from '2021-01-01'", "fix: --wide --forecast value --group store")),
    "a format of Stata": ("a.dta", b"<stata_dta>", Y, ("unknown ending", "pandas.read_stata('a.dta').to_csv")),
    "no panel": ("a.csv", plain(WAVE), DataOptions(wide=True, forecast=("v",)),
                 ("no columns are named by moments", "leave --wide out")),
    "an hour twice": ("a.csv", plain(WAVE, t=TWICE), Y,
                      ("rows 31 and 32 have the same 't'", "no --order but --ignore t")),
    "an hour twice, and names": ("a.csv", plain(WAVE, t=TWICE, who=WORDS), Y,
                                 ("no --order but --ignore t --ignore who",)),
    "words at the foot": ("a.csv", plain(WAVE, t=DAYS) + "later,120.5\n", Y, ("row 62", "remove this one")),
    "numbers that are names": ("a.csv", plain([f"{n}x" for n in range(60)]), Y, ("'y' holds text in row 2", "'0x'")),
    "two tables": ("a.zip", BOTH, Y, ("holds 2 files", "'one.csv', 'two.csv'", "name one of them")),
    "lines in a .json": ("a.json", "\n".join(map(json.dumps, RECORDS)), Y, ("one object a line", "name it .jsonl")),
    "JSON of something else": ("a.json", '{"t": 2, "y": 3}', Y, ("is no table", "a list of objects")),
    "JSON, half a character": ("a.json", '[{"t": 1, "y": "\\ud800"}]', Y, ("'y' holds text in row 1",)),
    "JSON, damaged": ("a.json", '[{"t": 1', Y, ("is not JSON",)),
    "JSON, nested": ("a.json", "[" * 200_000, Y, ("is not JSON", "nested too deep")),
    "an archive, damaged": ("a.zip", BOTH[:-9], Y, ("cannot be read as zip",)),
    "xz that ends early": ("a.csv.xz", lzma.compress(plain(WAVE).encode())[:-9], Y, ("as xz", "ends early")),
    "bzip2 by its content": ("a.csv", bz2.compress(plain(WAVE).encode()), Y, ("compressed", "name it a.csv.bz2")),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "options", "words"), REFUSED.values(), ids=REFUSED)
def test_is_refused(
    tmp_path: Path, name: str, content: str | bytes, options: DataOptions, words: tuple[str, ...]
) -> None:
    refused(write(tmp_path, name, content), options, BadData, *words)


def test_an_input_that_begins_late_is_all_that_is_said(tmp_path: Path) -> None:
    late: list[object] = ["" if n < 34 else n % 7 for n in range(60)]  # too late for the earliest split alone
    card = prepare_splits(write(tmp_path, "a.csv", plain(WAVE, late=late)), Y, range(3)).tuning.card
    (line,) = [line for line in card_lines(card, "en") if "does not vary" in line]
    assert "'late' has no value" in line and "--ignore late" in line and "too short" not in line


@pytest.mark.parametrize("options", [Y, DataOptions(target="state", every_step=True)], ids=["forecast", "every step"])
@pytest.mark.parametrize("names", ["abc", "012"], ids=["words", "numbers"])
def test_sensors_that_take_turns(tmp_path: Path, options: DataOptions, names: str) -> None:
    rows = [(names[n % 3], 100 * (n % 3) + math.sin(n / 9), "xy"[n // 20 % 2]) for n in range(240)]
    content = table(*zip(("sensor", "y", "state"), map(list, zip(*rows, strict=True)), strict=True))
    note = told(prepare(write(tmp_path, "a.csv", content), replace(options, order=None)), "taking_turns")
    assert (note["column"], note["count"], note["smooth"]) == ("sensor", 3, "y")


def test_a_word_is_kept_where_the_user_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", plain([f"{v:.2f}" if t % 9 else "off" for t, v in enumerate(WAVE)]))
    refused(path, Y, BadData, "'y' holds text")
    assert told(prepare(path, replace(Y, missing=("off",))), "mark")["count"] == 7


@pytest.mark.parametrize("title", [[], [["Plant north"]]], ids=["at the top", "under a title"])
def test_a_workbook_with_merged_cells_above(tmp_path: Path, title: list[list[str | float]]) -> None:
    head: list[list[str | float]] = [["", "pump", ""], ["t", "y", "z"]]
    rows: list[list[str | float]] = [[float(t), v, t % 7.0] for t, v in enumerate(WAVE)]
    path = workbook(tmp_path / "a.xlsx", title + head + rows)
    read = prepare(path, replace(Y, forecast=("pump y",)))
    assert first_values(read, "pump y") == pytest.approx(WAVE[:3], abs=1e-4)


def test_a_panel_is_read_as_the_long_table_that_says_the_same(tmp_path: Path) -> None:
    rows = [(f"S{n}", "NS"[n % 2], day, v + n) for n in range(4) for day, v in zip(DAYS, WAVE, strict=True)]
    long = table(*zip(("store", "region", "time", "y"), map(list, zip(*rows, strict=True)), strict=True))
    same = prepare(write(tmp_path, "long.csv", long), replace(OF_PANEL, wide=None, order="time"))
    for group in ("store", None):  # words that differ in each row name it
        read = prepare(write(tmp_path, "wide.csv", PANEL), replace(OF_PANEL, group=group))
        assert (told(read, "panel")["count"], told(read, "panel")["columns"]) == (60, ["store"])
        assert (read.x == same.x).all() and (read.y == same.y).all() and (read.part == same.part).all()
        assert read.card["channels"] == same.card["channels"] and read.card["forecast"] == same.card["forecast"]
    with pytest.raises(BadPlan, match="a name"):
        prepare(tmp_path / "wide.csv", replace(OF_PANEL, forecast=("store",), group=None))


def test_a_letter_that_is_also_a_unit_is_no_multiple(tmp_path: Path) -> None:
    """`52m` among bare numbers may be metres or minutes."""
    mixed: list[object] = [f"{v:.1f}m" if t % 2 else f"{10 * v:.0f}" for t, v in enumerate(WAVE)]
    refused(write(tmp_path, "a.csv", plain(mixed)), Y, BadData, "holds text in row 3", "m'")


def test_the_cure_for_lists_names_all_their_columns(tmp_path: Path) -> None:
    rows = [{**row, "at": [1, 2], "to": [3]} for row in RECORDS]
    refused(write(tmp_path, "a.json", json.dumps(rows)), Y, BadData, "list values", "--ignore at --ignore to")


def test_a_table_of_totals_alone_has_no_footer(tmp_path: Path) -> None:
    names: list[object] = ["最大值", "最小值", "平均值", "标准差", "合计", "总和", "均值", "小计"]
    path = write(tmp_path, "a.csv", table(("k", names), ("a", WAVE[:8]), ("b", WAVE[8:16])))
    assert read_csv(read_source(path), DataOptions()).frame.height == 8
