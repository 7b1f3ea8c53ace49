"""The plain loop over `cell.step`: slow, general, and the oracle of every other kernel."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import final

import torch
from torch import Tensor

from carousel.nn.cells import Cell, Gates, State, unchanged
from carousel.nn.kernels.base import Call, Kernel, Refusal, Request, Run, finished


@final
class ReferenceKernel(Kernel):
    """Runs any cell, keeps anything."""

    name = "reference"

    def supports(self, cell: Cell, call: Call, request: Request) -> Refusal | None:
        return None

    def run(self, cell: Cell, call: Call, request: Request) -> Run:
        x, valid = call.x, call.valid
        if valid is not None:
            x = torch.where(valid.unsqueeze(-1), x, 0.0)  # NaN in the padding would survive a product with 0
        return run_projected(cell, cell.project(x), call, request)


def run_projected(cell: Cell, u: Tensor, call: Call, request: Request) -> Run:
    """The loop over time, from the projected input u [T, B, G]."""
    steps, batch, _ = u.shape
    valid, reset_mask = call.valid, call.reset_mask
    state = cell.initial_state(batch) if call.state is None else call.state
    recorder = _Recorder(cell, request, steps)
    outputs: list[Tensor] = [u.new_empty(0)] * steps
    for t in range(steps - 1, -1, -1) if call.reverse else range(steps):
        before = (
            state if reset_mask is None else _where(~reset_mask[t], state, type(state)(*map(torch.zeros_like, state)))
        )
        intervene = unchanged if call.intervene is None else partial(call.intervene, t)
        new, gates = cell.step(u[t], before, call.dropout, intervene)
        recorder.keep(t, new, gates)  # what the equations made and go on with: a copy would miss c's way through h
        outputs[t] = new[0] if valid is None else torch.where(valid[t].unsqueeze(-1), new[0], 0.0)
        state = new if valid is None else _where(valid[t], new, state)  # beyond its end a sequence keeps its state
    return finished(cell, call, request, torch.stack(outputs), state, recorder)


def notice_of_second(kernel: str) -> str:
    """What a kernel says that leaves second derivatives to this one."""
    return (
        f"second derivatives: the {kernel} kernel has none of its own; this backward pass is computed again by the "
        "reference kernel, step by step"
    )


def separated(tensors: Iterable[Tensor | None]) -> list[Tensor | None]:
    """Views of the inputs of a run that is to be differentiated again. One may depend on another (x on the weights,
    where a layer norm projected it or the same weights ran before): derivatives of views do not go on to the other."""
    return [None if t is None else t.view_as(t) for t in tensors]


def differentiate_again(
    run: Run, tensors: Iterable[Tensor | None], needed: Iterable[bool], gradients: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """The derivatives of a run's output and final states, with a graph of their own; None where not needed."""
    wanted = list(needed)
    asked = [t for t, want in zip(tensors, wanted, strict=True) if want and t is not None]
    pairs = [(o, g) for o, g in zip((run.output, *(run.state or ())), gradients, strict=True) if g is not None]
    outputs, given = [o for o, _ in pairs], [g for _, g in pairs]
    found = iter(torch.autograd.grad(outputs, asked, given, create_graph=True, allow_unused=True))
    return [next(found) if want else None for want in wanted]


def _where(choose_B: Tensor, one: State, other: State) -> State:
    keep = choose_B.unsqueeze(-1)
    return type(one)(*(torch.where(keep, a, b) for a, b in zip(one, other, strict=True)))


class _Recorder:
    """Collects what the request names, step by step."""

    def __init__(self, cell: Cell, request: Request, steps: int):
        self._gradients, self._every = request.gradients, request.every
        kept = len(range(0, steps, request.every))
        self._steps: dict[str, list[Tensor]] = {name: [torch.empty(0)] * kept for name in request.names(cell)}

    def keep(self, t: int, state: State, gates: Gates) -> None:
        """Keep the named values of step t, where it is one to keep."""
        if t % self._every:
            return
        for name, value in (*_fields(state), *_fields(gates)):
            if name in self._steps:
                if self._gradients and value.requires_grad:
                    value.retain_grad()
                self._steps[name][t // self._every] = value

    def value(self, name: str) -> Tensor:
        """[T, B, H]."""
        return torch.stack([s.detach() for s in self._steps[name]])

    def gradient(self, name: str) -> Tensor | None:
        """[T, B, H], or None before `backward()`."""
        steps = self._steps[name]
        if all(s.grad is None for s in steps):
            return None
        return torch.stack([torch.zeros_like(s) if s.grad is None else s.grad for s in steps])


def _fields(values: State | Gates) -> list[tuple[str, Tensor]]:
    return list(values._asdict().items())  # type: ignore[union-attr]
