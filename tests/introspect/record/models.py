"""Models of many shapes for the tests of recording: recurrent parts at some depth, called as people call them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KINDS: dict[str, Any] = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
STATES = {"RNN": 1, "LSTM": 2, "GRU": 1}


class Tagger(nn.Module):
    """An encoder at some depth, an answer for every step and the final state read too."""

    def __init__(self, kind: str, **options: Any):
        super().__init__()
        self.encoder = nn.ModuleDict({"rnn": KINDS[kind](3, 5, **options)})
        width = (options.get("proj_size") or 5) * (2 if options.get("bidirectional") else 1)
        self.head = nn.Linear(width, 2)

    def forward(self, x: Tensor, hx: Any = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        rnn = self.encoder["rnn"]
        if lengths is not None:
            x = pack_padded_sequence(x, lengths, batch_first=rnn.batch_first, enforce_sorted=False)
        y, final = rnn(x, hx)
        if lengths is not None:
            y, _ = pad_packed_sequence(y, batch_first=rnn.batch_first)
        return self.head(y), final


class Stepper(nn.Module):
    """A *Cell module called step by step."""

    def __init__(self, kind: str, **options: Any):
        super().__init__()
        self.cell = getattr(nn, f"{kind}Cell")(3, 5, **options)

    def forward(self, x: Tensor) -> Tensor:
        state, outputs = None, []
        for step in x:
            state = self.cell(step, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(outputs)


class Twice(nn.Module):
    """One module called on two inputs, as siamese networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(3, 5)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return (self.rnn(a)[0][-1] - self.rnn(b)[0][-1]).square()


def loss_of(found: Any) -> Tensor:
    """A number that every tensor in what a model returned has a part in."""
    if isinstance(found, Tensor):
        weight = torch.linspace(-1, 1, found.numel(), dtype=found.dtype).view_as(found)
        return (found * weight).sum() + (found * found).mean()
    return sum((loss_of(part) for part in found), torch.zeros(()))


def data(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
