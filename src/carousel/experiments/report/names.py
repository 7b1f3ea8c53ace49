"""How a condition and its axis are called on the page, and in which order conditions stand."""

from __future__ import annotations

from carousel.common.texts import text
from carousel.experiments.runner.plan import Condition, FileSource, Plan


def condition_name(plan: Plan, condition: Condition, lang: str) -> str:
    """ "adding, T = 100", or for a file "utterances, last 5 steps" and "utterances, whole sequences"."""
    kind = "task"
    if condition.source in files(plan):
        kind = "history" if condition.length else "whole"
    return text(f"report.condition.{kind}", lang, source=condition.source, length=condition.length)


def length_name(length: int, lang: str) -> str:
    """A tick of the length axis: the number of steps, or "all"."""
    return str(length) if length else text("report.condition.all", lang)


def conditions(plan: Plan) -> list[Condition]:
    """The plan's conditions, by source, the shortest first and whole sequences last."""
    order = [source.name for source in plan.sources]
    return sorted(plan.conditions(), key=lambda c: (order.index(c.source), c.length == 0, c.length))


def files(plan: Plan) -> set[str]:
    """Names of the sources that are the user's files."""
    return {source.name for source in plan.sources if isinstance(source, FileSource)}
