"""Interim analyses of a growing run: what is judged when, who gets more seeds, and that no direction is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import polars as pl
import pytest

from carousel.experiments.calibration.simulated import FIRST_SEED, run, trial
from carousel.experiments.claims.attention.claim import Attention
from carousel.experiments.claims.base import Claim
from carousel.experiments.claims.exploding.claim import Exploding
from carousel.experiments.claims.length.claim import Length
from carousel.experiments.claims.registry import all_claims
from carousel.experiments.decision.interim import Settled, Taken, seen, sequentially
from carousel.experiments.decision.multiple_testing import holm
from carousel.experiments.decision.results import Results
from carousel.experiments.decision.verdict import Effect, Row, Verdict, Word
from carousel.experiments.decision.waiting import open_rows, waited_for
from carousel.experiments.judgement import judge, settle
from carousel.experiments.results.evidence import Evidence

ANALYSES = (10, 40, 75)
FALLS = {("rnn", 10): 1.0, ("rnn", 100): 0.0, ("lstm", 10): 1.0, ("lstm", 100): 1.0}
RNN_HOLDS = FALLS | {("rnn", 100): 1.0}


def grown(
    rates: dict[tuple[str, int], float], seeds: int, analyses: tuple[int, ...] = ANALYSES, fewer: Any = None
) -> Evidence:
    """Exactly so many solved, `seeds` trainings a group (other numbers by `fewer`), in a plan of these analyses."""
    rows = []
    for (spec, length), rate in rates.items():
        count = (fewer or {}).get((f"adding/T={length}", spec), seeds)
        for k in range(count):
            rows.append(trial(f"adding/T={length}", spec, FIRST_SEED + k, solved=(k * rate) % 1 + rate >= 1))
    evidence = run(["rnn", "lstm"], ["adding"], [10, 100], rows)
    reporting = tuple(range(FIRST_SEED, FIRST_SEED + (analyses[-1] if analyses else seeds)))
    return replace(
        evidence,
        plan=evidence.plan.model_copy(update={"interim_analyses": analyses, "reporting_seeds": reporting}),
    )


def settled(evidence: Evidence) -> Settled:
    return sequentially([Length()], evidence)


def test_an_open_row_gets_the_next_analysis_seeds_for_all_that_it_rests_on() -> None:
    first = settled(grown(FALLS, 10))
    assert first.verdicts[0].verdict == "inconclusive" and first.missing
    assert first.allocation == {(f"adding/T={length}", spec): 40 for spec, length in FALLS}
    second = settled(grown(FALLS, 40))
    assert second.allocation == dict.fromkeys(first.allocation, 75) and second.missing


def test_the_last_analysis_decides_and_is_named() -> None:
    last = settled(grown(FALLS, 75))
    assert last.verdicts[0].verdict == "supported" and not last.missing
    assert last.taken("length") == Taken(number=3, of=3, seeds=75)
    said = last.told(last.verdicts[0])
    assert said is not None and "75" in said["en"] and "75" in said["zh"]


def test_what_is_decided_gets_no_more_and_keeps_its_answer() -> None:
    found = settled(grown(RNN_HOLDS, 10))
    assert found.verdicts[0].verdict == "refuted" and not found.allocation
    more = settled(grown(RNN_HOLDS, 75))
    assert more.taken("length").number == 1 and more.verdicts[0].n == 10


def of_two_tasks(
    adding: dict[tuple[str, int], float],
    recall: dict[tuple[str, int], float],
    seeds: int,
    analyses: tuple[int, ...] = ANALYSES,
) -> Settled:
    """Each task solved as often as `grown` has it."""
    first, second = (grown(rates, seeds, analyses) for rates in (adding, recall))
    other = second.trials.with_columns(pl.col("condition").str.replace("adding", "delayed-recall"))
    both_tasks = run(["rnn", "lstm"], ["adding", "delayed-recall"], [10, 100], []).plan
    plan = first.plan.model_copy(update={"sources": both_tasks.sources, "contenders": both_tasks.contenders})
    return settled(replace(first, plan=plan, trials=pl.concat([first.trials, other])))


def test_an_answer_waits_for_a_best_pair_that_could_contradict_it() -> None:
    """One task refutes by ten seeds; the other, where the RNN falls, cannot answer before 75."""
    first, last = (of_two_tasks(RNN_HOLDS, FALLS, seeds) for seeds in (10, 75))
    assert first.verdicts[0].verdict == "inconclusive" and first.waiting == {"length"}
    assert {condition for condition, _ in first.allocation} == {"delayed-recall/T=10", "delayed-recall/T=100"}
    assert last.verdicts[0].verdict == "conditional" and not last.waiting
    assert last.taken("length").number == 3


def test_where_no_seeds_are_to_come_a_claim_with_such_a_pair_stays_open() -> None:
    held = of_two_tasks(RNN_HOLDS, FALLS, 10, ()).verdicts[0]
    assert held.verdict == "inconclusive" and {row.verdict for row in held.rows} == {"refuted", "inconclusive"}
    assert "says refuted; open are delayed-recall" in held.because["en"] and "delayed-recall" in held.because["zh"]
    assert of_two_tasks(RNN_HOLDS, RNN_HOLDS, 10, ()).verdicts[0].verdict == "refuted"


def test_one_task_of_several_does_not_decide_alone() -> None:
    """The RNN fails on the other at its shortest length, so that it has nothing to fall from."""
    fails = dict.fromkeys(FALLS, 0.0)
    found = of_two_tasks(RNN_HOLDS, fails, 75).verdicts[0]
    assert found.verdict == "inconclusive" and "Only adding could be tested, not delayed-recall" in found.because["en"]
    assert settled(grown(RNN_HOLDS, 75)).verdicts[0].verdict == "refuted"  # the run is of one task: of it alone


def test_what_the_last_analysis_cannot_close_gets_no_more() -> None:
    near = FALLS | {("lstm", 100): 0.9}  # the fall lies on its limit: more than a thousand seeds
    first = settled(grown(near, 10))
    assert set(first.allocation.values()) == {40} and first.missing  # ten seeds foretell it badly
    found = settled(grown(near, 40))
    assert found.verdicts[0].verdict == "inconclusive" and set(found.allocation.values()) == {40} and not found.missing


def test_a_analysis_is_taken_at_whole_groups_only() -> None:
    half = settled(grown(FALLS, 40, fewer={("adding/T=100", "rnn"): 25}))
    assert half.missing and half.verdicts[0].n == 10
    assert "not trained yet" in half.told(half.verdicts[0])["en"]
    assert half.waiting == {"length"}
    assert "not trained yet" not in replace(half, waiting=frozenset()).told(half.verdicts[0])["en"]


def test_a_claim_goes_on_where_another_lacks_its_seeds() -> None:
    """Control asks for more seeds at T = 30 too, and a run that was made by earlier rules has none there."""
    evidence = grown(FALLS, 40)
    between = [trial("adding/T=30", spec, FIRST_SEED + k, solved=True) for spec in ("rnn", "lstm") for k in range(10)]
    trials = pl.concat([evidence.trials, run(["rnn", "lstm"], ["adding"], [30], between).trials])
    plan = evidence.plan.model_copy(update={"lengths": (10, 30, 100)})
    found = sequentially([Length(), Exploding()], replace(evidence, plan=plan, trials=trials))
    assert found.analysis_of["length"] == 2 and found.verdicts[0].n == 40
    assert found.missing >= {("adding/T=30", "rnn"), ("adding/T=30", "lstm")}
    assert found.allocation == {
        (f"adding/T={length}", spec): 40 for spec in ("rnn", "lstm") for length in (10, 30, 100)
    }
    assert "not trained yet" in found.told(found.verdicts[1])["en"]


def test_each_analysis_has_an_equal_share_of_the_error() -> None:
    levels = {
        analyses: settled(grown(FALLS, 10, analyses)).verdicts[0].rows[0].details["level"]
        for analyses in ((), (10,), ANALYSES)
    }
    assert levels[()] == levels[(10,)] == pytest.approx(0.95)
    assert levels[ANALYSES] == pytest.approx(1 - 0.05 / 3)


def test_a_row_counts_the_seeds_that_its_two_sides_share() -> None:
    """More seeds that one side was given for another comparison are not a sample of a size named beforehand."""
    evidence = grown(FALLS, 10, (), fewer={("adding/T=10", "rnn"): 40})
    assert Length().judge(Results(evidence), 0.05).rows[0].n == 10
    rnn, lstm = Results(evidence).together(("adding/T=10", "rnn"), ("adding/T=10", "lstm"))
    assert len(rnn) == len(lstm) == 10


def test_a_row_prints_the_trainings_that_it_judges() -> None:
    """The LSTM was given 40 seeds for another comparison; the RNN has ten."""
    fewer = {(f"adding/T={length}", "rnn"): 10 for length in (10, 100)}
    row = Length().judge(Results(grown(FALLS, 40, fewer=fewer)), 0.05).rows[0]
    assert row.n == 10
    assert row.details["lstm"]["solved"] == {"10": [10, 10], "100": [10, 10]}


def test_a_analysis_sees_the_first_seeds_alone() -> None:
    evidence = grown(FALLS, 75)
    counts = seen(evidence, {("adding/T=10", "rnn"): 40}).trials.group_by("condition", "contender").len()
    assert dict(zip(counts["condition"] + counts["contender"], counts["len"], strict=True)) == {
        "adding/T=10rnn": 40, "adding/T=10lstm": 10, "adding/T=100rnn": 10, "adding/T=100lstm": 10,
    }  # fmt: skip


@pytest.mark.parametrize("apart", [0.1, 0.3, 0.6, 0.8])
def test_the_direction_of_an_effect_is_not_asked(apart: float) -> None:
    """Two tasks whose gaps lie equally far from the margin (.2), on either side of it, get the same seeds."""
    tasks = {"copy-memory": 0.2 + apart, "mqar": 0.2 - apart}
    rows = []
    for task, gap in tasks.items():
        rates = {"transformer": 0.5 + gap / 2, "lstm": 0.5 - gap / 2}
        for spec, rate in rates.items():
            solved = round(20 * rate)
            rows += [trial(f"{task}/T=30", spec, 0, solved=True, phase="tuning", learning_rate=k) for k in range(7)]
            rows += [trial(f"{task}/T=30", spec, FIRST_SEED + k, solved=k < solved) for k in range(20)]
    rows += [trial("parity/T=30", spec, 0, solved=True, phase="tuning", learning_rate=k)
             for spec in ("transformer", "lstm") for k in range(7)]  # fmt: skip
    rows += [trial("parity/T=30", spec, FIRST_SEED + k, solved=True)
             for spec in ("transformer", "lstm") for k in range(20)]  # fmt: skip
    evidence = run(["lstm", "transformer"], [*tasks, "parity"], [30], rows)
    plan = evidence.plan.model_copy(update={"interim_analyses": (20, 1000), "reporting_seeds": tuple(range(100, 1100))})
    by_task = {
        row.where.partition("/")[0]: row.seeds_needed
        for row in Attention().judge(Results(replace(evidence, plan=plan)), 0.025).rows
        if row.decides
    }
    assert (by_task["copy-memory"] is None) == (by_task["mqar"] is None)
    if by_task["mqar"] is not None:
        assert by_task["copy-memory"] == pytest.approx(by_task["mqar"], rel=0.5)


def test_the_judgement_says_of_which_analysis_each_verdict_is() -> None:
    found = judge(grown(RNN_HOLDS, 10))
    assert found.taken.keys() == {claim.id for claim in all_claims()}
    assert found.taken["length"] == Taken(number=1, of=3, seeds=10)
    because = next(verdict.because for verdict in found.verdicts if verdict.claim == "length")
    assert "Interim analysis 1 of 3" in because["en"]


def test_what_was_settled_is_not_settled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = grown(RNN_HOLDS, 10)
    found = settle(evidence)
    anew = judge(evidence)
    monkeypatch.delattr("carousel.experiments.judgement.sequentially")
    assert judge(evidence, found) == anew
    with pytest.raises(NameError):
        judge(evidence)


def test_best_against_best_comes_before_the_other_pairs() -> None:
    rows = [trial(f"adding/T={length}", spec, FIRST_SEED + k, solved=length == 10 or spec.startswith("lstm"))
            for spec in ("rnn", "lstm", "lstm:chrono") for length in (10, 100) for k in range(10)]  # fmt: skip
    merit = {"rnn": 0.9, "lstm": 0.9, "lstm:chrono": 0.95}
    rows += [trial(f"adding/T={length}", spec, 0, solved=True, phase="tuning", score=score)
             for spec, score in merit.items() for length in (10, 100)]  # fmt: skip
    evidence = run(["rnn", "lstm", "lstm:chrono"], ["adding"], [10, 100], rows)
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + 75))
    plan = evidence.plan.model_copy(update={"interim_analyses": ANALYSES, "reporting_seeds": seeds})
    found = settled(replace(evidence, plan=plan))
    open_rows = [row for row in found.verdicts[0].rows if row.verdict == "inconclusive"]
    assert len(open_rows) == 2 and sum(row.best for row in open_rows) == 1
    assert {spec for _, spec in found.allocation} == {"rnn", "lstm:chrono"}


@pytest.mark.parametrize(
    ("rows", "waiting"),
    [
        (["supported", "refuted", "(refuted)"], []),  # conditional already
        (["supported", "(refuted)", "(refuted)"], [1, 2]),
        (["(supported)", "(refuted)"], [0, 1]),
        (["(supported)", "refuted", "(refuted)", "inconclusive"], [0]),  # one firm row is all that is missing
        (["supported", "refuted", "inconclusive"], [2]),  # the claim's own rule asks for more than two rows
        (["supported", "inconclusive"], [1]),
        (["(supported)", "refuted", "inconclusive", "other inconclusive"], [0, 3]),  # each part by itself
    ],
)
def test_where_rows_contradict_the_answer_that_none_has_firmly_waits(rows: list[str], waiting: list[int]) -> None:
    """In brackets: not firm. "other": of another part."""
    made = tuple(
        Row(str(k), cast(Word, row.split()[-1].strip("()")), "", Effect("fall", "solved_rate", 0.1), 10,
            firm="(" not in row, details={"part": "b" if row.startswith("other") else "a"})
        for k, row in enumerate(rows)
    )  # fmt: skip
    verdict = Verdict("length", "inconclusive", made[0].effect, 10, {}, made)
    assert [int(row.where) for row in open_rows(verdict)] == waiting


@pytest.mark.parametrize(
    ("claim", "word", "waiting"),
    [
        (Length(), "inconclusive", ["best"]),
        (Length(), "supported", ["best"]),
        (Length(), "conditional", []),
        (Length(), "not-tested", []),
        (Attention(), "supported", []),  # "on some task": the others contradict nothing
    ],
)
def test_an_answer_that_no_row_could_contradict_waits_for_none(claim: Claim, word: Word, waiting: list[str]) -> None:
    effect = Effect("fall", "solved_rate", 0.1)
    rows = (
        Row("answered", "supported", "beyond", effect, 10, best=True),
        Row("best", "inconclusive", "wide", effect, 10, best=True),
        Row("other", "inconclusive", "wide", effect, 10),
    )
    assert [row.where for row in waited_for(claim, Verdict(claim.id, word, effect, 10, {}, rows))] == waiting


@pytest.mark.parametrize(("part", "waiting"), [("a", []), ("b", ["open"])])
def test_a_part_without_pairs_is_waited_for_as_a_whole(part: str, waiting: list[str]) -> None:
    """As control of `exploding`, whose rows are tasks."""
    effect = Effect("fall", "solved_rate", 0.1)
    rows = (
        Row("pair", "refuted", "less", effect, 10, best=True, details={"part": "a"}),
        Row("open", "inconclusive", "wide", effect, 10, details={"part": part}),
    )
    verdict = Verdict("exploding", "refuted", effect, 10, {}, rows)
    assert [row.where for row in waited_for(Exploding(), verdict)] == waiting


def test_an_answer_that_stays_counts_as_settled_for_the_others() -> None:
    """By the data that are there now the two others would be open, and the share would be divided by three."""
    results = Results(grown(FALLS, 10))
    claim = Length()
    alone = holm([claim], results, 0.05)[0].rows[0].details["level"]
    others = [Exploding(), Attention()]
    stay = {other.id: Verdict(other.id, "supported", Effect("fall", "solved_rate", 0.1), 10, {}) for other in others}
    found = holm([claim, *others], results, 0.05, answered=stay)
    assert found[0].rows[0].details["level"] == alone == pytest.approx(0.95)
    assert found[1:] == [*stay.values()]
