"""The numbers of docs/why.md and docs/why.zh.md, by the names in the pages: `python docs/why/measure.py`.

Ten networks of each kind, 64 units, untrained, on eight sequences of delayed recall over 100 steps. The loss is the
task's, read from the last step. Means over networks and sequences are of logarithms.
"""

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import torch
from networks import NETWORKS, STEPS, UNITS, Reader, made
from torch import Tensor, nn

import carousel

SEEDS, SEQUENCES = range(10), 8
FAR = 30  # steps back
TASK = carousel.tasks.task("delayed-recall", STEPS)
BATCH = TASK.held_out("test", SEQUENCES)


class Run(NamedTuple):
    """A network, and the tape of its recurrent layer after the backward pass."""

    model: Reader
    tape: Any


@cache
def runs(kind: str) -> list[Run]:
    found = []
    for seed in SEEDS:
        model = made(kind, seed, BATCH.x.shape[-1], classes=8)
        with carousel.record(model) as tape:
            TASK.loss(model(BATCH.x), BATCH).backward()
        found.append(Run(model, tape["rnn.l0"]))
    return found


def mean(kind: str, value: Callable[[Run], Tensor]) -> Tensor:
    return torch.stack([value(run) for run in runs(kind)]).mean(dim=0)


@cache
def profile(kind: str) -> Tensor:
    """ln G(k): what is left of the gradient k steps back, over the whole state."""
    return mean(kind, lambda run: carousel.flow.lag_profile(run.tape).mean)


def left(kind: str) -> Iterator[tuple[str, float]]:
    """What is left after some steps; what one step keeps, from the fifth on; how far a thousandth reaches."""
    gain = carousel.flow.LagProfile(*[profile(kind)] * 3)
    yield from ((f"{kind}.{k}", math.exp(gain.mean[k])) for k in (1, 10, FAR))
    yield f"{kind}.step", math.exp(carousel.flow.slope(gain))
    yield f"{kind}.horizon", carousel.flow.horizon(gain)


def elman(kind: str) -> Iterator[tuple[str, float]]:
    """The two parts of an RNN's Jacobian: how the matrix stretches on average, and the mean slope of tanh."""
    yield f"{kind}.matrix", mean(kind, lambda run: run.model.rnn.weight_hh_l0.detach().norm() / UNITS**0.5).item()
    yield f"{kind}.slope", mean(kind, lambda run: (1 - run.tape.h.square()).mean()).item()


def gated(kind: str) -> Iterator[tuple[str, float]]:
    """An LSTM's mean forget gate; what the product of forget gates alone leaves, measured; the other roads' share."""
    yield f"{kind}.f", mean(kind, lambda run: run.tape.f.mean()).item()
    road = mean(kind, lambda run: carousel.flow.cell_path(run.tape).path.mean)[FAR].item()
    yield f"{kind}.road", math.exp(road)
    yield f"{kind}.others", math.exp(profile(kind)[FAR] - road)


def direct() -> float:
    """Of torch's own LSTM: the derivative that autograd leaves in the output's `.grad`, FAR steps before the last."""
    model = runs("lstm")[0].model
    output, _ = model.rnn(BATCH.x)
    output.retain_grad()
    TASK.loss(model.readout(output[-1]), BATCH).backward()
    return output.grad[-1 - FAR].norm().item()


def algebra() -> Iterator[tuple[str, float]]:
    """What follows without a network: from torch's uniform draw, from a gate at one half and a bias of 1."""
    third, opened = 1 / math.sqrt(3), 1 / (1 + math.exp(-1))
    yield "half.far", 0.5**FAR
    yield "uniform", third
    yield "candidate", 0.5 * 0.5 * third
    yield "both-roads", 0.5 + 0.5 * 0.5 * third
    yield "opened", opened
    yield "opened.far", opened**FAR
    yield "opened-twice", 1 / (1 + math.exp(-2))


def facts() -> dict[str, float]:
    """Every number by its name: shares of 1, and whole steps."""
    found = dict(algebra())
    for kind, (layer_type, _) in NETWORKS.items():
        parts = {nn.RNN: elman, nn.LSTM: gated}.get(layer_type, lambda _: ())
        found |= dict(left(kind)) | dict(parts(kind))
    return found | {"direct": direct()}


if __name__ == "__main__":
    for name, value in facts().items():
        print(f"{name:24} {value:.4g}")
