"""What a claim waits for: the rows whose seeds keep it from an answer, or could yet contradict the one it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from carousel.experiments.decision.question import Question
from carousel.experiments.decision.verdict import DECISIVE, Row, Verdict


def waited_for(claim: Question, verdict: Verdict) -> list[Row]:
    """The rows whose seeds a claim waits for: without an answer the open ones, with one the tuned-best pairs among
    them, since these could make it conditional. One that any row supports alone is answered by it."""
    if verdict.verdict == "inconclusive":
        return open_rows(verdict)
    if verdict.verdict not in DECISIVE or claim.one_row_supports:
        return []
    return [row for row in open_rows(verdict) if row.best]


def open_rows(verdict: Verdict) -> list[Row]:
    """The rows that keep a claim from having an answer: in a part whose rows contradict each other those whose answer
    no row has firmly, if there are any; else those without one of their own (the tuned-best pair, and only where all of
    these have theirs the other declared pairs: rules.combine asks for both)."""
    parts: dict[str | None, list[Row]] = defaultdict(list)
    for row in verdict.rows:
        if row.decides:
            parts[row.details.get("part")].append(row)
    contested = {part: _not_firm(rows) for part, rows in parts.items()}
    waiting = [row for part, rows in parts.items() if not contested[part]
               for row in rows if row.verdict == "inconclusive"]  # fmt: skip
    return [row for rows in contested.values() for row in rows] + ([row for row in waiting if row.best] or waiting)


def _not_firm(rows: Sequence[Row]) -> list[Row]:
    """Of rows that contradict each other those whose answer none has firmly."""
    firm = {row.verdict for row in rows if row.firm}
    return [row for row in rows if row.decisive and row.verdict not in firm]
