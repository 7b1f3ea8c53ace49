"""One simulated run of each kind, and its report, built once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carousel.experiments.judgement import judge
from carousel.experiments.report import build
from tests.experiments.report.made import CARD, Run
from tests.support.evidence import planted


@pytest.fixture(scope="session")
def task_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The built-in suite, with its report in the folder."""
    evidence = planted(tmp_path_factory.mktemp("task"), seeds=3)
    judgement = judge(evidence)
    build(evidence, judgement)
    return evidence, judgement


@pytest.fixture(scope="session")
def file_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A file of sequences, with a data card as `carousel.data` makes it, and its report in Chinese first."""
    evidence = replace(planted(tmp_path_factory.mktemp("file"), seeds=3, source_kind="file"), card=CARD)
    judgement = judge(evidence)
    build(evidence, judgement, lang="zh")
    return evidence, judgement
