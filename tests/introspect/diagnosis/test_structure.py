"""Symptoms of structure: each on a faulty model and on its fixed twin, with nothing given but model, batch and loss."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

import carousel
from carousel.introspect.diagnosis import Finding

from .dynamics import seeded, speaks


class Net(nn.Module):
    """An LSTM and a linear answer; `read` takes (output, h_n, lengths) to what is answered from."""

    def __init__(self, read: Any, outputs: int = 3, **options: Any):
        super().__init__()
        self.rnn = nn.LSTM(4, 12, **{"batch_first": True, **options})
        self.head = nn.Linear(12 * (2 if options.get("bidirectional") else 1), outputs)
        self.read = read

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        output, (h, _) = self.rnn(x)
        return self.head(self.read(output, h, lengths))


def data(steps: int = 9, count: int = 6, classes: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, steps, 4, generator=generator), torch.randint(classes, (count,), generator=generator)


def padded() -> tuple[Tensor, Tensor, Tensor]:
    x, y = data()
    lengths = torch.tensor([9, 4, 6, 3, 8, 5])
    return x * (torch.arange(9) < lengths.unsqueeze(1)).unsqueeze(-1), lengths, y


def plain(model: nn.Module, batch: Any) -> Tensor:
    return cross_entropy(model(batch[0]), batch[1])


def with_lengths(model: nn.Module, batch: Any) -> Tensor:
    return cross_entropy(model(batch[0], batch[1]), batch[2])


def found(model: nn.Module, batch: Any, loss_fn: Any, **known: Any) -> dict[str, Finding]:
    found = carousel.diagnose(model, batch, loss_fn, **known)
    return {f.symptom: f for each in found for f in (each, *each.follows) if f.severity != "info"}


def last(output: Tensor, h: Tensor, lengths: Tensor | None) -> Tensor:
    return output[:, -1]


def at_end(output: Tensor, h: Tensor, lengths: Tensor | None) -> Tensor:
    return output[torch.arange(len(output)), lengths - 1]


def every(output: Tensor, h: Tensor, lengths: Tensor | None) -> Tensor:
    return output


def test_batch_mixing():
    faulty = seeded(lambda: Net(last, batch_first=False))
    finding = found(faulty, data(), plain)["batch-mixing"]
    assert finding.severity == "critical"
    speaks(finding)
    assert "batch_first" in finding.fix
    assert "batch-mixing" in found(faulty, data(6), plain)  # T = B hides nothing
    assert "batch-mixing" not in found(seeded(lambda: Net(last)), data(), plain)
    not_assessed = {u.symptom: u.text("en") for u in carousel.diagnose(Net(last), data(count=1), plain).not_assessed}
    assert "batch-mixing" in not_assessed


def test_padded_read():
    finding = found(seeded(lambda: Net(last)), padded(), with_lengths)["padded-read"]
    speaks(finding)
    assert "padded-read" not in found(seeded(lambda: Net(at_end)), padded(), with_lengths)


def tagged(keep: bool) -> Any:
    def loss_fn(model: nn.Module, batch: Any) -> Tensor:
        x, lengths, y = batch
        answers = model(x, lengths).transpose(1, 2)
        each = cross_entropy(answers, y.unsqueeze(1).expand(-1, x.shape[1]), reduction="none")
        kept = torch.arange(x.shape[1]) < lengths.unsqueeze(1)
        return each.mean() if keep else each[kept].mean()

    return loss_fn


def test_padding_in_loss():
    finding = found(seeded(lambda: Net(every)), padded(), tagged(keep=True))["padding-in-loss"]
    speaks(finding)
    assert "padding-in-loss" not in found(seeded(lambda: Net(every)), padded(), tagged(keep=False))


def test_reverse_read():
    finding = found(seeded(lambda: Net(last, bidirectional=True)), data(), plain)["reverse-read"]
    speaks(finding)
    fixed = seeded(lambda: Net(lambda output, h, lengths: torch.cat([h[-2], h[-1]], 1), bidirectional=True))
    assert "reverse-read" not in found(fixed, data(), plain)
    assert "reverse-read" not in found(seeded(lambda: Net(every, bidirectional=True)), padded(), tagged(keep=False))


def test_future_leak():
    def next_value(model: nn.Module, batch: Any) -> Tensor:
        return mse_loss(model(batch[0]), batch[1])

    whole, _ = data(12)
    batch = whole[:, :-1], whole[:, 1:]
    finding = found(seeded(lambda: Net(every, 4, bidirectional=True)), batch, next_value)["future-leak"]
    assert finding.severity == "critical"
    speaks(finding)
    assert "future-leak" not in found(seeded(lambda: Net(every, 4)), batch, next_value)
    tagger = seeded(lambda: Net(every, bidirectional=True))
    assert "future-leak" not in found(tagger, padded(), tagged(keep=False))
    assert "future-leak" in found(tagger, padded(), tagged(keep=False), causal=True)


def test_recurrence_unused():
    faulty = seeded(lambda: Net(lambda output, h, lengths: output[:, -1] * 0))
    finding = found(faulty, data(), plain)["recurrence-unused"]
    speaks(finding)
    assert "recurrence-unused" not in found(seeded(lambda: Net(last)), data(), plain)


class Stateful(Net):
    """Carries its state from call to call."""

    def __init__(self, detach: bool):
        super().__init__(last)
        self.detach, self.hidden = detach, None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        output, self.hidden = self.rnn(x, self.hidden)
        if self.detach:
            self.hidden = tuple(s.detach() for s in self.hidden)
        return self.head(output[:, -1])


def test_states_that_are_carried():
    faulty = seeded(lambda: Stateful(detach=False))
    finding = found(faulty, data(), plain)["state-not-detached"]
    assert finding.severity == "critical"
    speaks(finding)
    assert faulty.hidden is None  # the model is untouched
    carried = found(seeded(lambda: Stateful(detach=True)), data(), plain)
    assert "state-not-detached" not in carried
    speaks(carried["state-carried-over"])
    diagnosis = found(seeded(lambda: Stateful(detach=True)), data(), plain, continues=True)
    assert "state-carried-over" not in diagnosis
    assert not {"state-carried-over", "state-not-detached"} & found(seeded(lambda: Net(last)), data(), plain).keys()


class Chunked(Net):
    """Runs in chunks."""

    def __init__(self, detach: bool):
        super().__init__(last)
        self.detach = detach

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        state = None
        for chunk in x.split(3, dim=1):
            output, state = self.rnn(chunk, state)
            if self.detach:
                state = tuple(s.detach() for s in state)
        return self.head(output[:, -1])


def test_short_truncation():
    finding = found(seeded(lambda: Chunked(detach=True)), data(), plain)["short-truncation"]
    speaks(finding, "3")
    assert "short-truncation" not in found(seeded(lambda: Chunked(detach=False)), data(), plain)


@pytest.mark.parametrize(("make", "says"), [
    (lambda: (nn.Linear(4, 3), data(), plain), "no recurrent module"),
    (lambda: (Net(last), data(), lambda m, b: plain(m, b).detach()), "does not require a gradient"),
    (lambda: (Net(last), data(), lambda m, b: plain(m, b).item()), "not return a loss"),
    (lambda: (Net(last), (data()[0] * torch.nan, data()[1]), plain), "NaN"),
    (lambda: (Net(last), data(), lambda m, b: m.head(b[0].mean(1).repeat(1, 3)).sum()), "none of the model's"),
])  # fmt: skip
def test_mistakes_are_one_line(make, says):
    with pytest.raises(carousel.common.errors.BadCall, match=says) as caught:
        carousel.diagnose(*make())
    assert "\n" not in str(caught.value)


def test_one_step():
    diagnosis = carousel.diagnose(seeded(lambda: Net(last)), data(1), plain)
    assert {u.symptom for u in diagnosis.not_assessed} >= {"vanishing"}


@pytest.mark.parametrize("given", [list, tuple, lambda lengths: torch.tensor(lengths).numpy()])
def test_lengths_given_as_a_list_or_an_array_are_lengths(given):
    x, lengths, y = padded()
    batch = {"x": x + 1e-3, "lengths": given(lengths.tolist()), "y": y}  # no padding to be seen

    def loss(model, batch):
        return cross_entropy(model(batch["x"], torch.as_tensor(batch["lengths"])), batch["y"])

    for read, wrong in ((last, True), (at_end, False)):
        assert ("padded-read" in found(seeded(lambda read=read: Net(read)), batch, loss)) == wrong


class Each(nn.Module):
    """Runs a list of sequences one after the other."""

    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(4, 8, batch_first=True), nn.Linear(8, 3)

    def forward(self, sequences: list[Tensor]) -> Tensor:
        return torch.cat([self.head(self.rnn(x[None])[1][-1]) for x in sequences])


def test_a_list_of_sequences_is_not_taken_for_mixing():
    x, _ = data()
    batch = ([x[0, :7], x[1], x[2, :5], x[3, :8]], torch.tensor([0, 1, 2, 1]))
    assert "batch-mixing" not in found(seeded(Each), batch, plain)


def test_a_single_sequence_with_time_first_says_that_it_is_one():
    x, _ = data()
    batch = (x[0].unsqueeze(1), torch.tensor([1]))
    model = seeded(lambda: Net(lambda output, h, lengths: output[-1], batch_first=False))
    diagnosis = carousel.diagnose(model, batch, plain)
    assert [each.reason for each in diagnosis.not_assessed if each.symptom == "batch-mixing"] == ["one_sequence"]
    assert "batch-mixing" not in {finding.symptom for finding in diagnosis}


def test_a_loss_that_is_no_number_is_not_taken_for_mixing():
    model = seeded(lambda: Net(last))
    with torch.no_grad():
        model.head.weight[0, 0] = torch.nan
    diagnosis = carousel.diagnose(model, data(), plain)
    assert "batch-mixing" not in {finding.symptom for finding in diagnosis}


class InList(nn.Module):
    """Two layers that carry their states in a list."""

    def __init__(self, cut: bool):
        super().__init__()
        self.layers = nn.ModuleList([nn.GRU(4, 8, batch_first=True), nn.GRU(8, 8, batch_first=True)])
        self.states: list[Tensor | None] = [None, None]
        self.cut, self.head = cut, nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        for site, layer in enumerate(self.layers):
            x, state = layer(x, self.states[site])
            self.states[site] = state.detach() if self.cut else state
        return self.head(x[:, -1])


def test_the_fix_of_a_state_kept_in_a_list_is_a_line_that_works():
    batch = data()
    model = seeded(lambda: InList(False))
    diagnosis = found(model, batch, plain)["state-not-detached"]
    plain(model, batch)
    assert model.states[0].grad_fn is not None
    exec(diagnosis.fix, {"model": model})
    assert all(state.grad_fn is None for state in model.states)
    assert "state-not-detached" not in found(seeded(lambda: InList(True)), batch, plain)
