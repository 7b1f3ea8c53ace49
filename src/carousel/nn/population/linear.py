"""Linear readouts of a population."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from carousel.common.errors import BadCall
from carousel.nn.kernels.products import products
from carousel.nn.population.stacked import Stacked


class PopulationLinear(Stacked):
    """P `torch.nn.Linear` of one shape, each on its own network's output.

    Called with x [P, ..., I], gives [P, ..., O].
    """

    def __init__(self, linears: Sequence[nn.Linear]):
        if not all(isinstance(linear, nn.Linear) for linear in linears):
            raise BadCall("PopulationLinear: takes torch.nn.Linear", got={type(m).__name__ for m in linears})
        super().__init__(linears)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.get_parameter("weight")
        if x.shape[0] != self.networks or x.shape[-1] != weight.shape[-1]:
            allowed = f"[{self.networks}, ..., {weight.shape[-1]}]"
            raise BadCall("PopulationLinear: the input does not fit", allowed=allowed, got=tuple(x.shape))
        rows, bias = x.reshape(self.networks, -1, x.shape[-1]), self._parameters.get("bias")
        found = products(rows, weight.transpose(1, 2))
        if bias is not None:
            found = found + bias.unsqueeze(1)
        return found.view(*x.shape[:-1], weight.shape[1])
