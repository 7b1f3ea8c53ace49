"""What a caller may give a population, and one line for each mistake. Compiled code trusts what has passed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from carousel.common.errors import BadCall
from carousel.nn.cells import Cell
from carousel.nn.layers.checks import check_lengths, check_resets
from carousel.nn.layers.stack_module import Stack
from carousel.nn.layers.torch_module import cell_of

_LACKS = ("proj_size", "dropout", "recurrent_dropout", "batch_first")


def check_networks(networks: Sequence[nn.Module]) -> None:
    """Recurrent networks of one cell, with nothing that a population has not."""
    cells = set[type[Cell]]()
    for network in networks:
        if not isinstance(network, nn.RNNBase | Stack):
            allowed = "RNN, LSTM, GRU (carousel's or torch.nn's), Stack"
            raise BadCall("Population: takes recurrent networks", allowed=allowed, got=type(network).__name__,
                          fix="readouts: carousel.PopulationLinear")  # fmt: skip
        asked = next((name for name in _LACKS if getattr(network, name, 0)), None)
        if asked is not None:
            fix = "give time first" if asked == "batch_first" else "leave it out"
            raise BadCall(f"Population: has no {asked}", got=getattr(network, asked), fix=fix)
        forced = network.kernel if isinstance(network, Stack) else getattr(network, "_forced", None)
        if forced not in (None, "numba"):
            raise BadCall("Population: chooses its kernel itself", got=f"kernel={forced!r}", fix="leave it out")
        cells.add(type(network.cells[0]) if isinstance(network, Stack) else cell_of(network))
    if len(cells) > 1:
        raise BadCall("Population: the networks are of several cells", allowed="one cell",
                      got=sorted(cell.name for cell in cells))  # fmt: skip


def check_population_input(x: object, networks: int, width: int, weight: Tensor) -> None:
    """[P, T, B, I] or [T, B, I], not empty, of the weights' type and place."""
    allowed = f"a tensor [{networks}, T, B, {width}] or [T, B, {width}]"
    if not isinstance(x, Tensor):
        raise BadCall("Population: the input does not fit", allowed=allowed, got=type(x).__name__)
    fits = x.dim() == 3 or (x.dim() == 4 and x.shape[0] == networks)
    if not fits or x.shape[-1] != width or 0 in x.shape:
        raise BadCall("Population: the input does not fit", allowed=allowed, got=tuple(x.shape))
    _check_alike("the input", x, weight)


def check_population_lengths(lengths: object, networks: int, steps: int, batch: int) -> Tensor | None:
    """[P, B] or [B] whole numbers 1 .. T; a list will do."""
    if lengths is None:
        return None
    found = torch.as_tensor(lengths)
    if found.shape not in ((batch,), (networks, batch)):
        allowed = f"[{networks}, {batch}] or [{batch}]"
        raise BadCall("Population: one length a sequence", allowed=allowed, got=tuple(found.shape))
    return check_lengths("Population", found.flatten(), steps, found.numel()).view(found.shape)


def check_population_resets(resets: Tensor | None, networks: int, steps: int, batch: int) -> None:
    """bool, [P, T, B] or [T, B]."""
    if resets is not None:
        lead = (networks,) if isinstance(resets, Tensor) and resets.dim() == 3 else ()
        check_resets("Population", resets, (*lead, steps, batch), False)


def check_population_state(names: Sequence[str], hx: Any, shape: tuple[int, ...], weight: Tensor) -> list[Tensor]:
    """h, or (h, c): each [P, layers * directions, B, H], of the weights' type and place."""
    fields = [hx] if isinstance(hx, Tensor) else list(hx)
    if len(fields) != len(names):
        raise BadCall("Population: the initial state is not complete", allowed=f"({', '.join(names)})",
                      got=f"{len(fields)} of {len(names)}")  # fmt: skip
    for name, field in zip(names, fields, strict=True):
        if not isinstance(field, Tensor) or tuple(field.shape) != shape:
            got = tuple(field.shape) if isinstance(field, Tensor) else type(field).__name__
            raise BadCall(f"Population: initial {name} has the wrong shape",
                          allowed=f"{shape} (P, layers * directions, B, H)", got=got)  # fmt: skip
        _check_alike(f"initial {name}", field, weight)
    return fields


def _check_alike(what: str, tensor: Tensor, weight: Tensor) -> None:
    if tensor.dtype != weight.dtype or tensor.device != weight.device:
        raise BadCall(f"Population: {what} and the weights differ", allowed=f"{weight.dtype} on {weight.device}",
                      got=f"{tensor.dtype} on {tensor.device}", fix=".to(weight)")  # fmt: skip
