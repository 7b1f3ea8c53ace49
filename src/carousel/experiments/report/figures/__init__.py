"""The figures of a report. Each is a pure function of a data frame, and is drawn once for all languages."""

from carousel.experiments.report.figures.base import Figure, Key, Setting
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.drawing import Drawing, drawing
from carousel.experiments.report.figures.style import Style, styles
from carousel.experiments.report.figures.suite import all_figures

__all__ = ["Both", "Drawing", "Figure", "Key", "Setting", "Style", "all_figures", "drawing", "styles"]
