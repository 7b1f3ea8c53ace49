"""The figures of a report. Each is a pure function of a data frame and a language."""

from carousel.report.figures.base import Figure, Setting
from carousel.report.figures.style import styles
from carousel.report.figures.suite import all_figures

__all__ = ["Figure", "Setting", "all_figures", "styles"]
