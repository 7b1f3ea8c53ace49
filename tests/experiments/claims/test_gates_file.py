"""Claim 4 on a file: not judged, and what occlusion shows stands beside it with its interval."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from carousel.experiments.decision.statistics.means import mean_interval
from carousel.experiments.decision.wording import lag_block
from carousel.experiments.judgement import judge
from carousel.experiments.report.figures import all_figures
from carousel.experiments.report.tables.occlusion import drops
from carousel.experiments.results.evidence import Evidence
from tests.support.effects import BLOCKS, Effects
from tests.support.evidence import planted


def run(folder: Path, **about: Any) -> Evidence:
    """A file on which the LSTM uses lags 4 to 7, the RNN lag 0."""
    planted_drops = {("lstm", 4): 0.3, ("rnn", 0): 0.25, ("lstm", 2): 0.0, ("rnn", 2): 0.0}
    about = {"seeds": 5, "specs": ("rnn", "lstm")} | about
    effects = Effects(drops=planted_drops)
    return planted(folder, source_kind="file", effects=effects, write_curves=False, with_profiles=False, **about)


def gates(evidence: Evidence) -> dict[str, Any]:
    """Claim 4's entry of verdicts.json."""
    return next(c for c in judge(evidence).as_json()["claims"] if c["id"] == "gates")


def test_a_file_is_not_judged_and_says_why_and_shows_the_blocks(tmp_path: Path) -> None:
    found = gates(run(tmp_path))
    assert found["verdict"] == "not-tested" and len(found["conditions"]) == 2 * len(BLOCKS)
    assert not any(row["decides"] for row in found["conditions"])
    assert found["effect"]["value"] == pytest.approx(0.3, abs=0.02) and found["n"] == 5
    assert "marks no key" in found["because"]["en"] and "没有在噪声中标出关键步" in found["because"]["zh"]
    for words in ("lstm loses most by k = 4-7", "rnn loses most by k = 0:"):
        assert words in found["because"]["en"]
    assert found["evidence"]


def test_the_block_that_was_picked_has_the_wider_interval(tmp_path: Path) -> None:
    evidence = run(tmp_path)
    rows = evidence.occlusion.filter(contender="lstm", lag_from=4)["score_drop"].to_list()
    found = gates(evidence)
    assert found["effect"]["ci95"] == pytest.approx(list(mean_interval(rows, 0.05 / len(BLOCKS))))
    shown = next(row for row in found["conditions"] if row["where"].endswith("lstm, k = 4-7"))
    assert shown["effect"]["ci95"] == pytest.approx(list(mean_interval(rows, 0.05)))


def test_one_family_alone_is_shown_and_what_was_not_measured_is_said(tmp_path: Path) -> None:
    assert len(gates(run(tmp_path, specs=("lstm",)))["conditions"]) == len(BLOCKS)
    nothing = gates(replace(run(tmp_path), occlusion=pl.DataFrame()))
    assert nothing["verdict"] == "not-tested" and nothing["conditions"] == []
    assert "was not measured" in nothing["because"]["en"]


def test_a_score_that_is_not_defined_is_left_out(tmp_path: Path) -> None:
    evidence = run(tmp_path)
    undefined = pl.when(pl.col("seed") == 1).then(None).otherwise(pl.col("score_drop"))
    few = replace(evidence, occlusion=evidence.occlusion.with_columns(score_drop=undefined))
    assert {row["n"] for row in gates(few)["conditions"]} == {4}


def test_the_figure_shows_every_contender_and_widens_for_overlap(tmp_path: Path) -> None:
    evidence = run(tmp_path)
    assert evidence.card is not None
    split = evidence.card["split"] | {"varied": "sequences", "splits": 5}
    varied = replace(evidence, card=evidence.card | {"split": split})
    narrow, wide = drops(evidence), drops(varied)
    assert narrow["contender"].unique().sort().to_list() == ["lstm", "rnn"]
    assert narrow["block"].unique(maintain_order=True).to_list() == [lag_block(*b) for b in BLOCKS]
    ratio = (wide["high"] - wide["low"]) / (narrow["high"] - narrow["low"])
    assert ratio.to_list() == pytest.approx([math.sqrt(1 + 5 / 3)] * len(ratio))


def test_tasks_have_no_such_figure(tmp_path: Path) -> None:
    from carousel.experiments.report.tables import lag_profiles
    from carousel.experiments.report.tables.contenders import summarise

    for kind, has in (("file", True), ("task", False)):
        evidence = planted(tmp_path, seeds=2, source_kind=kind, specs=("rnn", "lstm"), write_curves=False)
        figures = all_figures(evidence, summarise(evidence), lag_profiles.slopes(evidence.slopes))
        assert ("occlusion" in [figure.name for figure in figures]) is has
