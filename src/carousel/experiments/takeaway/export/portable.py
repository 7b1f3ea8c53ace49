"""What every exporter writes down: the network as arrays of four known cells, and what stands before and behind it.

The variants of the LSTM are the LSTM with other numbers: without forget gate its preactivation is so high that sigma is
1; coupled, the input gate has the forget gate's rows with the other sign, since 1 - sigma(a) = sigma(-a).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from carousel.common.errors import BadPlan
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.ensemble import Ensemble
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.data import Prepared
from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.data.prepare.own_units import known_units
from carousel.nn.cells import Cell

Kind = Literal["rnn", "rnn-relu", "lstm", "gru"]
Number = Literal["float32", "int8"]  # of weights
_KINDS: dict[str, Kind] = {"rnn": "rnn", "rnn-relu": "rnn-relu", "lstm": "lstm", "lstm-1997": "lstm",
                           "lstm-coupled": "lstm", "gru": "gru"}  # fmt: skip
GATES = {"rnn": 1, "rnn-relu": 1, "lstm": 4, "gru": 3}
_OPEN = 100.0  # sigma of it is 1 in every number type


@dataclass(frozen=True)
class Layer:
    """In torch's shapes and gate order. w: [G H, I]. u: [G H, H]. b, v: [G H], of input and state."""

    w: Floats
    u: Floats
    b: Floats
    v: Floats


@dataclass(frozen=True)
class Portable:
    """cell: of every layer. weight, bias: the readout, [O, H] and [O]. question: "classification", "regression" or
    "forecast". mean, std: [c] of the raw channels. masked: places of those with a mask behind. unit, offset: [K] of the
    answers, out = y unit + offset (a forecast's offset is the last value of `targets`, [K] places of raw channels).
    channels, answers: their names. others: further members of an ensemble, with weights of their own and all else
    alike; the mean answers. own: the level and unit [2, c] of each series by its name, where they differ; mean, std and
    unit are then in these, and who asks gives them."""

    cell: Kind
    layers: tuple[Layer, ...]
    weight: Floats
    bias: Floats
    question: str
    mean: Floats
    std: Floats
    masked: tuple[int, ...]
    unit: Floats
    offset: Floats
    targets: Ints
    channels: tuple[str, ...]
    answers: tuple[str, ...]
    others: tuple[Portable, ...] = ()
    own: dict[str, Floats] | None = None

    @property
    def members(self) -> tuple[Portable, ...]:
        """All whose mean answers; of one network it alone."""
        return self, *self.others

    @property
    def hidden(self) -> int:
        """H."""
        return self.layers[0].u.shape[1]

    @property
    def inputs(self) -> int:
        """I, raw channels and masks."""
        return len(self.mean) + len(self.masked)

    @property
    def outputs(self) -> int:
        """O."""
        return len(self.bias)

    @property
    def has_c(self) -> bool:
        """Whether the state is (h, c)."""
        return self.cell == "lstm"

    @property
    def multiplications(self) -> int:
        """Of a step, readout included."""
        return sum(layer.w.size + layer.u.size for layer in self.layers) + self.weight.size


def portable(network: Network, trained: Prepared) -> Portable:
    """Raises BadPlan for a Transformer, which has no step to export."""
    if isinstance(network, Ensemble):
        first, *others = (portable(member, trained) for member in network.each)
        return replace(first, others=tuple(others))
    if not isinstance(network, RecurrentNetwork):
        raise BadPlan("only recurrent networks are exported", got="a Transformer",
                      fix="compare without it: --contenders rnn,lstm,gru")  # fmt: skip
    masks = set(trained.card["channels"]["masks"])
    names = trained.card["channels"]["names"]
    channels = tuple(name for name in names if name not in masks)
    count = len(channels)
    return Portable(
        cell=_KINDS[network.stack[0].name],
        layers=tuple(map(_layer, network.stack)),
        weight=_array(network.linear.weight),
        bias=_array(network.linear.bias),
        question=trained.kind,
        mean=trained.mean[:count],
        std=trained.std[:count],
        masked=tuple(place for place, name in enumerate(channels) if name in trained.card["missing"]),
        unit=trained.y_std,
        offset=trained.y_mean,
        targets=trained.y_channels,
        channels=channels,
        answers=_answers(trained, network.linear.out_features),
        own=None if trained.own is None else known_units(trained.card, trained.own),
    )


def _answers(trained: Prepared, outputs: int) -> tuple[str, ...]:
    if trained.kind == "classification":
        return tuple(entry["name"] for entry in trained.card["classes"] or ())
    if trained.kind == "regression":
        return (str(trained.card["target"]),)
    columns = [trained.card["channels"]["names"][place] for place in trained.y_channels]
    return tuple(f"{columns[k % len(columns)]}+{k // len(columns) + 1}" for k in range(outputs))


def _layer(cell: Cell) -> Layer:
    rows = 4 if cell.state_names == ("h", "c") else len(cell.blocks)
    zeros = torch.zeros(len(cell.blocks) * cell.hidden_size)
    b, v = (zeros if bias is None else bias for bias in (cell.bias_ih, cell.bias_hh))
    given = [_array(t) for t in (cell.weight_ih, cell.weight_hh, b, v)]
    if len(cell.blocks) == rows:
        return Layer(*given)
    blocks = [dict(zip(cell.blocks, np.split(array, len(cell.blocks)), strict=True)) for array in given]
    if cell.name == "lstm-coupled":
        full = [np.concatenate([-block["f"], block["f"], block["g"], block["o"]]) for block in blocks]
    else:
        opened = [0.0, 0.0, _OPEN, 0.0]
        full = [np.concatenate([block["i"], np.full_like(block["i"], fill), block["g"], block["o"]])
                for block, fill in zip(blocks, opened, strict=True)]  # fmt: skip
    return Layer(*full)


def _array(tensor: torch.Tensor) -> Floats:
    return tensor.detach().double().numpy()


def test_rows(trained: Prepared, most: int) -> Ints:
    """Up to `most` examples of the test part, at even distances."""
    rows = trained.rows("test")
    count = min(most, len(rows))
    chosen: Ints = rows[np.arange(count) * len(rows) // count]
    return chosen


def raw_sequences(trained: Prepared, rows: Ints) -> list[Floats]:
    """[T, c] of each of the examples, in the file's units and NaN where missing: back from what was stored."""
    count = len(trained.card["channels"]["names"]) - len(trained.card["channels"]["masks"])
    values = trained.x[:, :count].astype(np.float64) * trained.std[:count] + trained.mean[:count]
    masked = [place for place in range(count) if trained.card["channels"]["names"][place] in trained.card["missing"]]
    for mask, place in enumerate(masked):
        values[trained.x[:, count + mask] == 1, place] = np.nan
    windows = [values[trained.starts[row] : trained.starts[row] + trained.lengths[row]] for row in rows]
    own = own_of(trained, rows)
    return windows if own is None else [one * unit + level for one, (level, unit) in zip(windows, own, strict=True)]


def own_of(trained: Prepared, rows: Ints) -> Floats | None:
    """[N, 2, c] the level and unit of the series of each example, where they differ."""
    return None if trained.own is None or trained.series is None else trained.own[trained.series[rows]]
