"""Programs written after public reports that the doctor once missed, each with its mended twin, and sound ones that a
rule made for them took for faulty."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from carousel import diagnose

B, T, V = 9, 12, 16
Made = tuple[nn.Module, Any, Callable[[nn.Module, Any], Tensor]]


class Tagger(nn.Module):
    """Tokens -> scores at each step."""

    def __init__(self, classes: int = V) -> None:
        super().__init__()
        self.embedding, self.rnn, self.head = (
            nn.Embedding(V, 8),
            nn.GRU(8, 12, batch_first=True),
            nn.Linear(12, classes),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(tokens))[0])


class Decoder(Tagger):
    """A state from the source, then the target's tokens. shifted: it is given those before the ones to name."""

    def __init__(self, shifted: bool) -> None:
        super().__init__()
        self.shifted = shifted

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        _, h = self.rnn(self.embedding(source))
        given = target[:, :-1] if self.shifted else target[:, 1:]
        return self.head(self.rnn(self.embedding(given), h)[0])


class Attentive(Tagger):
    def __init__(self, axis: int) -> None:
        super().__init__(4)
        self.axis, self.score = axis, nn.Linear(12, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.rnn(self.embedding(tokens))[0]
        return self.head((torch.softmax(self.score(states), dim=self.axis) * states).sum(1))


class GivenBack(Tagger):
    """The tokens from their code alone."""

    def forward(self, tokens: Tensor) -> Tensor:
        code = self.rnn(self.embedding(tokens))[1][-1]
        return self.head(code.unsqueeze(1) * torch.linspace(0.1, 1, tokens.shape[1]).view(1, -1, 1))


def tokens(steps: int = T) -> Tensor:
    return torch.randint(0, V, (B, steps))


def unshifted(fixed: bool) -> Made:
    def loss(model: nn.Module, batch: Tensor) -> Tensor:
        given, wanted = (batch[:, :-1], batch[:, 1:]) if fixed else (batch, batch)
        return F.cross_entropy(model(given).flatten(0, 1), wanted.flatten())

    return Tagger(), tokens(), loss


def sees_its_answer(fixed: bool) -> Made:
    def loss(model: nn.Module, batch: Any) -> Tensor:
        return F.cross_entropy(model(*batch).transpose(1, 2), batch[1][:, 1:])

    return Decoder(fixed), (tokens(), tokens(8)), loss


def viewed(fixed: bool) -> Made:
    def loss(model: nn.Module, batch: Any) -> Tensor:
        scores = model(batch[0])
        scores = scores.transpose(1, 2) if fixed else scores.view(B, 4, T)
        return F.cross_entropy(scores, batch[1])

    x = tokens()
    return Tagger(4), (x, x % 4), loss


def permuted(fixed: bool) -> Made:
    def loss(model: nn.Module, batch: Any) -> Tensor:
        scores = F.log_softmax(model(batch[0]), -1)
        return F.nll_loss((scores if fixed else scores.permute(0, 2, 1)).reshape(-1, 4), batch[1].reshape(-1))

    x = tokens()
    return Tagger(4), (x, x % 4), loss


def weighs_one(fixed: bool) -> Made:
    made = Attentive(1 if fixed else -1)
    return made, (tokens(), torch.randint(0, 4, (B,))), lambda model, batch: F.cross_entropy(model(batch[0]), batch[1])


def found(made: Made) -> list[Any]:
    return [each for each in diagnose(*made).findings if each.severity != "info"]


@pytest.mark.parametrize(
    ("program", "cause", "form"),
    [
        (unshifted, "future-leak", "copied"),
        (sees_its_answer, "future-leak", "copied"),
        (viewed, "loss-wiring", "torn"),
        (permuted, "loss-wiring", "torn"),
        (weighs_one, "answer-out-of-reach", "one_weight"),
    ],
)
def test_the_cause_comes_first_and_the_twin_is_left_alone(program, cause, form):
    torch.manual_seed(0)
    first, *_ = found(program(False))
    assert (first.symptom, first.form, first.severity) == (cause, form, "critical")
    if program is viewed:
        assert "+ scores = scores.transpose(1, 2) if fixed else scores.movedim(-1, 1)" in first.fix
    assert found(program(True)) == []


def shifted_in_the_loss(model: nn.Module, batch: Any) -> Tensor:
    return F.cross_entropy(model(batch[0])[:, :-1].flatten(0, 1), batch[1][:, 1:].flatten())


@pytest.mark.parametrize("build", [Tagger, GivenBack])
def test_tokens_that_are_also_targets_are_no_leak(build):
    torch.manual_seed(0)
    x = tokens()
    loss = shifted_in_the_loss
    if build is GivenBack:
        loss = lambda model, batch: F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())  # noqa: E731
    assert found((build(), (x, x.clone()), loss)) == []


class WithEncoder(Tagger):
    """A code of the source without a graph, unless `learns`; target: it is what the loss compares with."""

    def __init__(self, learns: bool, target: bool) -> None:
        super().__init__(4)
        self.encoder, self.learns, self.target = copy.deepcopy(self.rnn), learns, target

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embedding(tokens)
        with torch.set_grad_enabled(self.learns):
            states, last = self.encoder(x)
        return self.head(self.rnn(x, None if self.target else last)[0]), self.head(states).detach()


def to_target(model: nn.Module, batch: Any) -> Tensor:
    answer, states = model(batch[0])
    return F.smooth_l1_loss(answer[:, :-1], batch[1] + 0.9 * states[:, 1:])


def to_classes(model: nn.Module, batch: Any) -> Tensor:
    return F.cross_entropy(model(batch[0])[0].transpose(1, 2), batch[1])


def test_an_encoder_without_a_graph_is_untrained_and_a_target_network_is_not():
    torch.manual_seed(0)
    x = tokens()
    first, *others = found((WithEncoder(False, False), (x, x % 4), to_classes))
    assert (first.symptom, first.form, first.site, others) == ("untrained-parameters", "no_grad", "encoder", [])
    assert "recurrence-unused" in [each.symptom for each in first.follows]
    assert first.fix.startswith("self.encoder(x)  # outside torch.no_grad() (test_reported.py:")
    assert found((WithEncoder(True, False), (x, x % 4), to_classes)) == []
    assert found((WithEncoder(False, True), (x, torch.randn(B, T - 1, 4)), to_target)) == []
