"""What is measured: forward and backward with all gradients, ours keeping gates, states and total derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from carousel.introspect.record import record
from carousel.nn.kernels import Request
from carousel.nn.layers import GRU, LSTM, RNN

OURS: dict[str, Any] = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}
_BLOCKS = {"RNN": 1, "GRU": 3, "LSTM": 4}
EVERYTHING = Request(states=True, gates=True, gradients=True)
_SHORTEST = 10  # of unequal lengths


class Shape(NamedTuple):
    """T, B, I, H and the number of layers."""

    steps: int
    batch: int
    inputs: int
    hidden: int
    layers: int = 1

    def __str__(self) -> str:
        return ",".join(map(str, self if self.layers > 1 else self[:4]))


SHAPES = (
    Shape(100, 32, 2, 32), Shape(500, 32, 2, 64), Shape(500, 50, 2, 128), Shape(784, 64, 1, 128),
    Shape(200, 64, 128, 256),
)  # fmt: skip


class Case(NamedTuple):
    """Two runs to compare. flops: of forward and backward, products only."""

    ours: Callable[[], object]
    other: Callable[[], object]
    flops: float


def against_torch(cell: str, shape: Shape) -> Case:
    """Our layer, everything kept, against torch's module, nothing kept."""
    ours, theirs = _twins(cell, shape)
    x, g = _tensors(shape)
    return Case(
        lambda: _backward(ours(x, keep=EVERYTHING)[0], g), lambda: _backward(theirs(x)[0], g), _flops(cell, shape)
    )


def against_packed(cell: str, shape: Shape) -> Case:
    """Lengths uniform in 10 .. T: ours on the padded batch, torch on a PackedSequence (packing counts)."""
    ours, theirs = _twins(cell, shape)
    x, g = _tensors(shape)
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(_SHORTEST, shape.steps + 1, (shape.batch,), generator=generator)

    def packed() -> None:
        output, _ = theirs(pack_padded_sequence(x, lengths, enforce_sorted=False))
        _backward(output.data, g.flatten(0, 1)[: len(output.data)])

    share = float(lengths.sum()) / (shape.steps * shape.batch)
    return Case(lambda: _backward(ours(x, lengths=lengths, keep=EVERYTHING)[0], g), packed, share * _flops(cell, shape))


def against_unrecorded(cell: str, shape: Shape) -> Case:
    """torch's module inside `record`, everything kept, against the same module alone, nothing kept."""
    _, theirs = _twins(cell, shape)
    x, g = _tensors(shape)
    return Case(lambda: _recorded(theirs, x, g), lambda: _backward(theirs(x)[0], g), _flops(cell, shape))


def recorded_against_loop(cell: str, shape: Shape) -> Case:
    """torch's module inside `record` against the loop in plain torch."""
    _, theirs = _twins(cell, shape)
    x, g = _tensors(shape)
    return against_loop(cell, shape)._replace(ours=lambda: _recorded(theirs, x, g))


def against_loop(cell: str, shape: Shape) -> Case:
    """Against the loop in plain torch that retains every gate and its gradient: what people write today."""
    ours, theirs = OURS[cell](*shape[2:4]), OURS[cell](*shape[2:4], kernel="reference")
    x, g = _tensors(shape)
    return Case(
        lambda: _backward(ours(x, keep=EVERYTHING)[0], g),
        lambda: _backward(theirs(x, keep=EVERYTHING)[0], g),
        _flops(cell, shape),
    )


def _recorded(module: nn.Module, x: torch.Tensor, g: torch.Tensor) -> None:
    with record(module):
        _backward(module(x)[0], g)


def _twins(cell: str, shape: Shape) -> tuple[nn.Module, nn.Module]:
    _, _, inputs, hidden, layers = shape
    return OURS[cell](inputs, hidden, layers), getattr(nn, cell)(inputs, hidden, layers)


def _tensors(shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape.steps, shape.batch, shape.inputs, generator=generator, requires_grad=True)
    return x, torch.randn(shape.steps, shape.batch, shape.hidden, generator=generator)


def _backward(output: torch.Tensor, gradient: torch.Tensor) -> None:
    output.backward(gradient)


def _flops(cell: str, shape: Shape) -> float:
    """A product forward, and two backward, of the input's and the state's weights, at every step of every layer."""
    widths = [shape.inputs] + [shape.hidden] * (shape.layers - 1)
    products = sum(_BLOCKS[cell] * shape.hidden * (width + shape.hidden) for width in widths)
    return 3 * 2.0 * shape.steps * shape.batch * products
