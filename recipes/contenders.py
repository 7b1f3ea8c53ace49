"""The package's contenders on one task, equal in parameters and tuning; every figure comes from seeds not tuned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.runner import sizing
from carousel.experiments.runner.model_selection import Tuning, best_rate
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import Contender, TaskSource, Trial
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.trial import run_trial
from common import log, number, seeds_of

_TUNING_SEED = 0
Record = dict[str, Any]


@dataclass(frozen=True)
class Budget:
    """What every contender gets: trials of `steps` Adam steps on 32 sequences, at each rate once, then on each seed."""

    rates: tuple[float, ...]
    seeds: int
    steps: int
    parameters: int
    check_every: int = 100

    @property
    def training(self) -> Training:
        """Stops when solved at two checks in a row, and for no other reason: late starters get their time."""
        return Training(steps=self.steps, stop=StopRule(check_every=self.check_every))


@dataclass(frozen=True)
class Tuned:
    """A contender at its best rate: one record a reporting seed (see `run_trial`)."""

    contender: Contender
    rate: float
    records: list[Record]

    def column(self, name: str) -> tuple[float, ...]:
        """One number a seed."""
        return tuple(float(record[name]) for record in self.records)

    @property
    def detail(self) -> dict[str, object]:
        """What a reader needs to do it again."""
        return {"hidden": self.contender.hidden, "parameters": self.contender.parameters, "learning_rate": self.rate}


def sized(specs: str, task: Task, parameters: int) -> tuple[Contender, ...]:
    """The contenders of a text such as `rnn:orthogonal,lstm`, each of the size that meets the budget."""
    return sizing.sized(parse_contenders(specs), task, parameters)


def tuned(task: Task, specs: str, budget: Budget) -> list[Tuned]:
    """Each contender at the rate that did best on the tuning seed, trained anew on the reporting seeds."""
    return [_tune(task, contender, budget) for contender in sized(specs, task, budget.parameters)]


def _tune(task: Task, contender: Contender, budget: Budget) -> Tuned:
    tried = {rate: _trials(task, contender, rate, budget, [_TUNING_SEED]) for rate in budget.rates}
    rate = best_rate({rate: [Tuning.of(record) for record in records] for rate, records in tried.items()})
    records = _trials(task, contender, rate, budget, seeds_of(budget.seeds))
    scores = " ".join(number(record["score"]) for record in records)
    log(f"{task.name} T={task.length} {contender.spec} H={contender.hidden} rate {rate:g}: {scores}")
    return Tuned(contender, rate, records)


def _trials(task: Task, contender: Contender, rate: float, budget: Budget, seeds: Sequence[int]) -> list[Record]:
    source = TaskSource(name=task.name)
    described = [
        Trial(
            phase="tuning",  # also on reporting seeds: the other phase measures gradient flow, which no row needs
            source=source,
            length=task.length,
            contender=contender,
            learning_rate=rate,
            seed=seed,
            training=budget.training,
        )
        for seed in seeds
    ]
    return [run_trial(trial, task).record for trial in described]
