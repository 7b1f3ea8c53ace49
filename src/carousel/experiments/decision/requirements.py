"""What the claims ask of a plan's contenders: an RNN with an LSTM, several depths, a Transformer with a recurrence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from carousel.common.names import FAMILY_OF_CELL, RECURRENT, TRANSFORMER

if TYPE_CHECKING:
    from carousel.experiments.decision.question import Question
    from carousel.experiments.runner.plan import Plan


def families(plan: Plan, source: str) -> set[str]:
    """The families of contenders that a source has."""
    return {FAMILY_OF_CELL[c.cell] for c in plan.contenders[source]}


def has_pair(plan: Plan, source: str) -> bool:
    """An RNN and an LSTM."""
    return {"RNN", "LSTM"} <= families(plan, source)


def lacks_pair(plan: Plan) -> str | None:
    """A key under claims.untested where no source has an RNN and an LSTM."""
    return None if any(has_pair(plan, s.name) for s in plan.sources) else "one_family"


def has_depths(plan: Plan, source: str) -> bool:
    """An LSTM of one layer and one of several."""
    depths = {c.layers for c in plan.contenders[source] if FAMILY_OF_CELL[c.cell] == "LSTM"}
    return 1 in depths and len(depths) > 1


def has_attention(plan: Plan, source: str) -> bool:
    """A Transformer and a recurrent network."""
    found = families(plan, source)
    return FAMILY_OF_CELL[TRANSFORMER] in found and not found.isdisjoint(RECURRENT)


def is_file(plan: Plan) -> bool:
    """A user's file is compared, and nothing else."""
    return plan.sources[0].kind == "file"


def single_condition(claims: Iterable[Question], plan: Plan) -> list[str]:
    """The claims that a plan measures under one condition of built-in tasks only, though their verdict is over several:
    what is measured is shown, and decides nothing."""
    able = (c for c in claims if c.over_several and plan.asks(c.id) and c.why_not(plan) is None)
    return [claim.id for claim in able if _conditions(claim, plan.only_for(claim.id)) == 1]


def _conditions(claim: Question, asked: Plan) -> int | None:
    """Of built-in tasks, those under which the claim compares; None of a file."""
    return None if is_file(asked) else sum(claim.compares(asked, c.source) for c in asked.conditions())
