"""What would change a verdict: by how the claim is put together from its rows, and which of these are open."""

from __future__ import annotations

from collections.abc import Sequence

from carousel.common.texts import LANGUAGES, both, text
from carousel.experiments.decision.rules import lacks_tasks
from carousel.experiments.decision.verdict import Both, Row, Verdict
from carousel.experiments.decision.wording import SEPARATOR

MOST_ROWS = 3


def would_change(verdict: Verdict, key: str, *, counted: bool) -> Both | None:
    """In both languages, from the texts under `key`; None where nothing was tested: `because` says what is missing.
    counted: the verdict takes a number of groups that agree."""
    if verdict.verdict == "not-tested":
        return None
    if verdict.verdict == "inconclusive" and counted and lacks_tasks(verdict.rows):
        return both(f"{key}.too_few")
    if verdict.verdict == "inconclusive":
        return _an_answer(verdict)
    return both(f"{key}.{verdict.verdict}")


def _an_answer(verdict: Verdict) -> Both:
    """The rows that decide and are open, or not firm: the tuned-best pair first, then those that ask for the fewest
    seeds."""
    waiting = [row for row in verdict.rows if row.decides and (row.verdict == "inconclusive" or not row.firm)]
    if not waiting:
        return both("claims.change.too_few_agree")
    waiting.sort(key=lambda row: (not row.best, row.seeds_needed is None, row.seeds_needed or 0))
    named, more = waiting[:MOST_ROWS], len(waiting) - MOST_ROWS
    return {lang: text("claims.change.open", lang, rows=_listed(named, more, lang)) for lang in LANGUAGES}


def _listed(rows: Sequence[Row], more: int, lang: str) -> str:
    listed = SEPARATOR[lang].join(_named(row, lang) for row in rows)
    return text("claims.change.open_more", lang, rows=listed, more=more) if more > 0 else listed


def _named(row: Row, lang: str) -> str:
    if row.seeds_needed is None:
        return text("claims.change.row_unknown", lang, where=row.where)
    return text("claims.change.row", lang, where=row.where, seeds=row.seeds_needed)
