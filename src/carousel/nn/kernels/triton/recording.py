"""What a run on the GPU kept, as [T, B, H] in the caller's order."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from carousel.nn.cells import LSTM1997, Cell, CoupledLSTM
from carousel.nn.kernels.derivatives import of_gate

_GATES = {"lstm": "ifgo", "lstm-1997": "igo", "lstm-coupled": "fgo", "gru": "rzn"}


class DenseRecording:
    """a: [T, B, gates, H]. hp, cp: [T, B, H], h and c before each step. out: [T, B, H]. Of every k-th step."""

    told: Callable[[DenseRecording], None] | None = None

    def __init__(self, cell: type[Cell], a: Tensor, hp: Tensor, cp: Tensor, out: Tensor, every: int):
        self._cell, self._every = cell, every
        self._a, self._hp, self._cp, self._out = (each[::every] for each in (a, hp, cp, out))
        self._found: list[tuple[Tensor, Tensor]] = []

    def add(self, dh: Tensor, dc: Tensor) -> None:
        """Another backward pass has gone through this run; derivatives add up, as torch's do."""
        self._found.append((dh[:: self._every], dc[:: self._every]))
        if self.told is not None:
            self.told(self)

    def value(self, name: str) -> Tensor:
        """[T, B, H]."""
        if name == "h":
            return self._out.clone()
        if name == "c":
            forget = 1.0 if self._cell is LSTM1997 else self.value("f")
            return forget * self._cp + self.value("i") * self.value("g")
        if name == "i" and self._cell is CoupledLSTM:
            return 1 - self.value("f")
        return self._a[:, :, _GATES[self._cell.name].index(name)]

    def gradient(self, name: str) -> Tensor | None:
        """[T, B, H], or None before the backward pass."""
        if not self._found:
            return None
        dh: Tensor
        dc: Tensor
        dh, dc = (sum(each[1:], each[0]) for each in zip(*self._found, strict=True))
        if name in ("h", "c"):
            return dh if name == "h" else dc
        return of_gate(self._cell, name, self, dh, dc)

    def previous_h(self) -> Tensor:
        """h_{t-1} as the step used it."""
        return self._hp

    def previous_c(self) -> Tensor:
        """c_{t-1} as the step used it."""
        return self._cp

    def before_reset(self) -> Tensor:
        """A GRU's v."""
        return self._a[:, :, 3]

    def shown(self) -> Tensor:
        """c: there is no layer normalisation here."""
        return self.value("c")
