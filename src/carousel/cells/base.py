"""The contract of a cell: one recurrence, its parameters and its equation. No loop over time, no kernel.

Parameters have the names, shapes and gate order of `torch.nn.RNNCell`, `LSTMCell` and `GRUCell`, so that weights go
both ways: add `_l0` to a name and it is that of `torch.nn.RNN`, `LSTM`, `GRU`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

State = tuple[Tensor, ...]  # a NamedTuple with named fields; the first is always h, what the cell shows outside
Gates = tuple[Tensor, ...]  # a NamedTuple with named fields, possibly empty


class Cell(nn.Module, ABC):
    """A recurrence s_t = F(x_t, s_{t-1}).

    input_size: I. hidden_size: H. The class states the paper and the variant.
    `blocks` names the row blocks of the weights in their order: weight_ih is [len(blocks) * H, I].
    """

    name: ClassVar[str]
    blocks: ClassVar[tuple[str, ...]]
    state_names: ClassVar[tuple[str, ...]]
    gate_names: ClassVar[tuple[str, ...]]

    def __init__(self, input_size: int, hidden_size: int, *, dtype: torch.dtype | None = None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        rows = len(self.blocks) * hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(rows, input_size, dtype=dtype))
        self.weight_hh = nn.Parameter(torch.zeros(rows, hidden_size, dtype=dtype))
        self.bias_ih = nn.Parameter(torch.zeros(rows, dtype=dtype))
        self.bias_hh = nn.Parameter(torch.zeros(rows, dtype=dtype))

    def rows(self, block: str) -> slice:
        """The rows of one gate in the weights and biases."""
        start = self.blocks.index(block) * self.hidden_size
        return slice(start, start + self.hidden_size)

    @abstractmethod
    def project(self, x: Tensor) -> Tensor:
        """[..., I] -> [..., G]: the part that does not wait for the previous step; one matrix product for all T."""

    @abstractmethod
    def step(self, u: Tensor, state: State) -> tuple[State, Gates]:
        """One step from the projected input u [B, G]: the recurrence, the only place where the equation stands."""

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """The zero state for `batch` sequences, each field [B, H]."""

    def _zeros(self, batch: int) -> Tensor:
        return self.weight_hh.new_zeros(batch, self.hidden_size)

    @classmethod
    def count_parameters(cls, input_size: int, hidden_size: int) -> int:
        """Trainable numbers of a cell, of torch's two biases one counted (they only ever act as a sum, but for
        the GRU's candidate)."""
        return len(cls.blocks) * hidden_size * (input_size + hidden_size + 1)
