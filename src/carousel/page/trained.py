"""The network that a run advises, as the lab page takes it: its weights, and sequences that it was not trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from carousel.common.errors import BadPlan
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.results.rebuild import load_best
from carousel.experiments.tasks import Batch, Task

WIDEST = 64  # units of a layer that can still be looked at
_SEQUENCES = 6
_PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def trained(run: Path) -> dict[str, Any]:
    """Of the run folder's best/, as plain data. Raises what `load_best` raises; BadPlan where it cannot be shown."""
    network, task = load_best(run)
    if not isinstance(network, RecurrentNetwork):
        raise BadPlan("the lab page shows recurrent networks", got=f"the best network of {str(run)!r} is a Transformer",
                      fix="carousel lab, without the run")  # fmt: skip
    cells = network.stack
    if cells[0].hidden_size > WIDEST:
        raise BadPlan("the best network is too wide to be shown", allowed=f"at most {WIDEST} units",
                      got=cells[0].hidden_size, fix="carousel lab, without the run")  # fmt: skip
    parameters = [cell.get_parameter(name) for cell in cells for name in _PARAMETERS]
    return {
        "cell": cells[0].name,
        "layers": len(cells),
        "inputs": task.inputs,
        "hidden": cells[0].hidden_size,
        "outputs": task.outputs,
        "task": task.name,
        "parameters": [flat(p) for p in (*parameters, *network.linear.parameters())],
        "sequences": _sequences(task),
    }


def _sequences(task: Task) -> list[dict[str, Any]]:
    """x: [T, I] flat, to the last true step; right: the class asked there, None where none is."""
    batch = task.held_out("test", _SEQUENCES)
    return [_sequence(batch, b, every=task.readout == "every") for b in range(batch.x.shape[1])]


def _sequence(batch: Batch, b: int, *, every: bool) -> dict[str, Any]:
    steps = batch.x.shape[0] if batch.lengths is None else int(batch.lengths[b])
    asked = batch.y[steps - 1, b] if every else batch.y[b]
    right = None if asked.is_floating_point() or asked < 0 else int(asked)
    return {"steps": steps, "x": flat(batch.x[:steps, b]), "right": right}


def flat(values: Tensor) -> list[float]:
    """In float64, whose digits say the float32 exactly."""
    flat: list[float] = values.detach().double().flatten().tolist()
    return flat
