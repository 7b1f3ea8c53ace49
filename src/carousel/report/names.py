"""How a condition and its axis are called on the page."""

from __future__ import annotations

from carousel.study.plan import FileSource, Plan
from carousel.texts import text


def condition_name(plan: Plan, source: str, length: int, lang: str) -> str:
    """"adding, T = 100", or for a file "utterances, last 5 steps" and "utterances, whole sequences"."""
    if source not in files(plan):
        return text("report.condition.task", lang, source=source, length=length)
    kind = "history" if length else "whole"
    return text(f"report.condition.{kind}", lang, source=source, length=length)


def length_name(length: int, lang: str) -> str:
    """A tick of the length axis: the number of steps, or "all"."""
    return str(length) if length else text("report.condition.all", lang)


def files(plan: Plan) -> set[str]:
    """Names of the sources that are the user's files."""
    return {source.name for source in plan.sources if isinstance(source, FileSource)}
