"""From an interval to an answer, and from the answers of the pairs to the verdict of the claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.statistics.rates import EVEN
from carousel.experiments.decision.thresholds import THRESHOLDS
from carousel.experiments.decision.verdict import DECISIVE, Row, Word

if TYPE_CHECKING:
    from carousel.experiments.decision.results import Results


class Answer(NamedTuple):
    """A verdict and why: a key under claims.reasons."""

    verdict: Word
    reason: str


def by_margin(interval: Interval, margin: float) -> Answer:
    """Supported beyond +margin; refuted below 0 or wholly inside ±margin."""
    if interval.above(margin):
        return Answer("supported", "beyond")
    if interval.below(0.0):
        return Answer("refuted", "opposite")
    if interval.inside(margin):
        return Answer("refuted", "equivalent")
    return Answer("inconclusive", "wide")


def distance(value: float, margin: float) -> float:
    """How far `value` lies inside the nearest answer's region: what an interval's half width must come below."""
    return max(value - margin, -value, margin - abs(value))


def by_size(interval: Interval, margin: float) -> Answer:
    """Supported above the margin; refuted below 0 (the other way round) or below the margin (not by so much). So every
    truth but the margin itself has an answer, given seeds enough."""
    if interval.above(margin):
        return Answer("supported", "beyond")
    if interval.below(margin):
        return Answer("refuted", "opposite" if interval.below(0.0) else "less")
    return Answer("inconclusive", "wide")


class MeanRule(NamedTuple):
    """How a mean is judged against a margin: the answer to its interval, and how far a value lies from having none."""

    answer: Callable[[Interval, float], Answer]
    distance: Callable[[float, float], float]


EQUIVALENCE = MeanRule(by_margin, distance)
SIZE = MeanRule(by_size, lambda value, margin: abs(value - margin))


def by_superiority(interval: Interval) -> Answer:
    """P(LSTM > RNN): supported above .75; refuted below .5 (the RNN wins) or below .75 (not by so much), each time by
    the whole interval."""
    if interval.above(THRESHOLDS.superiority):
        return Answer("supported", "beyond")
    if interval.below(THRESHOLDS.superiority):
        return Answer("refuted", "opposite" if interval.below(EVEN) else "less")
    return Answer("inconclusive", "wide")


def judged_together(judge: Callable[[float], Sequence[Row]], alpha: float) -> tuple[Row, ...]:
    """Rows judged at error `alpha` each, which say whether they are firm: whether the answer is the same at alpha / m,
    m rows deciding (Bonferroni). `judge` gives the rows at an error.

    One firm row of each kind makes a claim conditional. With the error of a single row, some row of the other kind
    would come by chance once there are rows enough.
    """
    rows = tuple(judge(alpha))
    tested = [row for row in rows if _tested(row)]
    if len({row.verdict for row in tested if row.decisive}) < 2:
        return rows
    strict = judge(alpha / len(tested))
    return tuple(
        replace(row, firm=row.verdict == again.verdict) if _tested(row) and row.decisive else row
        for row, again in zip(rows, strict, strict=True)
    )


def combine(rows: Iterable[Row]) -> Word:
    """The claim's verdict from the rows that decide.

    conditional: at least one is firmly supported and at least one firmly refuted. supported (refuted): all decisive
    ones are, they are at least half of all tested ones, and at least half of the tuned-best pair ones. Otherwise
    inconclusive; not-tested where no row was tested.
    """
    tested = [row for row in rows if _tested(row)]
    if not tested:
        return "not-tested"
    answers = {row.verdict for row in tested if row.decisive}
    if len(answers) == 2:
        firm = {row.verdict for row in tested if row.decisive and row.firm}
        return "conditional" if len(firm) == 2 else "inconclusive"
    if answers and _enough(tested) and _enough([row for row in tested if row.best]):
        return answers.pop()
    return "inconclusive"


def lacks_tasks(rows: Sequence[Row]) -> bool:
    """Of a claim without an answer: its rows have one, and no tuned-best pair is open. What it lacks are more tasks."""
    open_best = any(row.best and row.verdict == "inconclusive" for row in rows if row.decides)
    return combine(rows) in DECISIVE and not open_best


def everywhere(rows: Sequence[Row]) -> Word:
    """`combine`, of a statement about every row: supported only where all that were tested are."""
    word = combine(rows)
    open_left = any(not row.decisive for row in rows if _tested(row))
    return "inconclusive" if word == "supported" and open_left else word


def by_group(rows: Iterable[Row], group_of: Callable[[str], str], least: int = 1) -> dict[str, Word]:
    """The answer of each group of sources (group_of: from a source's name), from the rows of its conditions. Open where
    fewer than `least` of them have one."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(group_of(str(row.condition).partition("/")[0]), []).append(row)
    return {group: _of_group(members, least) for group, members in grouped.items()}


def _of_group(rows: Sequence[Row], least: int) -> Word:
    word = combine(rows)
    few = sum(row.decisive for row in rows if _tested(row)) < least
    return "inconclusive" if few and word != "not-tested" else word


def _tested(row: Row) -> bool:
    return row.decides and row.verdict != "not-tested"


def _enough(rows: Sequence[Row]) -> bool:
    return sum(row.decisive for row in rows) >= THRESHOLDS.decisive_share * len(rows)


def stands_for(rows: Sequence[Row], results: Results) -> Row | None:
    """The row whose effect is the claim's headline: of those that decide and were measured, the best pair's under
    the longest condition of the first source; None where nothing was measured."""
    measured = [row for row in rows if row.decides and row.n]
    for source in results.evidence.plan.sources:
        for condition in reversed(results.lengths(source.name)):
            found = [row for row in measured if row.condition == condition.key]
            if found:
                return next((row for row in found if row.best), found[0])
    return measured[0] if measured else None


def combine_parts(parts: Sequence[Word]) -> Word:
    """The verdict of a claim whose parts are judged apart: their common verdict, or `conditional` where each is
    decisive (or conditional itself) and they differ; otherwise inconclusive."""
    if len(set(parts)) == 1:
        return parts[0]
    return "inconclusive" if {"inconclusive", "not-tested"} & set(parts) else "conditional"
