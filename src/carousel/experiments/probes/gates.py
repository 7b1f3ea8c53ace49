"""What the gates of a trained network do with a key among distractors: claim 4's measurements.

Only where the key is at a random step: at a fixed one a gate could mark the step and know nothing of the key. What
is observed is in `gate_signals`, how gates are held in `gate_clamps`, what a state knows in `selectivity`.
"""

from __future__ import annotations

import torch
from torch.nn.functional import log_softmax

from carousel.experiments.columns import SELECTIVITY, SELECTIVITY_CLAMPED, clamp_drop
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.gate_clamps import Held, at_means, holdable, informed
from carousel.experiments.probes.gate_signals import marks, recorded, salient
from carousel.experiments.probes.selectivity import SEQUENCES, selectivity_of
from carousel.experiments.tasks.base import Batch, Task
from carousel.introspect.record import record


def measure_gates(network: object, task: Task, seed: int) -> dict[str, float]:
    """Columns of `columns.Probed`; none for a task without a key at random steps.

    Every number is of held-out sequences. Gates are measured of cells that have i, f and o.
    """
    test = task.held_out("test", SEQUENCES)
    if not isinstance(network, RecurrentNetwork) or not _has_key(task, test):
        return {}
    with torch.no_grad():
        found = _held(network, task, test) | marks(network, test) | _disturbed(network, task, test, seed)
        known = selectivity_of(network, task)
        found |= {"selectivity_key_bits": known.key_bits, "selectivity_noise_bits": known.noise_bits}
        return found | {SELECTIVITY: known.value} | salient(network, task, test)


def _has_key(task: Task, batch: Batch) -> bool:
    """One key a sequence at steps that differ, among symbols, to be named at the end."""
    keys = batch.key_positions
    if task.readout != "last" or task.metric.name != "accuracy" or keys is None or keys.shape[1] != 1:
        return False
    symbols = bool(((batch.x == 0) | (batch.x == 1)).all()) and bool((batch.x.sum(-1) == 1).all())
    return symbols and batch.lengths is None and len(keys.unique()) > 1


def _held(network: RecurrentNetwork, task: Task, test: Batch) -> dict[str, float]:
    """What a network does with gates held: one alone, all together, all but for what they know of symbol and key."""
    gates = holdable(network)
    if not gates:
        return {}
    tape, clean = recorded(network, test.x), task.score(network(test.x), test)

    def drop(held: Held) -> float:
        with record(network, (), interventions=held(test)):
            return clean - task.score(network(test.x), test)

    clamped = at_means(tape, gates)
    return {
        **{clamp_drop(gate): drop(at_means(tape, [gate])) for gate in gates},
        clamp_drop("all"): drop(clamped),
        clamp_drop("informed"): drop(informed(tape, gates, test)),
        SELECTIVITY_CLAMPED: selectivity_of(network, task, clamped).value,
    }


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
