"""Scores beyond the length of training: of networks that are known to hold, and of every kind of task and network."""

from __future__ import annotations

import pytest
import torch

from carousel.experiments.columns import Probed
from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.probes.length_generalisation import SEQUENCES, measure_longer
from carousel.experiments.runner.sizing import sized
from carousel.experiments.tasks import task
from carousel.experiments.training.trial import build_contender
from tests.experiments.training.test_gate_probe import keeper


def untrained(spec: str, name: str, length: int) -> torch.nn.Module:
    asked = task(name, length)
    (contender,) = sized(parse_contenders(spec), asked, 3000)
    return build_contender(contender, asked, 0)


def test_a_network_that_forgets_nothing_holds_at_four_times_the_length():
    found = measure_longer(keeper(), task("random-recall", 20))
    assert found == {"score_2t": 1.0, "score_4t": 1.0} and set(found) <= set(vars(Probed()))


def test_a_network_that_lets_nine_tenths_stay_a_step_does_not():
    network = keeper()
    cell = network.stack[0]
    with torch.no_grad():
        cell.bias_ih[cell.rows("f")] = 2.2
        cell.bias_ih[cell.rows("i")] = -4.0  # distractors leave a fiftieth each, as much as a key of 37 steps ago
        cell.weight_ih[cell.rows("g"), 8:] = 5 * torch.eye(8)
    found = measure_longer(network, task("random-recall", 20))
    assert found["score_2t"] > found["score_4t"] + 0.1


@pytest.mark.parametrize("spec", ["gru", "transformer"])
@pytest.mark.parametrize("name", ["adding", "nested-brackets", "temporal-order"])
def test_in_parts_as_at_once(spec, name):
    network, longer = untrained(spec, name, 20), task(name, 40)
    batch = longer.held_out("test", SEQUENCES)
    with torch.no_grad():
        at_once = longer.score(network(batch.x, batch.lengths), batch)
    assert measure_longer(network, task(name, 20))["score_2t"] == pytest.approx(at_once, abs=1e-6)


def test_a_score_that_is_no_finite_number_is_that_of_knowing_nothing():
    network = untrained("rnn-relu:identity", "adding", 20)
    with torch.no_grad():
        network.stack[0].weight_hh.mul_(1e3)  # over 40 steps beyond every float32
    assert measure_longer(network, task("adding", 20)) == {"score_2t": 0.0, "score_4t": 0.0}


def test_what_has_no_longer_sequences_is_not_asked():
    assert measure_longer(untrained("gru", "random-labels", 4), task("random-labels", 4)) == {}
    assert measure_longer(untrained("transformer:learned", "parity", 20), task("parity", 20)) == {}
