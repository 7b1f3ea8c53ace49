"""The worked example of docs/adding-a-claim.md: an eighth claim is a folder and a line of the registry."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import carousel.experiments.claims as claims
from carousel.common import texts
from carousel.common.texts import LANGUAGES, catalogue, text
from carousel.experiments.claims import registry
from carousel.experiments.judgement import judge
from carousel.experiments.report import build
from carousel.experiments.report.first import second_voice
from tests.support.effects import Effects
from tests.support.evidence import planted
from tests.support.plans import ComparisonRequest, make_plan

SOURCES = Path(claims.__file__).resolve().parents[2]
DOC = Path(__file__).resolve().parents[3] / "docs" / "adding-a-claim.md"
FILES = ("requirement.py", "claim.py", "texts.en.toml", "texts.zh.toml")
SPECS = ("rnn", "lstm", "lstm:chrono", "gru")
LENGTHS = (30, 100)


@pytest.fixture
def eighth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The claim as the document has it, in a folder of its own, and registered."""
    folder = tmp_path / "claims" / "gru"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name, block in zip(FILES, blocks, strict=True):
        (folder / name).write_text(block, encoding="utf-8")
    monkeypatch.setattr(claims, "__path__", [*claims.__path__, str(folder.parent)])
    monkeypatch.setitem(texts.ROOMS, "claims", [*texts.ROOMS["claims"], folder.parent])
    catalogue.cache_clear()
    made = __import__("carousel.experiments.claims.gru.claim", fromlist=["Gru"]).Gru()
    monkeypatch.setattr(registry, "CLAIMS", (*registry.CLAIMS, made))
    yield
    catalogue.cache_clear()
    for name in [name for name in sys.modules if name.startswith("carousel.experiments.claims.gru")]:
        del sys.modules[name]


def test_what_it_requires_is_planned(eighth: None) -> None:
    plan = make_plan(ComparisonRequest(claims=("gru",))).plan
    assert plan.claims == ("gru",) and [s.name for s in plan.sources] == ["delayed-recall", "adding"]
    assert plan.specs == ["lstm:forget-bias-1", "lstm:chrono", "gru", "gru:chrono"]
    assert not plan.initial_flow and not plan.onset
    whole = make_plan(ComparisonRequest()).plan
    assert "gru:chrono" in {c.spec for c in whole.contenders["adding"]}  # beside those that the others ask for


@pytest.mark.parametrize(("rate", "word"), [(1.0, "supported"), (0.0, "refuted")])
def test_it_is_judged(eighth: None, tmp_path: Path, rate: float, word: str) -> None:
    solved = {(spec, n): 1.0 for spec in SPECS for n in LENGTHS} | {("gru", n): rate for n in LENGTHS}
    evidence = planted(tmp_path, seeds=60, specs=SPECS, effects=Effects(solved=solved), write_curves=False)
    found = judge(evidence).verdicts[-1]
    assert (found.claim, found.verdict, len(found.rows)) == ("gru", word, 4)


@pytest.mark.slow
def test_it_has_its_card_in_both_languages(eighth: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its reference runs are kept anew: those of the package do not know the claim."""
    monkeypatch.setattr(second_voice, "reference_folders", tuple)
    evidence = planted(tmp_path, seeds=3, specs=SPECS, write_curves=False, with_profiles=False)
    judgement = judge(evidence)
    found = judgement.verdicts[-1]
    assert found.claim == "gru"
    build(evidence, judgement)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert judgement.thresholds["gru_margin"] == 0.1
    for lang in LANGUAGES:
        assert text("claims.gru.statement", lang) in page and found.because[lang] in page
        assert text("claims.thresholds.gru_margin", lang) in page


def test_no_file_but_the_registry_and_calibration_imports_from_a_claims_folder() -> None:
    folder = re.compile(rf"carousel\.experiments\.claims\.({'|'.join(registry.ids())})\b")
    for path in SOURCES.rglob("*.py"):
        room = path.relative_to(SOURCES).as_posix()
        own = re.match(r"experiments/claims/(\w+)/", room)
        if not room.startswith(("experiments/calibration/", "experiments/claims/registry.py")):
            found = set(folder.findall(path.read_text(encoding="utf-8")))
            assert found <= {own[1] if own else None}, room
