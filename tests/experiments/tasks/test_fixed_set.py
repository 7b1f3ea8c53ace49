"""A task with a training set that ends: whose sequences it trains on, is checked on, and is tested on."""

from __future__ import annotations

import pytest
import torch

from carousel.common.errors import BadPlan
from carousel.experiments.runner.task_loader import Sources, built_in
from carousel.experiments.tasks import TASKS, Batch, Task, task
from carousel.experiments.tasks.fixed_set import FixedSet
from carousel.experiments.training.description import TaskSource

NAMES = ("adding", "temporal-order", "copy-memory", "nested-brackets")  # values, lengths, an answer a step, and both


def sequences(made: Task, batch: Batch) -> set[bytes]:
    """Each sequence of a batch with its target and its length."""
    y = batch.y if made.readout == "last" else batch.y.T
    lengths = torch.zeros(len(y)) if batch.lengths is None else batch.lengths
    return {
        b"|".join(part.contiguous().numpy().tobytes() for part in (batch.x[:, k], y[k], lengths[k]))
        for k in range(batch.x.shape[1])
    }


@pytest.mark.parametrize("name", NAMES)
def test_batches_are_rows_of_the_training_set_and_of_all_of_it(name: str) -> None:
    made = FixedSet(task(name, 12), 40).of_seed(3)
    generator = torch.Generator().manual_seed(0)
    held = sequences(made, made.held_out("training"))
    drawn = set().union(*(sequences(made, made.sample(generator, 32)) for _ in range(20)))
    assert drawn == held and len(held) == 40
    assert sequences(made, made.held_out("training", 7)) < held


@pytest.mark.parametrize("name", NAMES)
def test_validation_and_test_are_the_endless_task_s_and_hold_nothing_of_the_set(name: str) -> None:
    endless = task(name, 12)
    made = FixedSet(endless, 40).of_seed(3)
    for part in ("validation", "test"):
        ours, other = made.held_out(part, 50), endless.held_out(part, 50)
        assert all(a is b is None or torch.equal(a, b) for a, b in zip(ours, other, strict=True))
        assert sequences(made, ours).isdisjoint(sequences(made, made.held_out("training")))


def test_a_set_belongs_to_its_seed_and_larger_sets_are_others() -> None:
    made = FixedSet(task("adding", 12), 40)
    first, again, other = made.of_seed(100), FixedSet(task("adding", 12), 40).of_seed(100), made.of_seed(101)
    assert sequences(made, first.held_out("training")) == sequences(made, again.held_out("training"))
    assert sequences(made, first.held_out("training")).isdisjoint(sequences(made, other.held_out("training")))
    assert made.of_seed(100) is first  # trials of one seed share their batches


def test_losses_and_scores_are_the_endless_task_s_and_there_is_no_line_to_stop_at() -> None:
    endless = task("adding", 12)
    made = FixedSet(endless, 40)
    batch = made.held_out("training")
    output = batch.y + 0.1
    assert made.loss(output, batch) == endless.loss(output, batch)
    assert made.score(output, batch) == endless.score(output, batch) == pytest.approx(1 - 0.01 * 6)
    assert made.rmse(output, batch) == pytest.approx(0.1)
    assert torch.equal(made.target_logit(output, batch), endless.target_logit(output, batch))
    assert endless.metric == made.metric._replace(solved_threshold=endless.metric.solved_threshold)
    assert made.metric.solved_threshold is None


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"random-labels"}))
def test_every_endless_task_can_be_given_a_training_set(name: str) -> None:
    made = Sources.of(None).task(TaskSource(name=f"{name}-9", task=name, sequences=9), 12)
    batch = made.of_seed(1).held_out("training")
    assert batch.x.shape[1] == 9 and torch.isfinite(made.loss(torch.zeros(*_outputs(made, batch)), batch))


def _outputs(made: Task, batch: Batch) -> tuple[int, ...]:
    return (*(batch.x.shape[:2] if made.readout == "every" else (9,)), made.outputs)


def test_an_endless_source_is_written_as_it_always_was() -> None:
    assert TaskSource(name="adding").model_dump(mode="json") == {"kind": "task", "name": "adding"}
    written = {"kind": "task", "name": "adding-40", "task": "adding", "sequences": 40}
    assert TaskSource(name="adding-40", task="adding", sequences=40).model_dump(mode="json") == written
    assert TaskSource.model_validate(written).built_in == "adding"
    assert built_in(TaskSource.model_validate(written), 12).length == 12


def test_no_sequences_at_all() -> None:
    with pytest.raises(BadPlan, match="1 sequence or more"):
        FixedSet(task("adding", 12), 0)
