"""A tuning trial ends early only where its learning rate could not have been chosen: by every course of a race."""

from __future__ import annotations

import random

import pytest

from carousel.experiments.runner.model_selection import Tuning, best_rate
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import Trial
from carousel.experiments.training.history import History
from carousel.experiments.training.pruning import Standing, last_steps, outpaced
from carousel.experiments.training.rules import Race, StopRule
from carousel.experiments.training.trial import run_trial
from tests.support.runs import small_plan

STEPS, RULE = 2000, StopRule()
RATES, SEEDS = (0.001, 0.004, 0.016, 0.064), 3


def course(draw: random.Random, chance: float, rule: StopRule = RULE) -> tuple[Standing, Tuning]:
    """How a trial would end if nothing ended it early."""
    score = draw.random()
    if draw.random() < chance:
        ended = draw.randrange(rule.solved_checks, draw.choice((4, 8, 21))) * rule.check_every
        solved_at = ended - (rule.solved_checks - 1) * rule.check_every
        return Standing(ended, solved_at), Tuning("solved", score, solved_at)
    if draw.random() < 0.1:
        return Standing(draw.randrange(1, STEPS), None), Tuning("diverged", score, None)
    return Standing(STEPS, None), Tuning("finished", score, None)


def drawn(draw: random.Random, rates=RATES, rule=RULE):
    chances = {rate: draw.choice((0.0, 0.5, 0.9, 1.0)) for rate in rates}
    return {rate: [course(draw, chances[rate], rule) for _ in range(SEEDS)] for rate in rates}


def standings(courses):
    return {rate: [standing for standing, _ in each] for rate, each in courses.items()}


def after(courses, cuts):
    """The records where trials end at their cuts."""
    return {
        rate: [
            Tuning("pruned", None, None) if rate in cuts and standing.ended > cuts[rate] else record
            for standing, record in each
        ]
        for rate, each in courses.items()
    }


@pytest.mark.parametrize("checks", [1, 2, 3])
def test_the_choice_is_the_same_by_every_course(checks):
    draw, pruned, rule = random.Random(checks), 0, StopRule(solved_checks=checks)
    for _ in range(2000):
        courses = drawn(draw, rule=rule)
        cuts = last_steps(standings(courses), Race(number=0, rates=4, seeds=SEEDS), rule)
        pruned += len(cuts)
        whole = {rate: [record for _, record in each] for rate, each in courses.items()}
        assert best_rate(after(courses, cuts)) == best_rate(whole)
        assert best_rate(whole) not in cuts
    assert pruned > 2000


def test_the_choice_is_the_same_where_rates_are_added():
    draw, pruned = random.Random(1), 0
    for _ in range(4000):
        first, second = drawn(draw), drawn(draw, (0.002, 0.008))
        earlier = {rate: [record for _, record in each] for rate, each in first.items()}
        best = earlier[best_rate(earlier)]
        solved = [t.steps_to_solved for t in best if t.outcome == "solved"]
        bar = {"solved": len(solved), "steps": sum(solved) / len(solved) if solved else 0.0}
        cuts = last_steps(standings(second), Race(number=1, rates=2, seeds=SEEDS, **bar), RULE)
        pruned += len(cuts)
        whole = earlier | {rate: [record for _, record in each] for rate, each in second.items()}
        assert best_rate(earlier | after(second, cuts)) == best_rate(whole)
    assert pruned > 2000


def test_how_far_a_trial_ran_on_changes_no_cut():
    """Trained beside others, alone, or ended late: whatever a rate that is out did afterwards is not looked at."""
    draw, race = random.Random(2), Race(number=0, rates=4, seeds=SEEDS)
    for _ in range(2000):
        found = standings(drawn(draw))
        cuts = last_steps(found, race, RULE)
        ran_on = {
            rate: [
                Standing(draw.randrange(cuts[rate], each.ended + 1), None)
                if rate in cuts and each.ended > cuts[rate] and draw.random() < 0.7
                else each
                for each in of_rate
            ]
            for rate, of_rate in found.items()
        }
        going_on = {rate: step for rate, step in cuts.items() if any(each.ended > step for each in ran_on[rate])}
        assert last_steps(ran_on, race, RULE) == going_on


def test_a_trial_ends_no_earlier_where_others_are_unknown():
    """What is known of a part of a race ends nothing that the whole would not."""
    draw, race, early = random.Random(3), Race(number=0, rates=4, seeds=SEEDS), 0
    for _ in range(2000):
        found = standings(drawn(draw))
        cuts = last_steps(found, race, RULE)
        part = {rate: of_rate[: draw.randrange(4)] for rate, of_rate in found.items()}
        for step in range(100, STEPS, 100):
            out = outpaced({rate: each for rate, each in part.items() if each}, race, RULE, step)
            assert all(cuts.get(rate, STEPS) <= step for rate in out)
            early += len(out)
    assert early > 1000


@pytest.mark.parametrize(
    ("others", "race", "step", "out"),
    [
        # three solved at 300 on average: a rate that has solved none can at best have begun its run of checks at 400
        ([(400, 300)] * 3, {}, 400, True),
        ([(400, 300)] * 3, {}, 300, False),  # not known yet
        ([(400, 300), (400, 300), (2000, None)], {}, 1900, False),  # two solved; three may come
        ([(500, 400)] * 3, {}, 400, False),
        ([(2000, None)] * 3, {"solved": 3, "steps": 300.0}, 400, True),  # an earlier rate did
        ([(2000, None)] * 3, {"solved": 3, "steps": 400.0}, 400, False),  # as soon, at best: the score would decide
        ([(2000, None)] * 3, {"solved": 2, "steps": 100.0}, 1900, False),
        ([(2000, None)] * 3, {}, 1900, False),  # nobody solved anything
    ],
)
def test_when_a_rate_is_out(others, race, step, out):
    going = [Standing(2000, None)] * SEEDS
    trials = {0.01: [Standing(*each) for each in others], 0.03: going}
    assert (0.03 in outpaced(trials, Race(number=0, rates=2, seeds=SEEDS, **race), RULE, step)) == out


def test_a_seed_that_failed_puts_its_rate_out():
    trials = {0.01: [Standing(900, 800)] * 3, 0.03: [Standing(150, None), Standing(300, 200), Standing(2000, None)]}
    race = Race(number=0, rates=2, seeds=SEEDS)
    assert outpaced(trials, race, RULE, 800) == set()
    assert outpaced(trials, race, RULE, 900) == {0.03}


def test_a_trial_that_is_pruned_in_the_middle_of_good_checks_has_not_solved(monkeypatch):
    """Its first good check is the one at which it is out: how it would have gone on is not known."""
    plan = small_plan(steps=180, contenders="rnn:orthogonal")
    trial = next(job for _, job in first_jobs(plan) if isinstance(job, Trial))
    race = Race(number=1, rates=1, seeds=1, solved=1, steps=50.0)
    found = iter([0.0, 0.0, 1.0, 0.0])
    monkeypatch.setattr("carousel.experiments.training.loop.evaluate", lambda *_: next(found))
    task = Sources(None).task(trial.source, trial.length)
    result = run_trial(trial.model_copy(update={"race": race}), task)
    record = result.record
    assert (record["outcome"], record["steps"], record["steps_to_solved"]) == ("pruned", 60, None)
    cut = History.pruned(result.history.curves()).in_numbers()
    assert {name: record[name] for name in cut} == cut
