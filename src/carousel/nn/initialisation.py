"""Initialisations by name. What an LSTM remembers at the start of training is decided here, not by its gates.

Every function fills the parameters of one cell in place from a generator. Biases: torch keeps two that act as a sum; a
rule about "the bias" sets that sum (one holds it, the other is 0), so that a saved bias means what it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from carousel.common.errors import BadPlan, UnknownName
from carousel.nn.cells import CELLS, GRU, LSTM, LSTM1997, Cell, CoupledLSTM, ElmanReLU, ElmanTanh

Fill = Callable[[Cell, Generator, float], None]  # the number is the parameter after the name, e.g. 1 in forget-bias-1


@dataclass(frozen=True)
class Initialisation:
    """A named rule. `fits` are the cells it is defined for, `number` its default parameter (None: it takes none)."""

    name: str
    what: str
    fill: Fill
    fits: tuple[type[Cell], ...]
    number: float | None = None


def default(cell: Cell, generator: Generator, _: float = 0.0) -> None:
    """torch's: every weight and bias uniform in +-1/sqrt(H). Two biases, so their sum is not uniform."""
    bound = 1 / math.sqrt(cell.hidden_size)
    for parameter in cell.parameters():
        parameter.data.uniform_(-bound, bound, generator=generator)


def orthogonal(cell: Cell, generator: Generator, _: float = 0.0) -> None:
    """torch's default, but each recurrent block [H, H] orthogonal (Saxe et al. 2014)."""
    default(cell, generator)
    for block in cell.blocks:
        cell.weight_hh.data[cell.rows(block)] = _orthogonal(cell.weight_hh.data[cell.rows(block)], generator)


def identity(cell: Cell, generator: Generator, _: float = 0.0) -> None:
    """Recurrent matrix the identity, biases 0, input weights N(0, .001) (Le, Jaitly, Hinton 2015; theirs is for
    ReLU)."""
    cell.weight_ih.data.normal_(0.0, 0.001, generator=generator)
    cell.weight_hh.data.copy_(torch.eye(cell.hidden_size))
    _clear_biases(cell)


def forget_bias(cell: Cell, generator: Generator, bias: float) -> None:
    """torch's default, but the forget gate's bias is `bias` (Gers et al. 2000; Jozefowicz et al. 2015: 1)."""
    default(cell, generator)
    _set_bias(cell, "f", torch.full((cell.hidden_size,), bias))


def closed_input(cell: Cell, generator: Generator, bias: float) -> None:
    """torch's default, but the input gate's bias is -`bias` (Hochreiter, Schmidhuber 1997: -2 to -6, against drift of
    what is kept)."""
    default(cell, generator)
    _set_bias(cell, "i", torch.full((cell.hidden_size,), -bias))


def keras(cell: Cell, generator: Generator, _: float = 0.0) -> None:
    """Keras' default: Glorot-uniform input weights and an orthogonal recurrent matrix, each over all gates at once;
    biases 0, the forget gate's 1."""
    rows, inputs = cell.weight_ih.shape
    bound = math.sqrt(6 / (rows + inputs))
    cell.weight_ih.data.uniform_(-bound, bound, generator=generator)
    cell.weight_hh.data.copy_(_orthogonal(cell.weight_hh.data, generator))
    _clear_biases(cell)
    if "f" in cell.blocks:
        _set_bias(cell, "f", torch.ones(cell.hidden_size))


def chrono(cell: Cell, generator: Generator, length: float) -> None:
    """torch's default, but gate biases that remember for about U[1, T-1] steps: b_f = ln U[1, T-1], b_i = -b_f
    (Tallec, Ollivier 2018). In a GRU the update gate keeps, and carries the bias of f; so does a coupled LSTM's f."""
    default(cell, generator)
    spans = torch.empty(cell.hidden_size, dtype=torch.float64)
    bias = spans.uniform_(1.0, max(length - 1.0, 1.0 + 1e-9), generator=generator).log().float()
    _set_bias(cell, "z" if isinstance(cell, GRU) else "f", bias)
    if "i" in cell.blocks:
        _set_bias(cell, "i", -bias)


def _orthogonal(like: Tensor, generator: Generator) -> Tensor:
    """A random matrix of that shape with orthonormal columns (rows, where it is wide), by QR with signs fixed."""
    rows, columns = like.shape
    gaussian = torch.randn(max(like.shape), min(like.shape), generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(gaussian)
    q = q * r.diagonal().sign()
    matrix: Tensor = (q if rows >= columns else q.T).to(like.dtype)
    return matrix


def _clear_biases(cell: Cell) -> None:
    for name in ("bias_ih", "bias_hh"):
        cell.get_parameter(name).data.zero_()


def _set_bias(cell: Cell, block: str, bias: Tensor) -> None:
    first, second = cell.get_parameter("bias_ih"), cell.get_parameter("bias_hh")
    first.data[cell.rows(block)] = bias.to(first.dtype)
    second.data[cell.rows(block)] = 0.0


_ANY = tuple(CELLS.values())
_LARGEST = 1_000_000  # a bias, or a span of steps
_FORGETTING = (LSTM, CoupledLSTM)
INITIALISATIONS: dict[str, Initialisation] = {
    i.name: i
    for i in (
        Initialisation("default", "torch's own: uniform in ±1/√H", default, _ANY),
        Initialisation("orthogonal", "recurrent blocks orthogonal", orthogonal, _ANY),
        Initialisation("identity", "recurrent matrix the identity (meant for ReLU)", identity, (ElmanTanh, ElmanReLU)),
        Initialisation("forget-bias", "forget gate's bias set to B: forget-bias-1", forget_bias, _FORGETTING, 1.0),
        Initialisation("closed-input", "input gate's bias set to -B: closed-input-3", closed_input,
                       (LSTM1997, LSTM), 3.0),
        Initialisation("keras", "Keras' default", keras, _ANY),
        Initialisation("chrono", "gate biases for spans up to T: chrono (the task's T) or chrono-100", chrono,
                       (*_FORGETTING, GRU), 0.0),
    )
}  # fmt: skip


def initialisation(name: str) -> tuple[Initialisation, float | None]:
    """Look a name such as "orthogonal", "forget-bias-1" or "chrono-100" up; the number is None where none was given."""
    match = re.fullmatch(r"(.*?)(?:-(\d+(?:\.\d+)?))?", name)
    base, number = (match[1], match[2]) if match and match[1] in INITIALISATIONS else (name, None)
    if base not in INITIALISATIONS:
        raise UnknownName("initialisation", name, INITIALISATIONS)
    rule = INITIALISATIONS[base]
    if number is not None and rule.number is None:
        raise BadPlan(f"initialisation {base!r} takes no number", got=name, fix=f"write {base!r}")
    if number is not None and float(number) > _LARGEST:
        raise BadPlan(
            f"the number of initialisation {base!r} is too large", allowed=f"at most {_LARGEST:,}", got=number
        )
    return rule, None if number is None else float(number)


def initialise(cell: Cell, name: str, generator: Generator, length: int) -> None:
    """Fill the cell's parameters by the named rule; `length` is T, which chrono uses unless its name holds another."""
    rule, number = initialisation(name)
    if type(cell) not in rule.fits:
        fits = ", ".join(c.name for c in rule.fits)
        raise BadPlan(f"initialisation {name!r} is not defined for {cell.name!r}", allowed=fits)
    if number is None:
        number = float(length) if rule.name == "chrono" else (rule.number or 0.0)
    rule.fill(cell, generator, number)
