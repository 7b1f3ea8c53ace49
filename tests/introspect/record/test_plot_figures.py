"""The figures of a tape as functions of plain arrays: thinning, and what has no logarithm or is no number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carousel.common.errors import BadCall
from carousel.common.pages.log_axis import FLOOR
from carousel.common.pages.render import svg
from carousel.common.texts import text
from carousel.introspect.plots import downsampling
from carousel.introspect.plots import gradient as gradients
from carousel.introspect.plots import lag_profile as profiles
from carousel.introspect.plots.labels import Words
from carousel.introspect.plots.raster import UNITS, Sequence, raster
from carousel.introspect.plots.saturation import gates_of, shares
from carousel.introspect.plots.singular_values import by_rank
from carousel.introspect.plots.time_scales import histogram
from tests.introspect.record.charts import notes, rows


def test_a_large_raster_is_sampled_and_averaged_and_says_so() -> None:
    values = np.arange(600.0)[:, None] + np.arange(300.0) / 1000
    shown = Sequence(values, np.ones(600, dtype=bool), "c", 2, 0, 1)
    chart = raster(shown, Words("raster", "l0", "en"), "t")
    cells = rows(chart, "unit")
    assert {row["unit"] for row in cells} >= {0, 299} and len({row["unit"] for row in cells}) == UNITS
    assert [row["x"] for row in cells if row["unit"] == 0] == list(range(0, 1200, 6))  # 3 kept steps, 2 apart
    assert cells[-1]["value"] == pytest.approx(598.0)
    said = " ".join(notes(chart))
    assert "128 of 300 units" in said and "3 recorded steps" in said and "One step in 2" in said


def test_what_is_no_number_is_black_and_not_taken_for_padding() -> None:
    values = np.array([[0.1, 0.2], [np.nan, 0.3], [np.inf, 0.4], [np.nan, np.nan]])
    shown = Sequence(values, np.array([True, True, True, False]), "h", 1, 0, 1)
    chart = raster(shown, Words("raster", "l0", "en"), "t")
    black = [row for row in rows(chart, "unit") if "value" not in row]
    assert sorted((row["x"], row["unit"]) for row in black) == [(1, 0), (2, 0)]
    assert any("2 values" in note for note in notes(chart))
    assert "#222222" in svg(chart, "figure")


def test_a_gradient_that_is_gone_is_marked_at_the_end_of_the_axis() -> None:
    gain = np.array([0.0, -5.0, -30.0, -90.0, -np.inf])
    frame = profiles.by_lag({"profile": (gain, gain, gain), "by_steps": np.arange(5) * 30.0})
    reading = profiles.Reading(None, 2, 4, 1, 1)
    chart = profiles.lag_profile(frame, reading, Words("lag_profile", "l0", "en"))
    name, bound = (text(f"plots.lag_profile.{line}", "en") for line in ("profile", "by_steps"))
    assert {"line": name, "lag": 3, "gain": FLOOR} in rows(chart, "line")
    assert {"line": bound, "lag": 1, "gain": 2} in rows(chart, "line")  # a bound adds no more than two decades
    assert [row["gain"] for row in rows(chart, "high") if row["line"] == name][3:] == [None, None]
    assert svg(chart, "figure").startswith("<svg")


def test_a_histogram_counts_every_finite_unit_once() -> None:
    steps = np.array([0.5, 1.0, 10.0, 99.0, np.inf, 0.0, np.nan])
    found = histogram(steps, 50)
    assert found["units"].sum() == 4
    for low, high, units in found.iter_rows():
        inside = (np.log10(steps[:4]) >= low - 1e-12) & (np.log10(steps[:4]) < high - 1e-12)
        assert inside.sum() == units
    with pytest.raises(BadCall, match="no unit has a finite time scale"):
        histogram(np.array([np.inf, np.inf]), 50)


def test_shares_leave_out_padding_and_what_is_no_number() -> None:
    values = np.array([[[0.05, np.nan]], [[0.95, np.nan]], [[0.5, np.nan]], [[0.01, np.nan]], [[np.nan, np.nan]]])
    assert shares({"f": values}, gates_of("lstm", ("f",))).rows() == [("f", 0, 0.5, 0.25)]
    assert shares({"h": values * 2 - 1}, gates_of("rnn", ())).rows() == [("h", 0, 0.25, 0.0)]
    with pytest.raises(BadCall, match="rnn-relu"):
        gates_of("rnn-relu", ())


def test_singular_values_that_are_not_known_are_null() -> None:
    frame = by_rank((1, 4), np.array([[0.0, math.log(0.1), np.nan], [-np.inf, -np.inf, np.nan]]))
    assert frame["value"].to_list() == [0.0, pytest.approx(-1.0), None, -math.inf, -math.inf, None]


def test_zeros_and_infinities_of_a_gradient_are_marked_and_counted() -> None:
    norms = np.array([0.0, 0.0, 1e-200, 1e-3, np.inf, np.nan])
    frame = gradients.norms({"h": norms[:, None, None] * np.ones((6, 2, 4))}, np.ones((6, 2), dtype=bool), 10)
    assert frame["middle"].to_list()[2] == pytest.approx(-200 + math.log10(2))
    chart = gradients.gradient(frame, Words("gradient", "l0", "en"), "t", "float32")
    runs = [(row["step"], row["to"]) for row in rows(chart, "to")]
    assert runs == [(0, 10), (40, 50)]
    drawn_middles = [row["middle"] for row in rows(chart, "middle")]
    assert [m is None for m in drawn_middles] == [True, True, False, False, True, True]
    counted = {"count": "4", "total": "12", "kind": "float32"}
    assert text("plots.gradient.zeros", "en", **counted) in notes(chart)
    assert text("plots.gradient.broken", "en", count="4", total="12") in notes(chart)
    assert svg(chart, "figure").startswith("<svg")


def test_a_gradient_that_underflows_everywhere_still_draws() -> None:
    frame = gradients.norms({"h": np.zeros((5, 2, 3))}, np.ones((5, 2), dtype=bool), 1)
    chart = gradients.gradient(frame, Words("gradient", "l0", "zh"), "t", "float32")
    assert [(row["step"], row["to"]) for row in rows(chart, "to")] == [(0, 4)]
    assert svg(chart, "figure").startswith("<svg")


def test_steps_that_are_padding_in_every_sequence_have_no_gradient() -> None:
    valid = np.array([[True, True], [True, False], [False, False]])
    frame = gradients.norms({"h": np.where(valid[..., None], 1.0, np.nan)}, valid, 1)
    assert frame.select("step", "sequences", "broken").rows() == [(0, 2, 0), (1, 1, 0)]


def test_thinning() -> None:
    assert downsampling.evenly(5, 9).tolist() == [0, 1, 2, 3, 4]
    assert downsampling.evenly(100, 4).tolist() == [0, 33, 66, 99]
    assert downsampling.block_size(7, 3) == 3 and downsampling.block_size(0, 3) == 1
    values = np.array([1.0, 3.0, np.nan, np.nan, 5.0])
    assert downsampling.block_means(values, 2).tolist() == pytest.approx([2.0, math.nan, 5.0], nan_ok=True)
