"""`carousel calibrate`: table, JSON, a file that is completed, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carousel.cli.calibrate import calibrate, permuted
from carousel.common.errors import BadPlan, FolderConflict, UnknownName


def _run(out: Path | None = None, only: str | None = "attention", repetitions: int = 4, lang: str = "en") -> None:
    calibrate(repetitions, 0, only, out, as_json=True, lang=lang)


@pytest.mark.slow
def test_json_alone_on_standard_output_and_the_table_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    _run()
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert [*found["rules"]] == ["attention"]
    assert all(oracle["met"] for oracle in found["oracles"])
    assert "same against same" in printed.err


@pytest.mark.slow
def test_a_file_is_completed_and_its_rules_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c.json"
    _run(out)
    first = json.loads(out.read_text(encoding="utf-8"))["rules"]["attention"]
    _run(out, "stacking.rate", lang="zh")
    rules = json.loads(out.read_text(encoding="utf-8"))["rules"]
    assert rules["attention"] == first
    assert [*rules] == ["stacking.rate", "attention"]
    before = out.read_bytes()
    with pytest.raises(FolderConflict, match="another calibration; got: repetitions 4"):
        _run(out, "attention", repetitions=5)
    assert out.read_bytes() == before


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="attention"):
        _run(only="atention")
    with pytest.raises(BadPlan, match="repetitions"):
        _run(repetitions=0)
    with pytest.raises(UnknownName, match="language"):
        _run(lang="fr")
    precious = tmp_path / "thesis.json"
    precious.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(FolderConflict, match="no calibration"):
        _run(precious)
    assert precious.read_text(encoding="utf-8") == "[1, 2]"
    older = tmp_path / "older.json"
    older.write_text(json.dumps({"schema": 1, "repetitions": 4, "seed": 0, "rules": {"attention": {}}}), "utf-8")
    with pytest.raises(FolderConflict, match="another calibration; got: schema 1"):
        _run(older)


def test_permuting_takes_no_rules_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="--permute asks all rules"):
        permuted(tmp_path, 4, 0, ("attention", None), as_json=True, lang="en")
    with pytest.raises(BadPlan, match="repetitions"):
        permuted(tmp_path, 0, 0, (None, None), as_json=True, lang="en")
    with pytest.raises(FolderConflict, match=r"no plan\.toml"):
        permuted(tmp_path, 4, 0, (None, None), as_json=True, lang="en")
