"""The rule that picks a learning rate, and that reporting follows from finished tuning in any order."""

from __future__ import annotations

import random

import pytest

from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.model_selection import best_rate
from carousel.experiments.runner.tuning import first_jobs, reporting_jobs
from carousel.experiments.training.description import Trial
from tests.support.runs import small_plan


def record(outcome="finished", validation=0.5, solved_at=None):
    return {"outcome": outcome, "validation_score": validation, "steps_to_solved": solved_at}


@pytest.mark.parametrize(
    ("by_rate", "expected"),
    [
        ({0.1: [record("solved", 1.0, 900)], 0.2: [record("solved", 0.99, 300)]}, 0.2),  # sooner
        ({0.1: [record("solved", 0.96, 900)], 0.2: [record(validation=0.99)]}, 0.1),  # solved before better
        ({0.1: [record(validation=0.4)], 0.2: [record(validation=0.6)]}, 0.2),
        ({0.1: [record(validation=0.5)], 0.2: [record(validation=0.5)]}, 0.1),  # a tie: the smaller
        ({0.1: [record(validation=0.1)], 0.2: [record("diverged", 0.9)]}, 0.1),
        ({0.1: [record("diverged", None)], 0.2: [record("diverged", None)]}, 0.1),
    ],
)
def test_best_rate(by_rate, expected):
    assert best_rate(by_rate) == expected
    assert best_rate(dict(reversed(by_rate.items()))) == expected


def test_reporting_does_not_depend_on_the_order_of_finishing():
    plan = small_plan()
    tuning = [job for _, job in first_jobs(plan) if isinstance(job, Trial)]
    done = [
        Entry(
            job.digest(),
            "trial",
            job.model_dump(mode="json"),
            "done",
            {"trial": record(validation=job.learning_rate)},
            None,
        )
        for job in tuning
    ]
    expected = {job.digest() for _, job in reporting_jobs(plan, done, {})}
    assert len(expected) == 4
    for seed in range(5):
        shuffled = random.Random(seed).sample(done, len(done))
        assert {job.digest() for _, job in reporting_jobs(plan, shuffled, {})} == expected
    assert not list(reporting_jobs(plan, done[:1], {}))
    assert all(
        job.seed in plan.reporting_seeds and job.learning_rate == 0.01 for _, job in reporting_jobs(plan, done, {})
    )
