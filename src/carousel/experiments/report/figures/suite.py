"""All figures of a run, in the order in which the page shows them."""

from __future__ import annotations

import polars as pl

from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.cost import Cost
from carousel.experiments.report.figures.curve import Learning
from carousel.experiments.report.figures.gradient import Gradient
from carousel.experiments.report.figures.lag_profile import LagProfile
from carousel.experiments.report.figures.length import Length
from carousel.experiments.report.figures.occlusion import Occlusion
from carousel.experiments.report.figures.style import styles
from carousel.experiments.report.names import files
from carousel.experiments.report.tables import curves, lag_profiles, occlusion
from carousel.experiments.results.evidence import Evidence


def all_figures(evidence: Evidence, summary: pl.DataFrame, slopes: pl.DataFrame) -> list[Figure]:
    """Every figure, also those of which nothing was measured (`Figure.measured` says so)."""
    setting = Setting(evidence.plan, styles(evidence.plan))
    profiles = [
        LagProfile(setting, moment, lag_profiles.profiles(evidence.profiles, moment), slopes)
        for moment in ("initialisation", "end")
    ]
    past = [Length(setting, summary), *_occlusion(evidence, setting)]
    return [*profiles, *past, *_curves(evidence, setting), Cost(setting, summary)]


def _occlusion(evidence: Evidence, setting: Setting) -> list[Figure]:
    """Of a user's file alone: tasks are asked otherwise what their past is worth."""
    return [Occlusion(setting, occlusion.drops(evidence))] if files(evidence.plan) else []


def _curves(evidence: Evidence, setting: Setting) -> list[Figure]:
    found = curves.collect(evidence)
    baseline, chance = (_by_condition(evidence.trials, name) for name in ("baseline_score", "chance_loss"))
    return [
        Learning(setting, "learning-score", found.score, baseline, found.missing),
        Learning(setting, "learning-loss", found.loss, chance, found.missing),
        Gradient(setting, found.gradient, found.missing, found.not_finite),
    ]


def _by_condition(trials: pl.DataFrame, column: str) -> dict[str, float]:
    known = trials.filter(pl.col(column).is_finite()).group_by("condition", maintain_order=True)
    return dict(known.agg(pl.col(column).mean()).iter_rows())
