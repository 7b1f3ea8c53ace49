"""Forget bias and chrono: whether an LSTM beats a plain RNN at delayed recall is decided by its initialisation.

The findings: docs/log.md (2026-11-23), one seed and the best of three rates. Chrono: Tallec, Ollivier 2018. Two
readings of the task, since they differ: distractors from an alphabet of their own (the package's task), or from the
keys' own.
"""

from __future__ import annotations

from typing import final

import torch
from contenders import Budget, tuned

from carousel.experiments.tasks import Batch, task
from carousel.experiments.tasks.recall import KEYS
from carousel.experiments.tasks.symbols import LastStepClassification, encode, integers
from common import Row, main, parser, report

SPECS = "rnn,rnn:orthogonal,lstm,lstm:forget-bias-1,lstm:chrono"
CHANCE = 1 / KEYS
OTHER, SAME = "other alphabet", "same alphabet"
#: (alphabet, T, contender) -> accuracy
FOUND = {
    (OTHER, 30, "rnn"): 1.00,
    (OTHER, 30, "rnn:orthogonal"): 1.00,
    (OTHER, 30, "lstm:chrono"): 1.00,
    (OTHER, 100, "rnn"): 1.00,
    (OTHER, 100, "rnn:orthogonal"): 1.00,
    (OTHER, 100, "lstm:chrono"): 1.00,
    (SAME, 30, "rnn"): 0.86,
    (SAME, 30, "rnn:orthogonal"): 1.00,
    (SAME, 30, "lstm:chrono"): 1.00,
    (SAME, 100, "rnn"): 0.62,
    (SAME, 100, "rnn:orthogonal"): 1.00,
    (SAME, 100, "lstm:chrono"): 0.53,
}
MARGIN = 0.05


@final
class SameAlphabet(LastStepClassification):
    """The first of T symbols is the answer, and all are drawn from the same eight.

    Example (T=6): `C F A A H B` -> C.
    """

    name = "delayed-recall-same-alphabet"
    summary = "name the first of T symbols, all of one alphabet"

    def __init__(self, length: int):
        super().__init__(length, inputs=KEYS, classes=KEYS)

    def sample(self, generator: torch.Generator, n: int) -> Batch:
        symbols = integers(KEYS, (self.length, n), generator)
        first = torch.zeros(n, 1, dtype=torch.int64)
        return Batch(encode(symbols, KEYS), symbols[0], key_positions=first)


def rows(alphabet: str, length: int, budget: Budget) -> list[Row]:
    """One row a contender."""
    made = task("delayed-recall", length) if alphabet == OTHER else SameAlphabet(length)
    return [
        _row(alphabet, length, found.contender.spec, found.column("score"), found.detail)
        for found in tuned(made, SPECS, budget)
    ]


def _row(alphabet: str, length: int, spec: str, scores: tuple[float, ...], detail: dict[str, object]) -> Row:
    stock = spec == "lstm"
    published = CHANCE if stock else FOUND.get((alphabet, length, spec))
    return Row(
        f"{alphabet}, T={length}, {spec}: accuracy",
        scores,
        published,
        "" if published is None else "(chance)" if stock else "(log)",
        better="equal" if stock else "higher",
        margin=MARGIN,
        note=f"solved by {sum(score >= 0.95 for score in scores)} of {len(scores)}",
        detail=detail,
    )


def recipe() -> None:
    """Both readings at T = 30 and 100."""
    options = parser(__doc__.splitlines()[0])
    given = options.parse_args()
    full = Budget(rates=(0.001, 0.003, 0.01), seeds=given.seeds, steps=1500, parameters=6600)
    budget, lengths = (Budget((0.01,), 1, 20, 6600), (10,)) if given.quick else (full, (30, 100))
    found = [row for alphabet in (OTHER, SAME) for length in lengths for row in rows(alphabet, length, budget)]
    report("forget_bias", found, vars(budget), given)


if __name__ == "__main__":
    main(recipe)
