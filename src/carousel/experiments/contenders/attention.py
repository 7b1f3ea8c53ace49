"""Causal multi-head self-attention: each step looks at itself and the steps before it."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from carousel.experiments.contenders.positions import rotate

HEADS = 2
WIDTH_STEP = 2 * HEADS  # of the width D: the rotation takes the channels of a head in pairs


@final
class CausalSelfAttention(nn.Module):
    """z [B, T, D] to [B, T, D] (Vaswani et al. 2017), by torch's fused operator; later steps get the weight 0."""

    def __init__(self, width: int, rotary: bool):
        super().__init__()
        self.rotary = rotary
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, z: Tensor) -> Tensor:
        return self.joined(scaled_dot_product_attention(*self.heads(z), is_causal=True))

    def heads(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, [B, heads, T, D / heads]."""
        parts = self.project(z).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in parts)
        return (rotate(q), rotate(k), v) if self.rotary else (q, k, v)

    def joined(self, mixed: Tensor) -> Tensor:
        """What the heads [B, heads, T, D / heads] mixed, side by side and through the last matrix."""
        return self.join(mixed.transpose(1, 2).flatten(2))

    def weights(self, z: Tensor) -> Tensor:
        """[B, heads, T, T]: how much step t (row) takes from step j (column), which the fused operator does not show.
        Rows sum to 1."""
        q, k, _ = self.heads(z)
        logits = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        later = torch.ones(logits.shape[-2:], dtype=torch.bool, device=z.device).triu(1)
        return logits.masked_fill(later, -torch.inf).softmax(dim=-1)
