"""What a pass kept, by name: recorded values, and total derivatives."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from carousel.nn.cells import Cell, CoupledLSTM
from carousel.nn.kernels.derivatives import of_gate
from carousel.nn.kernels.numba.launch import Pass
from carousel.nn.kernels.numba.workspace import Arena

_BLOCKS = {"lstm": "ifgo", "lstm-1997": "igo", "lstm-coupled": "fgo", "gru": "nrzv"}


class FusedRecording:
    """Values and derivatives of the steps 0, every, ... as [T', B, H] in the caller's order, built when asked for."""

    told: Callable[[FusedRecording], None] | None = None

    def __init__(self, cell: type[Cell], work: Pass, every: int):
        self._cell, self._pass, self._every = cell, work, every
        self._derivatives: list[Arena] = []

    @cached_property
    def _rows(self) -> Tensor:
        """[T', B]: where the row of each kept step is."""
        return torch.from_numpy(self._pass.layout.rows()[:: self._every])

    def add(self, found: Arena | None) -> None:
        """Another backward pass has gone through this run; derivatives add up, as torch's do. None: not kept."""
        if found is not None:
            self._derivatives.append(found)
            if self.told is not None:
                self.told(self)

    def value(self, name: str) -> Tensor:
        """[T, B, H]."""
        if name == "h":
            return self._pass.output()[:: self._every].clone()
        if name == "c":
            return self._states(self._pass.kept, "c")
        if name == "i" and self._cell is CoupledLSTM:
            return 1 - self.value("f")
        return self._block(_BLOCKS[self._cell.name].index(name))

    def gradient(self, name: str) -> Tensor | None:
        """[T, B, H], or None before the backward pass."""
        if not self._derivatives:
            return None
        dh = torch.stack([self._states(d, "dh") for d in self._derivatives]).sum(0)
        if name == "h":
            return dh
        has_c = self._pass.spec.has_c
        dc = torch.stack([self._states(d, "dc") for d in self._derivatives]).sum(0) if has_c else None
        return dc if name == "c" else of_gate(self._cell, name, self, dh, dc)

    def previous_h(self) -> Tensor:
        """h_{t-1} as the step used it."""
        return self._states(self._pass.states, "hp")

    def previous_c(self) -> Tensor:
        """c_{t-1} in this pass's direction of time: the initial c at a sequence's first step, 0 at a fresh start."""
        layout, sizes, fresh = self._pass.layout, self._pass.sizes, self._pass.tensors["fresh"]
        rows = torch.from_numpy(layout.previous_rows(self._pass.after)[:: self._every])
        previous = torch.from_numpy(self._pass.kept.array("c")).view(-1, sizes.padded)[rows, : sizes.hidden]
        return previous if fresh is None else previous.masked_fill(fresh[:: self._every].unsqueeze(-1), 0.0)

    def before_reset(self) -> Tensor:
        """A GRU's v."""
        return self._block(3)

    def shown(self) -> Tensor:
        """c, or its normalised form."""
        gain, bias = self._pass.tensors["norm_c"], self._pass.tensors["norm_c_bias"]
        if gain is None or bias is None:
            return self.value("c")
        return self._states(self._pass.kept, "m") * gain + bias

    def _states(self, arena: Arena, name: str) -> Tensor:
        sizes = self._pass.sizes
        return torch.from_numpy(arena.array(name)).view(-1, sizes.padded)[self._rows, : sizes.hidden]

    def _block(self, index: int) -> Tensor:
        sizes, blocks = self._pass.sizes, self._pass.spec.blocks
        gates = torch.from_numpy(self._pass.kept.array("a")).view(-1, blocks, sizes.padded)
        return gates[self._rows, index, : sizes.hidden]
