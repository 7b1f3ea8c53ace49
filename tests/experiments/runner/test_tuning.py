"""The rule that picks a learning rate and extends the grid, and that all follows from finished tuning in any order."""

from __future__ import annotations

import math
import random

import pytest

from carousel.experiments.runner.budgets import BUDGETS
from carousel.experiments.runner.ledger import Entry
from carousel.experiments.runner.model_selection import Tuning, best_rate, grid_of, grid_sizes
from carousel.experiments.runner.run import _TuningTrials
from carousel.experiments.runner.tuning import first_jobs, following_jobs
from carousel.experiments.training.description import Trial
from tests.support.runs import small_plan


def record(outcome="finished", validation=0.5, solved_at=None):
    return Tuning(outcome, validation, solved_at)


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


QUICK = (0.001, 0.003, 0.01)
BOUNDS = (1e-5, 0.3)


def scored(rates, peak):
    """Records by rate: the nearer to the peak, by ratio, the better."""
    return {rate: [record(validation=-abs(math.log(rate / peak)))] * 3 for rate in rates}


@pytest.mark.parametrize(
    ("rates", "peak", "added", "best"),
    [
        (QUICK, 0.003, [], 0.003),  # inside
        (QUICK, 0.03, [0.033, 0.11], 0.033),  # twice at the top
        (QUICK, 1.0, [0.033, 0.11], 0.11),  # to the bound, where it stays at the edge: .37 would be above it
        (QUICK, 0.0003, [0.00033, 0.00011], 0.00033),
        (QUICK, 1e-9, [0.00033, 0.00011, 3.7e-5, 1.2e-5], 1.2e-5),
        (BUDGETS["standard"].learning_rates, 1.0, [0.064, 0.26], 0.26),
        ((0.01, 0.001, 0.003), 0.03, [0.033, 0.11], 0.033),  # a plan in any order
        ((0.003, 0.01), 0.003, [0.0009], 0.003),  # of two one is always at the edge, and they have a step
        ((0.01,), 1.0, [], 0.01),  # one alone has no step
        ((0.01, 0.0101), 1.0, [], 0.0101),  # a step that two digits cannot say
        ((0.5, 1.0), 1e-9, [0.25, 0.12, 0.058, 0.028, 0.014, 0.007, 0.0035, 0.0018, 0.00093, 0.00048, 0.00025, 0.00013,
                            6.8e-5, 3.6e-5, 1.9e-5, 1e-5], 1e-5),
    ],
)  # fmt: skip
def test_a_grid_goes_on_until_the_best_is_inside_or_a_bound_is_met(rates, peak, added, best):
    known = scored(rates, peak)
    for rate in added:
        grid = grid_of(known, rates, 3, BOUNDS)
        assert (grid.rates[-1], grid.best) == (rate, None)
        known |= {rate: scored([rate], peak)[rate][:2]}
        assert grid_of(known, rates, 3, BOUNDS) == grid  # two of its three seeds say nothing yet
        known |= scored([rate], peak)
    grid = grid_of(known, rates, 3, BOUNDS)
    assert (grid.rates, grid.best) == ((*rates, *added), best)
    assert grid_of(dict(reversed(known.items())), rates, 3, BOUNDS) == grid
    assert len(rates) + len(added) <= grid_sizes(rates, BOUNDS)[1]


STANDARD = BUDGETS["standard"].learning_rates


@pytest.mark.parametrize(
    ("rates", "peak", "added", "best"),
    [
        (STANDARD, 0.004, [(0.002, 0.008)], 0.004),  # inside: its two neighbours come to a factor of two
        (STANDARD, 0.0022, [(0.002, 0.008)], 0.002),  # the best may then be one of these
        (STANDARD, 0.03, [(0.064,), (0.008, 0.032)], 0.032),  # outward first
        (STANDARD, 0.0001, [(6.3e-5,), (1.6e-5,), (3.2e-5, 0.00013)], 0.00013),
        (STANDARD, 1.0, [(0.064,), (0.26,), (0.13,)], 0.26),  # at a bound there is one neighbour
        ((0.001, 0.016), 0.004, [(6.3e-5,), (0.00025, 0.004), (0.002, 0.008)], 0.004),  # halved twice
        ((0.001, 0.002, 0.004), 0.002, [], 0.002),  # fine enough as planned
        ((0.01,), 1.0, [], 0.01),
    ],
)
def test_a_coarse_grid_is_halved_about_its_best(rates, peak, added, best):
    known = scored(rates, peak)
    for following in added:
        grid = grid_of(known, rates, 3, BOUNDS, 2.0)
        assert (grid.rates[-len(following) :], grid.best) == (following, None)
        known |= scored(following[:1], peak)
        if len(following) > 1:  # one of the two says nothing yet
            assert grid_of(known, rates, 3, BOUNDS, 2.0) == grid
        known |= scored(following, peak)
    grid = grid_of(known, rates, 3, BOUNDS, 2.0)
    assert (grid.rates, grid.best) == ((*rates, *sum(added, ())), best)
    assert [each.rates for each in grid.added] == added
    assert grid_of(dict(reversed(known.items())), rates, 3, BOUNDS, 2.0) == grid
    fewest, most = grid_sizes(rates, BOUNDS, 2.0)
    assert fewest <= len(grid.rates) <= most


ODD = (0.001, 0.002, 0.016)  # an edited plan: only one of its steps is too wide


@pytest.mark.parametrize(
    ("rates", "bounds", "finest", "sizes"),
    [
        (STANDARD, BOUNDS, 2.0, (6, 8)),
        (STANDARD, BOUNDS, None, (4, 6)),
        (QUICK, BOUNDS, None, (3, 7)),
        (QUICK, (0.001, 0.3), None, (3, 5)),
        (QUICK, (0.001, 0.01), None, (3, 3)),
        ((0.01, 0.03), BOUNDS, None, (3, 8)),
        ((0.01,), BOUNDS, 2.0, (1, 1)),
        (ODD, BOUNDS, 2.0, (4, 10)),
        ((0.02, 0.002, 0.2), BOUNDS, 1.2, None),
    ],
)
def test_how_many_rates_a_grid_can_end_with(rates, bounds, finest, sizes):
    """Random merits end with no fewer and no more, and come to both."""
    rng, lengths = random.Random(0), set()
    for _ in range(3000):
        merit = {}
        while (grid := grid_of(merit, rates, 1, bounds, finest)).best is None:
            merit |= {rate: [record(validation=rng.random())] for rate in grid.rates if rate not in merit}
        assert len(set(grid.rates)) == len(grid.rates)
        lengths.add(len(grid.rates))
    fewest, most = grid_sizes(rates, bounds, finest)
    assert sizes in (None, (fewest, most))
    assert fewest == min(lengths)
    assert max(lengths) <= most


def finished(job):
    """A job as its trial would leave it: the RNN learns best at .003, the LSTM at .1."""
    peak = 0.003 if job.contender.cell == "rnn" else 0.1
    found = {"trial": record(validation=-abs(math.log(job.learning_rate / peak)))._asdict()}
    return Entry(job.digest(), "trial", job.model_dump(mode="json"), "done", found, None)


def tuned_in_any_order(plan, rng):
    """Every job that comes to be entered, by digest, where trials finish one by one, a random one next."""
    entered = {job.digest(): job for _, job in first_jobs(plan) if isinstance(job, Trial)}
    seen, done = _TuningTrials(), set()
    while waiting := sorted(entered.keys() - done):
        name = rng.choice(waiting)
        done.add(name)
        (tuned,) = seen.add([finished(entered[name])]) or ([],)
        following = following_jobs(plan, tuned, {})
        entered |= {job.digest(): job for _, job in following}
    return entered


def test_the_same_trials_follow_in_any_order_of_finishing():
    plan = small_plan().model_copy(update={"rate_bounds": BOUNDS, "tuning_seeds": (0, 1, 2)})
    first = tuned_in_any_order(plan, random.Random(0))
    tried = {(job.contender.cell, job.learning_rate, job.seed) for job in first.values() if job.phase == "tuning"}
    rates = {
        "rnn": (0.003, 0.01, 0.0009),
        "lstm": (
            0.003,
            0.01,
            0.033,
            0.11,
        ),
    }
    assert tried == {(cell, rate, seed) for cell, of in rates.items() for rate in of for seed in (0, 1, 2)}
    reported = {(job.contender.cell, job.learning_rate, job.seed) for job in first.values() if job.phase == "reporting"}
    assert reported == {("rnn", 0.003, 100), ("rnn", 0.003, 101), ("lstm", 0.11, 100), ("lstm", 0.11, 101)}
    for seed in range(1, 9):
        assert tuned_in_any_order(plan, random.Random(seed)).keys() == first.keys()


def test_nothing_is_reported_before_the_grid_has_come_to_its_end():
    plan = small_plan().model_copy(update={"rate_bounds": BOUNDS})
    done = [finished(job) for _, job in first_jobs(plan) if isinstance(job, Trial)]
    following = [job for _, job in following_jobs(plan, done, {})]
    assert {(job.phase, job.contender.cell, job.learning_rate, job.seed) for job in following} == {
        ("tuning", "rnn", 0.0009, 0),
        ("tuning", "lstm", 0.033, 0),
    }
    assert not list(following_jobs(plan, done[:1], {}))


@pytest.mark.parametrize(
    ("update", "flaw"),
    [
        ({"learning_rates": (0.01, 0.01)}, "learning_rates"),  # no trial would be reported
        ({"tuning_seeds": (0, 0)}, "seeds"),
        ({"rate_bounds": (0.3, 1e-5)}, "rate_bounds"),
        ({"rate_bounds": (0.0, 0.3)}, "rate_bounds"),
        ({"rate_bounds": (1e-5, math.inf)}, "rate_bounds"),
    ],
)
def test_a_plan_whose_grid_could_not_end_is_refused(update, flaw):
    assert small_plan().flaw() is None
    assert small_plan().model_copy(update=update).flaw() == flaw
