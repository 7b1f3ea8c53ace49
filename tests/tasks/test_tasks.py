"""Each built-in task against its definition in words, by an independent reading of its sequences."""

from __future__ import annotations

import math

import pytest
import torch

from carousel.errors import BadPlan, UnknownName
from carousel.tasks import TASKS, task


def batch(name, length, n=400, seed=0):
    return task(name, length).sample(torch.Generator().manual_seed(seed), n)


@pytest.mark.parametrize("name", TASKS)
def test_contract(name):
    made = task(name, 12)
    drawn, again = batch(name, 12), batch(name, 12)
    assert torch.equal(drawn.x, again.x)
    assert not torch.equal(drawn.x, batch(name, 12, seed=1).x)
    assert drawn.x.shape[2] == made.inputs
    held = made.held_out("test", 50)
    assert torch.equal(held.x, made.held_out("test", 50).x)
    assert not torch.equal(held.x, made.held_out("validation", 50).x)
    steps = drawn.x.shape[0]
    shape = (400, made.outputs) if made.readout == "last" else (steps, 400, made.outputs)
    output = torch.randn(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    assert made.loss(output, drawn).ndim == 0
    logit = made.target_logit(output, drawn)
    assert logit.shape == (400,)
    (gradient,) = torch.autograd.grad(logit.sum(), output)
    assert gradient.sum() == 400  # each sequence's logit is one number of the output
    assert made.metric.chance < made.metric.solved < 1


@pytest.mark.parametrize("name", ["delayed-recall", "random-recall"])
def test_recall(name):
    b = batch(name, 20)
    symbols = b.x.argmax(dim=2)
    is_key = symbols < 8
    assert torch.equal(is_key.sum(dim=0), torch.ones(400, dtype=torch.int64))
    assert torch.equal(is_key.int().argmax(dim=0), b.key_positions[:, 0])
    assert torch.equal((symbols * is_key).sum(dim=0), b.y)
    assert set(b.y.tolist()) == set(range(8))
    where = set(b.key_positions[:, 0].tolist())
    assert where == ({0} if name == "delayed-recall" else set(range(20)))


def test_adding():
    b = batch("adding", 10, n=5000)
    assert torch.equal(b.x[..., 1].sum(dim=0), torch.full((5000,), 2.0))
    marked = b.x[..., 0].T[b.x[..., 1].T.bool()].view(5000, 2)
    torch.testing.assert_close(marked.sum(dim=1, keepdim=True), b.y)
    made = task("adding", 10)
    ones = torch.ones(5000, 1)
    assert abs(made.loss(ones, b).item() - 1 / 6) < 0.01  # always answering 1, as REFERENCES says
    assert abs(made.score(ones, b)) < 0.06
    assert made.score(b.y, b) == 1.0


def test_copy_memory():
    b = batch("copy-memory", 15)
    symbols = b.x.argmax(dim=2)
    assert symbols.shape[0] == 15 + 20
    assert (symbols == 9).sum(dim=0).unique().tolist() == [1]
    assert torch.equal(b.y[-10:], symbols[:10])
    assert b.y[:-10].abs().sum() == 0
    made = task("copy-memory", 15)
    memoryless = torch.zeros(35, 400, 9)
    memoryless[:-10, :, 0] = 1e4
    memoryless[-10:, :, 0] = -1e4
    assert made.loss(memoryless, b).item() == pytest.approx(10 * math.log(8) / 35, rel=1e-4)
    assert made.chance_loss == pytest.approx(10 * math.log(8) / 35)
    assert task("copy-memory", 1000).chance_loss == pytest.approx(0.02039, abs=1e-5)


@pytest.mark.parametrize(("name", "count"), [("temporal-order", 2), ("temporal-order-3", 3)])
def test_temporal_order(name, count):
    b = batch(name, 100)
    windows = {2: [(10, 20), (50, 60)], 3: [(10, 20), (33, 43), (66, 76)]}[count]
    assert (b.lengths.min(), b.lengths.max()) == (100, 110)
    symbols = b.x.argmax(dim=2)
    for k in range(50):
        seen = symbols[: b.lengths[k], k].tolist()
        assert (seen[0], seen[-1]) == (2, 3)
        marks = [(t, s) for t, s in enumerate(seen) if s < 2]
        assert len(marks) == count
        assert all(low <= t <= high for (t, _), (low, high) in zip(marks, windows, strict=True))
        assert b.y[k] == int("".join(str(s) for _, s in marks), 2)
        assert all(4 <= s <= 7 for s in seen[1:-1] if s >= 2)


def test_parity():
    b = batch("parity", 9)
    assert torch.equal(b.x[..., 1].sum(dim=0).long() % 2, b.y)


def test_mistakes():
    with pytest.raises(UnknownName, match="did you mean 'adding'"):
        task("addng", 5)
    with pytest.raises(BadPlan, match="at least 2"):
        task("adding", 1)
