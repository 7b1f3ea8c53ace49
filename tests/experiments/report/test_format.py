"""Numbers as they are printed."""

from __future__ import annotations

import math
import re

import pytest

from carousel.common.pages import numbers as f
from carousel.common.pages.templating import escape_markdown
from carousel.experiments.decision.statistics.interval import UNBOUNDED, Interval
from carousel.experiments.decision.verdict import Effect
from carousel.experiments.report.page.cards import limits, significant
from carousel.experiments.report.page.forest_plot import forest_plot


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (math.nan, "—"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (-0.0001, "0.000"),
        (-0.5388, "−0.539"),
        (1234.5, "1,234.500"),
    ],
)
def test_fixed(value: float | None, shown: str) -> None:
    assert f.fixed(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.52151, "0.522"), (-0.00861, "−0.00861"), (0.0, "0"), (1.25e-7, "1.25e−7"), (4.5e12, "4.5e12"), (None, "—")],
)
def test_significant(value: float | None, shown: str) -> None:
    assert significant(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.001, "0.001"), (1e-5, "1e-5"), (3.0, "3")])
def test_rate(value: float, shown: str) -> None:
    assert f.rate(value) == shown


def test_limits_show_an_end_without_limit_as_infinite_and_no_interval_as_a_dash() -> None:
    assert limits(Interval(0.1, 0.25)) == "[0.1, 0.25]"
    assert limits(Interval(0.1, math.inf)) == "[0.1, ∞]"
    assert limits(UNBOUNDED) == "—"


def test_powers_of_ten() -> None:
    assert [f.power_of_ten(n) for n in (0, 1, -20)] == ["1", "10¹", "10⁻²⁰"]


def test_markdown_shows_markup_as_it_stands() -> None:
    assert escape_markdown("a|b_c <i>\n*x*") == "a\\|b\\_c &lt;i&gt; \\*x\\*"


def test_forest_plots_share_one_scale_with_zero_on_it() -> None:
    first, second, none = forest_plot(
        [Effect("gap", "score", 1.0, Interval(0.5, 2.0)), Effect("gap", "score", -2.0), Effect("gap", "score")]
    )
    zeros = [re.search(r'class="zero" x1="([\d.]+)"', s) for s in (first, second)]
    assert zeros[0] and zeros[1] and zeros[0][1] == zeros[1][1] == "60.0"
    assert 'cx="87.5"' in first and 'class="bar" x1="73.8" y1="7.0" x2="115.0"' in first
    assert 'cx="5.0"' in second and "bar" not in second
    assert none == ""
