"""Bits memorised: by hand, at both ends, and of a network in training."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import one_hot

from carousel.experiments.columns import Probed
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.memorisation import measure_memorised, memorised_bits
from carousel.experiments.tasks import task
from carousel.experiments.training.description import Contender, TaskSource, Trial
from carousel.experiments.training.rules import Training
from carousel.experiments.training.trial import build_contender, run_trial
from carousel.nn.cells import CELLS

LSTM = Contender(spec="lstm:forget-bias-1", cell="lstm", init="forget-bias-1", layers=1, hidden=10, parameters=1124)


def trial(steps: int, seed: int = 100, phase: str = "reporting", contender: Contender = LSTM) -> Trial:
    return Trial(
        phase=phase, source=TaskSource(name="random-labels"), length=4, contender=contender, learning_rate=0.016,
        seed=seed, training=Training(steps=steps, batch_size=512),
    )  # fmt: skip


def test_against_a_computation_by_hand():
    """Three labels of two classes, the right ones held at 1/2, 9/10 and 1/4: 3 - (1 + log2(10/9) + 2) bits is below 0,
    and without the last 2 - (1 + log2(10/9))."""
    right = torch.tensor([0.5, 0.9, 0.25])
    output = torch.stack([right, 1 - right], dim=1).log()
    labels = torch.zeros(3, dtype=torch.int64)
    assert memorised_bits(output, labels) == 0.0
    assert memorised_bits(output[:2], labels[:2]) == pytest.approx(1 - math.log2(10 / 9), rel=1e-6)


def test_of_a_tiny_network_that_knows_the_shares_of_the_classes_alone():
    """All weights 0: the answers are the readout's bias, so the bits are N (2 - the cross entropy of those shares)."""
    made = task("random-labels", 4).of_seed(1)
    cell = CELLS["lstm"](16, 1)
    network = RecurrentNetwork([cell], 4, "last")
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.linear.bias.copy_(shares.log())
    counts = torch.bincount(made.held_out("test").y).double()
    found = measure_memorised(network, made, 76)
    assert found["memorised_bits_whole"] == 0.0
    assert 2 * 4096 + (counts * shares.log2()).sum() < 0  # it is worse than chance
    with torch.no_grad():
        network.linear.bias.copy_((counts / 4096).log())
    entropy = -(counts * (counts / 4096).log2()).sum().item()
    found = measure_memorised(network, made, 76)
    assert found["memorised_bits_whole"] == pytest.approx(8192 - entropy, abs=1e-2)
    assert found["memorised_bits_whole"] < 15  # about 2, by the bad luck of the draw
    assert found["memorised_bits"] == pytest.approx(found["memorised_bits_whole"] / 76)


def test_whoever_knows_all_has_every_bit():
    labels = task("random-labels", 4).held_out("test").y
    assert memorised_bits(1e4 * one_hot(labels, 4).float(), labels) == 4096 * 2.0


def test_an_untrained_network_has_none():
    made = task("random-labels", 4).of_seed(3)
    assert measure_memorised(build_contender(LSTM, made, 3), made, 1124)["memorised_bits"] < 0.01


def test_other_tasks_are_not_measured():
    recall = task("delayed-recall", 6)
    network = RecurrentNetwork([CELLS["lstm"](recall.inputs, 4)], recall.outputs, recall.readout)
    assert measure_memorised(network, recall, 1) == {}


def test_a_trial_measures_its_own_table_at_its_end():
    source = task("random-labels", 4)
    record = run_trial(trial(200), source).record
    assert {"memorised_bits", "memorised_bits_whole"} <= set(vars(Probed()))
    assert record["memorised_bits_whole"] == pytest.approx(1124 * record["memorised_bits"])
    assert 50 < record["memorised_bits_whole"] < 8192
    lost = 4096 * (math.log(4) - record["test_loss"]) / math.log(2)
    assert record["memorised_bits_whole"] == pytest.approx(lost, rel=1e-3)
    assert record["validation_score"] == pytest.approx(record["score"], rel=1e-6)  # each check sees every row
    assert (record["outcome"], record["solved"]) == ("finished", None)
    assert "memorised_bits" not in run_trial(trial(5, phase="tuning"), source).record


def test_paired_contenders_learn_one_table():
    seen = {}

    class Noting(type(task("random-labels", 4))):
        def of_seed(self, seed):
            made = super().of_seed(seed)
            seen.setdefault(seed, []).append(made.held_out("test"))
            return made

    deep = LSTM.model_copy(update={"layers": 2, "hidden": 7})
    for seed in (100, 101):
        for contender in (LSTM, deep):
            run_trial(trial(1, seed, "tuning", contender), Noting(4))
    (one, two), (three, _) = seen[100], seen[101]
    assert torch.equal(one.x, two.x)
    assert torch.equal(one.y, two.y)
    assert not torch.equal(one.x, three.x)
