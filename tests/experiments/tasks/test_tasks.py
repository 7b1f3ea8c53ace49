"""Each built-in task against its definition in words, by an independent reading of its sequences."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.contenders.network import build
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.experiments.tasks import TASKS, task

ROOT = Path(__file__).resolve().parents[3]


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
    if name != "random-labels":  # a table to be memorised; see test_random_labels
        assert not torch.equal(held.x, made.held_out("validation", 50).x)
        assert made.metric.chance < made.metric.solved_threshold < 1
    steps = drawn.x.shape[0]
    shape = (400, made.outputs) if made.readout == "last" else (steps, 400, made.outputs)
    output = torch.randn(shape, generator=torch.Generator().manual_seed(2)).requires_grad_()
    assert made.loss(output, drawn).ndim == 0
    logit = made.target_logit(output, drawn)
    assert logit.shape == (400,)
    (gradient,) = torch.autograd.grad(logit.sum(), output)
    assert gradient.sum() == 400  # each sequence's logit is one number of the output


@pytest.mark.parametrize("name", [name for name in TASKS if task(name, 12).metric.name == "accuracy"])
def test_the_answer_followed_through_time_is_the_last_one(name):
    made, drawn = task(name, 12), batch(name, 12)
    everywhere = made.readout == "every"
    shape = (len(drawn.x), 400, made.outputs) if everywhere else (400, made.outputs)
    output = torch.zeros(shape).requires_grad_()
    (gradient,) = torch.autograd.grad(made.target_logit(output, drawn).sum(), output)
    *steps, sequences, classes = gradient.nonzero().T
    y = drawn.y
    if everywhere:
        last = torch.full((400,), len(drawn.x)) if drawn.lengths is None else drawn.lengths
        assert torch.equal(steps[0], last[sequences] - 1)
        y = drawn.y[last - 1, torch.arange(400)]
    assert torch.equal(y[sequences], classes)


@pytest.mark.parametrize("name", [name for name in TASKS if batch(name, 12).lengths is not None])
def test_padding_changes_nothing(name):
    made, drawn = task(name, 12), batch(name, 12)
    network, noisy = _network(made), drawn.x.clone()
    noisy[torch.arange(len(noisy)).unsqueeze(1) >= drawn.lengths] = 7.0
    clean, other = (drawn._replace(x=x) for x in (drawn.x, noisy))
    with torch.no_grad():
        outputs = [network(b.x, b.lengths) for b in (clean, other)]
        assert made.score(outputs[0], clean) == made.score(outputs[1], other)
        assert made.loss(outputs[0], clean).item() == pytest.approx(made.loss(outputs[1], other).item(), rel=1e-5)


@pytest.mark.parametrize("name", TASKS)
def test_a_network_of_one_length_runs_on_another(name):
    shortest = TASKS[name].shortest
    made, longer = task(name, max(shortest, 9)), task(name, 41)
    assert (made.inputs, made.outputs, made.readout) == (longer.inputs, longer.outputs, longer.readout)
    network = _network(made)
    for each in (task(name, shortest), made, longer):
        for n in (1, 3):
            drawn = each.sample(torch.Generator().manual_seed(0), n)
            loss = each.loss(network(drawn.x, drawn.lengths), drawn)
            assert loss.isfinite()
            each.score(network(drawn.x, drawn.lengths), drawn)


def _network(made):
    return build(
        ContenderSpec("lstm", "default", 1), Size(5), inputs=made.inputs, outputs=made.outputs, readout=made.readout,
        length=made.length, generator=torch.Generator().manual_seed(0), kernel="reference",
    )  # fmt: skip


def _base_rates(made, drawn):
    """The answer of one that knows how often each answer is right, and nothing else."""
    shape = (drawn.x.shape[1],) if made.readout == "last" else drawn.x.shape[:2]
    if made.metric.name == "r2":
        return drawn.y.mean().expand(*shape, made.outputs)
    counts = torch.bincount(drawn.y[drawn.y >= 0], minlength=made.outputs).double()
    return (counts / counts.sum()).log().float().expand(*shape, made.outputs)


@pytest.mark.parametrize("length", [12, 30])
@pytest.mark.parametrize("name", sorted(set(TASKS) - {"copy-memory"}))  # whose chance knows the step; see below
def test_chance_is_what_base_rates_reach(name, length):
    made, drawn = task(name, length), batch(name, length, n=6000)
    known = _base_rates(made, drawn)
    assert made.loss(known, drawn).item() == pytest.approx(made.chance_loss, rel=0.03)
    if name != "anbn":  # a whole string is right by chance otherwise: see test_anbn_chance
        assert made.score(known, drawn) == pytest.approx(made.metric.chance, abs=0.03)


@pytest.mark.parametrize("length", [12, 30])
def test_anbn_chance(length):
    """The best of one who does not count the a: end at one fixed number of b."""
    made, drawn = task("anbn", length), batch("anbn", length, n=6000)
    never = torch.tensor([1.0, 0.0]).expand(*drawn.x.shape[:2], 2)
    assert made.score(never, drawn) == 0.0
    guess = never.clone()
    counted = drawn.x[..., 1].cumsum(dim=0)
    guess[counted == length // 3] = torch.tensor([0.0, 1.0])
    assert made.score(guess, drawn) == pytest.approx(made.metric.chance, abs=0.03)


@pytest.mark.parametrize("name", TASKS)
def test_too_short_a_length_is_one_line_with_its_cure(name):
    shortest = TASKS[name].shortest
    with pytest.raises(BadPlan) as refused:
        task(name, shortest - 1)
    line = str(refused.value)
    assert "\n" not in line
    assert line.endswith(f"got: length {shortest - 1}; fix: --lengths {shortest}, or longer")


@pytest.mark.parametrize("name", TASKS)
def test_the_page_of_tasks_names_it(name):
    assert f"`{name}`" in (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")


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
