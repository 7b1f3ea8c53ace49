"""What the rules read of a run: who is best (never by the test part), what a diverged trial counts, what is hardest."""

from __future__ import annotations

from carousel.experiments.calibration.simulated import BASELINE, RATES, Row, run, trial
from carousel.experiments.claims.attention.claim import Attention
from carousel.experiments.decision.multiple_testing import holm
from carousel.experiments.decision.results import Results, score, solved
from carousel.experiments.runner.plan import Condition
from tests.support.evidence import as_row
from tests.support.plans import ComparisonRequest, make_plan

WHERE = "copy-memory/T=30"


def _tuned(spec: str, rate: float, outcome: str, validation: float, **found: object) -> Row:
    about = {"phase": "tuning", "outcome": outcome, "validation_score": validation, "learning_rate": rate}
    return trial(WHERE, spec, 0, **about | found)


def test_the_best_is_chosen_by_validation_and_not_by_the_test_part() -> None:
    """One passes the line on the test part without having been stopped as solved; the other was stopped, and misses."""
    lucky = _tuned("rnn", RATES[0], "finished", 0.97, solved=True, score=1.0)
    sound = _tuned("lstm", RATES[0], "solved", 0.995, solved=False, score=0.98, steps_to_solved=500)
    assert Results(run(["rnn", "lstm"], ["copy-memory"], [30], [lucky, sound])).best(WHERE, ["rnn", "lstm"]) == "lstm"


def test_a_contender_is_ranked_at_the_rate_it_is_reported_at() -> None:
    """Solved at two rates: the sooner one is reported, though the later has the better validation score."""
    rnn = [
        _tuned("rnn", RATES[0], "solved", 0.991, steps_to_solved=300),
        _tuned("rnn", RATES[1], "solved", 0.999, steps_to_solved=900),
    ]
    lstm = [_tuned("lstm", RATES[0], "solved", 0.995, steps_to_solved=700)]
    assert Results(run(["rnn", "lstm"], ["copy-memory"], [30], rnn + lstm)).best(WHERE, ["rnn", "lstm"]) == "lstm"


def test_a_diverged_trial_has_the_score_of_the_baseline_whatever_it_had_before() -> None:
    row = as_row(trial(WHERE, "lstm", 1, solved=True, score=1.0, outcome="diverged"))
    assert (score(row), solved(row)) == (BASELINE, False)


def test_sides_without_a_common_seed_are_missing_and_no_traceback() -> None:
    specs = ("lstm", "transformer")
    rows = [_tuned(spec, rate, "finished", 0.5) for spec in specs for rate in RATES]
    rows += [trial(WHERE, "transformer", 100, solved=True), trial(WHERE, "lstm", 101, solved=False)]
    (verdict,) = holm([Attention()], Results(run(specs, ["copy-memory", "parity"], [30], rows)), 0.05)
    assert verdict.verdict == "not-tested"


def test_the_hardest_condition_is_one_that_the_run_has() -> None:
    gates = make_plan(ComparisonRequest(claims=("gates",), budget="standard")).plan
    assert gates.hardest() == Condition(source="random-recall", length=30)
    whole = make_plan(ComparisonRequest(budget="standard")).plan
    assert whole.hardest() == Condition(source="delayed-recall", length=100)
    assert whole.hardest("transformer") == Condition(source="permutations", length=30)
