"""What a trained Transformer looks at: its attention maps, the counterpart of an LSTM's effective weights."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.shapes import valid_steps
from carousel.experiments.contenders.transformer import TransformerNetwork


@torch.no_grad()
def attention_maps(network: TransformerNetwork, x: Tensor, lengths: Tensor | None = None) -> Tensor:
    """[layers, B, heads, T, T]: the exact softmax weights with which step t (row) mixes the values of steps j <= t.

    x: [T, B, I]. Rows sum to 1; those of padded steps are NaN, since a padded step has no value. Memory grows with T^2.
    """
    z, maps = network.embed(x, lengths), []
    for block in network.stack:
        maps.append(block.attention.weights(block.attention_norm(z)))
        z = block(z)
    found = torch.stack(maps)
    if lengths is None:
        return found
    return found.masked_fill(~valid_steps(lengths, len(x)).T[:, None, :, None], torch.nan)
