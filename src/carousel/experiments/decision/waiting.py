"""What a claim waits for: the rows whose seeds keep it from an answer, or could yet contradict the one it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from carousel.experiments.decision.question import Question
from carousel.experiments.decision.verdict import DECISIVE, Row, Verdict


def waited_for(claim: Question, verdict: Verdict) -> list[Row]:
    """The rows whose seeds a claim waits for: without an answer the open ones, with one those of them that could make
    it conditional: the tuned-best pairs, and all rows of a part that has no such pair. One that any row supports alone
    is answered by it."""
    if verdict.verdict == "inconclusive":
        return open_rows(verdict)
    if verdict.verdict not in DECISIVE or claim.one_row_supports:
        return []
    of_pairs = {row.details.get("part") for row in verdict.rows if row.decides and row.best}
    return [row for row in open_rows(verdict) if row.best or row.details.get("part") not in of_pairs]


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
