"""The kernel named `replay`: torch's own operator runs, and what it hides is computed again from what it shows.

Gates follow from x and h by one matrix product, c by an elementwise scan, and the total derivatives by the closed form
of the backward recursion from the direct part that reaches the output. The recorded run is torch's, to the last bit.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import linear

from carousel.nn.cells import GRU, Cell
from carousel.nn.kernels.base import Call, Kernel, Refusal, Request, Run, finished
from carousel.nn.kernels.derivatives import of_gate
from carousel.nn.kernels.partial_recording import as_requested
from carousel.nn.kernels.torch_library import TorchKernel

_LIBRARY = TorchKernel()


@final
class ReplayKernel(Kernel):
    """For machines that have none of Carousel's fast kernels: a GPU without Triton."""

    name = "replay"

    def supports(self, cell: Cell, call: Call, request: Request) -> Refusal | None:
        if not request.records:
            return Refusal("nothing is to be kept, so there is nothing to replay")
        if call.x.dtype not in (torch.float32, torch.float64):
            return Refusal(f"a replay in {call.x.dtype} would round otherwise than the run")
        if call.lengths is not None:
            return Refusal("a replay counts on sequences of equal length")
        if torch._C._are_functorch_transforms_active() or torch.compiler.is_compiling() or torch.jit.is_tracing():
            return Refusal("a replay needs the gradients of a plain run, not of a transformed or traced one")
        return _LIBRARY.supports(cell, call, replace(request, states=False, gates=False, gradients=False))

    def run(self, cell: Cell, call: Call, request: Request) -> Run:
        plain = _LIBRARY.run(cell, call, Request())
        assert plain.state is not None
        recording = Replay(cell, call, plain, request)
        for site, tensor in enumerate((plain.output, *plain.state)):
            if request.gradients and tensor.requires_grad:
                tensor.register_hook(lambda g, site=site: recording.arrived(site, g))
        return finished(cell, call, request, plain.output, plain.state, as_requested(recording, cell, request))


class Replay:
    """Values and derivatives of a run of torch's operator, [T, B, H], computed when they are asked for."""

    told: Any = None

    def __init__(self, cell: Cell, call: Call, plain: Run, request: Request):
        assert plain.state is not None
        self._cell, self._call, self._every = cell.detached(), call, request.every
        self._h = plain.output.detach()
        start = cell.initial_state(self._h.shape[1]) if call.state is None else call.state
        self._start = type(start)(*(s.detach() for s in start))
        self._direct: dict[int, Tensor] = {}

    def arrived(self, site: int, gradient: Tensor) -> None:
        """A derivative has reached the output (0) or a final state (1, 2) from outside; several add up."""
        held = self._direct.get(site)
        self._direct[site] = gradient.detach() if held is None else held + gradient.detach()
        self.__dict__.pop("_totals", None)
        if self.told is not None:
            self.told(self)

    def value(self, name: str) -> Tensor:
        """[T', B, H]."""
        return self._values[name][:: self._every].clone()

    def gradient(self, name: str) -> Tensor | None:
        """[T', B, H], or None before the backward pass."""
        return self._totals[name][:: self._every].clone() if self._direct else None

    @cached_property
    def _values(self) -> dict[str, Tensor]:
        """Every state and gate. The gates of all steps at once from the h before them, since they do not need c; an
        LSTM's c from the gates, by a scan."""
        before = self._before(self._h, self._start[0])
        unknown = [torch.zeros_like(before) for _ in self._start[1:]]
        with torch.no_grad():
            _, gates = self._cell.step(self._cell.project(self._call.x), self._cell.state_type(before, *unknown))
        found = {"h": self._h, "h before": before} | dict(zip(self._cell.gate_names, gates, strict=True))
        if unknown:
            c = self._scan(found)
            found |= {"c": c, "c before": self._before(c, self._start[1])}
        return found

    @cached_property
    def _steps(self) -> list[int]:
        """In running order."""
        order = list(range(len(self._h)))
        return order[::-1] if self._call.reverse else order

    def _before(self, values: Tensor, start: Tensor) -> Tensor:
        """The state that each step started from."""
        first = start.unsqueeze(0)
        return torch.cat([values[1:], first] if self._call.reverse else [first, values[:-1]])

    def _scan(self, gates: dict[str, Tensor]) -> Tensor:
        """c_t = f c_{t-1} + i g."""
        f, written = gates["f"], gates["i"] * gates["g"]
        c, found = self._start[1], torch.empty_like(f)
        for t in self._steps:
            c = found[t] = f[t] * c + written[t]
        return found

    @cached_property
    def _totals(self) -> dict[str, Tensor]:
        """The backward recursion: what later steps carry back, plus what the output receives."""
        zero = torch.zeros_like(self._start[0])
        carried = [self._direct.get(site, zero) for site in (1, 2)]
        direct = self._direct.get(0, torch.zeros_like(self._h))
        found = {name: torch.empty_like(self._h) for name in (*self._cell.state_names, *self._cell.gate_names)}
        for t in reversed(self._steps):
            step = _Step(self._cell, {name: value[t] for name, value in self._values.items()})
            totals, carried = step.back(direct[t] + carried[0], carried[1])
            for name, value in totals.items():
                found[name][t] = value
        return found


class _Step:
    """One step's values, [B, H] each, and its part of the backward recursion (docs/kernels.md derives it)."""

    def __init__(self, cell: Cell, values: dict[str, Tensor]):
        self._cell, self._values = cell, values

    def back(self, dh: Tensor, dc: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
        """Total derivatives of this step's states and gates, and what is carried to h and c before it."""
        value, names = self._values, self._cell.gate_names
        if "c" in value:
            dc = dc + dh * value["o"] * (1 - self.shown().tanh().square())
        gates = {name: of_gate(type(self._cell), name, self, dh, dc) for name in names}
        totals = {"h": dh, **gates} | ({"c": dc} if "c" in value else {})
        blocks = [self._slope(name) * gates.get(name, dh) for name in self._cell.blocks]
        if isinstance(self._cell, GRU):
            blocks[2] = blocks[2] * value["r"]  # of v, which the reset gate multiplies
        back = torch.cat(blocks, dim=-1) @ self._cell.weight_hh
        return totals, [back + dh * value["z"] if "z" in value else back, dc * value["f"] if "c" in value else dc]

    def _slope(self, name: str) -> Tensor:
        """The derivative of a block's nonlinearity, from its value."""
        value = self._values[name]
        if name in "iforz":
            return value * (1 - value)
        return (value > 0).to(value.dtype) if self._cell.name == "rnn-relu" else 1 - value * value

    def value(self, name: str) -> Tensor:
        """A state or gate."""
        return self._values[name]

    def previous_h(self) -> Tensor:
        """h_{t-1}."""
        return self._values["h before"]

    def previous_c(self) -> Tensor:
        """c_{t-1}."""
        return self._values["c before"]

    def shown(self) -> Tensor:
        """c."""
        return self._values["c"]

    def before_reset(self) -> Tensor:
        """A GRU's v = U_n h_prev + b'."""
        rows, bias = self._cell.rows("n"), self._cell.bias_hh
        return linear(self.previous_h(), self._cell.weight_hh[rows], None if bias is None else bias[rows])
