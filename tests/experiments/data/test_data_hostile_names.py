"""Names that cannot be shown are cleaned where they enter, told in the card, and never reach a figure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.common.errors import BadData
from carousel.experiments.data import DataOptions, Prepared, card_lines, prepare
from carousel.experiments.data.read.visible import MOST_CHARACTERS, all_visible, visible
from tests.experiments.data.data_files import LONG, csv_of, long_frame, refused, write

HOSTILE = ["\x1b[31m", "\x01", "\ufffe", "\x7f", "\x85", "\u202e", "\u2066", "\u2028", "\u200e", "\U0001fffe"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lpc1", "lpc1"),
        ("温度 °C", "温度 °C"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a joiner is part of the spelling
        ("a\x1b[31mb", "a\u241b[31mb"),
        ("\x01\x7f", "\u2401\u2421"),
        ("\ufffe\ud800\u202e\u2028\x85", "\ufffd" * 5),
        ("a" * 300, "a" * 64 + "..." + "a" * 33),
    ],
)
def test_what_is_shown(name: str, shown: str) -> None:
    assert visible(name) == shown and visible(shown) == shown and len(shown) <= MOST_CHARACTERS


def test_names_that_become_equal_stay_apart() -> None:
    assert all_visible(["a\x80", "b", "a\x81", "a\ufffd"]) == ["a\ufffd (2)", "b", "a\ufffd (3)", "a\ufffd"]
    long = all_visible(["a" * 300 + end for end in ("", "a", "aa")])
    assert len(set(long)) == 3 and max(map(len, long)) <= MOST_CHARACTERS


def _clean(prepared: Prepared) -> None:
    words = json.dumps({"name": prepared.name, "card": prepared.card}, ensure_ascii=False)
    assert words.isprintable(), words
    words.encode()
    for lang in ("en", "zh"):
        assert all(line.isprintable() for line in card_lines(prepared.card, lang))


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_every_name_of_a_table(tmp_path: Path, bad: str, ending: str) -> None:
    frame = long_frame().with_columns(
        id=pl.lit(f"g{bad}") + pl.col("id").cast(pl.String),
        label=pl.col("label") + bad + "x",
        word=pl.when(pl.col("t") % 2 == 0).then(pl.lit(f"w{bad}w")).otherwise(pl.lit("v")),
    )
    frame = frame.rename({name: f"{name}{bad}." for name in frame.columns})
    path = tmp_path / f"file{bad}.{ending}"
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[ending](path)
    options = DataOptions(target=f"label{bad}.", group=f"id{bad}.", order=f"t{bad}.")
    prepared = prepare(path, options)
    _clean(prepared)
    notes = [note for note in prepared.card["notes"] if note["key"] == "renamed"]
    assert [note["count"] for note in notes] == [1, 5 + 1, 12, 1, 2]  # file, columns, groups, words, classes
    assert visible(f"a{bad}.") in prepared.card["channels"]["names"]
    assert prepare(path, DataOptions(*(visible(name) for name in (f"label{bad}.", f"id{bad}.", f"t{bad}."))))


def test_clean_names_are_as_they_were(tmp_path: Path) -> None:
    card = prepare(csv_of(tmp_path, long_frame()), LONG).card
    assert not [note for note in card["notes"] if note["key"] == "renamed"]


def test_columns_shown_alike_are_refused(tmp_path: Path) -> None:
    frame = long_frame().rename({"a": "c\x01", "b": "c\u2401"})
    refused(csv_of(tmp_path, frame), LONG, BadData, "two columns that are shown as", "rename")
    frame = long_frame().rename({"a": "c" * 300, "b": "c" * 301})
    refused(csv_of(tmp_path, frame), LONG, BadData, "two columns that are shown as", "rename")


def test_classes_and_groups_shown_alike_stay_apart(tmp_path: Path) -> None:
    frame = long_frame().with_columns(
        label=pl.when(pl.col("label") == "c0").then(pl.lit("c\x80x")).otherwise(pl.lit("c\x81x")),
        id=pl.when(pl.col("id") == 0).then(pl.lit("\x80x")).when(pl.col("id") == 1).then(pl.lit("\x81x"))
        .otherwise(pl.col("id").cast(pl.String)),
    )  # fmt: skip
    card = prepare(csv_of(tmp_path, frame), LONG).card
    assert card["sequences"] == 12
    assert [entry["name"] for entry in card["classes"] or ()] == ["c\ufffdx", "c\ufffdx (2)"]


def test_half_a_pair_in_arrays_and_in_a_file_name(tmp_path: Path) -> None:
    path = tmp_path / "a\udcff.npz"  # a byte of the file's name that is not UTF-8
    labels = np.array(["\ud800", "\ud801", "a\x1b"] * 4)
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(12, 4)), **{"y\x1b": labels})
    (tmp_path / "a.npz").rename(path)
    prepared = prepare(path, DataOptions(target="y\x1b"))
    _clean(prepared)
    assert prepared.card["target"] == "y\u241b" and prepared.name == "a\ufffd"
    assert [entry["name"] for entry in prepared.card["classes"] or ()] == ["a\u241b", "\ufffd", "\ufffd (2)"]
    prepared.save(tmp_path / "prepared.npz")
    assert Prepared.load(tmp_path / "prepared.npz").card == prepared.card


def test_classes_of_a_ts_file(tmp_path: Path) -> None:
    cases = "".join(f"{i},2:{'ab'[i % 2]}\x1b\u202e\n" for i in range(12))
    prepared = prepare(write(tmp_path, "a.ts", f"@classLabel true\n@data\n{cases}"), DataOptions())
    _clean(prepared)
    assert [entry["name"] for entry in prepared.card["classes"] or ()] == ["a\u241b\ufffd", "b\u241b\ufffd"]


def test_long_names(tmp_path: Path) -> None:
    column = "c" * 300
    frame = long_frame().rename({"a": column, "label": "l" * 300})
    group = (pl.lit("g" * 300) + pl.col("id").cast(pl.String)).alias("id")
    frame = frame.with_columns(group, pl.col("l" * 300) + "x" * 300)
    path = csv_of(tmp_path, frame, "f" * 250 + ".csv")
    prepared = prepare(path, DataOptions(target="l" * 300, group="id", order="t"))
    assert visible(column) in prepared.card["channels"]["names"] and len(prepared.name) == 60
    assert max(len(entry["name"]) for entry in prepared.card["classes"] or ()) <= MOST_CHARACTERS
    assert [note["count"] for note in prepared.card["notes"] if note["key"] == "renamed"] == [1, 2, 12, 2]
