"""What is run when no source is named: which built-in tasks, for which claims, with which contenders."""

from __future__ import annotations

from typing import NamedTuple

from carousel.common.errors import BadPlan, UnknownName
from carousel.common.names import CLAIMS

QUICK_CONTENDERS = "rnn,rnn:orthogonal,lstm,lstm:forget-bias-1,lstm:chrono,gru"
ALL_CONTENDERS = "rnn,rnn:orthogonal,rnn-relu:identity,lstm,lstm:forget-bias-1,lstm:keras,lstm:chrono,gru,gru:chrono"
_FLOW = ("vanishing", "exploding", "length", "generalisation")
_KEEPERS = "rnn:orthogonal,rnn-relu:identity,lstm:forget-bias-1,lstm:chrono"  # what can solve recall at a random step
DEPTHS = "lstm:forget-bias-1,lstm:forget-bias-1,layers=2,lstm:forget-bias-1,layers=4"
BESIDE_ATTENTION = "rnn:orthogonal,lstm:chrono,gru,transformer"

_DEEP_PARAMETERS = 20_000  # where 1, 2 and 4 layers can be made equal within 2 % for each of these tasks
_DEEP = ("nested-brackets", "time-scales")
_ATTENTION = ("mqar", "copy-memory", "modular-counting", "anbn")  # recall, and the mirror set with `permutations`
_CAPACITY_PARAMETERS = 1124  # of each depth, exactly; the table of random labels is too large for so few
_ONLY_FOR = {"random-labels": ("stacking",)}  # test and training part are the same there


class Asked(NamedTuple):
    """A task and the claims it is run for. lengths, parameters: its own, or None for those of the budget."""

    task: str
    claims: tuple[str, ...]
    contenders: str
    lengths: tuple[int, ...] | None = None
    parameters: int | None = None


def _flow(contenders: str) -> tuple[Asked, ...]:
    return Asked("delayed-recall", _FLOW, contenders), Asked("adding", _FLOW, contenders)


_KEYED = Asked("random-recall", ("gates", "generalisation"), _KEEPERS, (30,))
QUICK = (*_flow(QUICK_CONTENDERS), _KEYED)
WHOLE = (
    *_flow(ALL_CONTENDERS),
    _KEYED,
    *(Asked(name, ("stacking",), DEPTHS, (30,), _DEEP_PARAMETERS) for name in _DEEP),
    Asked("random-labels", ("stacking",), DEPTHS, (4,), _CAPACITY_PARAMETERS),
    Asked("permutations", ("stacking", "attention"), f"{DEPTHS},gru,transformer", (30,), _DEEP_PARAMETERS),
    *(Asked(name, ("attention",), BESIDE_ATTENTION, (30,)) for name in _ATTENTION),
)


def asked_for(suite: tuple[Asked, ...], claims: tuple[str, ...], budget: str) -> tuple[Asked, ...]:
    """The part of a suite that some claims need; all of it for none. Raises UnknownName, and BadPlan for a claim that
    the suite has no task for."""
    check_claims(claims)
    for claim in claims:
        if not any(claim in asked.claims for asked in suite):
            able = dict.fromkeys(claim for asked in suite for claim in asked.claims)
            raise BadPlan(f"the {budget} budget has no measurement for the claim {claim!r}", allowed=", ".join(able),
                          fix="--budget standard, which has all seven")  # fmt: skip
    return tuple(asked for asked in suite if not claims or set(claims) & set(asked.claims))


def claims_of(task: str) -> tuple[str, ...]:
    """The claims that a task which the user names can be judged for; none: all."""
    return _ONLY_FOR.get(task, ())


def check_claims(claims: tuple[str, ...]) -> None:
    """Raises UnknownName."""
    for claim in claims:
        if claim not in CLAIMS:
            raise UnknownName("claim", claim, CLAIMS)
