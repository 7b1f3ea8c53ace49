"""Symptoms of wiring: each on a faulty model and on its fixed twin, with nothing given but model, batch and loss."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, mse_loss, nll_loss
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import carousel
from carousel.introspect.diagnosis import Diagnosis

from .dynamics import seeded, speaks

B, T = 12, 9


class Read(nn.Module):
    """A GRU over [B, T, 3], its last output, a linear layer, and what `last` makes of it."""

    def __init__(self, outputs: int, last: Any = lambda z: z, **options: Any):
        super().__init__()
        self.rnn, self.head, self.last = nn.GRU(3, 8, batch_first=True, **options), nn.Linear(8, outputs), last

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.head(self.rnn(x)[0][:, -1]))


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    """x, numbers about 0, classes of three."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(B, T, 3, generator=generator)
    return x, x[:, -3:, 0].sum(1), torch.randint(3, (B,), generator=generator)


def examined(model: nn.Module, loss: Any, **known: Any) -> Diagnosis:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return carousel.diagnose(model, drawn(), lambda m, b: loss(m(b[0]), b), **known)


def alarms(diagnosis: Diagnosis) -> list[str]:
    return [f.symptom for f in diagnosis if f.severity != "info"]


FAULTS: dict[str, tuple[str, str, Any, Any, Any]] = {
    "shapes that broadcast": (
        "loss-wiring", "broadcast", lambda fixed: Read(1), lambda z, b: mse_loss(z, b[1]),
        lambda z, b: mse_loss(z.squeeze(-1), b[1]),
    ),
    "a difference that broadcasts": (
        "loss-wiring", "broadcast", lambda fixed: Read(1), lambda z, b: (b[1] - z).abs().mean(),
        lambda z, b: (b[1].unsqueeze(-1) - z).abs().mean(),
    ),
    "probabilities for scores": (
        "loss-wiring", "probabilities", lambda fixed: Read(3, (lambda z: z) if fixed else (lambda z: z.softmax(-1))),
        lambda z, b: cross_entropy(z, b[2]), None,
    ),
    "scores for logarithms": (
        "loss-wiring", "scores", lambda fixed: Read(3), lambda z, b: nll_loss(z, b[2]),
        lambda z, b: nll_loss(z.log_softmax(1), b[2]),
    ),
    "classes read as probabilities": (
        "loss-wiring", "indices", lambda fixed: Read(3),
        lambda z, b: cross_entropy(z, b[2].unsqueeze(1).expand(-1, 3).float()), lambda z, b: cross_entropy(z, b[2]),
    ),
    "a ReLU above targets below 0": (
        "answer-out-of-reach", "range", lambda fixed: Read(1, (lambda z: z) if fixed else torch.relu),
        lambda z, b: mse_loss(z.squeeze(1), b[1]), None,
    ),
    "a softmax over one unit": (
        "answer-out-of-reach", "one_unit",
        lambda fixed: Read(1, torch.sigmoid if fixed else (lambda z: torch.softmax(z, 1))),
        lambda z, b: nn.functional.binary_cross_entropy(z.squeeze(1), (b[2] > 0).float()), None,
    ),
    "rounded answers": (
        "constant-answer", "flat", lambda fixed: Read(1, (lambda z: z) if fixed else torch.round),
        lambda z, b: mse_loss(z.squeeze(1), b[1]), None,
    ),
    "dropout left on": (
        "nondeterministic", "dropout",
        lambda fixed: Read(3, nn.Dropout(0.5) if fixed else (lambda z: dropout(z, 0.5))),
        lambda z, b: cross_entropy(z, b[2]), None,
    ),
    "a variance without bounds": (
        "non-finite", "overflow", lambda fixed: Read(2),
        lambda z, b: ((z[:, 0] - b[1]) ** 2 * torch.exp(-400 * z[:, 1] + 200) + z[:, 1]).mean(),
        lambda z, b: ((z[:, 0] - b[1]) ** 2 * torch.exp((-400 * z[:, 1] + 200).clamp(-10, 10)) + z[:, 1]).mean(),
    ),
    "a root at 0": (
        "non-finite", "root", lambda fixed: Read(2), lambda z, b: (z * 0).pow(2).sum().sqrt() + z.pow(2).mean(),
        lambda z, b: ((z * 0).pow(2).sum() + 1e-8).sqrt() + z.pow(2).mean(),
    ),
    "the lower layer's state": (
        "state-wiring", "layer", lambda fixed: Stacked(-1 if fixed else 0), lambda z, b: cross_entropy(z, b[2]), None,
    ),
    "states of two cells exchanged": (
        "state-wiring", "other", lambda fixed: Cells(fixed), lambda z, b: cross_entropy(z, b[2]), None,
    ),
    "c for h": ("state-wiring", "swapped", lambda fixed: Handed(fixed), lambda z, b: cross_entropy(z, b[2]), None),
    "a random first state": (
        "nondeterministic", "state", lambda fixed: Begun(fixed), lambda z, b: cross_entropy(z, b[2]), None,
    ),
    "layers in a list": (
        "untrained-parameters", "hidden", lambda fixed: Listed(fixed), lambda z, b: cross_entropy(z, b[2]), None,
    ),
}  # fmt: skip


class Stacked(nn.Module):
    """Two layers; which one's final state is read."""

    def __init__(self, layer: int):
        super().__init__()
        self.rnn, self.head, self.layer = nn.GRU(3, 8, 2, batch_first=True), nn.Linear(8, 3), layer

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[1][self.layer])


class Cells(nn.Module):
    """Two cells, one above the other."""

    def __init__(self, fixed: bool):
        super().__init__()
        self.low, self.high, self.head, self.fixed = nn.GRUCell(3, 8), nn.GRUCell(8, 8), nn.Linear(8, 3), fixed

    def forward(self, x: Tensor) -> Tensor:
        low = high = x.new_zeros(len(x), 8)
        for step in x.unbind(1):
            low = self.low(step, low)
            high = self.high(low, high if self.fixed else low)
        return self.head(high)


class Handed(nn.Module):
    """One LSTM begins where another ended."""

    def __init__(self, fixed: bool):
        super().__init__()
        self.first, self.second = (nn.LSTM(3, 8, batch_first=True) for _ in range(2))
        self.head, self.fixed = nn.Linear(8, 3), fixed

    def forward(self, x: Tensor) -> Tensor:
        _, (h, c) = self.first(x)
        return self.head(self.second(x, (h, c) if self.fixed else (c, h))[0][:, -1])


class Begun(nn.Module):
    """A first state that is drawn, or none."""

    def __init__(self, fixed: bool):
        super().__init__()
        self.rnn, self.head, self.fixed = nn.GRU(3, 8, batch_first=True), nn.Linear(8, 3), fixed

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(1, len(x), 8) if self.fixed else torch.randn(1, len(x), 8)
        return self.head(self.rnn(x, state)[0][:, -1])


class Listed(nn.Module):
    """Layers in a list that torch does or does not look into."""

    def __init__(self, fixed: bool):
        super().__init__()
        layers = [nn.GRU(3, 8, batch_first=True), nn.GRU(8, 8, batch_first=True)]
        self.layers = nn.ModuleList(layers) if fixed else layers
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)[0]
        return self.head(x[:, -1])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_first_and_its_twin_is_left_alone(name):
    symptom, form, make, wrong, right = FAULTS[name]
    found = examined(seeded(lambda: make(False)), wrong).findings
    assert (found[0].symptom, found[0].form) == (symptom, form)
    speaks(found[0])
    assert symptom not in alarms(examined(seeded(lambda: make(right is not None)), right)) if right else True
    assert alarms(examined(seeded(lambda: make(True)), right or wrong)) == []


def test_a_fix_is_a_diff_of_the_users_own_line():
    found = examined(seeded(lambda: Read(1)), lambda z, b: mse_loss(z, b[1])).findings[0]
    place, before, after = found.fix.splitlines()
    assert place.startswith("test_wiring.py:")
    assert "mse_loss(z, b[1])" in before
    assert "mse_loss(z.squeeze(-1), b[1])" in after


def test_what_the_optimiser_does_not_hold():
    model, other = seeded(lambda: Read(3)), seeded(lambda: Read(3), 1)
    loss = lambda z, b: cross_entropy(z, b[2])  # noqa: E731
    stranger = examined(model, loss, optimizer=torch.optim.Adam(other.parameters()))
    assert next((f.symptom, f.form) for f in stranger) == ("untrained-parameters", "other_model")
    optimiser = torch.optim.Adam(model.parameters())
    model.head = seeded(lambda: nn.Linear(8, 3), 2)
    stale = examined(model, loss, optimizer=optimiser)
    assert next((f.symptom, f.form) for f in stale) == ("untrained-parameters", "left_out")
    assert alarms(examined(model, loss, optimizer=torch.optim.Adam(model.parameters()))) == []


class Packed(nn.Module):
    """Packed sequences, read by `read(output [B, T, 8], lengths)`; `order` is put upon the lengths, and upon x."""

    def __init__(self, read: Any, sort: str = ""):
        super().__init__()
        self.rnn, self.head, self.read, self.sort = nn.LSTM(3, 8, batch_first=True), nn.Linear(8, 3), read, sort

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if "lengths" in self.sort:
            lengths, order = lengths.sort(descending=True)
            x = x[order] if "x" in self.sort else x
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return self.head(self.read(output, lengths))


def padded() -> tuple[Tensor, Tensor, Tensor]:
    x, _, y = drawn()
    lengths = torch.tensor([9, 4, 6, 3, 8, 5, 9, 7, 2, 4, 6, 5])
    return x * (torch.arange(T) < lengths.unsqueeze(1)).unsqueeze(-1), lengths, y


def at_end(output: Tensor, lengths: Tensor) -> Tensor:
    return output[torch.arange(len(output)), lengths - 1]


def first_of(model: nn.Module, batch: Any) -> tuple[str, str]:
    found = carousel.diagnose(model, batch, lambda m, b: cross_entropy(m(b[0], b[1]), b[2])).findings
    return next(((f.symptom, f.form) for f in found if f.severity != "info"), ("", ""))


def weighed(output: Tensor, lengths: Tensor, mask: bool) -> Tensor:
    scores = output.sum(-1)
    if mask:
        scores = scores.masked_fill(torch.arange(output.shape[1]) >= lengths.unsqueeze(1), float("-inf"))
    return (torch.softmax(scores, 1).unsqueeze(-1) * output).sum(1)


def test_padding_behind_packed_sequences():
    def is_found(read: Any) -> bool:
        return first_of(seeded(lambda: Packed(read)), padded()) == ("padded-read", "more")

    assert is_found(lambda output, lengths: output.mean(1))
    assert is_found(lambda output, lengths: weighed(output, lengths, mask=False))
    assert not is_found(lambda output, lengths: output.sum(1) / lengths.unsqueeze(1))
    assert first_of(seeded(lambda: Packed(lambda o, n: weighed(o, n, mask=True))), padded()) == ("", "")


def test_lengths_in_another_order():
    x, lengths, y = padded()
    assert first_of(seeded(lambda: Packed(at_end, "lengths")), (x, lengths, y)) == ("lengths-order", "answers")
    assert first_of(seeded(lambda: Packed(at_end, "lengths, x")), (x, lengths, y)) == ("lengths-order", "answers")
    assert first_of(seeded(lambda: Packed(at_end)), (x, lengths.roll(1), y)) == ("lengths-order", "data")
    assert first_of(seeded(lambda: Packed(at_end)), (x, lengths, y)) == ("", "")


def stepped(order: str) -> Any:
    """A model, its optimiser and a step that does its parts in this order."""
    model = seeded(lambda: Read(3))
    optimiser = torch.optim.SGD(model.parameters(), 0.1)

    def step(model: nn.Module, batch: Any) -> None:
        loss = cross_entropy(model(batch[0]), batch[2])
        for part in order:
            if part == "z":
                optimiser.zero_grad()
            elif part == "b":
                loss.backward(retain_graph=True)
            elif part == "c":
                nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            else:
                optimiser.step()

    return examined(model, lambda z, b: cross_entropy(z, b[2]), optimizer=optimiser, train_step=step), model


@pytest.mark.parametrize(
    ("order", "form"),
    [
        ("bs", "kept"),
        ("zbsc", "clipped"),
        ("zsb", "early"),
        ("bzs", "erased"),
        ("zbbbs", "gathered"),
        ("zb", "no_step"),
    ],
)
def test_a_step_out_of_order(order, form):
    diagnosis, _ = stepped(order)
    assert (diagnosis.findings[0].symptom, diagnosis.findings[0].form) == ("train-step", form)
    speaks(diagnosis.findings[0])


def test_a_step_in_order_changes_nothing():
    for order in ("zbs", "zbcs", "bsz"):
        diagnosis, model = stepped(order)
        assert alarms(diagnosis) == []
        fresh = seeded(lambda: Read(3))
        assert all(torch.equal(a, b) for a, b in zip(model.parameters(), fresh.parameters(), strict=True))
