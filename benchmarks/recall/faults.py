"""The faults that are planted: into which patients, and which symptom is their cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from benchmarks.recall.patients import PATIENTS, Kind, Patient, batch_of, has_lengths, loss_of
from torch import Tensor, nn


class Fault(NamedTuple):
    """expected: the id that must come first. fits: the kinds that it can be planted into."""

    expected: str
    fits: Callable[[Kind], bool]


class Planted(NamedTuple):
    """What is examined, and `train_step` where the fault is one of the training."""

    model: nn.Module
    batch: Any
    loss_fn: Any
    options: dict[str, Any]


def _always(kind: Kind) -> bool:
    return True


def _classes(kind: Kind) -> bool:
    return kind.answer == "classes" or kind.tokens


def _numbers(kind: Kind) -> bool:
    return kind.answer in ("number", "next") and not kind.tokens


def _layer(kind: Kind) -> bool:
    return kind.read not in ("cells", "packed")


FAULTS = {
    "softmax before": Fault("loss-wiring", _classes),
    "no logarithm": Fault("loss-wiring", _classes),
    "broadcast": Fault("loss-wiring", lambda k: k.answer == "number"),
    "rows": Fault("loss-wiring", lambda k: k.read == "each" and _classes(k)),
    "one unit": Fault("answer-out-of-reach", lambda k: k.answer == "binary"),
    "relu answer": Fault("answer-out-of-reach", _numbers),
    "tanh answer": Fault("answer-out-of-reach", _numbers),
    "rounded": Fault("constant-answer", _always),
    "input unused": Fault("constant-answer", _always),
    "listed": Fault("untrained-parameters", _always),
    "other optimiser": Fault("untrained-parameters", _always),
    "dropout on": Fault("nondeterministic", _always),
    "random state": Fault("nondeterministic", _layer),
    "root of 0": Fault("non-finite", lambda k: k.answer == "number"),
    "variance": Fault("non-finite", lambda k: k.answer == "number"),
    "lower layer": Fault("state-wiring", lambda k: k.layers == 2 and k.read == "last"),
    "c for h": Fault("state-wiring", lambda k: k.read == "cells"),
    "other state": Fault("state-wiring", lambda k: k.read == "cells"),
    "lengths sorted": Fault("lengths-order", lambda k: k.read == "packed"),
    "answers sorted": Fault("lengths-order", lambda k: k.read == "packed"),
    "axes": Fault("batch-mixing", lambda k: k.read == "last"),
    "softmax over samples": Fault("batch-mixing", _classes),
    "not packed": Fault("padded-read", lambda k: k.read == "packed"),
    "padded mean": Fault("padded-read", lambda k: k.read == "packed"),
    "padded attention": Fault("padded-read", lambda k: k.read == "attention"),
    "padded loss": Fault("padding-in-loss", lambda k: has_lengths(k) and k.read == "each"),
    "future": Fault("future-leak", lambda k: k.answer == "next"),
    "detached": Fault("recurrence-unused", _always),
    "first step": Fault("recurrence-unused", lambda k: k.read == "last" and k.layers == 1),
    "huge input": Fault("unscaled-input", lambda k: not k.tokens),
    "no zero_grad": Fault("train-step", _always),
    "step first": Fault("train-step", _always),
    "erased": Fault("train-step", _always),
    "large rate": Fault("unstable-learning-rate", _always),
}  # fmt: skip


def plant(name: str, patient: str, seed: int) -> Planted:
    """A patient with a fault, or a sound one for ""."""
    kind = PATIENTS[patient]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Patient(kind, name)
        other = Patient(kind) if name == "other optimiser" else model
    rate = 1e3 if name == "large rate" else 1e-2
    optimiser = torch.optim.Adam(other.parameters(), rate)
    options: dict[str, Any] = {"optimizer": optimiser, "train_step": _train_step(name, optimiser, loss_of(kind, name))}
    return Planted(model, batch_of(kind, seed, name), loss_of(kind, name), options)


def _train_step(name: str, optimiser: torch.optim.Optimizer, loss_fn: Any) -> Callable[[nn.Module, Any], float]:
    def train_step(model: nn.Module, batch: Any) -> float:
        if name == "step first":
            optimiser.step()
        loss: Tensor = loss_fn(model, batch)
        if name != "no zero_grad":
            optimiser.zero_grad()
        loss.backward()
        if name == "erased":
            optimiser.zero_grad()
        if name != "step first":
            optimiser.step()
        return loss.item()

    return train_step
