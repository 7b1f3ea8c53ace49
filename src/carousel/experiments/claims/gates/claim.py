"""Claim 4: gates keep the key information and ignore noise; an RNN passes everything on. Two parts, judged apart.

gates   with its gates clamped to their means, a solved LSTM tells key from noise less well (`clamping.py`).
rnn     the final state of a solved RNN knows as much of the noise as of the key; an LSTM's does not
        (`selectivity.py`).

On a user's file neither is judged; what each block of the past is worth is shown (`occlusion.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, final

from carousel.common.names import KEYED
from carousel.common.texts import both
from carousel.experiments.claims.base import PairClaim
from carousel.experiments.claims.gates.clamping import EFFECT, clamping_rows
from carousel.experiments.claims.gates.margins import MARGINS, GatesMargins
from carousel.experiments.claims.gates.occlusion import occlusion_verdict
from carousel.experiments.claims.gates.requirement import REQUIREMENT
from carousel.experiments.claims.gates.selectivity import selectivity_row
from carousel.experiments.columns import GATE_PROBE
from carousel.experiments.decision.requirements import families, is_file, lacks_pair
from carousel.experiments.decision.results import Results, numbers, trial_files
from carousel.experiments.decision.rules import combine, combine_parts, judged_together, stands_for
from carousel.experiments.decision.statistics.interval import Interval
from carousel.experiments.decision.verdict import Both, Effect, Row, Verdict
from carousel.experiments.decision.wording import headline, interval, join, needed, number, parts_text
from carousel.experiments.runner.requirement import Requirement
from carousel.experiments.tables import TrialRow

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Condition, Plan


@final
class Gates(PairClaim):
    """Interventions on the gates, and what the final state knows of key and noise."""

    id: ClassVar[str] = "gates"
    effect: ClassVar[tuple[str, str]] = EFFECT
    requirement: ClassVar[Requirement] = REQUIREMENT
    margins: ClassVar[GatesMargins] = MARGINS
    change: ClassVar[str] = "claims.change.parts"
    judged_on_file: ClassVar[bool] = False
    leading_part: ClassVar[str | None] = "rnn"
    figure: ClassVar[str | None] = "occlusion"  # of a file; there it decides nothing, but is what there is to see

    def judge(self, results: Results, alpha: float) -> Verdict:
        """Supported or refuted where both parts are; conditional where they differ. A file marks no key: not tested."""
        if results.file is not None:
            return occlusion_verdict(self, results, results.file)
        if not any(_probed(results, condition) for condition in results.conditions):
            return self.not_tested("gates")
        gates, rnn = (judged_together(partial(rows, results), alpha) for rows in (self._gates, self._rnn))
        shown = [stands_for(rows, results) for rows in (gates, rnn)]
        if not any(shown):
            return self.not_tested("unsolved")
        parts = combine(gates), combine(rnn)
        because = join(
            _gates_text(shown[0], gates) if shown[0] else None,
            _rnn_text(shown[1]) if shown[1] else None,
            parts_text(self.id, gates=parts[0], rnn=parts[1]),
            needed([*gates, *rnn]),
        )
        stands = shown[0]
        effect, n = (stands.effect, stands.n) if stands else (Effect(*self.effect), 0)
        files = _files(results)
        return Verdict(self.id, combine_parts(parts), effect, n, because, (*gates, *rnn), files)

    def lacks(self, plan: Plan, *, every_step: bool) -> str | None:
        """On tasks one that marks a key; on a file the best RNN or LSTM, one answer a sequence to take blocks from."""
        if is_file(plan):
            return self._lacks_on_file(plan, every_step)
        return lacks_pair(plan) or (None if any(s.name in KEYED for s in plan.sources) else "gates")

    @staticmethod
    def _lacks_on_file(plan: Plan, every_step: bool) -> str | None:
        if every_step:
            return "gates_file"  # occlusion by lag needs one answer a sequence
        return "no_gates" if families(plan, plan.sources[0].name).isdisjoint({"RNN", "LSTM"}) else None

    @staticmethod
    def _gates(results: Results, alpha: float) -> list[Row]:
        rows: list[Row] = []
        for condition in _judged(results):
            best = results.best_pair(condition)
            for spec in results.specs(condition.source, "LSTM"):
                trials = list(results.reporting(condition.key, spec).values())
                about: dict[str, Any] = {"condition": condition.key, "best": best is not None and spec == best.lstm}
                about["rests_on"] = ((condition.key, spec),)
                rows += clamping_rows(trials, f"{condition.key}: {spec}", alpha, **about)
        return rows

    @staticmethod
    def _rnn(results: Results, alpha: float) -> list[Row]:
        rows = []
        for condition in _judged(results):
            best = results.best_pair(condition)
            for pair in results.pairs(condition.source):
                sides = tuple((condition.key, spec) for spec in pair)
                rnn, lstm = (list(trials.values()) for trials in results.together(*sides))
                about: dict[str, Any] = {"condition": condition.key, "pair": pair, "best": pair == best}
                about["rests_on"] = sides
                rows.append(selectivity_row(rnn, lstm, f"{condition.key}: {pair}", alpha, **about))
        return rows


def _judged(results: Results) -> list[Condition]:
    return [c for source in results.evidence.plan.sources for c in results.judged(source.name)]


def _trials(results: Results, condition: Condition) -> list[TrialRow]:
    specs = results.specs(condition.source, "RNN", "LSTM")
    return [row for spec in specs for row in results.reporting(condition.key, spec).values()]


def _probed(results: Results, condition: Condition) -> bool:
    return any(numbers(_trials(results, condition), column) for column in GATE_PROBE)


def _gates_text(row: Row, rows: Sequence[Row]) -> Both:
    """What is lost, with the control, and the gate that costs most when it is clamped alone."""
    lost = {"all": row.details.get("accuracy_all"), "informed": row.details.get("accuracy_informed")}
    alone = [r for r in rows if r.where.startswith(f"{row.where}, ") and "auroc" in r.details]
    most = max(alone, key=lambda gate: gate.effect.value or 0.0, default=None)
    return join(
        headline("gates", row),
        both("claims.gates.control", **{k: number(v) for k, v in lost.items()}) if None not in lost.values() else None,
        _alone_text(most) if most else None,
    )


def _alone_text(row: Row) -> Both:
    said = {"gate": row.details["clamped"], "value": number(row.effect.value), "auroc": number(row.details["auroc"])}
    return both("claims.gates.alone", **said)


def _rnn_text(row: Row) -> Both:
    values: dict[str, object] = {"where": row.where}
    for side, read in (("rnn", row.details["rnn"]), ("lstm", row.details["lstm"])):
        assert "mean" in read  # no description along the lengths, which is another claim's
        values |= {side: number(read["mean"]), f"{side}_interval": interval(Interval(*read["interval"]))}
        values[f"{side}_n"] = read["n"]
    return both("claims.gates.selectivity", **values)


def _files(results: Results) -> tuple[str, ...]:
    return trial_files(row for condition in _judged(results) for row in _trials(results, condition))
