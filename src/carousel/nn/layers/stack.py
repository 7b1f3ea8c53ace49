"""`run_stack`: the one loop over layers and directions. Layers, contenders and recordings all run their cells by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import dropout

from carousel.nn.cells import Cell, State
from carousel.nn.kernels import Call, Choice, Request, Tape, choose

#: By layer and direction, a function (step, name, value [B, H]) -> the value that the step goes on with.
Interventions = Mapping[str, Callable[[int, str, Tensor], Tensor]]
Requests = Request | Mapping[str, Request]  # what to keep, everywhere or by layer and direction

SUFFIXES = ("", "_reverse")  # torch's, of a layer's directions
_PLAIN, _NONE = Request(), dict[str, Callable[[int, str, Tensor], Tensor]]()


class StackRun(NamedTuple):
    """output: [T, B, directions * H] of the last layer. finals: the state after each site's last step, None where it
    was not asked for. tapes: what was kept, by layer and direction ("l0", "l0_reverse", ...). choices: what ran."""

    output: Tensor
    finals: list[State | None]
    tapes: dict[str, Tape]
    choices: dict[str, Choice]


def run_stack(
    cells: Sequence[Sequence[Cell]],
    x: Tensor,
    states: Sequence[State] | None = None,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    requests: Requests = _PLAIN,
    interventions: Interventions = _NONE,
    *,
    kernel: str | None = None,
    recurrent_dropout: float = 0.0,
    between: Callable[[Tensor], Tensor] | None = None,
) -> StackRun:
    """Run layers of one or two directions, each on the output of the one below, by the kernels that `choose` takes.

    cells: a layer each, of its directions. x: [T, B, I]. states: the initial ones in the order l0, l0_reverse, l1, ...;
    lengths, resets: as in `Call`. kernel: force one by name. recurrent_dropout: drawn anew for each site.
    between: what a layer's output goes through on its way to the next (dropout). Raises what `choose` raises.
    """
    finals: list[State | None] = []
    tapes: dict[str, Tape] = {}
    choices: dict[str, Choice] = {}
    for layer, directions in enumerate(cells):
        if layer and between is not None:
            x = between(x)
        outputs = []
        for suffix, cell in zip(SUFFIXES, directions, strict=False):
            site = f"l{layer}{suffix}"
            state = None if states is None else states[len(finals)]
            mask = dropout(x.new_ones(x.shape[1], cell.hidden_size), recurrent_dropout) if recurrent_dropout else None
            call = Call(x, state, lengths, resets, mask, suffix != "", interventions.get(site))
            request = requests if isinstance(requests, Request) else requests.get(site, _PLAIN)
            choice = choices[site] = choose(cell, call, request, kernel)
            output, final, tape = choice.kernel.run(cell, call, request)
            outputs.append(output)
            finals.append(final)
            if tape is not None:
                tapes[site] = tape
        x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
    return StackRun(x, finals, tapes, choices)


def joined(finals: Sequence[State | None]) -> list[Tensor] | None:
    """The states of all sites field by field, [layers * directions, B, H] each, as torch gives them; None where they
    were not asked for."""
    states = [state for state in finals if state is not None]
    if len(states) < len(finals):
        return None
    if len(states) == 1:
        return [field.unsqueeze(0) for field in states[0]]
    return [torch.stack(field) for field in zip(*states, strict=True)]
