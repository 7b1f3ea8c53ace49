"""All figures of a run, in the order in which the page shows them."""

from __future__ import annotations

import polars as pl

from carousel.report import curves as read
from carousel.report import lags
from carousel.report.figures.base import Figure, Setting
from carousel.report.figures.cost import Cost
from carousel.report.figures.curve import CurveFigure
from carousel.report.figures.lag_profile import LagProfile
from carousel.report.figures.length import Length
from carousel.report.figures.style import styles
from carousel.study.evidence import Evidence


def all_figures(evidence: Evidence, summary: pl.DataFrame, slopes: pl.DataFrame) -> list[Figure]:
    """Every figure, also those of which nothing was measured (`Figure.measured` says so)."""
    setting = Setting(evidence.plan, styles(evidence.plan))
    profiles = [
        LagProfile(setting, moment, lags.profiles(evidence.profiles, moment), slopes)
        for moment in ("initialisation", "end")
    ]
    return [*profiles, Length(setting, summary), *_curves(evidence, setting, summary), Cost(setting, summary)]


def _curves(evidence: Evidence, setting: Setting, summary: pl.DataFrame) -> list[Figure]:
    found = read.collect(evidence)
    conditions = evidence.plan.conditions()
    baseline = _by_condition(summary, "baseline")
    chance = _by_condition(evidence.trials, "chance_loss")
    clip = {c.key: evidence.plan.training.clip_norm for c in conditions}
    return [
        CurveFigure(setting, "learning-score", found.score, level=baseline, missing=found.missing),
        CurveFigure(setting, "learning-loss", found.loss, level=chance, missing=found.missing),
        CurveFigure(
            setting,
            "gradient-norm",
            found.gradient,
            level=clip,
            logarithmic=True,
            missing=found.missing,
            not_finite=found.not_finite,
        ),
    ]


def _by_condition(frame: pl.DataFrame, column: str) -> dict[str, float]:
    known = frame.filter(pl.col(column).is_finite()).group_by("condition", maintain_order=True)
    return dict(known.agg(pl.col(column).mean()).iter_rows())
