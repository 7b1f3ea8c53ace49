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

    def __init__(self, cell: type[Cell], work: Pass, every: int, network: int = 0):
        self._cell, self._pass, self._every, self._network = cell, work, every, network
        self._layout = work.layouts[network if len(work.layouts) > 1 else 0]
        self._derivatives: list[Arena] = []

    @cached_property
    def _rows(self) -> Tensor:
        """[T', B]: where the row of each kept step is."""
        return torch.from_numpy(self._layout.rows()[:: self._every])

    def add(self, found: Arena | None) -> None:
        """Another backward pass has gone through this run; derivatives add up, as torch's do. None: not kept."""
        if found is not None:
            self._derivatives.append(found)
            if self.told is not None:
                self.told(self)

    def value(self, name: str) -> Tensor:
        """[T, B, H]."""
        if name == "h":
            output = self._pass.output()
            return (output[self._network] if output.dim() > 3 else output)[:: self._every].clone()
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
        sizes, fresh = self._pass.sizes, self._given("fresh")
        rows = torch.from_numpy(self._layout.previous_rows(self._pass.after)[:: self._every])
        previous = self._part(self._pass.kept, "c").view(-1, sizes.padded)[rows, : sizes.hidden]
        return previous if fresh is None else previous.masked_fill(fresh[:: self._every].unsqueeze(-1), 0.0)

    def before_reset(self) -> Tensor:
        """A GRU's v."""
        return self._block(3)

    def shown(self) -> Tensor:
        """c, or its normalised form."""
        gain, bias = self._given("norm_c"), self._given("norm_c_bias")
        if gain is None or bias is None:
            return self.value("c")
        return self._states(self._pass.kept, "m") * gain + bias

    def _given(self, name: str) -> Tensor | None:
        """This network's own of what the pass was given."""
        tensor = self._pass.tensors[name]
        return tensor[self._network] if tensor is not None and name in self._pass.own else tensor

    def _part(self, arena: Arena, name: str) -> Tensor:
        return torch.from_numpy(arena.array(name, network=self._network))

    def _states(self, arena: Arena, name: str) -> Tensor:
        sizes = self._pass.sizes
        return self._part(arena, name).view(-1, sizes.padded)[self._rows, : sizes.hidden]

    def _block(self, index: int) -> Tensor:
        sizes, blocks = self._pass.sizes, self._pass.spec.blocks
        return self._part(self._pass.kept, "a").view(-1, blocks, sizes.padded)[self._rows, index, : sizes.hidden]
