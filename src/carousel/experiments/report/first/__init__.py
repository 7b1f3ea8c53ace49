"""The first screen of a report: what to use, why, what happened, and a line a claim, in words that need no key."""

from carousel.experiments.report.first.screen import FirstScreen, answered_by, first_screen
from carousel.experiments.report.first.verdict_lines import Line
from carousel.experiments.report.first.words import GAP

__all__ = ["GAP", "FirstScreen", "Line", "answered_by", "first_screen"]
