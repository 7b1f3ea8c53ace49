"""The contract of a cell: one recurrence, its parameters and its equation. No loop over time, no kernel.

Parameters have the names, shapes and gate order of `torch.nn.RNNCell`, `LSTMCell` and `GRUCell`, so that weights go
both ways: add `_l0` to a name and it is that of `torch.nn.RNN`, `LSTM`, `GRU`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear

State = tuple[Tensor, ...]  # a NamedTuple with named fields; the first is always h, what the cell shows outside
Gates = tuple[Tensor, ...]  # a NamedTuple with named fields, possibly empty
#: A gate or state of one step by name -> the value that the step goes on with.
Intervene = Callable[[str, Tensor], Tensor]

#: Every parameter a cell may have; those it has not are None.
PARAMETERS = (
    "weight_ih", "weight_hh", "bias_ih", "bias_hh", "norm_ih", "norm_hh", "norm_c", "norm_c_bias",
)  # fmt: skip
_GAINS = ("norm_ih", "norm_hh", "norm_c")


def unchanged(name: str, value: Tensor) -> Tensor:
    """The intervention that changes nothing."""
    return value


class Cell(nn.Module, ABC):
    """A recurrence s_t = F(x_t, s_{t-1}).

    input_size: I. hidden_size: H. The class states the paper and the variant.
    `blocks` names the row blocks of the weights in their order: weight_ih is [len(blocks) * H, I].
    """

    name: ClassVar[str]
    blocks: ClassVar[tuple[str, ...]]
    state_type: ClassVar[type[Any]]  # a NamedTuple
    state_names: ClassVar[tuple[str, ...]]
    gate_names: ClassVar[tuple[str, ...]]
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    norm_ih: Tensor | None
    norm_hh: Tensor | None
    norm_c: Tensor | None
    norm_c_bias: Tensor | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        layer_norm: bool = False,
        dtype: torch.dtype | None = None,
    ):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        for name, shape in self.shapes(input_size, hidden_size, bias=bias, layer_norm=layer_norm).items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape, dtype=dtype)))
            if name in _GAINS:
                self.get_parameter(name).data.fill_(1.0)
        for name in PARAMETERS:
            if not hasattr(self, name):
                self.register_parameter(name, None)

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "state_type"):
            cls.state_names = cls.state_type._fields

    @classmethod
    def shapes(cls, input_size: int, hidden_size: int, *, bias: bool, layer_norm: bool) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters. Layer normalisation (Ba et al. 2016) has a gain for each product over all
        G rows; an LSTM's has one for c too, with a bias."""
        rows = len(cls.blocks) * hidden_size
        found: dict[str, tuple[int, ...]] = {"weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size)}
        if bias:
            found |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if layer_norm:
            found |= {"norm_ih": (rows,), "norm_hh": (rows,)}
            if "c" in cls.state_names:
                found |= {"norm_c": (hidden_size,), "norm_c_bias": (hidden_size,)}
        return found

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor | None]) -> Self:
        """A cell that computes with the given tensors, copying nothing: a view of a layer's parameters.

        It has the equation and the tensors, and nothing else of a module: no parameters(), no hooks.
        """
        cell = cls.__new__(cls)
        held: dict[str, Any] = dict.fromkeys(PARAMETERS) | dict(tensors)
        sizes = {"input_size": held["weight_ih"].shape[1], "hidden_size": held["weight_hh"].shape[1]}
        nothing: dict[str, Any] = {"_parameters": {}, "_buffers": {}, "_modules": {}}  # torch.compile asks for them
        cell.__dict__.update(held | sizes | nothing, training=True)  # past __setattr__, which would register parameters
        return cell

    def detached(self) -> Self:
        """A view of the same tensors without their graph."""
        return self.from_tensors({name: None if t is None else t.detach() for name, t in self.all_tensors.items()})

    @property
    def tensors(self) -> dict[str, Tensor | None]:
        """Every parameter by name; None where this cell has none."""
        return {name: getattr(self, name) for name in PARAMETERS}

    @property
    def all_tensors(self) -> dict[str, Tensor | None]:
        """Every parameter by name, also those that only one cell has."""
        return self.tensors

    @property
    def layer_norm(self) -> bool:
        """Whether the products (and an LSTM's c) are normalised."""
        return self.norm_hh is not None

    def rows(self, block: str) -> slice:
        """The rows of one gate in the weights and biases."""
        start = self.blocks.index(block) * self.hidden_size
        return slice(start, start + self.hidden_size)

    @abstractmethod
    def project(self, x: Tensor) -> Tensor:
        """[..., I] -> [..., G]: the part that does not wait for the previous step; one matrix product for all T."""

    @abstractmethod
    def step(
        self, u: Tensor, state: State, dropout: Tensor | None = None, intervene: Intervene = unchanged
    ) -> tuple[State, Gates]:
        """One step from the projected input u [B, G]: the recurrence, the only place where the equation stands.

        dropout: [B, H], what h_{t-1} is multiplied by on its way into the product (Gal, Ghahramani 2016: the same at
        every step), not where it is carried past it. intervene: given every gate and state [B, H] as it arises,
        returns what the rest of the step uses in its place: an intervention.
        """

    def initial_state(self, batch: int) -> State:
        """The zero state for `batch` sequences, each field [B, H]."""
        zeros = (self.weight_hh.new_zeros(batch, self.hidden_size) for _ in self.state_names)
        state: State = self.state_type(*zeros)
        return state

    def _from_input(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """W x + b, or with layer normalisation LN(W x) + b."""
        return _affine(x, self.weight_ih, self.norm_ih, bias)

    def _from_state(self, h: Tensor, dropout: Tensor | None, bias: Tensor | None = None) -> Tensor:
        """U h + b, or with layer normalisation LN(U h) + b."""
        return _affine(h if dropout is None else h * dropout, self.weight_hh, self.norm_hh, bias)

    def _joint_bias(self) -> Tensor | None:
        """torch's two biases where they only ever act as a sum."""
        return None if self.bias_ih is None or self.bias_hh is None else self.bias_ih + self.bias_hh

    @classmethod
    def count_parameters(cls, input_size: int, hidden_size: int) -> int:
        """Trainable numbers of a cell, of torch's two biases one counted (they only ever act as a sum, but for
        the GRU's candidate)."""
        return len(cls.blocks) * hidden_size * (input_size + hidden_size + 1)


def _affine(x: Tensor, weight: Tensor, gain: Tensor | None, bias: Tensor | None) -> Tensor:
    if gain is None:
        return linear(x, weight, bias)
    normalised = layer_norm(linear(x, weight), gain.shape, gain)
    return normalised if bias is None else normalised + bias
