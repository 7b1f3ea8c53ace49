"""What is run when no source is named: which built-in tasks, for which claims, with which contenders."""

from __future__ import annotations

from typing import NamedTuple

from carousel.errors import BadPlan, UnknownName
from carousel.names import CLAIMS

QUICK_CONTENDERS = "rnn,rnn:orthogonal,lstm,lstm:forget-bias-1,lstm:chrono,gru"
ALL_CONTENDERS = "rnn,rnn:orthogonal,rnn-relu:identity,lstm,lstm:forget-bias-1,lstm:keras,lstm:chrono,gru,gru:chrono"
_FLOW = ("vanishing", "exploding", "length", "generalisation")
_KEEPERS = "rnn:orthogonal,rnn-relu:identity,lstm:forget-bias-1,lstm:chrono"  # what can solve recall at a random step
DEPTHS = "lstm:forget-bias-1,lstm:forget-bias-1,layers=2,lstm:forget-bias-1,layers=4"
BESIDE_ATTENTION = "rnn:orthogonal,lstm:chrono,gru,transformer"

_DEEP_PARAMETERS = 20_000  # where 1, 2 and 4 layers can be made equal within 2 % for each of these tasks
_DEEP = ("nested-brackets", "permutations", "time-scales")
_RECALL = ("mqar", "copy-memory")
_MIRROR = ("parity", "modular-counting", "anbn")


class Asked(NamedTuple):
    """A task and the claims it is run for. lengths, parameters: its own, or None for those of the budget."""

    task: str
    claims: tuple[str, ...]
    contenders: str
    lengths: tuple[int, ...] | None = None
    parameters: int | None = None


def _flow(contenders: str) -> tuple[Asked, ...]:
    return Asked("delayed-recall", _FLOW, contenders), Asked("adding", _FLOW, contenders)


QUICK = (*_flow(QUICK_CONTENDERS), Asked("random-recall", ("gates",), _KEEPERS, (30,)))
WHOLE = (
    *_flow(ALL_CONTENDERS),
    Asked("random-recall", ("gates",), _KEEPERS, (30,)),
    *(
        Asked(name, ("stacking",), DEPTHS, (30,), _DEEP_PARAMETERS)
        for name in ("nested-brackets", "permutations", "time-scales")
    ),
    *(
        Asked(name, ("attention",), BESIDE_ATTENTION, (30,))
        for name in ("mqar", "copy-memory", "parity", "modular-counting", "anbn")
    ),
)


def asked_for(suite: tuple[Asked, ...], claims: tuple[str, ...], budget: str) -> tuple[Asked, ...]:
    """The part of a suite that some claims need; all of it for none. Raises UnknownName, and BadPlan for a claim that
    the suite has no task for."""
    check_claims(claims)
    for claim in claims:
        if not any(claim in asked.claims for asked in suite):
            able = dict.fromkeys(claim for asked in suite for claim in asked.claims)
            raise BadPlan(f"the {budget} budget has no measurement for the claim {claim!r}", allowed=", ".join(able),
                          cure="--budget standard, which has all seven")  # fmt: skip
    return tuple(asked for asked in suite if not claims or set(claims) & set(asked.claims))


def check_claims(claims: tuple[str, ...]) -> None:
    """Raises UnknownName."""
    for claim in claims:
        if claim not in CLAIMS:
            raise UnknownName("claim", claim, CLAIMS)
