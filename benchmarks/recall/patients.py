"""Eight working models with tasks that they learn, and the switches by which a fault is planted into each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, cross_entropy, dropout, mse_loss, nll_loss
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

B, T, I, H, C = 24, 10, 3, 16, 4  # noqa: E741


@dataclass(frozen=True)
class Kind:
    """rnn: "GRU" or "LSTM". read: "last", "packed", "attention", "each" or "cells". answer: "classes", "binary",
    "number", or "next" (a forecast of its own input)."""

    rnn: str
    read: str
    answer: str
    layers: int = 1
    bidirectional: bool = False
    tokens: bool = False


PATIENTS = {
    "gru classifier": Kind("GRU", "last", "classes"),
    "lstm regression": Kind("LSTM", "last", "number", layers=2),
    "packed lstm": Kind("LSTM", "packed", "classes"),
    "bidirectional tagger": Kind("LSTM", "each", "classes", bidirectional=True),
    "language model": Kind("GRU", "each", "next", tokens=True),
    "attention": Kind("GRU", "attention", "classes", bidirectional=True),
    "forecast": Kind("LSTM", "each", "next"),
    "cells": Kind("LSTM", "cells", "binary", layers=2),
}


def outputs(kind: Kind) -> int:
    """Width of the answer."""
    if kind.answer == "next":
        return C if kind.tokens else I
    return C if kind.answer == "classes" else 1


def has_lengths(kind: Kind) -> bool:
    """Whether the sequences are padded."""
    return kind.read in ("packed", "attention") or (kind.read == "each" and kind.answer == "classes")


def batch_of(kind: Kind, seed: int, fault: str = "") -> tuple[Tensor, Tensor, Tensor]:
    """x [B, T, I] or tokens [B, T], lengths [B], targets."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(4, T + 1, (B,), generator=generator) if has_lengths(kind) else torch.full((B,), T)
    lengths[0] = T
    x = torch.randn(B, T + 1, I, generator=generator)
    if kind.answer == "next":
        phase = torch.rand(B, 1, I, generator=generator) * 6.3
        x = torch.sin(phase + 0.7 * torch.arange(T + 1).reshape(1, -1, 1)) * 2
        if kind.tokens:
            walk = (torch.randint(C, (B, 1), generator=generator) + torch.arange(T + 1)) % C
            return walk[:, :-1], lengths, walk[:, 1:]
        return x[:, :-1].clone(), lengths, x[:, 1:].clone()
    x = x[:, :T] * (torch.arange(T) < lengths.unsqueeze(1)).unsqueeze(-1)
    ends = x[torch.arange(B), lengths - 1]
    if kind.answer == "number":
        return x, lengths, 2 * ends[:, 0] + x[:, -2, 1]
    if kind.read == "each":
        tags = (x[..., 0] > 0).long() + 2 * (x[..., 1] > 0).long()
        return (
            x,
            lengths,
            tags.masked_fill(torch.arange(T) >= lengths.unsqueeze(1), 0 if fault == "padded loss" else -100),
        )
    if kind.answer == "binary":
        return x, lengths, (ends[:, 0] > 0).float()
    return x, lengths, (ends[:, 0] > 0).long() + 2 * (ends[:, 1] > 0).long()


class Patient(nn.Module):
    """One of the kinds, sound where `fault` is ""."""

    def __init__(self, kind: Kind, fault: str = ""):
        super().__init__()
        self.kind, self.fault = kind, fault
        width, both = 8 if kind.tokens else I, 2 if kind.bidirectional or fault == "future" else 1
        self.embedding = nn.Embedding(C, 8) if kind.tokens else None
        if kind.read == "cells":
            self.cells = nn.ModuleList([nn.LSTMCell(width, H), nn.LSTMCell(H, H)])
        else:
            self.rnn = getattr(nn, kind.rnn)(
                width, H, kind.layers, batch_first=fault != "axes", bidirectional=both == 2
            )
        self.score = nn.Linear(both * H, 1)
        head = nn.Linear(both * H, outputs(kind))
        self.head = head if fault != "listed" else None
        self.parts = [head]

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if self.embedding is not None:
            x = self.embedding(x)
        if self.fault == "input unused":
            x = torch.zeros_like(x)
        if self.fault == "huge input":
            x = x * 1000
        features = self._features(x, lengths)
        if self.fault == "detached":
            features = features.detach()
        if self.fault == "dropout on":
            features = dropout(features, 0.5)
        answer = self.parts[0](features)
        if self.fault == "softmax over samples":
            answer = answer + 4 * torch.softmax(answer, 0)
        return _last_operation(answer, self.fault)

    def _features(self, x: Tensor, lengths: Tensor) -> Tensor:
        if self.kind.read == "cells":
            return self._steps(x)
        if self.kind.read == "packed":
            return self._packed(x, lengths)
        start = self._start(len(x)) if self.fault == "random state" else None
        output, final = self.rnn(x, start)
        if self.kind.read == "each":
            return output
        if self.kind.read == "attention":
            scores = self.score(output).squeeze(-1)
            if self.fault != "padded attention":
                scores = scores.masked_fill(torch.arange(x.shape[1]) >= lengths.unsqueeze(1), -1e9)
            return (torch.softmax(scores, 1).unsqueeze(-1) * output).sum(1)
        if self.fault == "lower layer":
            return (final[0] if isinstance(final, tuple) else final)[0]
        return output[:, 0] if self.fault == "first step" else output[:, -1]

    def _start(self, batch: int) -> Any:
        def drawn() -> Tensor:
            return torch.randn(self.kind.layers * (2 if self.rnn.bidirectional else 1), batch, H)

        return (drawn(), drawn()) if self.kind.rnn == "LSTM" else drawn()

    def _packed(self, x: Tensor, lengths: Tensor) -> Tensor:
        if self.fault in ("lengths sorted", "answers sorted"):
            lengths, order = lengths.sort(descending=True)
            x = x[order] if self.fault == "answers sorted" else x
        if self.fault == "not packed":
            return self.rnn(x)[0][:, -1]
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return output.mean(1) if self.fault == "padded mean" else output[torch.arange(len(x)), lengths - 1]

    def _steps(self, x: Tensor) -> Tensor:
        low = high = (x.new_zeros(len(x), H), x.new_zeros(len(x), H))
        for step in x.unbind(1):
            h, c = self.cells[0](step, low)
            low = (c, h) if self.fault == "c for h" else (h, c)
            high = self.cells[1](h, low if self.fault == "other state" else high)
        return high[0]


def _last_operation(answer: Tensor, fault: str) -> Tensor:
    if fault == "softmax before":
        return torch.softmax(answer, -1)
    if fault == "relu answer":
        return torch.relu(answer)
    if fault == "tanh answer":
        return torch.tanh(answer)
    if fault == "one unit":
        return torch.softmax(answer, 1)
    return torch.round(answer) if fault == "rounded" else answer


def loss_of(kind: Kind, fault: str = "") -> Any:
    """The loss, sound where `fault` is ""."""

    def loss_fn(model: nn.Module, batch: Any) -> Tensor:
        x, lengths, y = batch
        answer = model(x, lengths)
        if kind.answer == "classes" or kind.tokens:
            if kind.read == "each" and fault != "rows":
                answer, y = answer.flatten(0, 1), y.flatten()
            elif kind.read == "each":
                answer, y = answer.transpose(0, 1).flatten(0, 1), y.flatten()
            return nll_loss(answer, y) if fault == "no logarithm" else cross_entropy(answer, y)
        if kind.answer == "binary":
            sure = answer.squeeze(1) if fault == "one unit" else torch.sigmoid(answer.squeeze(1))
            return binary_cross_entropy(sure, y)
        if kind.answer == "number":
            answer = answer if fault == "broadcast" else answer.squeeze(1)
            if fault == "root of 0":
                return ((answer - y).square() * 0).sum().sqrt() + mse_loss(answer, y)
            if fault == "variance":
                return ((answer - y).square() * torch.exp(90 - answer)).mean()
        return mse_loss(answer, y)

    return loss_fn
