"""Judgement to page, tables, figures: what a person reads of a run. Works from the run folder, without torch."""

from carousel.experiments.report.writing import build

__all__ = ["build"]
