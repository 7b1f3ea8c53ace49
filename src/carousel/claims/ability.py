"""Which claims a plan can answer at all: what each needs of the run's sources, contenders and lengths.

Asked before anything is trained, so that nobody waits for a verdict that cannot come, and again when a run is judged.
What only the trainings can tell (nothing solved, nothing above the baseline) the claims say themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from carousel.claims.task_sets import KEYED, MIRROR
from carousel.claims.thresholds import THRESHOLDS
from carousel.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER

if TYPE_CHECKING:
    from carousel.study.plan import Plan


def why_not(plan: Plan, claim: str) -> str | None:
    """Why no outcome of the plan could answer a claim, a key under claims.untested; None where one could."""
    asked = plan.only_for(claim)
    if not asked.sources:
        return "no_source"
    on_file = asked.sources[0].kind == "file"
    return (_ON_FILES if on_file else _ON_TASKS)[claim](asked)


def _pair(plan: Plan) -> str | None:
    return None if any({"RNN", "LSTM"} <= _families(plan, s.name) for s in plan.sources) else "one_family"


def _length(plan: Plan) -> str | None:
    paired = [s.name for s in plan.sources if {"RNN", "LSTM"} <= _families(plan, s.name)]
    if not paired:
        return "one_family"
    return None if any(len(plan.lengths_of(name)) > 1 for name in paired) else "one_length"


def _gates(plan: Plan) -> str | None:
    return _pair(plan) or (None if any(s.name in KEYED for s in plan.sources) else "gates")


def _stacking(plan: Plan) -> str | None:
    return None if any(1 in d and len(d) > 1 for d in (_depths(plan, s.name) for s in plan.sources)) else "stacking"


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
    return _stacking(plan) and ("stacking" if "stacking" in plan.claims else "stacking_file")


def _attention_of_file(plan: Plan) -> str | None:
    """Shown and never judged; the same two ways to be without networks."""
    if _beside_attention(plan, plan.sources[0].name):
        return None
    return "attention" if "attention" in plan.claims else "attention_file"


def _shown(plan: Plan) -> None:
    """Gates on a file: occlusion is shown of whatever is there."""


def _families(plan: Plan, source: str) -> set[str]:
    return {FAMILY_OF_CELL[c.cell] for c in plan.contenders[source]}


def _depths(plan: Plan, source: str) -> set[int]:
    return {c.layers for c in plan.contenders[source] if FAMILY_OF_CELL[c.cell] == "LSTM"}


def _beside_attention(plan: Plan, source: str) -> bool:
    families = _families(plan, source)
    return FAMILY_OF_CELL[TRANSFORMER] in families and not families.isdisjoint(RECURRENT)


_Asks = Mapping[str, Callable[["Plan"], str | None]]
_PAIRS: _Asks = {"vanishing": _pair, "exploding": _pair, "length": _length, "generalisation": _pair}
_ON_TASKS: _Asks = {**_PAIRS, "gates": _gates, "stacking": _stacking, "attention": _attention}
_ON_FILES: _Asks = {**_PAIRS, "gates": _shown, "stacking": _stacking_of_file, "attention": _attention_of_file}
