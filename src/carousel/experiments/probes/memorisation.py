"""How many bits of a table of random labels a trained network holds: the capacity that claim 6 speaks of."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from carousel.experiments.contenders.base import Network
from carousel.experiments.tasks.base import Task
from carousel.experiments.tasks.random_labels import RandomLabels


def measure_memorised(network: Network, task: Task, parameters: int) -> dict[str, float]:
    """Bits of the whole table and bits per parameter, columns of `columns.Probed`; none for a task that
    has no table of random labels. `parameters`: as contenders are matched by (of torch's two biases one counts)."""
    if not isinstance(task, RandomLabels):
        return {}
    table = task.held_out("training")
    with torch.no_grad():
        bits = memorised_bits(network(table.x, table.lengths), table.y)
    return {"memorised_bits_whole": bits, "memorised_bits": bits / parameters}


def memorised_bits(output_NK: Tensor, labels_N: Tensor) -> float:
    """Bits about N labels, uniform among K classes, in the network's answers: N log2 K less the cross entropy in bits
    of the answers, at least 0; summed in float64.

    A lower bound of the mutual information of labels and answers, given the sequences (Barber, Agakov 2003): what the
    network saves whoever has to send the labels. Collins, Sohl-Dickstein, Sussillo 2017 take the mutual information
    too, but from the share of right answers. It is what this training got in, not what the best setting of the
    weights could hold, and says nothing about sequences outside the table. The frequencies of the classes, which are
    not quite equal in a table, count as well: about (K - 1) / (2 ln 2) bits in all.
    """
    lost = cross_entropy(output_NK.double(), labels_N, reduction="sum").item() / math.log(2)
    return max(0.0, len(labels_N) * math.log2(output_NK.shape[1]) - lost)
