"""What would change a verdict, in words that hold."""

from __future__ import annotations

import pytest

from carousel.common.texts import LANGUAGES, catalogue
from carousel.experiments.claims import all_claims, ids
from carousel.experiments.decision.sensitivity import MOST_ROWS
from carousel.experiments.decision.sensitivity import would_change as change_of
from carousel.experiments.decision.verdict import Effect, Row, Verdict

EFFECT = Effect("depth_gain", "solved_rate")


def would_change(found: Verdict) -> dict[str, str] | None:
    claim = next(claim for claim in all_claims() if claim.id == found.claim)
    return change_of(found, claim.change, counted=claim.counted)


def verdict(claim: str, word: str, rows: tuple[Row, ...] = ()) -> Verdict:
    return Verdict(claim, word, EFFECT, 10, {"en": "", "zh": ""}, rows)


@pytest.mark.parametrize("claim", ids())
def test_every_claim_says_it_for_every_decisive_verdict(claim: str) -> None:
    said = [would_change(verdict(claim, word)) for word in ("supported", "refuted", "conditional")]
    assert all(each and each["en"] and each["zh"] for each in said)
    assert would_change(verdict(claim, "not-tested")) is None
    assert all(catalogue(lang)[f"claims.unmeasured.{claim}"] for lang in LANGUAGES)


def test_open_rows_are_named_best_first_then_by_the_seeds_they_need() -> None:
    rows = tuple(
        Row(f"task-{n}", "inconclusive", "wide", EFFECT, 10, best=n == 4, seeds_needed=seeds)
        for n, seeds in enumerate((60, None, 20, 40, 90))
    )
    rows += (
        Row("shown", "inconclusive", "wide", EFFECT, 10, decides=False),
        Row("done", "refuted", "less", EFFECT, 10),
    )
    said = would_change(verdict("length", "inconclusive", rows))["en"]
    assert [said.index(f"task-{n}") for n in (4, 2, 3)] == sorted(said.index(f"task-{n}") for n in (4, 2, 3))
    assert "task-0" not in said and "shown" not in said and "done" not in said
    assert f"{5 - MOST_ROWS} more" in said


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("vanishing", "an error shared by all"),
        ("generalisation", "takes three"),
        ("stacking", "takes two"),
        ("length", "A second task"),
    ],
)
def test_where_nothing_is_open_too_few_agree(claim: str, words: str) -> None:
    said = would_change(verdict(claim, "inconclusive", (Row("a", "refuted", "less", EFFECT, 10),)))
    assert words in said["en"]


def test_a_pair_that_is_open_is_not_what_is_missing_where_one_task_has_its_answer() -> None:
    rows = (Row("best", "refuted", "less", EFFECT, 10, best=True), Row("other", "inconclusive", "wide", EFFECT, 10))
    assert "A second task" in would_change(verdict("length", "inconclusive", rows))["en"]
    rows += (Row("second", "inconclusive", "wide", EFFECT, 10, best=True),)
    assert "second" in would_change(verdict("length", "inconclusive", rows))["en"]
