"""Gates held while a network runs, in every layer: the interventions of claim 4.

A gate at its mean keeps its rate, unit by unit, and answers to nothing. A gate at its mean *for the symbol that comes
in and the key seen so far* is held as well, but knows both. So accuracy that is lost at the one and kept at the other
is lost for want of what the gates know, not because a network whose gates are held is a broken one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.gate_signals import MARKS
from carousel.experiments.tasks.base import Batch
from carousel.introspect.interventions import Intervention, Set
from carousel.introspect.record import ModelTape

Held = Callable[[Batch], list[Intervention]]  # what is held while this batch runs


def holdable(network: RecurrentNetwork) -> list[str]:
    """The gates i, f and o, where every layer has them."""
    return [gate for gate in MARKS if all(gate in cell.gate_names for cell in network.stack)]


def at_means(tape: ModelTape, gates: Sequence[str]) -> Held:
    """Each unit's gate at its own mean on the tape, over steps and sequences."""
    means = [Set(name, value.mean((0, 1))) for name, value in _values(tape, gates).items()]
    return lambda batch: list(means)


def informed(tape: ModelTape, gates: Sequence[str], taped: Batch) -> Held:
    """Each unit's gate at its own mean over the steps of the tape with this symbol and this key so far."""
    where = _situation(taped).flatten()
    means = {name: _means(value.flatten(0, 1), where) for name, value in _values(tape, gates).items()}

    def held(batch: Batch) -> list[Intervention]:
        steps = list(enumerate(_situation(batch)))
        return [Set(name, mean[now], (step,)) for name, mean in means.items() for step, now in steps]

    return held


def _values(tape: ModelTape, gates: Sequence[str]) -> dict[str, Tensor]:
    """By site and gate, [T, B, H]."""
    return {f"{site}.{gate}": track[gate] for site, track in tape.items() for gate in gates}


def _situation(batch: Batch) -> Tensor:
    """[T, B]: a number for each pair of the symbol that comes in and the key seen before it (or none)."""
    assert batch.key_positions is not None
    later = torch.arange(len(batch.x)).unsqueeze(-1) > batch.key_positions[:, 0]
    return batch.x.argmax(-1) + batch.x.shape[-1] * torch.where(later, 1 + batch.y, 0)


def _means(value_NH: Tensor, where_N: Tensor) -> Tensor:
    """The mean of each situation, [situations, H]; 0 of one that never came."""
    counts = torch.bincount(where_N).unsqueeze(-1)
    sums = value_NH.new_zeros(len(counts), value_NH.shape[1]).index_add_(0, where_N, value_NH)
    return sums / counts.clamp(min=1)
