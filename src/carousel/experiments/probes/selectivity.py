"""What a network's final state knows of the key, less what it knows of the noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.gate_clamps import Held
from carousel.experiments.probes.gate_signals import recorded
from carousel.experiments.probes.linear_probe import readable_bits
from carousel.experiments.tasks.base import Batch, Task

SEQUENCES = 512  # of the test part; the readout is fitted on twice as many of the validation part

Asked = Callable[[Batch], Tensor]


class Selectivity(NamedTuple):
    """Bits about the key and about the last noise symbol, and their difference as a share of log2 K, K keys."""

    key_bits: float
    noise_bits: float
    value: float


def selectivity_of(network: RecurrentNetwork, task: Task, held: Held | None = None) -> Selectivity:
    """Read from the whole final state by a linear readout. held: of the gates, while the network runs; the readout is
    fitted on states of that run, so that it finds what is still there, however it is written."""
    parts = [task.held_out("validation", 2 * SEQUENCES), task.held_out("test", SEQUENCES)]
    kept = [_kept(batch) for batch in parts]
    states = [_final(network, batch, held)[k] for batch, k in zip(parts, kept, strict=True)]

    def bits(asked: Asked) -> float:
        train, test = (asked(batch)[k] for batch, k in zip(parts, kept, strict=True))
        return readable_bits(states[0], train, states[1], test)

    key, noise = bits(lambda batch: batch.y), bits(lambda batch: batch.x[-1].argmax(-1))
    return Selectivity(key, noise, (key - noise) / math.log2(task.outputs))


def _kept(batch: Batch) -> Tensor:
    """Sequences whose last symbol is noise; of the others it is the key."""
    assert batch.key_positions is not None
    return batch.key_positions[:, 0] < len(batch.x) - 1


def _final(network: RecurrentNetwork, batch: Batch, held: Held | None) -> Tensor:
    """[B, S]: every state of every layer at the last step."""
    tape = recorded(network, batch.x, held(batch) if held else ())
    states = [track[s][-1] for track, cell in zip(tape.values(), network.stack, strict=True) for s in cell.state_names]
    return torch.cat(states, -1)
