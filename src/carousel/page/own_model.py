"""A recurrent layer of the user's own model, as the lab page takes it: its weights, and the sequences that it reads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from carousel.common.errors import BadCall
from carousel.page.trained import WIDEST, flat

_LAYERS: dict[type[nn.RNNBase], str] = {nn.RNN: "rnn", nn.LSTM: "lstm", nn.GRU: "gru"}
_PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
_MOST = 6  # sequences


def own_model(model: nn.Module, x: Tensor) -> dict[str, Any]:
    """Of a model with one nn.RNN, LSTM or GRU, or of that layer. x: [T, B, I], what the layer reads, or [B, T, I] where
    it has `batch_first`. The page reads out the last h as it is. Raises BadCall for what cannot be shown."""
    layer = _only_layer(model)
    x = x.transpose(0, 1) if layer.batch_first and x.dim() == 3 else x
    if x.dim() != 3 or x.shape[2] != layer.input_size or not x.isfinite().all():
        raise BadCall("x does not fit the layer", allowed=f"finite numbers, [T, B, {layer.input_size}]",
                      got=list(x.shape))  # fmt: skip
    name = "rnn-relu" if getattr(layer, "nonlinearity", "") == "relu" else _LAYERS[type(layer)]
    hidden = layer.hidden_size
    return {
        "cell": name,
        "layers": layer.num_layers,
        "inputs": layer.input_size,
        "hidden": hidden,
        "outputs": hidden,
        "task": None,
        "parameters": [*_parameters(layer), flat(torch.eye(hidden)), [0.0] * hidden],
        "sequences": [{"steps": len(x), "x": flat(x[:, b]), "right": None} for b in range(min(_MOST, x.shape[1]))],
    }


def _only_layer(model: nn.Module) -> nn.RNNBase:
    found = [module for module in model.modules() if isinstance(module, nn.RNNBase)]
    if len(found) != 1:
        raise BadCall("the lab page shows one recurrent layer", allowed="a model with one nn.RNN, nn.LSTM or nn.GRU",
                      got=len(found), fix="give the layer itself")  # fmt: skip
    (layer,) = found
    if type(layer) not in _LAYERS or layer.bidirectional or layer.proj_size or layer.hidden_size > WIDEST:
        wanted = f"nn.RNN, nn.LSTM, nn.GRU of at most {WIDEST} units, one direction, no proj_size"
        raise BadCall("the lab page cannot show this layer", got=repr(layer), allowed=wanted)
    return layer


def _parameters(layer: nn.RNNBase) -> list[list[float]]:
    """In the page's order, 0 where there is no bias."""
    rows = layer.get_parameter("weight_ih_l0").shape[0]
    names = [f"{name}_l{k}" for k in range(layer.num_layers) for name in _PARAMETERS]
    return [flat(getattr(layer, name)) if hasattr(layer, name) else [0.0] * rows for name in names]
