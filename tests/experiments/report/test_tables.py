"""CSV tables: no cell of text is a formula to a spreadsheet, and no number is changed."""

from __future__ import annotations

import io

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from carousel.experiments.report.tables.export import csv

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0"]


def read(text: str) -> pl.DataFrame:
    return pl.read_csv(io.StringIO(text), schema={"name": pl.String, "value": pl.Float64})


def test_a_text_that_begins_like_a_formula_is_marked_as_text():
    found = read(csv(pl.DataFrame({"name": FORMULAS, "value": [-0.5] * len(FORMULAS)})))
    assert found["name"].to_list() == [f"'{formula}" for formula in FORMULAS]
    assert found["value"].to_list() == [-0.5] * len(FORMULAS)


def test_all_other_texts_and_nulls_stay_as_they_are():
    names = ["lstm:chrono", "adding/T=100", "a=b", "1-2", "'=1", None]
    assert read(csv(pl.DataFrame({"name": names, "value": [1.0] * 6})))["name"].to_list() == names


@given(st.text())
def test_no_text_at_all_is_a_formula(text):
    cell = csv(pl.DataFrame({"name": [text]})).removeprefix("name\n").removeprefix('"')
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
