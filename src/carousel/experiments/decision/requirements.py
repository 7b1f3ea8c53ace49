"""Which claims a plan can answer at all: what each needs of the run's sources, contenders and lengths.

Asked before anything is trained, so that nobody waits for a verdict that cannot come, and again when a run is judged.
What only the trainings can tell (nothing solved, nothing above the baseline) the claims say themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from carousel.common.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER
from carousel.experiments.claims.task_sets import KEYED, MIRROR
from carousel.experiments.claims.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from carousel.experiments.runner.plan import Plan


def why_not(plan: Plan, claim: str) -> str | None:
    """Why no outcome of the plan could answer a claim, a key under claims.untested; None where one could."""
    asked = plan.only_for(claim)
    if not asked.sources:
        return "no_source"
    on_file = asked.sources[0].kind == "file"
    return (_ON_FILES if on_file else _ON_TASKS)[claim](asked)


def alone(plan: Plan) -> list[str]:
    """The claims that a plan measures under one condition of built-in tasks only, though their verdict is over several:
    what is measured is shown, and decides nothing."""
    return [c for c, able in _OVER_SEVERAL.items() if plan.asks(c) and why_not(plan, c) is None and _one(plan, c, able)]


def _one(plan: Plan, claim: str, able: Callable[[Plan, str], bool]) -> bool:
    asked = plan.only_for(claim)
    return asked.sources[0].kind == "task" and sum(able(asked, c.source) for c in asked.conditions()) == 1


def _pair(plan: Plan) -> str | None:
    return None if any(_has_pair(plan, s.name) for s in plan.sources) else "one_family"


def _length(plan: Plan) -> str | None:
    able = any(len(plan.lengths_of(s.name)) > 1 for s in plan.sources if _has_pair(plan, s.name))
    return _pair(plan) or (None if able else "one_length")


def _gates(plan: Plan) -> str | None:
    return _pair(plan) or (None if any(s.name in KEYED for s in plan.sources) else "gates")


def _stacking(plan: Plan) -> str | None:
    return None if any(_has_depths(plan, s.name) for s in plan.sources) else "stacking"


def _attention(plan: Plan) -> str | None:
    able = [s.name for s in plan.sources if _beside_attention(plan, s.name)]
    if not able:
        return "attention"
    if len(plan.learning_rates) < THRESHOLDS.attention_rates:
        return "few_rates"
    if set(able) <= MIRROR:
        return "no_recall"
    return None if MIRROR & set(able) else "no_mirror"


def _stacking_of_file(plan: Plan) -> str | None:
    """Without networks for it because nobody asked, or because others were named."""
    if _has_depths(plan, plan.sources[0].name):
        return None
    return "stacking" if "stacking" in plan.claims else "stacking_file"


def _attention_of_file(plan: Plan) -> str | None:
    """Shown and never judged; the same two ways to be without networks."""
    if _beside_attention(plan, plan.sources[0].name):
        return None
    return "attention" if "attention" in plan.claims else "attention_file"


def _gates_of_file(plan: Plan) -> str | None:
    """Occlusion is shown of the best RNN and the best LSTM, whichever is there."""
    return "no_gates" if _families(plan, plan.sources[0].name).isdisjoint({"RNN", "LSTM"}) else None


def _families(plan: Plan, source: str) -> set[str]:
    return {FAMILY_OF_CELL[c.cell] for c in plan.contenders[source]}


def _has_depths(plan: Plan, source: str) -> bool:
    depths = {c.layers for c in plan.contenders[source] if FAMILY_OF_CELL[c.cell] == "LSTM"}
    return 1 in depths and len(depths) > 1


def _has_pair(plan: Plan, source: str) -> bool:
    return {"RNN", "LSTM"} <= _families(plan, source)


def _beside_attention(plan: Plan, source: str) -> bool:
    families = _families(plan, source)
    return FAMILY_OF_CELL[TRANSFORMER] in families and not families.isdisjoint(RECURRENT)


_Asks = Mapping[str, Callable[["Plan"], str | None]]
_PAIRS: _Asks = {"vanishing": _pair, "exploding": _pair, "length": _length, "generalisation": _pair}
_ON_TASKS: _Asks = {
    **_PAIRS,
    "gates": _gates,
    "stacking": _stacking,
    "attention": _attention,
}
_ON_FILES: _Asks = {
    **_PAIRS,
    "gates": _gates_of_file,
    "stacking": _stacking_of_file,
    "attention": _attention_of_file,
}
_OVER_SEVERAL: Mapping[str, Callable[[Plan, str], bool]] = {"generalisation": _has_pair, "stacking": _has_depths}
