"""A contender in torch.nn alone: initialised from a seed as docs/trials.md says, or with the stored weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from sequences import sizes
from torch import Tensor, nn

LAYERS = {"rnn": nn.RNN, "rnn-relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
GATES = {"rnn": "h", "rnn-relu": "h", "lstm": "ifgo", "gru": "rzn"}  # torch's order of the blocks of rows
WEIGHTS_FROM = 1_000_033  # added to the seed of a trial for its weights
INITIALISATIONS = ("default", "orthogonal", "identity", "forget-bias-1", "chrono")


class Contender(nn.Module):
    """Recurrent layers and a linear readout of the last step."""

    def __init__(self, task: str, about: dict[str, Any]):
        super().__init__()
        inputs, outputs = sizes(task)
        relu = {"nonlinearity": "relu"} if about["cell"] == "rnn-relu" else {}
        self.layers = LAYERS[about["cell"]](inputs, about["hidden"], num_layers=about["layers"], **relu)
        self.linear = nn.Linear(about["hidden"], outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[T, B, I] -> [B, O]."""
        output, _ = self.layers(x)
        return self.linear(output[-1])

    def part(self, name: str, layer: int) -> Tensor:
        """A parameter of a layer."""
        return getattr(self.layers, f"{name}_l{layer}").data


def stored(task: str, about: dict[str, Any], weights: dict[str, np.ndarray]) -> Contender:
    """The network with the weights of a run folder."""
    network = Contender(task, about)
    for layer in range(about["layers"]):
        for name in PARTS:
            network.part(name, layer).copy_(torch.from_numpy(weights[f"cells.{layer}.{name}"].copy()))
    network.linear.weight.data.copy_(torch.from_numpy(weights["linear.weight"].copy()))
    network.linear.bias.data.copy_(torch.from_numpy(weights["linear.bias"].copy()))
    return network


def initialised(task: str, about: dict[str, Any], length: int, seed: int) -> Contender:
    """The network before training: layer by layer, then the readout, all from one generator."""
    network, generator = Contender(task, about), torch.Generator().manual_seed(seed + WEIGHTS_FROM)
    for layer in range(about["layers"]):
        parts = {name: network.part(name, layer) for name in PARTS}
        _fill(parts, about["cell"], about["init"], length, generator)
    reach = 1 / math.sqrt(about["hidden"])
    for parameter in (network.linear.weight, network.linear.bias):
        parameter.data.uniform_(-reach, reach, generator=generator)
    return network


def _fill(parts: dict[str, Tensor], cell: str, init: str, length: int, generator: torch.Generator) -> None:
    if init not in INITIALISATIONS:
        raise KeyError(f"initialisation {init}")
    hidden = parts["weight_hh"].shape[1]
    if init == "identity":
        parts["weight_ih"].normal_(0, 0.001, generator=generator)
        parts["weight_hh"].copy_(torch.eye(hidden))
        parts["bias_ih"].zero_(), parts["bias_hh"].zero_()
        return
    reach = 1 / math.sqrt(hidden)
    for name in PARTS:
        parts[name].uniform_(-reach, reach, generator=generator)
    rows = {gate: slice(k * hidden, (k + 1) * hidden) for k, gate in enumerate(GATES[cell])}
    if init == "orthogonal":
        for block in rows.values():
            parts["weight_hh"][block] = _orthogonal(hidden, generator)
    if init == "forget-bias-1":
        _bias(parts, rows["f"], torch.ones(hidden))
    if init == "chrono":
        spans = torch.empty(hidden, dtype=torch.float64).uniform_(1, length - 1, generator=generator)
        _bias(parts, rows["f" if cell == "lstm" else "z"], spans.log().float())
        if cell == "lstm":
            _bias(parts, rows["i"], -spans.log().float())


def _orthogonal(size: int, generator: torch.Generator) -> Tensor:
    """Q of a Gaussian float64 matrix = Q R, its columns turned so that R's diagonal is positive."""
    q, r = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    return (q @ torch.diag(torch.sign(torch.diag(r)))).float()


def _bias(parts: dict[str, Tensor], rows: slice, values: Tensor) -> None:
    """The sum of torch's two biases."""
    parts["bias_ih"][rows] = values
    parts["bias_hh"][rows] = 0
