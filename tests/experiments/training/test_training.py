"""One trial: stopping rules, norms, repetition, divergence as an outcome."""

from __future__ import annotations

import math

import pytest
import torch

from carousel.experiments.columns import Exponent
from carousel.experiments.probes.gradient_flow import measure_exponent
from carousel.experiments.tasks import task
from carousel.experiments.tasks.base import Metric
from carousel.experiments.training.description import Contender, TaskSource, Trial
from carousel.experiments.training.gradient_norms import summarise_norms
from carousel.experiments.training.rules import StopRule, Training
from carousel.experiments.training.stopping import Stopping
from carousel.experiments.training.trial import build_contender, run_trial


def trial(
    rate: float = 0.01, seed: int = 3, cell: str = "rnn", init: str = "orthogonal", steps: int = 60, **stop
) -> Trial:
    rule = StopRule(**({"check_every": 20} | stop))
    return Trial(
        phase="reporting",
        source=TaskSource(name="delayed-recall"),
        length=6,
        contender=Contender(spec=f"{cell}:{init}", cell=cell, init=init, layers=1, hidden=20, parameters=1),
        learning_rate=rate,
        seed=seed,
        training=Training(steps=steps, batch_size=16, stop=rule),
    )


def test_a_trial_repeats_itself_to_the_last_bit():
    one, two = (run_trial(trial(), task("delayed-recall", 6)) for _ in range(2))
    assert one.history == two.history
    assert {k: v for k, v in one.record.items() if k != "seconds"} == {
        k: v for k, v in two.record.items() if k != "seconds"
    }
    for a, b in zip(one.flows, two.flows, strict=True):
        assert torch.equal(a.profile.mean, b.profile.mean)
    other = run_trial(trial(seed=4), task("delayed-recall", 6))
    assert other.history != one.history


def test_it_learns_stops_when_solved_and_measures_flow():
    result = run_trial(trial(steps=1500), task("delayed-recall", 6))
    assert result.record["outcome"] == "solved"
    assert result.record["solved"] is True
    assert result.record["score"] > 0.95
    assert result.record["steps"] == result.record["steps_to_solved"] + 20 < 1500
    moments = [flow.moment for flow in result.flows]
    assert moments[-1] == "end"
    assert result.record["lyapunov_end"] is not None
    assert 0.0 <= result.record["score_4t"] <= 1.0
    assert len(result.history.norms) == result.record["steps"]


def test_early_flow_is_measured_at_a_tenth_of_the_steps():
    result = run_trial(trial(steps=60), task("delayed-recall", 6))
    assert [flow.moment for flow in result.flows] == ["early", "end"]


def test_divergence_is_an_outcome_not_a_crash():
    diverging = trial(rate=1e20, cell="rnn-relu", init="identity", steps=400)
    record = run_trial(diverging, task("delayed-recall", 6)).record
    assert record["outcome"] == "diverged"
    assert record["nan_share"] > 0
    assert record["score"] is None or math.isfinite(record["score"])
    assert all(math.isfinite(v) for v in record.values() if isinstance(v, float))


def test_paired_seeds_see_the_same_sequences():
    class Noting(type(task("delayed-recall", 6))):
        def sample(self, generator, n):
            batch = super().sample(generator, n)
            seen.append(batch.x)
            return batch

    drawn = []
    for contender in ("rnn", "gru"):
        seen: list[torch.Tensor] = []
        run_trial(trial(cell=contender, init="default", steps=5), Noting(6))
        drawn.append([x for x in seen if x.shape[1] == 16])
    assert len(drawn[0]) >= 5
    assert all(torch.equal(a, b) for a, b in zip(drawn[0][:5], drawn[1][:5], strict=True))


METRIC = Metric("accuracy", 0.1, "chance", 0.9)


def outcomes(rule: StopRule, scores: list[float], metric: Metric = METRIC):
    stopping = Stopping(rule, metric)
    return [stopping.check(100 * k, score) for k, score in enumerate(scores, 1)], stopping


def test_solved_needs_checks_in_a_row():
    found, stopping = outcomes(StopRule(solved_checks=2), [0.95, 0.5, 0.95, 0.92])
    assert found == [None, None, None, "solved"]
    assert stopping.steps_to_solved == 300


def test_a_trial_on_a_task_is_never_stopped_for_being_slow():
    assert outcomes(StopRule(), [0.1] * 300)[0] == [None] * 300
    record = run_trial(trial(rate=1e-9, steps=900), task("delayed-recall", 6)).record
    assert (record["outcome"], record["solved"], record["steps"]) == ("finished", False, 900)


def test_stalled_by_patience():
    rule = StopRule(patience=2)
    unsolvable = METRIC._replace(solved_threshold=None)
    assert outcomes(rule, [0.3, 0.4, 0.4, 0.39], metric=unsolvable)[0] == [None, None, None, "stalled"]


def test_norms():
    norms = [1.0] * 50 + [150.0] + [1.0] * 49 + [math.inf]
    found = summarise_norms(norms, [1.0] * 101)
    assert found.largest == 150.0
    assert found.spike_share == pytest.approx(1 / 101)
    assert found.nan_share == pytest.approx(1 / 101)
    assert found.spike_steps == "51 101"
    assert summarise_norms([math.nan], [1.0]) == (None, 0.0, 1.0, "1")
    assert summarise_norms([1.0, 1.0], [1.0, math.nan]) == (1.0, 0.0, 0.5, "2")


def test_a_network_that_forgets_wholly_has_no_exponent_to_write_down():
    """All its ReLUs are off: the Jacobian is 0, the exponent minus infinity, which no record can hold."""
    source = task("delayed-recall", 6)
    network = build_contender(trial(cell="rnn-relu", init="identity").contender, source, 0)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.fill_(-1.0 if "bias" in name else 0.0)
    assert measure_exponent(network, source, 0) == Exponent()
    found = measure_exponent(build_contender(trial().contender, source, 0), source, 0)
    assert math.isfinite(found.lyapunov_end) and found.lyapunov_end_se > 0
    assert (found.lyapunov_end_streams, found.lyapunov_end_steps) == (8, 3000)


class Short(type(task("delayed-recall", 6))):
    """As a user's file: so many sequences and no more."""

    most = 0

    def held_out(self, part, n=None):
        return super().held_out(part, min(n or self.most, self.most))


@pytest.mark.parametrize(
    ("sequences", "streams", "steps"), [(9, None, None), (25, 2, 50), (30, 3, 40), (5000, 8, 2500)]
)
def test_few_sequences_make_fewer_and_shorter_streams(sequences, streams, steps):
    """Of 6 steps each; an interval takes three streams."""
    source = Short(6)
    source.most = sequences
    found = measure_exponent(build_contender(trial().contender, source, 0), source, 0)
    assert (found.lyapunov_end_streams, found.lyapunov_end_steps) == (streams, steps)
    assert (found.lyapunov_end_se is not None) == (streams is not None and streams >= 3)
