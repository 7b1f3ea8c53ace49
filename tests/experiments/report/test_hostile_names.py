"""A user's file of hostile names: its report is drawn. The drawing library would abort the process on them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path

from carousel.experiments.data import DataOptions, prepare
from carousel.experiments.judgement import judge
from carousel.experiments.report import build
from tests.experiments.data.data_files import csv_of, long_frame
from tests.support.evidence import planted

folder = Path(sys.argv[1])
bad = "\\x1b\\x01\\ufffe\\x7f\\u202e\\u2028" + sys.argv[2]
frame = long_frame().rename({"a": f"a{bad}", "label": f"label{bad}"})
path = csv_of(folder, frame, f"f{bad}.csv")
prepared = prepare(path, DataOptions(target=f"label{bad}", group="id", order="t"))
run = planted(folder / "run", seeds=3, source_kind="file", sources=[prepared.name], with_profiles=False)
run = replace(run, card=prepared.card)
build(run, judge(run))
print(prepared.name.encode("unicode_escape").decode())
"""


@pytest.mark.slow
def test_a_report_of_hostile_names_is_drawn(tmp_path: Path) -> None:
    here = str(Path(__file__).parents[3])
    paths = os.pathsep.join([here, *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), "n" * 200],
        env=os.environ | {"PYTHONPATH": paths},
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.startswith(r"f\u241b\u2401\ufffd\u2421\ufffd\ufffdnnn")
    figures = list((tmp_path / "run").rglob("*.svg"))
    assert figures
    pages = [path.read_text() for path in [*figures, *(tmp_path / "run").glob("report*")]]
    assert any("f\u241b\u2401\ufffd\u2421" in page for page in pages)
    assert not any(bad in page for page in pages for bad in "\x1b\x01\ufffe\x7f\u202e\u2028")
