"""The line of a claim: which plain sentence is chosen, by verdict and by what decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carousel.common.texts import LANGUAGES, text
from carousel.experiments.claims import all_claims, ids
from carousel.experiments.decision.interim import Taken
from carousel.experiments.decision.results import Pair
from carousel.experiments.decision.verdict import Effect, Row, Verdict, Word
from carousel.experiments.decision.verdicts_json import Judgement
from carousel.experiments.report.first.verdict_lines import lines
from carousel.experiments.runner.plan import Plan
from tests.support.evidence import planted

EFFECT = Effect("slope_difference", "nats_per_step")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return made(tmp_path_factory.mktemp("task"), "task")


@pytest.fixture(scope="module")
def file_plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return made(tmp_path_factory.mktemp("file"), "file")


def made(folder: Path, kind: Any) -> Plan:
    return planted(folder, seeds=2, source_kind=kind, write_curves=False, with_profiles=False).plan


def row(verdict: Word, **about: Any) -> Row:
    return Row("somewhere", verdict, about.pop("reason", "beyond"), EFFECT, about.pop("n", 6), **about)


def says(plan: Plan, claim: str, verdict: Word, *rows: Row, lang: str = "en") -> str:
    told = Verdict(claim, verdict, EFFECT, 6, {"en": "", "zh": ""}, rows)
    empty = {"en": "", "zh": ""}
    judged = Judgement((told,), {claim: Taken(1, 1, 5)}, {}, empty, None, {}, empty)
    return lines(plan, judged, {}, lang)[0].says


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_claim_has_a_sentence_for_yes_and_no(plan: Plan, lang: str) -> None:
    said = [says(plan, claim, word, lang=lang) for claim in ids() for word in ("supported", "refuted")]
    assert len(set(said)) == 2 * len(all_claims())


def test_what_is_not_tested_is_one_line(plan: Plan) -> None:
    assert says(plan, "stacking", "not-tested") == "Not part of this run."
    assert says(plan, "stacking", "not-tested", row("not-tested")) == text("first.says.not_decidable", "en")
    assert says(plan, "stacking", "not-tested", row("not-tested", decides=False)) == "Not part of this run."


def test_too_few_seeds_are_counted_where_more_would_help(plan: Plan) -> None:
    assert says(plan, "length", "inconclusive", row("inconclusive", reason="wide", n=7)) == text(
        "first.says.too_few", "en", seeds=7
    )
    wide = row("inconclusive", reason="wide", n=48, details={"part": "control", "seeds": 6})
    assert "The 6 seeds" in says(plan, "exploding", "inconclusive", wide)
    near = row("inconclusive", reason="ratio_small")
    assert says(plan, "vanishing", "inconclusive", near) == text("first.says.too_near", "en")


def test_a_claim_in_two_parts_says_which_half_is_true(plan: Plan, file_plan: Plan) -> None:
    onset, kept = row("supported", details={"part": "onset"}), row("refuted", details={"part": "control"})
    told = says(plan, "exploding", "conditional", onset, kept)
    assert told == text("first.says.exploding.conditional_supported", "en")
    rnn, gates = row("refuted", details={"part": "rnn"}), row("supported", details={"part": "gates"})
    assert says(plan, "gates", "conditional", gates, rnn) == text("first.says.gates.conditional_refuted", "en")
    wide = row("inconclusive", reason="wide", details={"part": "control"})
    open_one = says(plan, "exploding", "inconclusive", onset, wide)
    assert open_one.startswith(text("first.says.exploding.open_supported", "en"))
    assert open_one.endswith("The 6 seeds of this run do not decide it.")
    assert says(file_plan, "exploding", "inconclusive", onset, wide) == text("first.says.too_few", "en", seeds=6)
    assert "chaotic" not in says(file_plan, "exploding", "supported")


def test_pairs_that_differ_are_named_in_plain_words(plan: Plan) -> None:
    yes = row("supported", pair=Pair("rnn", "lstm:chrono"))
    no = [row("refuted", pair=Pair("rnn:orthogonal", lstm)) for lstm in ("lstm", "lstm:chrono")]
    assert says(plan, "vanishing", "conditional", yes, *no) == (
        "True of an LSTM whose forget gate starts open (chrono) against a plain RNN. "
        "Not true against an orthogonal RNN."
    )
    other = says(plan, "vanishing", "conditional", yes, no[0])
    assert other.endswith("Not true of an LSTM as PyTorch starts it against an orthogonal RNN.")


def test_tasks_that_differ_are_named_where_the_pairs_do_not(plan: Plan) -> None:
    pair = Pair("rnn", "lstm")
    yes = row("supported", pair=pair, condition="adding/T=100")
    no = row("refuted", pair=pair, condition="delayed-recall/T=100")
    assert says(plan, "length", "conditional", yes, no) == "True for adding. Not true for delayed recall."
    assert says(plan, "length", "conditional", yes, no, lang="zh") == "在加法上成立，在延迟回忆上不成立。"
    mixed = row("refuted", pair=pair, condition="adding/T=30")
    assert says(plan, "length", "conditional", yes, mixed) == text("first.says.both_ways", "en")
    loose = row("refuted", pair=pair, condition="delayed-recall/T=100", firm=False)
    assert says(plan, "length", "conditional", yes, loose) == text("first.says.both_ways", "en")
    elsewhere = row("refuted")
    assert says(plan, "stacking", "conditional", yes, elsewhere) == text("first.says.both_ways", "en")
