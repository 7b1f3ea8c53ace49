"""How much a run may spend: learning rates, seeds and steps by name. Equal for every contender."""

from __future__ import annotations

from typing import NamedTuple

from carousel.common.errors import UnknownName
from carousel.experiments.training.rules import StopRule, Training


class Budget(NamedTuple):
    """Learning rates are tuned on `tuning_seeds`: those here, more beyond where the best is at an edge, and between
    those about the best until neighbours differ by `finest_ratio` at most; none: those about it stay as they are
    (`grid_of` in carousel.experiments.runner.model_selection). The best is reported on `reporting_seeds`, which are
    disjoint: on the first interim_analyses[0] of them, on those of the second interim analysis where a verdict is open
    or can still change, and on those of later ones where that can be expected to settle it.

    contenders: of every source that asks for none of its own.
    """

    name: str
    summary: str
    contenders: str
    lengths: tuple[int, ...]
    learning_rates: tuple[float, ...]
    finest_ratio: float | None
    tuning_seeds: tuple[int, ...]
    reporting_seeds: tuple[int, ...]
    interim_analyses: tuple[int, ...]
    steps: int


QUICK_CONTENDERS = "rnn,rnn:orthogonal,lstm,lstm:chrono,gru"
ALL_CONTENDERS = "rnn,rnn:orthogonal,rnn-relu:identity,lstm,lstm:forget-bias-1,lstm:keras,lstm:chrono,gru,gru:chrono"
_COARSE_RATES = (0.00025, 0.001, 0.004, 0.016)  # an identity RNN may learn at .0003 or at .004, and not between
_FINEST_RATIO = 2.0  # of neighbours about the best: six rates at least
BUDGETS = {
    budget.name: budget
    for budget in (
        Budget(
            "quick",
            "2 learning rates or more, 6 seeds: minutes; decides what so few seeds can",
            QUICK_CONTENDERS,
            (30, 100),
            (0.01, 0.03),  # one of them is an edge, so that every grid comes to three at least
            None,
            (0, 1, 2),
            tuple(range(100, 106)),
            (6,),
            1000,
        ),
        Budget(
            "standard",
            "6 learning rates or more, 10 to 160 seeds, lengths to 100: an hour or more on 2 cores",
            ALL_CONTENDERS,
            (10, 30, 100),
            _COARSE_RATES,
            _FINEST_RATIO,
            (0, 1, 2),
            tuple(range(100, 260)),
            (10, 40, 80, 160),
            2000,
        ),
        Budget(
            "full",
            "6 learning rates or more, 20 to 160 seeds, lengths to 1000: for a night or a cluster",
            ALL_CONTENDERS,
            (10, 30, 100, 300, 1000),
            _COARSE_RATES,
            _FINEST_RATIO,
            (0, 1, 2),
            tuple(range(100, 260)),
            (20, 80, 160),
            6000,
        ),
    )
}


def budget_named(name: str) -> Budget:
    """Look a budget up. Raises UnknownName."""
    if name not in BUDGETS:
        raise UnknownName("budget", name, BUDGETS)
    return BUDGETS[name]


def judged_once(budget: Budget) -> Budget:
    """The budget of a user's file: the seeds of its first interim analysis, no more.

    Each seed brings a split of its own, and splits of one file overlap: what they have in common stays in every
    interval, however many there are (carousel.experiments.decision.split_overlap)."""
    first = budget.interim_analyses[0]
    return budget._replace(interim_analyses=(first,), reporting_seeds=budget.reporting_seeds[:first])


def training_of(budget: Budget, *, file: bool) -> Training:
    """The training of every trial. A user's file has no solved threshold: its trials stop when they get no better."""
    if file:
        return Training(steps=budget.steps, stop=StopRule(check_every=50, patience=8))
    return Training(steps=budget.steps)
