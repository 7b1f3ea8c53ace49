"""The figures of a report. Each is a pure function of a data frame and a language."""

from carousel.experiments.report.figures.base import Figure, Setting
from carousel.experiments.report.figures.style import styles
from carousel.experiments.report.figures.suite import all_figures

__all__ = ["Figure", "Setting", "all_figures", "styles"]
