"""What every figure is: a name, the rows it shows, and one drawing of them for all languages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from carousel.common.texts import text
from carousel.experiments.report.figures.both import Both
from carousel.experiments.report.figures.grid import Panel
from carousel.experiments.report.figures.style import Style
from carousel.experiments.report.names import condition_name, conditions
from carousel.experiments.runner.plan import Condition, Plan

Key = Literal["line", "point", "own"]


@dataclass(frozen=True)
class Setting:
    """What all figures of a run share: its plan and the look of each contender."""

    plan: Plan
    looks: Mapping[str, Style]

    def title(self, condition: Condition, both: Both) -> str:
        """The heading of a panel."""
        return both(lambda lang: condition_name(self.plan, condition, lang))


class Figure(ABC):
    """A pure function of `frame` (also written as tables/NAME.csv) and its texts.

    name: of its files. frame: the rows shown; empty where nothing was measured, and then the figure is not drawn
    but its absence is said. Texts: report.figure.NAME.title, .caption and .missing (NAME with "_" for "-").
    """

    name: str
    frame: pl.DataFrame
    setting: Setting
    key: Key = "line"  # by what contenders are told apart; "own": each panel names them

    @abstractmethod
    def draw(self, both: Both) -> dict[str, Any]:
        """The Vega-Lite specification, its texts by `both`: once for all languages."""

    def caption(self, lang: str) -> str:
        """What to read from the figure."""
        return self.text("caption", lang)

    def notes(self, lang: str) -> list[str]:
        """What a reader must know about rows that are not shown."""
        return []

    @property
    def measured(self) -> bool:
        """Whether there is anything to draw."""
        return not self.frame.is_empty()

    def text(self, part: str, lang: str, **values: object) -> str:
        """A text of this figure."""
        return text(f"report.figure.{self.name.replace('-', '_')}.{part}", lang, **values)

    def words(self, part: str, both: Both) -> str:
        """A text of this figure, to be drawn."""
        return both(lambda lang: self.text(part, lang))

    @property
    def drawn(self) -> pl.DataFrame:
        """The rows of `frame` that are drawn."""
        return self.frame

    def by_condition(self, panel: Callable[[Condition, pl.DataFrame], Panel]) -> list[Panel]:
        """One panel for each condition of the plan that has rows to draw, in the plan's order."""
        shown = self.drawn
        parts = [(c, shown.filter(pl.col("condition") == c.key)) for c in conditions(self.setting.plan)]
        return [panel(condition, part) for condition, part in parts if not part.is_empty()]
