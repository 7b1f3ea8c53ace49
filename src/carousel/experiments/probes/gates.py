"""What the gates of a trained network do with a key among distractors: claim 4's measurements.

Only where the key is at a random step: at a fixed one a gate could mark the step and know nothing of the key. What
is observed is in `gate_signals`; here are the interventions, which act on all layers at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.gate_signals import MARKS, marks, recorded, salient
from carousel.experiments.probes.linear_probe import readable_bits
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.record import Set, record

Asked = Callable[[Batch], Tensor]
SEQUENCES = 512


def measure_gates(network: object, task: Task, seed: int) -> dict[str, float]:
    """Columns of `columns.Probed`; none for a task without a key at random steps.

    Every number is of held-out sequences. Gates are measured of cells that have i, f and o.
    """
    test = task.held_out("test", SEQUENCES)
    if not isinstance(network, RecurrentNetwork) or not _has_key(task, test):
        return {}
    with torch.no_grad():
        found = _clamped(network, task, test) | marks(network, test) | _disturbed(network, task, test, seed)
        return found | _selectivity(network, task, test) | salient(network, task, test)


def _has_key(task: Task, batch: Batch) -> bool:
    """One key a sequence at steps that differ, among symbols, to be named at the end."""
    keys = batch.key_positions
    if task.readout != "last" or task.metric.name != "accuracy" or keys is None or keys.shape[1] != 1:
        return False
    symbols = bool(((batch.x == 0) | (batch.x == 1)).all()) and bool((batch.x.sum(-1) == 1).all())
    return symbols and batch.lengths is None and len(keys.unique()) > 1


def _clamped(network: RecurrentNetwork, task: Task, batch: Batch) -> dict[str, float]:
    """Accuracy lost when one gate of every layer is held at its own mean, unit by unit."""
    clean = task.score(network(batch.x, batch.lengths), batch)
    gates = [g for g in MARKS if all(g in cell.gate_names for cell in network.stack)]
    tape = recorded(network, batch.x)
    found = {}
    for gate in gates:
        held = [Set(f"{site}.{gate}", track[gate].mean((0, 1))) for site, track in tape.items()]
        with record(network, (), interventions=held):
            found[f"clamp_drop_{gate}"] = clean - task.score(network(batch.x), batch)
    return found


def _disturbed(network: RecurrentNetwork, task: Task, batch: Batch, seed: int) -> dict[str, float]:
    """What other distractors change (KL of the answer, nats) and cost, and what the key's removal costs (accuracy)."""
    assert batch.key_positions is not None
    clean, keys = network(batch.x, batch.lengths), batch.key_positions[:, 0]
    rows = torch.arange(len(keys))
    other = batch.x.roll(1, dims=1)  # the next sequence's, but for its own key: that step takes its neighbour's
    its_keys = keys.roll(1)
    other[its_keys, rows] = other[(its_keys + 1) % len(other), rows]
    other[keys, rows] = batch.x[keys, rows]
    without = batch.x.clone()
    generator = torch.Generator().manual_seed(seed)
    apart = 1 + torch.randint(len(without) - 1, (len(keys),), generator=generator)
    without[keys, rows] = batch.x[(keys + apart) % len(without), rows]
    changed, score = network(other, None), task.score(clean, batch)
    before, after = log_softmax(clean.double(), -1), log_softmax(changed.double(), -1)
    return {
        "distractor_kl": (before.exp() * (before - after)).sum(-1).mean().item(),
        "distractor_drop": score - task.score(changed, batch),
        "key_deletion_drop": score - task.score(network(without, None), batch),
    }


def _selectivity(network: RecurrentNetwork, task: Task, test: Batch) -> dict[str, float]:
    """Bits of the key and of the last noise symbol in the whole final state."""
    train = task.held_out("validation", 2 * SEQUENCES)
    bits = {"key": _bits(network, train, test, task.outputs, lambda b: b.y)}
    bits["noise"] = _bits(network, train, test, task.inputs, lambda b: b.x[-1].argmax(-1))
    whole = math.log2(task.outputs)
    return {
        "selectivity_key_bits": bits["key"],
        "selectivity_noise_bits": bits["noise"],
        "selectivity": (bits["key"] - bits["noise"]) / whole,
    }


def _bits(network: RecurrentNetwork, train: Batch, test: Batch, classes: int, asked: Asked) -> float:
    def part(batch: Batch) -> tuple[Tensor, Tensor]:
        assert batch.key_positions is not None
        kept = batch.key_positions[:, 0] < len(batch.x) - 1  # else the last symbol is the key
        tape = recorded(network, batch.x)
        states = [track[s][-1] for track, cell in zip(tape.values(), network.stack, strict=True)
                  for s in cell.state_names]  # fmt: skip
        return torch.cat(states, -1)[kept], asked(batch)[kept]

    return readable_bits(*part(train), *part(test), classes)
