"""Parity and modular arithmetic: trained on lengths 1 to 40, tested at 100 and 500 (Delétang et al. 2023).

Theirs: RNN and LSTM 100 %, Transformer about chance; mean over lengths 41 to 500, after 1,000,000 steps. Ours: an empty
step at the end and batches of 128, as theirs; rate .0005, one of theirs; each batch of one random length up to 3, 5, 7,
10, 20 and at last 40. A stage ends when its longest sequences are solved, training with the first stage that is not.
`--at-once` leaves the empty step out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from contenders import sized
from ended import ended
from expressions import ModularArithmetic

from carousel.experiments.tasks import Batch, task
from carousel.experiments.tasks.symbols import LastStepClassification
from carousel.experiments.training.description import Contender
from carousel.experiments.training.loop import Learner, evaluate, train
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.trial import build_contender
from common import Row, log, main, number, parser, positive, report, seeds_of

Make = Callable[[int], LastStepClassification]
TASKS: dict[str, Make] = {"parity": lambda length: task("parity", length), "modular-arithmetic": ModularArithmetic}
EXPECTED = {"rnn": 1.0, "lstm": 1.0, "transformer": None}  # None: the chance of the task
MARGIN = {"rnn": 0.01, "lstm": 0.01, "transformer": 0.1}
SOLVED, PASSED = 0.998, 0.98  # validation accuracy that ends the last stage, and those before it
_STAGE = 10**6  # between the seeds of two stages' draws
LAST_CHECKS = 10  # in a row, of 256 sequences each: what is .99 right at 40 is less so at 100


@dataclass(frozen=True)
class Budget:
    """`stages`: longest lengths, in order; `steps`: at most so many in each, and three times as many in the last."""

    stages: tuple[int, ...]
    steps: int
    rate: float
    parameters: int
    tested: tuple[int, ...]
    batch: int = 128


QUICK = Budget((3, 5), 20, 0.01, 2000, (10,))


@final
class UpTo(LastStepClassification):
    """A task at lengths drawn anew for each batch from 1 to `longest`; held-out sequences have the longest."""

    summary = "another task at random lengths"
    shortest = 1

    def __init__(self, make: Make, longest: int, solved: float):
        self.lengths = [make(length) for length in range(1, longest + 1)]
        self.inner = self.lengths[-1]
        self.name = self.inner.name  # type: ignore[misc]  # a ClassVar of built-in tasks; here that of the task inside
        super().__init__(longest, self.inner.inputs, self.inner.outputs)
        self.metric = self.metric._replace(solved_threshold=solved)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        which = int(torch.randint(len(self.lengths), (), generator=generator))
        return self.lengths[which].sample(generator, n)

    def held_out(self, part, n=None) -> Batch:
        return self.inner.held_out(part, n)


def learn(make: Make, contender: Contender, seed: int, budget: Budget) -> tuple[torch.nn.Module, dict[str, object]]:
    """The network after the curriculum, and how far it came: score at the longest length, last stage, steps taken."""
    *before, last = budget.stages
    goal = UpTo(make, last, SOLVED)
    network, taken = build_contender(contender, goal, seed), 0
    for k, stage in enumerate([*(UpTo(make, longest, PASSED) for longest in before), goal]):
        steps = budget.steps * (3 if stage is goal else 1)
        checks = LAST_CHECKS if stage is goal else 2
        stop = StopRule(check_every=50, solved_checks=checks)
        training = Training(steps=steps, batch_size=budget.batch, stop=stop)
        (learner,) = train([Learner(network, stage, seed + _STAGE * k, budget.rate)], training)
        history = learner.history
        taken += len(history.losses)
        if history.outcome != "solved":
            break
    score = evaluate(network, goal, goal.batches("validation"))
    return network, {"seed": seed, "validation": score, "stage": stage.length, "steps": taken}


def rows(who: str, make: Make, contender: Contender, seeds: range, budget: Budget) -> list[Row]:
    """One row a tested length."""
    learned = [learn(make, contender, seed, budget) for seed in seeds]
    found = []
    for made in map(make, budget.tested):
        scores = tuple(evaluate(network, made, made.batches("test")) for network, _ in learned)
        found.append(_row(who, made, scores, contender, [detail for _, detail in learned]))
    log("; ".join(f"{row.what} {' '.join(map(number, row.ours))}" for row in found))
    return found


def _row(who: str, made: LastStepClassification, scores: tuple[float, ...], contender: Contender, details: list) -> Row:
    expected = EXPECTED.get(contender.cell, "unknown")
    published = {None: made.metric.chance, "unknown": None}.get(expected, expected)
    steps, stages = (sorted(detail[key] for detail in details) for key in ("steps", "stage"))
    return Row(
        f"{who}: accuracy at {made.length}",
        scores,
        published,
        better="equal" if expected is None else "higher",
        margin=MARGIN.get(contender.cell, 0.0),
        note=f"last stage {stages[0]} to {stages[-1]}; steps {steps[0]:,} to {steps[-1]:,}",
        detail={"hidden": contender.hidden, "parameters": contender.parameters, "trials": details},
    )


def recipe() -> None:
    """Both tasks, every contender."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--contenders", default="rnn:orthogonal,lstm", help="specs of `carousel contenders`")
    options.add_argument("--task", choices=TASKS, action="append")
    options.add_argument("--at-once", action="store_true", help="answer at the last symbol, without an empty step")
    options.add_argument(
        "--steps",
        type=positive,
        default=20_000,
        help="in a stage, at most (20,000); the last has three times as many",
    )
    given = options.parse_args()
    full = Budget((3, 5, 7, 10, 20, 40), given.steps, 0.0005, 20_000, (100, 500))
    budget, seeds = (QUICK, range(1)) if given.quick else (full, seeds_of(given.seeds))
    found = []
    for name in given.task or TASKS:
        make = TASKS[name] if given.at_once else ended(TASKS[name])
        for contender in sized(given.contenders, make(budget.stages[-1]), budget.parameters):
            found += rows(f"{name}, {contender.spec}", make, contender, seeds, budget)
    report("regular_languages", found, vars(budget) | {"at_once": given.at_once}, given)


if __name__ == "__main__":
    main(recipe)
