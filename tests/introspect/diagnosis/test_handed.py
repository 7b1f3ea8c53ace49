"""Cases rebuilt from public reports: the cause comes first, and its twin and healthy models are left alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from benchmarks.recall.card import interval
from benchmarks.recall.faults import FAULTS, plant
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn.functional import cross_entropy, mse_loss, nll_loss
from torch.nn.utils.rnn import pack_padded_sequence

import carousel

from .dynamics import seeded


def alarms(model: nn.Module, batch: Any, loss_fn: Any) -> list[str]:
    return [f.symptom for f in carousel.diagnose(model, batch, loss_fn) if f.severity != "info"]


class Agent(nn.Module):
    """Steps of several environments come in one axis, as a policy's rollout is stored."""

    def __init__(self, environments: int):
        super().__init__()
        self.environments, self.trunk = environments, nn.Linear(5, 12)
        self.memory, self.actor = nn.GRU(12, 12), nn.Linear(12, 4)

    def forward(self, observations: Tensor) -> Tensor:
        rows = self.trunk(observations).relu().unflatten(0, (-1, self.environments))
        return self.actor(self.memory(rows)[0]).flatten(0, 1)


def test_rows_of_steps_and_environments_are_not_mixed():
    batch = torch.randn(30, 5), torch.randint(4, (30,))
    assert alarms(seeded(lambda: Agent(5)), batch, lambda m, b: cross_entropy(m(b[0]), b[1])) == []


class Describer(nn.Module):
    """Words after a picture, packed; the lengths are a list."""

    def __init__(self) -> None:
        super().__init__()
        self.see, self.words = nn.Linear(6, 10), nn.Embedding(30, 10)
        self.rnn, self.head = nn.GRU(10, 14, batch_first=True), nn.Linear(14, 30)

    def forward(self, picture: Tensor, words: Tensor, lengths: list[int]) -> Tensor:
        x = torch.cat([self.see(picture).unsqueeze(1), self.words(words)], 1)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.head(self.rnn(packed)[0].data)


def test_lengths_may_be_a_list():
    lengths = [9, 8, 8, 6, 5]
    words = torch.randint(2, 30, (5, 9)) * (torch.arange(9) < torch.tensor(lengths).unsqueeze(1))
    wanted = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False).data
    loss = lambda m, b: cross_entropy(m(*b), wanted)  # noqa: E731
    assert alarms(seeded(Describer), (torch.rand(5, 6), words, lengths), loss) == []


class Translator(nn.Module):
    """A packed encoder hands its state to a decoder; both have lengths of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(20, 8, padding_idx=0), nn.Linear(12, 20)
        self.encoder, self.decoder = nn.GRU(8, 12, batch_first=True), nn.GRU(8, 12, batch_first=True)

    def forward(self, source: Tensor, lengths: Tensor, before: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.words(source), lengths, batch_first=True, enforce_sorted=False)
        return self.head(self.decoder(self.words(before), self.encoder(packed)[1])[0]).log_softmax(-1)


def sentences(count: int, steps: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(3, steps + 1, (count,), generator=generator)
    lengths[0] = steps
    words = torch.randint(2, 20, (count, steps), generator=generator)
    return words * (torch.arange(steps) < lengths.unsqueeze(1)), lengths


@pytest.mark.parametrize(("count", "steps"), [(10, 12), (10, 10), (7, 9)])
def test_a_decoder_has_lengths_of_its_own(count, steps):
    (source, lengths), (target, _) = sentences(count, 12, 0), sentences(count, steps, 1)
    before = torch.cat([torch.ones(count, 1, dtype=torch.long), target[:, :-1]], 1)
    batch = source, lengths, before, target

    def loss(ignored: int) -> Any:
        return lambda m, b: nll_loss(m(*b[:3]).flatten(0, 1), b[3].flatten(), ignore_index=ignored)

    assert alarms(seeded(Translator), batch, loss(0)) == []
    assert alarms(seeded(Translator), batch, loss(-100))[0] == "padding-in-loss"


class Mixture(nn.Module):
    """Means and weights of a mixture; the weights come last."""

    def __init__(self, axis: int):
        super().__init__()
        self.rnn, self.head, self.axis = nn.GRU(3, 10), nn.Linear(10, 8), axis

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, weight = self.head(self.rnn(x)[0]).chunk(2, -1)
        return mean, weight.log_softmax(self.axis)


def test_every_tensor_of_an_answer_is_looked_at():
    x, y = torch.randn(11, 6, 3), torch.randn(11, 6, 1)

    def loss(model: nn.Module, batch: Any) -> Tensor:
        mean, weight = model(batch[0])
        return -torch.logsumexp(weight + Normal(mean, 1.0).log_prob(batch[1]), -1).mean()

    assert alarms(seeded(lambda: Mixture(-2)), (x, y), loss)[0] == "batch-mixing"
    assert alarms(seeded(lambda: Mixture(-1)), (x, y), loss) == []


class Floor(nn.Module):
    """A ReLU behind an answer that happens to be below 0 everywhere."""

    def __init__(self, last: Any):
        super().__init__()
        self.rnn, self.head, self.last = nn.LSTM(3, 8, batch_first=True), nn.Linear(8, 1), last
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.head(self.rnn(x)[0][:, -1]).squeeze(1))


def test_an_answer_that_is_0_everywhere():
    batch = torch.randn(10, 7, 3), torch.rand(10)
    loss = lambda m, b: mse_loss(m(b[0]), b[1])  # noqa: E731
    assert alarms(seeded(lambda: Floor(torch.relu)), batch, loss)[0] == "constant-answer"
    assert alarms(seeded(lambda: Floor(lambda z: z)), batch, loss) == []


#: The quick part of the recall card: a fault of every cause, in one model each.
QUICK = {
    "gru classifier": ("softmax before", "axes", "huge input"),
    "lstm regression": ("tanh answer", "root of 0", "listed"),
    "packed lstm": ("lengths sorted", "padded mean", "no zero_grad"),
    "cells": ("c for h", "one unit", "dropout on"),
    "forecast": ("future", "detached", "rounded"),
}


@pytest.mark.parametrize("patient", QUICK)
def test_the_quick_part_of_the_card(patient):
    for name in ("", *QUICK[patient]):
        case = plant(name, patient, 0)
        found = carousel.diagnose(case.model, case.batch, case.loss_fn, **case.options).findings
        if name:
            assert found[0].symptom == FAULTS[name].expected, name
        else:
            assert [f.symptom for f in found if f.severity != "info"] == []


def test_an_interval_holds_its_share():
    low, high = interval(17, 20)
    assert low < 0.85 < high
    assert interval(0, 0) == (0.0, 1.0)
