"""Small models on one thread: sharing a step's few numbers among cores costs more than computing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

SMALL = 1_000_000  # parameters; measured on 2 cores, busy with other work: a forward pass 20 ms instead of 650


@contextmanager
def one_thread(model: nn.Module | None = None) -> Iterator[None]:
    """Inside the block torch computes on one thread, unless the model that runs there is large."""
    before = torch.get_num_threads()
    if model is None or sum(p.numel() for p in model.parameters()) <= SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
