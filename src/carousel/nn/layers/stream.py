"""A recurrence one step at a time: the state is kept between calls, and many streams go on at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from carousel.common.errors import BadCall
from carousel.nn.cells import Cell


@final
class Stream:
    """B streams through layers of cells, on the compiled kernel, with the weights as they are at the first step.

    A step gives what the whole sequence gives at that step, bit for bit. Nothing is kept for a backward pass. Dropout
    is that of evaluation: none. Raises KernelRefused for cells without compiled steps, BadCall for no stream.
    """

    def __init__(self, cells: Sequence[Cell], batch: int = 1, readout: Callable[[Tensor], Tensor] | None = None):
        if batch < 1:
            raise BadCall("a stream needs a batch", allowed="1 stream or more", got=batch)
        from carousel.nn.kernels.numba.stream import CellStream  # numba loads at the first use, not at import

        like = cells[0].weight_hh.detach()
        x = like.new_zeros(1, batch, cells[0].input_size)
        self._input, self._readout, self._batch, steps = x[0].numpy(), readout, batch, []
        self._states = [[like.new_zeros(batch, cell.hidden_size) for _ in cell.state_names] for cell in cells]
        for cell, states in zip(cells, self._states, strict=True):
            steps.append(CellStream(cell, x, states).step)
            x = states[0][None]  # what the layer above finds
        self._steps = tuple(steps)

    def step(self, x: Any, resets: Any = None) -> Tensor:
        """One step of every stream: the highest layer's h [B, H], or what the readout makes of it.

        x: [B, I], or [I] of a single stream: a tensor or an array. resets: bool [B], True where a stream begins anew
        before this step.
        """
        given = x.numpy() if isinstance(x, Tensor) else np.asarray(x)
        if given.shape != self._input.shape and (self._batch > 1 or given.shape != self._input.shape[1:]):
            raise BadCall("the input of a step does not fit", allowed=f"shape {self._input.shape}", got=given.shape)
        if resets is not None:
            self.reset(resets)
        self._input[...] = given
        for step in self._steps:
            step()
        top = self._states[-1][0].clone()
        if self._readout is None:
            return top
        with torch.no_grad():
            return self._readout(top)

    def reset(self, which: Any = None) -> None:
        """The state 0 of every stream, or of those where `which`, bool [B], is True."""
        chosen = torch.ones(self._batch, dtype=torch.bool) if which is None else torch.as_tensor(which)
        if chosen.shape != (self._batch,) or chosen.dtype != torch.bool:
            raise BadCall("resets say of each stream whether it begins anew", allowed=f"bool [{self._batch}]",
                          got=f"{chosen.dtype} {list(chosen.shape)}")  # fmt: skip
        for states in self._states:
            for state in states:
                state[chosen] = 0.0

    @property
    def state(self) -> tuple[Tensor, ...]:
        """A copy of h (and c), [layers, B, H] each, as the whole sequence's final state."""
        return tuple(torch.stack(field) for field in zip(*self._states, strict=True))

    def load_state(self, state: Sequence[Tensor]) -> None:
        """Go on from h (and c), [layers, B, H] each."""
        own = self.state
        if [tuple(field.shape) for field in state] != [tuple(field.shape) for field in own]:
            raise BadCall("the state does not fit the stream", allowed=str([list(f.shape) for f in own]),
                          got=str([list(field.shape) for field in state]))  # fmt: skip
        for field, given in enumerate(state):
            for layer, values in enumerate(given):
                self._states[layer][field].copy_(values)
