"""Claim 7: self-attention surpasses both on some tasks. Shown only with the mirror set, where recurrence should win.

Per condition the best Transformer against the best recurrent network (RNN, LSTM or GRU), each chosen in the tuning
phase, with at least five learning rates tuned on each side (recurrent networks have a narrow window of good ones).
"On some tasks" looks at several: each is judged at its share of the error (Bonferroni). The mirror set decides nothing.
A user's file: `on_file.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from carousel.common.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER
from carousel.common.texts import both
from carousel.experiments.claims.attention.gap import RATE, decidable, gap_row, no_room
from carousel.experiments.claims.attention.margins import MARGINS, AttentionMargins
from carousel.experiments.claims.attention.on_file import attention_verdict
from carousel.experiments.claims.attention.requirement import MIRROR, REQUIREMENT
from carousel.experiments.claims.base import Claim
from carousel.experiments.decision.requirements import has_attention, is_file
from carousel.experiments.decision.results import Results, trial_files
from carousel.experiments.decision.verdict import Both, Effect, Row, Verdict, Word
from carousel.experiments.decision.wording import headline, interval, join, needed, signed
from carousel.experiments.runner.requirement import Requirement

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition, Plan


@final
class Attention(Claim):
    """The gap between the best Transformer and the best recurrent network."""

    id: ClassVar[str] = "attention"
    effect: ClassVar[tuple[str, str]] = RATE
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[AttentionMargins] = MARGINS
    change: ClassVar[str] = "claims.change.tasks"
    one_row_supports: ClassVar[bool] = True
    judged_on_file: ClassVar[bool] = False

    def judge(self, results: Results, alpha: float) -> Verdict:
        """Supported where it surpasses on one task at least; refuted where on none of several. A file has no mirror
        set."""
        if results.file is not None:
            return attention_verdict(self, results, results.file)
        conditions = [c for s in results.evidence.plan.sources for c in results.judged(s.name)]
        judged = self._rows(results, [c for c in conditions if c.source not in MIRROR], alpha)
        mirror = self._rows(results, [c for c in conditions if c.source in MIRROR], alpha, mirror=True)
        missing = _missing(judged, mirror)
        if missing:
            return self.not_tested(missing)
        tested = [row for row in judged if row.n]
        shown = max(tested, key=lambda row: (row.verdict == "supported", row.effect.value))
        because = join(headline(self.id, shown), _looked(shown), *map(_mirror_text, mirror), needed(judged))
        verdict = some_task([row.verdict for row in tested])
        return Verdict(self.id, verdict, shown.effect, shown.n, because, (*judged, *mirror), _files(results))

    def compares(self, plan: Plan, source: str) -> bool:
        """A Transformer and a recurrent network."""
        return has_attention(plan, source)

    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """Both sides where attention may win and on the mirror set, with enough rates; on a file both sides."""
        able = {s.name for s in plan.sources if self.compares(plan, s.name)}
        if is_file(plan):
            return None if able else "attention" if self.id in plan.claims else "attention_file"
        if not able:
            return "attention"
        if plan.fewest_rates < MARGINS.attention_rates:
            return "few_rates"
        if able <= MIRROR:
            return "no_recall"
        return None if MIRROR & able else "no_mirror"

    def decidable(self, seeds: int, alpha: float, *, file: bool) -> bool:
        """On tasks by two rates; on a file nothing is judged."""
        return super().decidable(seeds, alpha, file=file) if file else decidable(seeds, alpha)

    def comparisons(self, asked: Plan) -> int:
        """The tasks on which attention may win."""
        return sum(c.source not in MIRROR for c in asked.conditions())

    @staticmethod
    def _rows(results: Results, conditions: Sequence[Condition], alpha: float, mirror: bool = False) -> list[Row]:
        able = [c for c in conditions if _why_not(results, c) is None]
        rows = []
        for condition in conditions:
            about: dict[str, Any] = {"condition": condition.key, "best": not mirror, "decides": not mirror}
            about["details"] = {"mirror": mirror}
            why_not = _why_not(results, condition)
            if why_not:
                rows.append(Row(condition.key, "not-tested", why_not, Effect(*RATE), 0, **about))
                continue
            ours, other = _best(results, condition)
            about["rests_on"] = (condition.key, str(ours)), (condition.key, str(other))
            attention, recurrent = results.together(*about["rests_on"])
            where = f"{condition.key}: {ours} vs {other}"
            if not mirror and no_room(recurrent):
                rows.append(Row(where, "not-tested", "no_room", Effect(*RATE), 0, **about))
                continue
            rows.append(gap_row(attention, recurrent, where, alpha, len(able), **about))
        return rows


def some_task(words: Sequence[Word]) -> Word:
    """Supported where one task is; refuted where every task is, of two at least."""
    if "supported" in words:
        return "supported"
    return "refuted" if words.count("refuted") == len(words) >= MARGINS.attention_tasks else "inconclusive"


def _sides(results: Results, condition: Condition) -> tuple[list[str], list[str]]:
    return results.specs(condition.source, FAMILY_OF_CELL[TRANSFORMER]), results.specs(condition.source, *RECURRENT)


def _best(results: Results, condition: Condition) -> tuple[str | None, str | None]:
    ours, other = (results.best(condition.key, specs) for specs in _sides(results, condition))
    return ours, other


def _why_not(results: Results, condition: Condition) -> str | None:
    """Why a condition is not tested: a side without trials, or with too few learning rates tuned."""
    best = _best(results, condition)
    trials = results.together(*((condition.key, str(spec)) for spec in best))
    if not all(trials):
        return "missing"
    if not any(row.solved is not None for rows in trials for row in rows.values()):
        return "no_line"
    rates = [{row.learning_rate for row in results.tuning(condition.key, str(spec))} for spec in best]
    return "few_rates" if min(map(len, rates)) < MARGINS.attention_rates else None


def _missing(judged: Sequence[Row], mirror: Sequence[Row]) -> str | None:
    """What keeps the verdict from being printed at all: a key under claims.untested."""
    rows = [*judged, *mirror]
    if rows and all(row.reason == "few_rates" for row in rows):
        return "few_rates"
    if not any(row.n for row in judged):
        return "no_room_attention" if any(row.reason == "no_room" for row in judged) else "no_recall"
    return None if any(row.n for row in mirror) else "no_mirror"


def _looked(row: Row) -> Both | None:
    looked = row.details["looked"]
    return both("claims.attention.looked", looked=looked) if looked > 1 else None


def _mirror_text(row: Row) -> Both | None:
    if not row.n:
        return None
    values = {"where": row.where, "value": signed(row.effect.value), "interval": interval(row.effect.ci95)}
    return both("claims.attention.mirror", **values)


def _files(results: Results) -> tuple[str, ...]:
    return trial_files(
        row
        for source in results.evidence.plan.sources
        for condition in results.judged(source.name)
        for spec in results.specs(source.name, FAMILY_OF_CELL[TRANSFORMER], *RECURRENT)
        for row in results.reporting(condition.key, spec).values()
    )
