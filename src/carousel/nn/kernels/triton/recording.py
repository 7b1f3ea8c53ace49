"""What a run on the GPU kept, as [T, B, H] of a network, in the caller's order."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from torch import Tensor

from carousel.nn.cells import LSTM1997, Cell, CoupledLSTM
from carousel.nn.kernels.derivatives import of_gate
from carousel.nn.kernels.tape import Recording

_GATES = {"lstm": "ifgo", "lstm-1997": "igo", "lstm-coupled": "fgo", "gru": "rzn"}


class DenseRecording:
    """Of all P networks, until `of` narrows it to one. Values and derivatives are [P, T, B, H], of one [T, B, H].

    a: [P, T, B, gates, H]. hp, cp: [P, T, B, H], h and c before each step. out: [P, T, B, H]. Of every k-th step."""

    told: Callable[[DenseRecording], None] | None = None

    def __init__(self, cell: type[Cell], a: Tensor, hp: Tensor, cp: Tensor, out: Tensor, every: int):
        self._cell, self._every = cell, every
        self._kept = tuple(each[:, ::every] for each in (a, hp, cp, out))
        self._found: list[tuple[Tensor, Tensor]] = []
        self._network: int | slice = slice(None)

    def of(self, network: int) -> DenseRecording:
        """One network's part, with the derivatives that are still to come."""
        part = copy(self)
        part._network = network
        return part

    def add(self, dh: Tensor, dc: Tensor) -> None:
        """Another backward pass has gone through this run; derivatives add up, as torch's do."""
        self._found.append((dh[:, :: self._every].contiguous(), dc[:, :: self._every].contiguous()))  # no view of all
        if self.told is not None:
            self.told(self)

    def value(self, name: str) -> Tensor:
        """A state or gate by name."""
        if name == "h":
            return self._part(3).clone()
        if name == "c":
            forget = 1.0 if self._cell is LSTM1997 else self.value("f")
            return forget * self.previous_c() + self.value("i") * self.value("g")
        if name == "i" and self._cell is CoupledLSTM:
            return 1 - self.value("f")
        return self._part(0)[..., _GATES[self._cell.name].index(name), :]

    def gradient(self, name: str) -> Tensor | None:
        """Of a state or gate by name, or None before the backward pass."""
        if not self._found:
            return None
        dh: Tensor
        dc: Tensor
        found = [(dh[self._network], dc[self._network]) for dh, dc in self._found]
        dh, dc = (sum(each[1:], each[0]) for each in zip(*found, strict=True))
        if name in ("h", "c"):
            return dh if name == "h" else dc
        return of_gate(self._cell, name, self, dh, dc)

    def previous_h(self) -> Tensor:
        """h_{t-1} as the step used it."""
        return self._part(1)

    def previous_c(self) -> Tensor:
        """c_{t-1} as the step used it."""
        return self._part(2)

    def before_reset(self) -> Tensor:
        """A GRU's v."""
        return self._part(0)[..., 3, :]

    def shown(self) -> Tensor:
        """c: there is no layer normalisation here."""
        return self.value("c")

    def _part(self, kept: int) -> Tensor:
        return self._kept[kept][self._network]


class _Part:
    """One network's part of values that are [P, T, B, H]."""

    def __init__(self, whole: Recording, network: int):
        self._whole, self._network = whole, network

    def value(self, name: str) -> Tensor:
        """[T, B, H]."""
        return self._whole.value(name)[self._network]

    def gradient(self, name: str) -> Tensor | None:
        """[T, B, H], or None before the backward pass."""
        found = self._whole.gradient(name)
        return None if found is None else found[self._network]


def of_network(whole: Recording, network: int) -> Recording:
    """One network's part of a recording of all."""
    return whole.of(network) if isinstance(whole, DenseRecording) else _Part(whole, network)
