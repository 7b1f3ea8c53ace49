"""The columns of a run: declared once, complete, documented, and what frames and trials hold."""

from __future__ import annotations

import runpy
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

from carousel.experiments.columns import GATE_PROBE, LONGER, MEMORISED_BITS, Measures, Probed
from carousel.experiments.results.kept import schema
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.tables import TABLES, TRIALS, columns
from carousel.experiments.tasks import task
from carousel.experiments.training.rules import Training
from carousel.experiments.training.trial import run_trial
from tests.experiments.training.test_training import trial
from tests.support.runs import small_plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_of_a_table_has_one_name_a_type_and_a_meaning(table):
    found = columns(table)
    assert len({column.name for column in found}) == len(found)
    assert all(column.type in (str, float, int, bool) and column.about.meaning for column in found)


def test_the_documented_columns_are_the_declared_ones():
    written = runpy.run_path(str(ROOT / "scripts" / "write_columns.py"))["page"]()
    assert (ROOT / "docs" / "columns.md").read_text(encoding="utf-8") == written, "run scripts/write_columns.py"


def test_names_that_claims_ask_for_are_columns():
    assert {*GATE_PROBE, *LONGER, MEMORISED_BITS} <= set(schema(TRIALS))


def test_frames_of_an_empty_run_have_the_declared_columns(tmp_path):
    folder = RunFolder(tmp_path)
    folder.claim_for(small_plan())
    Ledger(folder.ledger, create=True).close()
    evidence = load_evidence(tmp_path)
    of_all = evidence.trials, evidence.profiles, evidence.slopes, evidence.onset
    frames = *of_all, evidence.occlusion, evidence.rivals, evidence.answers
    assert [dict(frame.schema) for frame in frames] == [schema(table) for table in TABLES]
    assert all(isinstance(frame, pl.DataFrame) and frame.is_empty() for frame in frames)


def test_what_a_trial_returns_is_what_is_declared_and_null_only_where_that_means_something():
    described = trial().model_copy(update={"training": Training(steps=20), "phase": "reporting"})
    result = run_trial(described, task("delayed-recall", 6))
    by_name = {column.name: column for column in columns(TRIALS)}
    measured = vars(result.measures) | vars(result.probed)
    assert set(measured) == {field.name for part in (Measures, Probed) for field in fields(part)}
    for name, value in vars(result.measures).items():
        assert isinstance(value, by_name[name].type) if value is not None else by_name[name].about.null, name
