"""The three tasks of the quick run, drawn from a seed as docs/trials.md says, with losses and scores."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SYMBOLS = 8  # keys; as many distractors
SET_FROM = 5_000_011  # added to a trial's seed for a training set that ends
TEST, VALIDATION, TRAINING, LONGER = (3_000_017, 1024), (2_000_003, 512), (1_000_003, 512), (3_000_017, 256)


@dataclass(frozen=True)
class Drawn:
    """x [T, B, I], and what is to be answered: classes [B] or values [B, 1]."""

    x: Tensor
    y: Tensor


def draw(task: str, length: int, sequences: int, generator: torch.Generator) -> Drawn:
    """The next sequences of a task. Raises KeyError for a task that is not re-implemented here."""
    return {"delayed-recall": _delayed, "random-recall": _random, "adding": _adding}[task](length, sequences, generator)


def training_set(task: str, length: int, sequences: int, seed: int) -> Drawn:
    """The sequences of a training set that ends."""
    return draw(task, length, sequences, torch.Generator().manual_seed(seed + SET_FROM))


def held_out(task: str, length: int, part: tuple[int, int]) -> Drawn:
    """The fixed sequences of a part, (seed, how many)."""
    seed, sequences = part
    return draw(task, length, sequences, torch.Generator().manual_seed(seed))


def sizes(task: str) -> tuple[int, int]:
    """Inputs and outputs."""
    return (2, 1) if task == "adding" else (2 * SYMBOLS, SYMBOLS)


def loss(task: str, output: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of values, cross entropy of classes in nats."""
    return ((output - y) ** 2).mean() if task == "adding" else functional.cross_entropy(output, y)


def score(task: str, output: Tensor, y: Tensor) -> float:
    """R² against always answering 1, whose error is 1/6; the share of classes that are right."""
    if task == "adding":
        return 1 - 6 * float(((output - y).double() ** 2).mean())
    return float((output.argmax(dim=1) == y).double().mean())


def _delayed(length: int, sequences: int, generator: torch.Generator) -> Drawn:
    return _recall(length, torch.zeros(sequences, dtype=torch.int64), generator)


def _random(length: int, sequences: int, generator: torch.Generator) -> Drawn:
    return _recall(length, torch.randint(length, (sequences,), generator=generator), generator)


def _recall(length: int, steps: Tensor, generator: torch.Generator) -> Drawn:
    names = torch.randint(SYMBOLS, 2 * SYMBOLS, (length, len(steps)), generator=generator)
    keys = torch.randint(SYMBOLS, (len(steps),), generator=generator)
    names[steps, torch.arange(len(steps))] = keys
    return Drawn(functional.one_hot(names, 2 * SYMBOLS).float(), keys)


def _adding(length: int, sequences: int, generator: torch.Generator) -> Drawn:
    values = torch.rand(length, sequences, generator=generator)
    first = torch.randint(length, (sequences,), generator=generator)
    further = torch.randint(length - 1, (sequences,), generator=generator)
    marks = functional.one_hot(first, length) + functional.one_hot((first + 1 + further) % length, length)
    marks = marks.T.float()
    return Drawn(torch.stack([values, marks], dim=2), (values * marks).sum(dim=0)[:, None])
