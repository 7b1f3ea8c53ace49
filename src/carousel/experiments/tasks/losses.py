"""Losses of P networks at once: outputs and targets with the population's axis first, one mean a network, [P].

Each is a mean over a network's own numbers in their own order: no other network changes it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, nll_loss

NOT_ASKED = -100  # the class number of a step that asks for nothing: what torch's cross entropy leaves out


def cross_entropies(output: Tensor, classes: Tensor) -> Tensor:
    """Nats, the mean over what is asked; output [P, ..., K], classes [P, ...], NOT_ASKED where nothing is."""
    logs = torch.log_softmax(output, -1).flatten(0, -2)
    each = nll_loss(logs, classes.flatten(), ignore_index=NOT_ASKED, reduction="none").view(len(output), -1)
    return each.sum(1) / (classes != NOT_ASKED).view(len(output), -1).sum(1)


def squared_errors(output: Tensor, values: Tensor) -> Tensor:
    """The mean over all numbers; both [P, ...]."""
    return (output - values.to(output.dtype)).square().flatten(1).mean(1)


def frame_losses(output: Tensor, keys: Tensor, valid: Tensor) -> Tensor:
    """Negative log-likelihood of independent keys in nats, a frame; output and keys [P, T, B, K], valid [P, T, B]: the
    steps that are no padding.

    Network by network: torch's sigmoid rounds the last few numbers of a tensor otherwise than the others."""
    return torch.stack([_frame_loss(*each) for each in zip(output, keys.to(output.dtype), valid, strict=True)])


def _frame_loss(output: Tensor, keys: Tensor, valid: Tensor) -> Tensor:
    # whatever stands at padding, NaN too, reaches nothing
    shown, sounding = (torch.where(valid.unsqueeze(-1), t, 0.0) for t in (output, keys))
    each = binary_cross_entropy_with_logits(shown, sounding, reduction="none").sum(-1)
    return (each * valid).sum() / valid.sum()
