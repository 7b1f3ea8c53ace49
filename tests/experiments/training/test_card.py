"""Trainings on a card: on a GPU where there is one, else on a second name of the CPU, by Triton's interpreter."""

from __future__ import annotations

import pytest
import torch

from carousel.experiments.tasks import TASKS, task
from carousel.experiments.training.description import TaskSource, Trial
from carousel.experiments.training.device import CPU, OnCard, moved
from carousel.experiments.training.draws import Draws
from carousel.experiments.training.trial import build_contender, run_trials
from carousel.nn.kernels import KERNELS
from carousel.nn.kernels.base import Refusal
from tests.experiments.training.test_groups import trial
from tests.support.gpu import DEVICE

CARD = torch.device("cuda") if DEVICE == "cuda" else torch.device("cpu", 0)  # not equal to the CPU: a place of its own


def on_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on: the interpreter runs on the CPU, where the compiled kernel is preferred, and the other refuses."""
    if DEVICE == "cpu":
        monkeypatch.setattr(type(KERNELS["numba"]), "supports", lambda *_: Refusal("not on a card"))
        monkeypatch.setattr(type(KERNELS["triton"]), "supports", lambda *_: None)


def small(spec: str, seed: int, **given) -> Trial:
    return trial(spec, 0.01, seed, TaskSource(name="delayed-recall"), 4, steps=4, hidden=4, check_every=2, **given)


def test_a_card_is_no_processor() -> None:
    network = torch.nn.Linear(2, 2)
    assert CARD != CPU
    assert moved(network, CPU) is network and moved(network, CARD) is not network


def test_a_network_on_a_card_takes_and_gives_what_the_processor_has() -> None:
    about = task("delayed-recall", 6)
    network = build_contender(small("lstm", 0).contender, about, 0)
    batch, there = about.held_out("validation", 5), OnCard(network, CARD)
    answer = there(batch.x, batch.lengths)
    assert answer.device == torch.device("cpu") and there.carried(6) == network.carried(6)
    torch.testing.assert_close(answer, network(batch.x, batch.lengths))
    zeros = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    assert not there.with_weights(zeros)(batch.x, batch.lengths).any() and network(batch.x, batch.lengths).any()


@pytest.mark.parametrize("spec", ["rnn", "lstm", "gru"])
def test_networks_that_train_together_there_come_to_what_the_processor_comes_to(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials, about = [small(spec, seed) for seed in (0, 0, 1)], task("delayed-recall", 4)
    trials[1] = trials[1].model_copy(update={"learning_rate": 0.03})
    expected = dict(run_trials(trials, [about] * 3))
    on_card(monkeypatch)
    for which, found in run_trials(trials, [about] * 3, CARD):
        here = expected[which]
        assert (found.measures.kernel, here.measures.kernel) == ("triton", "numba")
        assert found.history.losses == pytest.approx(here.history.losses, rel=1e-4)
        assert found.history.norms == pytest.approx(here.history.norms, rel=1e-3)
        assert found.history.validation.keys() == {2, 4}
        for name, value in found.weights.items():
            assert value.device == torch.device("cpu")
            torch.testing.assert_close(value, here.weights[name], rtol=1e-3, atol=1e-5)


def test_networks_that_train_in_turn_there_do_the_same() -> None:
    """On the second name of the CPU with the same bits; on a GPU nearly."""
    trials, about = [small("transformer", seed) for seed in (0, 1)], task("delayed-recall", 4)
    expected = dict(run_trials(trials, [about] * 2))
    for which, found in run_trials(trials, [about] * 2, CARD):
        tolerance = {"rtol": 1e-3, "atol": 1e-5} if DEVICE == "cuda" else {"rtol": 0, "atol": 0}
        for name, value in found.weights.items():
            torch.testing.assert_close(value, expected[which].weights[name], **tolerance)


@pytest.mark.parametrize("name", TASKS)
def test_a_loss_needs_nothing_that_lies_elsewhere(name: str) -> None:
    """What a task keeps on the processor would be refused beside tensors that are not there."""
    about = task(name, 12)
    drawn = about.sample(torch.Generator().manual_seed(0), 3)
    shape = (2, 3, about.outputs) if about.readout == "last" else (2, len(drawn.x), 3, about.outputs)
    output = torch.zeros(shape, device="meta", requires_grad=True)
    losses = about.losses(output, drawn.as_population(2).to(torch.device("meta")))
    assert losses.shape == (2,) and losses.device.type == "meta"
    losses.sum().backward()


def test_draws_are_those_of_the_processor_and_lie_on_the_card() -> None:
    about = task("adding", 5)
    (here, _), (there, of_losses) = (Draws([about] * 2, [0, 1], 3, device).next() for device in (CPU, CARD))
    assert torch.equal(here.x, there.x.cpu()) and of_losses.y.shape[0] == 2
    assert Draws([about], [0], 3, torch.device("meta")).next()[0].x.device.type == "meta"
