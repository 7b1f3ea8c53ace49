"""Files as people have them: each kind gives the numbers of its plain twin, and the card says what was done."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data import DataOptions, Prepared, card_lines, prepare
from tests.experiments.data.data_files import refused, told, workbook, write

OPTIONS = DataOptions(forecast=("load",), order="t")
LOAD = [round(1234.5 + 600 * np.sin(n / 3) + n, 1) for n in range(60)]
SHARE = [round(50 + 30 * np.cos(n / 5), 2) for n in range(60)]


def plain(folder: Path) -> Prepared:
    rows = [f"{n},{a},{b}" for n, (a, b) in enumerate(zip(LOAD, SHARE, strict=True))]
    return prepare(write(folder, "plain.csv", "\n".join(["t,load,share", *rows])), OPTIONS)


def same(folder: Path, name: str, content: str | bytes, *keys: str, options: DataOptions = OPTIONS) -> Prepared:
    """The file has the plain one's numbers, and its card has a line of each of `keys` in both languages."""
    read, expected = prepare(write(folder, name, content), options), plain(folder)
    np.testing.assert_allclose(read.x, expected.x, rtol=1e-6)
    np.testing.assert_allclose(read.y, expected.y, rtol=1e-6)
    for key in keys:
        told(read, key)
    for lang in ("en", "zh"):
        lines = card_lines(read.card, lang)
        assert sum(line.startswith(("Note", "注意")) for line in lines) == len(read.card["notes"])
    return read


def cells(a: str = "{:.1f}", b: str = "{:.2f}") -> list[tuple[str, str, str]]:
    return [(str(n), a.format(x), b.format(y)) for n, (x, y) in enumerate(zip(LOAD, SHARE, strict=True))]


def comma(value: str) -> str:
    return value.replace(",", "_").replace(".", ",").replace("_", ".")


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    rows = [f"{t};{comma(a)};{comma(b)}" for t, a, b in cells()]
    read = prepare(write(tmp_path, "a.csv", "\n".join(["t;load;share", *rows])), OPTIONS)
    np.testing.assert_allclose(read.x, plain(tmp_path).x, rtol=1e-6)
    assert [n["column"] for n in read.card["notes"] if n["key"] == "numbers_comma"] == ["load", "share"]


def test_thousands_in_both_ways(tmp_path: Path) -> None:
    rows = [f'{t},"{a}",{b}' for t, a, b in cells("{:,.1f}")]
    same(tmp_path, "a.csv", "\n".join(["t,load,share", *rows]), "numbers_grouped")
    rows = [f"{t};{comma(a)};{b}" for t, a, b in cells("{:,.1f}")]
    same(tmp_path, "b.csv", "\n".join(["t;load;share", *rows]), "numbers_comma")
    rows = [f"{t};{a.replace(',', ' ')};{b}" for t, a, b in cells("{:,.1f}")]
    same(tmp_path, "c.csv", "\n".join(["t;load;share", *rows]), "numbers_grouped")


def test_a_comma_with_two_meanings(tmp_path: Path) -> None:
    rows = [f"{n};{n + 1},{(n * 37) % 900 + 100}" for n in range(60)]
    path = write(tmp_path, "a.csv", "\n".join(["t;load", *rows]))
    refused(
        path, OPTIONS, BadData, "'load' can be read in two ways in row 2", "'1,100' is 1.100", "1100", "--decimal comma"
    )
    for mark, first in (("comma", 1.1), ("point", 1100.0)):
        options = DataOptions(forecast=("load",), order="t", decimal=mark)  # type: ignore[arg-type]
        card = prepare(path, options).card
        note = next(n for n in card["notes"] if str(n["key"]).startswith("numbers_"))
        assert float(str(note["read"])) == first


def test_another_column_tells_what_a_comma_means(tmp_path: Path) -> None:
    rows = [f"{n};{n + 1},{(n * 37) % 900 + 100};{n},5" for n in range(60)]
    read = prepare(write(tmp_path, "a.csv", "\n".join(["t;load;share", *rows])), OPTIONS)
    assert [n["read"] for n in read.card["notes"] if n["key"] == "numbers_comma"] == ["1.100", "0.5"]


def test_percent(tmp_path: Path) -> None:
    rows = [f"{t},{a},{b} %" for t, a, b in cells()]
    same(tmp_path, "a.csv", "\n".join(["t,load,share", *rows]), "numbers_percent")


def test_a_row_of_units(tmp_path: Path) -> None:
    rows = [",".join(row) for row in cells()]
    note = told(same(tmp_path, "a.csv", "\n".join(["t,load,share", ",MW,%", *rows]), "units"), "units")
    assert note["row"] == 2


def test_lines_before_the_header_keep_the_numbers_of_rows(tmp_path: Path) -> None:
    rows = [",".join(row) for row in cells()]
    top = ["Station 12", "exported 2020-01-01", ""]
    note = told(same(tmp_path, "a.csv", "\n".join([*top, "t,load,share", *rows]), "before_header"), "before_header")
    assert (note["count"], note["row"]) == (3, 4)
    rows[4] = "4,x,1"
    refused(write(tmp_path, "b.csv", "\n".join([*top, "t,load,share", *rows])), OPTIONS, BadData, "text in row 9")


def test_excel_says_its_separator(tmp_path: Path) -> None:
    rows = ["|".join(row) for row in cells()]
    same(tmp_path, "a.csv", "\r\n".join(["sep=|", "t|load|share", *rows]), "separator_said")


@pytest.mark.parametrize("mark", [" ", ","])
def test_the_header_of_r(tmp_path: Path, mark: str) -> None:
    rows = [mark.join([f'"{n + 1}"', *row]) for n, row in enumerate(cells())]
    name = "a.txt" if mark == " " else "a.csv"
    same(tmp_path, name, "\n".join([mark.join(['"t"', '"load"', '"share"']), *rows]), "short_header", "counter")


def test_a_first_column_without_a_name(tmp_path: Path) -> None:
    rows = [",".join([str(n), *row]) for n, row in enumerate(cells())]
    same(tmp_path, "a.csv", "\n".join([",t,load,share", *rows]), "counter")
    rows = [",".join(row) for row in cells()]
    options = DataOptions(forecast=("load",), order="index")
    same(tmp_path, "b.csv", "\n".join([",load,share", *(f"2020-01-01 {int(r.split(',')[0]) // 60:02d}:{int(r.split(',')[0]) % 60:02d},{r.split(',', 1)[1]}" for r in rows)]), "unnamed_index", options=options)  # fmt: skip # noqa: E501


def test_a_separator_at_the_end_of_every_row(tmp_path: Path) -> None:
    rows = [",".join(row) + "," for row in cells()]
    same(tmp_path, "a.csv", "\n".join(["t,load,share,", *rows]), "empty_column")
    same(tmp_path, "b.csv", "\n".join(["t,load,share", *rows]), "empty_column")


def test_an_empty_line_for_a_header(tmp_path: Path) -> None:
    """Found by mutation: it was taken for a header one name short."""
    refused(write(tmp_path, "a.csv", "\n1\n2\n3\n"), OPTIONS, BadData, "no columns")


def test_no_header(tmp_path: Path) -> None:
    rows = [",".join(row) for row in cells()]
    options = DataOptions(forecast=("column 2",), order="column 1")
    same(tmp_path, "a.csv", "\n".join(rows), "no_header", options=options)


def test_white_space(tmp_path: Path) -> None:
    rows = [f"{t:>4}   {a:>9}\t{b:>7}" for t, a, b in cells()]
    same(tmp_path, "a.txt", "\n".join(["t load share", *rows]))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_unicode(tmp_path: Path, encoding: str) -> None:
    rows = [",".join(row) for row in cells()]
    keys = [] if encoding == "utf-8-sig" else ["encoding"]
    same(tmp_path, "a.csv", "\n".join(["t,load,share", *rows]).encode(encoding), *keys)


WORDS = [
    ("gb18030", "时间", ("晴天", "多云")),
    ("big5", "時間", ("晴天", "多雲")),
    ("cp1252", "température", ("été", "hiver à venir")),
    ("cp1251", "время", ("ясно", "дождь")),
    ("shift_jis", "時間", ("はれ", "くもり")),
    ("euc_kr", "시간", ("맑음", "흐림")),
]


@pytest.mark.parametrize(("encoding", "name", "words"), WORDS)
def test_an_encoding_is_told(tmp_path: Path, encoding: str, name: str, words: tuple[str, str]) -> None:
    rows = [f"{n},{y},{words[n % 3 == 0]}" for n, y in enumerate(LOAD)]
    path = write(tmp_path, "a.csv", "\n".join([f"{name},load,w", *rows]).encode(encoding))
    read = prepare(path, DataOptions(forecast=("load",), order=name))
    assert set(read.card["channels"]["names"]) == {"load", *(f"w={word}" for word in words)}
    note = next(n for n in read.card["notes"] if str(n["key"]).startswith("encoding_"))
    assert (note["encoding"], note["sample"]) == (encoding, name)


def test_the_user_says_the_encoding(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.csv",
        "t,température\n".encode("cp1252") + "".join(f"{n},{y}\n" for n, y in enumerate(LOAD)).encode(),
    )
    read = prepare(path, DataOptions(forecast=("temp\u00e9rature",), order="t", encoding="cp1252"))
    assert read.card["notes"] == []
    refused(path, DataOptions(forecast=("load",), encoding="utf-8"), BadData, "--encoding utf-8", "byte 0xe9 in line 1")
    refused(path, DataOptions(forecast=("load",), encoding="latin-99"), BadPlan, "--encoding is unknown")


def test_one_damaged_character_is_no_other_encoding(tmp_path: Path) -> None:
    text = "时间,load\n" + "".join(f"{n},{y}\n" for n, y in enumerate(LOAD))
    path = write(tmp_path, "a.csv", text.encode() + b"60,\xe6\x97\n")
    refused(path, DataOptions(forecast=("load",)), BadData, "not UTF-8", "in line 62", "--encoding")


def test_gzip(tmp_path: Path) -> None:
    text = "\n".join(["t,load,share", *(",".join(row) for row in cells())]).encode()
    read = same(tmp_path, "a.csv.gz", gzip.compress(text), "unpacked")
    assert read.card["files"][0]["name"] == "a.csv.gz"
    refused(
        write(tmp_path, "b.csv.gz", gzip.compress(text)[:-9]), OPTIONS, BadData, "cannot be read as gzip", "ends early"
    )
    refused(write(tmp_path, "c.csv", gzip.compress(text)), OPTIONS, BadData, "compressed", "name it c.csv.gz")


def test_a_workbook(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["Station 12"], ["t", "load", "share"]]
    rows += [[n, a, b] for n, (a, b) in enumerate(zip(LOAD, SHARE, strict=True))]
    path = workbook(tmp_path / "a.xlsx", rows)
    same(tmp_path, "a.xlsx", path.read_bytes(), "sheets", "before_header")


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_a_workbook_that_is_none(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path, f"a.{ending}", b"PK\x03\x04 no workbook")
    refused(path, OPTIONS, BadData, f"a.{ending} cannot be read as Excel workbook", "save the sheet as CSV UTF-8")


def test_arff(tmp_path: Path) -> None:
    head = "@relation r\n@attribute t numeric\n@attribute load numeric\n@attribute share numeric\n@data\n"
    same(tmp_path, "a.arff", head + "\n".join(",".join(row) for row in cells()))
    text = "@relation r\n@attribute t string\n@data\n'a'\n"
    refused(write(tmp_path, "b.arff", text), OPTIONS, BadData, "cannot be read as ARFF", ".ts file")
