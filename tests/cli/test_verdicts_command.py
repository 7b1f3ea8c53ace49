"""`carousel verdicts`: runs side by side, what agrees, and whether agreement could mean anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from carousel.cli.verdicts import verdicts
from carousel.common.errors import FolderConflict
from carousel.common.texts import LANGUAGES, text
from carousel.experiments.decision.verdict import Word
from carousel.experiments.judgement import judge
from carousel.experiments.runner.folder import RunFolder
from tests.support.effects import SPECS, Effects
from tests.support.evidence import planted


def _run(path: Path, first_seed: int, **effects: dict[str, float]) -> Path:
    """A simulated run of these effects, judged; its reporting seeds begin where they are told to."""
    evidence = planted(path, effects=Effects(**effects), write_curves=False, seeds=10)  # type: ignore[arg-type]
    seeds = tuple(range(first_seed, first_seed + 10))
    folder = RunFolder(path)
    folder.claim_for(evidence.plan.model_copy(update={"reporting_seeds": seeds}))
    folder.write_json(folder.verdicts, judge(evidence).as_json())
    return path


def test_two_runs_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = _run(tmp_path / "one", 1), _run(tmp_path / "other", 101, slopes=dict.fromkeys(SPECS, -0.01))
    verdicts([one, other], as_json=True, lang="en")
    told = capsys.readouterr()
    found = json.loads(told.out)
    words = {name: [c["verdict"] for c in run["claims"]] for name, run in zip("ab", found["runs"], strict=True)}
    assert [*found["same"].values()] == [a == b for a, b in zip(words["a"], words["b"], strict=True)]
    assert found["same"]["vanishing"] is False and found["same"]["gates"] is True
    tested = [k for k, pair in enumerate(zip(words["a"], words["b"], strict=True)) if set(pair) != {"not-tested"}]
    agree = sum(words["a"][k] == words["b"][k] for k in tested)
    assert 0 < agree < len(tested) < 7 and f"The same verdict for {agree} of the {len(tested)} claims" in told.err
    assert "share" not in told.err and "differ" not in told.err


def test_a_verdict_has_a_sign_and_no_colour_where_nobody_sees_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = _run(tmp_path / "one", 1)
    claims = {claim["id"]: claim["verdict"] for claim in json.loads((run / "verdicts.json").read_text())["claims"]}
    for lang in LANGUAGES:
        verdicts([run], as_json=False, lang=lang)
        printed = capsys.readouterr().out
        lines = {line.split("  ")[0]: line for line in printed.splitlines()}
        for claim, verdict in claims.items():
            told = f"{text(f'first.mark.{verdict}', lang)} {text(f'claims.verdicts.{verdict}', lang)}"
            assert told in lines[text(f"claims.{claim}.title", lang)]
        assert "\x1b" not in printed
    assert len({text(f"first.mark.{word}", "en") for word in get_args(Word)}) == 5


def test_runs_that_say_little_of_each_other_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = _run(tmp_path / "one", 1), _run(tmp_path / "other", 5)
    folder = RunFolder(other)
    changed = folder.load_plan().model_copy(update={"parameters": 999})
    folder.plan.unlink()
    folder.verdicts.rename(tmp_path / "kept")
    folder.claim_for(changed)
    (tmp_path / "kept").rename(folder.verdicts)
    verdicts([one, other], as_json=False, lang="zh")
    told = capsys.readouterr().out
    assert "检验过的 3 条论断中有 3 条结论一致" in told and "共同的报告种子" in told and "parameters" in told


def test_one_run_alone_and_folders_without_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts([_run(tmp_path / "one", 1)], as_json=False, lang="en")
    assert "same" not in capsys.readouterr().out.splitlines()[0]
    with pytest.raises(FolderConflict, match="not the folder of a run"):
        verdicts([tmp_path / "nothing"], as_json=False, lang="en")
    file = RunFolder(tmp_path / "one").verdicts
    older = json.loads(file.read_text(encoding="utf-8"))
    older["claims"].pop()  # of a version that knew fewer claims
    for damaged in (older, []):
        file.write_text(json.dumps(damaged), encoding="utf-8")
        with pytest.raises(FolderConflict, match="carousel report"):
            verdicts([tmp_path / "one"], as_json=False, lang="en")
