"""The tutorial prints what its commands say, in both languages."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import carousel
from carousel.common.texts import LANGUAGES

pytestmark = pytest.mark.slow
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {"en": DOCS / "tutorial.md", "zh": DOCS / "tutorial.zh.md"}
VERSIONS = ("first", "second", "third")


@pytest.fixture(scope="module")
def train() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tutorial_train", DOCS / "tutorial" / "train.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(lang: str) -> list[str]:
    """The outputs on the page of that language, in its order."""
    blocks = re.findall(r"```\w*\n(.*?)```", PAGES[lang].read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if re.match(r"Classifier[:：]", block)]


@pytest.mark.parametrize("number", range(len(VERSIONS)), ids=VERSIONS)
def test_each_diagnosis_is_the_one_on_the_page(number: int, train: ModuleType) -> None:
    diagnosis = carousel.diagnose(*getattr(train, VERSIONS[number])())
    for lang in LANGUAGES:
        assert diagnosis.report(lang).splitlines() == printed(lang)[number].splitlines()
