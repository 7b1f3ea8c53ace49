"""The networks of docs/why.md: torch's own layers, and how each of them starts."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

UNITS, STEPS = 64, 100


def open_gates(layer, bias=1.0):
    H = layer.hidden_size
    with torch.no_grad():
        for name, b in layer.named_parameters():
            if "bias" in name:  # of the two, one is set and one is 0
                b[H : 2 * H] = bias if "bias_ih" in name else 0.0


def open_chrono(layer, longest):
    H = layer.hidden_size
    with torch.no_grad():
        for name, b in layer.named_parameters():
            if "bias_ih" in name:
                b[H : 2 * H].uniform_(1, longest - 1).log_()  # f, in a GRU z
                if isinstance(layer, nn.LSTM):
                    b[:H] = -b[H : 2 * H]  # i: keep much, take in little
            elif "bias_hh" in name:
                b[H : 2 * H] = 0.0
                if isinstance(layer, nn.LSTM):
                    b[:H] = 0.0


def orthogonal(layer: nn.RNN) -> None:
    nn.init.orthogonal_(layer.weight_hh_l0)


def keras(layer: nn.LSTM) -> None:
    """Keras' default: Glorot, one orthogonal matrix over all gates, biases 0, the forget gate's 1."""
    nn.init.xavier_uniform_(layer.weight_ih_l0)
    nn.init.orthogonal_(layer.weight_hh_l0)
    nn.init.zeros_(layer.bias_ih_l0)
    nn.init.zeros_(layer.bias_hh_l0)
    open_gates(layer)


def chrono(layer: nn.RNNBase) -> None:
    open_chrono(layer, longest=STEPS)


def times(factor: float) -> Callable[[nn.RNNBase], None]:
    """A recurrent matrix so many times as large as torch draws it."""

    def scale(layer: nn.RNNBase) -> None:
        with torch.no_grad():
            layer.weight_hh_l0.mul_(factor)

    return scale


NETWORKS: dict[str, tuple[type[nn.RNNBase], Callable[[Any], None]]] = {
    "rnn": (nn.RNN, times(1)),
    "rnn-orthogonal": (nn.RNN, orthogonal),
    "lstm": (nn.LSTM, times(1)),
    "lstm-bias-1": (nn.LSTM, open_gates),
    "lstm-keras": (nn.LSTM, keras),
    "lstm-chrono": (nn.LSTM, chrono),
    "gru": (nn.GRU, times(1)),
    "gru-chrono": (nn.GRU, chrono),
    "rnn-times-4": (nn.RNN, times(4)),
    "lstm-times-4": (nn.LSTM, times(4)),
    "lstm-times-8": (nn.LSTM, times(8)),
}


class Reader(nn.Module):
    """A recurrent layer, and a linear layer that reads its last hidden state."""

    def __init__(self, layer: nn.RNNBase, classes: int):
        super().__init__()
        self.rnn, self.readout = layer, nn.Linear(UNITS, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.readout(self.rnn(x)[0][-1])


def made(kind: str, seed: int, inputs: int, classes: int) -> Reader:
    """One network of a kind. torch's random state is afterwards what it was."""
    layer_type, start = NETWORKS[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = layer_type(inputs, UNITS)
        start(layer)
        return Reader(layer, classes)
