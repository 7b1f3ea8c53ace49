"""The LSTM whose hidden state is a projection of what its output gate lets through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, final

from torch import Tensor
from torch.nn.functional import linear

from carousel.nn.cells.lstm import Forgetting, LSTMState


@final
class ProjectedLSTM(Forgetting):
    """h = W_hr (o tanh c): Sak et al. 2014, torch.nn.LSTM with proj_size. h has P numbers, c and the gates H.

    A view of a torch module's parameters (`from_tensors`), not a contender.
    """

    name = "lstm-projected"
    weight_hr: Tensor

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor | None]) -> Self:
        cell = super().from_tensors(tensors)
        cell.__dict__["hidden_size"] = cell.weight_hr.shape[1]
        return cell

    @property
    def all_tensors(self) -> dict[str, Tensor | None]:
        return self.tensors | {"weight_hr": self.weight_hr}

    def initial_state(self, batch: int) -> LSTMState:
        like = self.weight_hr
        return LSTMState(like.new_zeros(batch, like.shape[0]), like.new_zeros(batch, like.shape[1]))

    def _output(self, o: Tensor, c: Tensor) -> Tensor:
        return linear(super()._output(o, c), self.weight_hr)
