"""What is kept of a run: the same tables to single precision, the same verdicts, refused where it is damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from carousel.common.errors import FolderConflict
from carousel.experiments.conclusion import load_run
from carousel.experiments.judgement import judge
from carousel.experiments.reference import HERE, reference_folders
from carousel.experiments.results.evidence import Evidence
from carousel.experiments.results.kept import keep, schema
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.tables import ONSETS, SLOPES, TRIALS, Table
from tests.support.evidence import planted

SINGLE = 1e-6  # relative, of what is kept


def _with_all_columns(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Planted tables have the columns that rules read; those of a run have all."""
    lacks = {name: kind for name, kind in schema(table).items() if name not in frame.columns}
    return frame.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in lacks.items())


def _kept(path: Path) -> tuple[Evidence, Evidence]:
    evidence = planted(path / "run", write_curves=False, with_profiles=False, seeds=10)
    tables = {"trials": TRIALS, "slopes": SLOPES, "onset": ONSETS}
    whole = {name: _with_all_columns(getattr(evidence, name), table) for name, table in tables.items()}
    evidence = replace(evidence, environment={"carousel": "0.1.0"}, **whole)
    keep(evidence, RunFolder(path / "kept run"))
    return evidence, load_evidence(path / "kept run")


def test_the_tables_and_the_verdicts_are_those_of_the_run(tmp_path: Path) -> None:
    evidence, kept = _kept(tmp_path)
    assert kept.plan == evidence.plan
    for name in ("trials", "slopes", "onset"):
        had, has = getattr(evidence, name), getattr(kept, name)
        same = [column for column in had.columns if column in has.columns]
        assert len(same) >= 5
        assert_frame_equal(has.select(same), had.select(same), rel_tol=SINGLE, check_dtypes=False)
    words = [{verdict.claim: verdict.verdict for verdict in judge(each).verdicts} for each in (evidence, kept)]
    assert words[0] == words[1]
    assert set(words[0].values()) & {"supported", "refuted", "conditional"}


def test_a_damaged_table_is_refused_in_one_line(tmp_path: Path) -> None:
    _kept(tmp_path)
    RunFolder(tmp_path / "kept run").kept("slopes").write_bytes(b"not a table")
    with pytest.raises(FolderConflict, match=r"slopes\.parquet.* is absent or damaged"):
        load_evidence(tmp_path / "kept run")


def test_another_run_is_not_kept_over_it(tmp_path: Path) -> None:
    _kept(tmp_path)
    other = planted(tmp_path / "other", write_curves=False, with_profiles=False, seeds=3)
    with pytest.raises(FolderConflict, match="another plan"):
        keep(other, RunFolder(tmp_path / "kept run"))


@pytest.mark.parametrize("folder", reference_folders(), ids=lambda path: path.name)
def test_the_verdicts_of_the_reference_evidence_follow_from_it(folder: Path) -> None:
    kept = load_run(folder)
    judged = judge(kept.evidence)
    assert {v.claim: v.verdict for v in judged.verdicts} == {c: v.verdict for c, v in kept.verdicts.items()}
    assert judged.recommended == kept.recommended
    assert kept.trials.filter(pl.col("phase") == "reporting").height > 1000


def test_the_reference_evidence_is_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 2 * 2**20
